// The receiver in the browser's audio thread: microphone -> 20 ms mu-law frames, what the line sent -> the ear.
// In: {play: bytes} {mark: name} {clear: true} {end: true}.  Out, every 20 ms: {frame, voice, ear} with both levels in
// dBFS; and {back: [name]} when marks come back.

import { FRAME_SAMPLES, LINE_HZ, Playback, Resampler, dbfs, encode } from "./sound.js";

class Receiver extends AudioWorkletProcessor {
  constructor() {
    super();
    this.down = new Resampler(sampleRate, LINE_HZ);
    this.up = new Resampler(LINE_HZ, sampleRate);
    this.playback = new Playback(this.up.delay);
    this.live = true;
    this.voicePower = 0;
    this.earPower = 0;
    this.begin();
    this.next = () => {
      const sample = this.playback.next();
      this.earPower += sample * sample;
      return sample;
    };
    this.hear = (sample) => {
      this.voicePower += sample * sample;
      this.frame[this.filled] = encode(sample);
      this.filled += 1;
      if (this.filled === FRAME_SAMPLES) this.send();
    };
    this.port.onmessage = ({ data }) => this.told(data);
  }

  told(message) {
    if (message.play) this.playback.append(message.play);
    if (message.mark) this.playback.mark(message.mark);
    if (message.clear) this.playback.clear();
    if (message.end) this.live = false;
    this.giveBack();
  }

  process([microphone], [speaker]) {
    if (!this.live) return false;
    const channels = microphone.length;
    const samples = speaker[0].length;
    for (let i = 0; i < samples; i += 1) {
      let sample = 0; // a microphone that gives nothing is silence: the line hears frames as long as the call lasts
      for (let c = 0; c < channels; c += 1) sample += microphone[c][i] / channels;
      this.down.push(sample, this.hear);
      speaker[0][i] = this.up.pull(this.next);
    }
    for (let c = 1; c < speaker.length; c += 1) speaker[c].set(speaker[0]);
    this.giveBack();
    return true;
  }

  begin() {
    this.frame = new Uint8Array(FRAME_SAMPLES);
    this.filled = 0;
  }

  send() {
    const levels = { voice: dbfs(this.voicePower / FRAME_SAMPLES), ear: dbfs(this.earPower / FRAME_SAMPLES) };
    this.port.postMessage({ frame: this.frame, ...levels }, [this.frame.buffer]);
    this.voicePower = 0;
    this.earPower = 0;
    this.begin();
  }

  giveBack() {
    const back = this.playback.due();
    if (back.length) this.port.postMessage({ back });
  }
}

registerProcessor("receiver", Receiver);
