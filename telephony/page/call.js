// One call: microphone, audio worklet, token, socket.  When it is over nothing of it is left.

import { Stream } from "./stream.js";

const MEDIA = "/twilio/media";
const BACKLOG_BYTES = 64 * 1024; // about 3 s of frames; a network that is further behind loses sound, as on any telephone
const TAIL_MS = 500; // what the device still has to play when the line has hung up

export const Trouble = Object.freeze({
  BLOCKED: "blocked",
  NO_MICROPHONE: "no microphone",
  MICROPHONE_IN_USE: "microphone in use",
  BROWSER: "browser",
  BUSY: "busy",
  REFUSED: "refused",
  UNREACHABLE: "unreachable",
  LOST: "lost",
});

export class Failed extends Error {
  constructor(trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

export class Call {
  #stream = new Stream();
  #over = false;
  #context = null;
  #receiver = null;
  #microphone = null;
  #socket = null;
  #levels;
  #ended;

  // levels({voice, ear}): every 20 ms of the call, dBFS.  ended(trouble): once; null for a call that simply ended.
  constructor({ levels, ended }) {
    this.#levels = levels;
    this.#ended = ended;
  }

  // Dials.  Must begin in a click, or the browser stays silent.  asked(): the microphone may be used, the call goes out.
  async dial(asked) {
    try {
      await this.#prepare();
      if (this.#over) return;
      asked();
      await this.#connect(await token());
    } catch (error) {
      this.#end(error instanceof Failed ? error.trouble : Trouble.BROWSER);
    }
  }

  press(digit) {
    if (this.#open) this.#socket.send(this.#stream.digit(digit));
  }

  hangUp(trouble = null) {
    if (this.#open) this.#socket.send(this.#stream.stop());
    this.#receiver?.port.postMessage({ clear: true });
    this.#end(trouble);
  }

  get #open() {
    return !this.#over && this.#socket !== null && this.#socket.readyState === WebSocket.OPEN;
  }

  // Throws `Failed`.
  async #prepare() {
    if (!navigator.mediaDevices || !window.AudioWorkletNode) throw new Failed(Trouble.BROWSER);
    this.#context = new AudioContext({ latencyHint: "interactive" });
    this.#microphone = await microphone();
    if (this.#over) {
      this.#release();
      return;
    }
    for (const track of this.#microphone.getTracks()) track.onended = () => this.hangUp(Trouble.NO_MICROPHONE);
    await loaded(this.#context.audioWorklet);
    await this.#context.resume();
  }

  async #connect(oneTime) {
    if (this.#over) return;
    this.#socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${MEDIA}`);
    this.#socket.onopen = () => this.#begin(oneTime);
    this.#socket.onmessage = ({ data }) => this.#said(data);
    this.#socket.onclose = ({ code }) => this.#closed(code);
  }

  #begin(oneTime) {
    if (this.#over) return;
    for (const text of this.#stream.opening(oneTime)) this.#socket.send(text);
    this.#receiver = new AudioWorkletNode(this.#context, "receiver", { outputChannelCount: [1] });
    this.#receiver.port.onmessage = ({ data }) => this.#heard(data);
    this.#context.createMediaStreamSource(this.#microphone).connect(this.#receiver);
    this.#receiver.connect(this.#context.destination);
    this.#context.onstatechange = () => {
      if (!this.#over && this.#context.state !== "running") this.#context.resume();
    };
  }

  #said(text) {
    if (this.#over || this.#receiver === null) return;
    let said = null;
    try {
      said = this.#stream.read(text);
    } catch {
      this.#end(Trouble.LOST);
    }
    if (said !== null) this.#receiver.port.postMessage(said);
  }

  #heard({ frame, back, voice, ear }) {
    if (!this.#open) return;
    for (const name of back ?? []) this.#socket.send(this.#stream.mark(name));
    if (frame === undefined) return;
    if (this.#socket.bufferedAmount < BACKLOG_BYTES) this.#socket.send(this.#stream.media(frame));
    this.#levels({ voice, ear });
  }

  #closed(code) {
    const troubles = { 1000: null, 1008: Trouble.REFUSED, 1013: Trouble.BUSY }; // telephony/media.py
    const dialling = this.#receiver === null;
    this.#end(code in troubles ? troubles[code] : dialling ? Trouble.UNREACHABLE : Trouble.LOST);
  }

  #end(trouble) {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#ended(trouble);
  }

  #release() {
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
    this.#socket?.close(1000);
    const [context, receiver] = [this.#context, this.#receiver];
    this.#context = this.#receiver = this.#microphone = null;
    if (context === null) return;
    context.onstatechange = null;
    setTimeout(() => {
      receiver?.port.postMessage({ end: true });
      context.close();
    }, TAIL_MS);
  }
}

async function loaded(worklet) {
  try {
    await worklet.addModule("/page/audio-worklet.js");
  } catch {
    throw new Failed(Trouble.UNREACHABLE); // nothing is cached: with the service gone, so is the module
  }
}

async function microphone() {
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const troubles = {
      NotAllowedError: Trouble.BLOCKED,
      SecurityError: Trouble.BLOCKED,
      NotFoundError: Trouble.NO_MICROPHONE,
      OverconstrainedError: Trouble.NO_MICROPHONE,
      NotReadableError: Trouble.MICROPHONE_IN_USE,
      AbortError: Trouble.MICROPHONE_IN_USE,
    };
    throw new Failed(troubles[error.name] ?? Trouble.NO_MICROPHONE);
  }
}

// Asked for only when the microphone is there: it lasts 30 s and holds a place on the line.
async function token() {
  let answer = null;
  try {
    answer = await fetch("/page/token", { method: "POST", cache: "no-store", credentials: "omit" });
  } catch {
    throw new Failed(Trouble.UNREACHABLE);
  }
  if (answer.status === 503) throw new Failed(Trouble.BUSY);
  if (!answer.ok) throw new Failed(Trouble.REFUSED);
  return (await answer.json()).token;
}
