// The carrier's half of a Media Stream, pure: what to send as text, and what was received.

const TOKEN = "t"; // the parameter that brings the one-time token (telephony/twiml.py)
const FRAME_MS = 20;

export class Stream {
  #sequence = 0;
  #chunk = 0;
  #streamSid = sid("MZ");
  #callSid = sid("CA");
  #accountSid = sid("AC");

  // What opens the stream, in order.
  opening(token) {
    const start = {
      accountSid: this.#accountSid,
      streamSid: this.#streamSid,
      callSid: this.#callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: { [TOKEN]: token },
    };
    return [JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }), this.#message("start", { start })];
  }

  media(frame) {
    const at = this.#chunk * FRAME_MS;
    this.#chunk += 1;
    const payload = btoa(String.fromCharCode(...frame));
    const media = { track: "inbound", chunk: String(this.#chunk), timestamp: String(at), payload };
    return this.#message("media", { media });
  }

  digit(digit) {
    return this.#message("dtmf", { dtmf: { track: "inbound_track", digit } });
  }

  mark(name) {
    return this.#message("mark", { mark: { name } });
  }

  stop() {
    return this.#message("stop", { stop: { accountSid: this.#accountSid, callSid: this.#callSid } });
  }

  // What the line says, in the words of the audio worklet; null for what is none of this stream's business.
  read(text) {
    const said = JSON.parse(text);
    if (said.streamSid !== this.#streamSid) return null;
    switch (said.event) {
      case "media":
        return { play: Uint8Array.from(atob(said.media.payload), (char) => char.charCodeAt(0)) };
      case "mark":
        return { mark: said.mark.name };
      case "clear":
        return { clear: true };
      default:
        return null;
    }
  }

  #message(event, body) {
    this.#sequence += 1;
    return JSON.stringify({ event, sequenceNumber: String(this.#sequence), streamSid: this.#streamSid, ...body });
  }
}

function sid(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return prefix + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
