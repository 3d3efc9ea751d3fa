// Sound of the telephone line, pure: mu-law, resampling, the playback buffer.  Nothing of a browser is used here.

export const LINE_HZ = 8000; // Media Streams, mediaFormat.sampleRate
export const FRAME_SAMPLES = 160; // 20 ms, what a carrier puts into one "media" message
export const SILENCE_DBFS = -96; // below one step of 16 bits

const BIAS = 33; // ITU-T G.711: added to the 14-bit magnitude so that each segment begins at a power of two
const CLIP = 8191 - BIAS; // G.711: the largest 14-bit magnitude that still fits the eighth segment
const BUFFER_SAMPLES = 10 * 60 * LINE_HZ; // Twilio 31931: what is buffered beyond ten minutes is discarded
const CUTOFF_HZ = 3700; // the middle of the slope: flat to 3.4 kHz (telephone band), nothing above 4 kHz (half the rate)
const HALF_WIDTH_S = 0.0042; // Kaiser's formula for that slope of 600 Hz at 80 dB: 8.4 ms from end to end
const KAISER_BETA = 7.857; // Kaiser's formula for 80 dB

const ENCODED = Uint8Array.from({ length: 65536 }, (_, bits) => {
  const linear = ((bits << 16) >> 16) >> 2; // int16 -> 14 bits, rounding down as G.711's reference code does
  const magnitude = Math.min(Math.abs(linear), CLIP) + BIAS;
  const segment = 31 - Math.clz32(magnitude) - 5;
  const code = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0f);
  return code ^ (linear < 0 ? 0x7f : 0xff);
});

const DECODED = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 1) + BIAS) << ((code >> 4) & 7)) - BIAS;
  return ((code & 0x80 ? -magnitude : magnitude) * 4) / 32768;
});

// A sample (full scale 1) as its mu-law byte.
export function encode(sample) {
  const whole = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
  return ENCODED[whole & 0xffff];
}

// A mu-law byte as a sample, full scale 1.
export function decode(byte) {
  return DECODED[byte];
}

export function dbfs(power) {
  return power > 0 ? Math.max(SILENCE_DBFS, 10 * Math.log10(power)) : SILENCE_DBFS;
}

// From one rate to another through one low-pass; the ratio is kept as a fraction, so nothing drifts.
// One filter serves both ways: going down it removes what would fold back, going up the images.
export class Resampler {
  constructor(fromHz, toHz) {
    const common = divisor(fromHz, toHz);
    this.phases = toHz / common;
    this.step = fromHz / common;
    this.half = Math.ceil(HALF_WIDTH_S * fromHz);
    this.taps = 2 * this.half;
    this.bank = filterBank(fromHz, this.phases, this.half);
    this.past = new Float32Array(2 * this.taps); // written twice, so that the last `taps` samples lie in one piece
    this.at = 0;
    this.phase = 0;
    this.due = 1; // samples still to be taken in before the next one can be given out
  }

  // How far what is given out lies behind what was taken in, in samples of the rate it comes from.
  get delay() {
    return this.half;
  }

  // Takes one sample in; `emit` gets each sample that is complete.
  push(sample, emit) {
    this.#take(sample);
    while (this.due === 0) emit(this.#give());
  }

  // Gives one sample out; `next` is asked for the samples it needs.
  pull(next) {
    while (this.due > 0) this.#take(next());
    return this.#give();
  }

  #take(sample) {
    this.past[this.at] = this.past[this.at + this.taps] = sample;
    this.at = (this.at + 1) % this.taps;
    this.due -= 1;
  }

  #give() {
    const { bank, past, taps, at } = this;
    const from = this.phase * taps;
    let sum = 0;
    for (let i = 0; i < taps; i += 1) sum += bank[from + i] * past[at + i];
    this.phase += this.step;
    this.due += Math.floor(this.phase / this.phases);
    this.phase %= this.phases;
    return sum;
  }
}

// What the line sent and the ear has not heard.  Its clock is the samples taken out, silence included: sound is
// appended to what is buffered or begins where the clock stands; a mark comes back when the sound before it has played,
// at once where nothing is buffered; clear() empties the buffer and gives all marks back (Media Streams, "mark", "clear").
export class Playback {
  #clock = 0;
  #buffered = 0;
  #ends; // where on the clock the last sound ends
  #pieces = [];
  #taken = 0; // of the first piece
  #marks = [];
  #delay;

  // delay: samples between being taken out and being heard.
  constructor(delay) {
    this.#delay = delay;
    this.#ends = -delay;
  }

  get buffered() {
    return this.#buffered;
  }

  append(mulaw) {
    const fits = mulaw.subarray(0, BUFFER_SAMPLES - this.#buffered);
    if (fits.length === 0) return;
    this.#pieces.push(fits);
    this.#buffered += fits.length;
    this.#ends = this.#clock + this.#buffered;
  }

  mark(name) {
    this.#marks.push({ name, at: this.#ends });
  }

  clear() {
    this.#pieces = [];
    this.#taken = 0;
    this.#buffered = 0;
    this.#ends = Math.min(this.#ends, this.#clock - this.#delay);
    for (const mark of this.#marks) mark.at = this.#ends;
  }

  next() {
    this.#clock += 1;
    if (this.#buffered === 0) return 0;
    const sample = decode(this.#pieces[0][this.#taken]);
    this.#buffered -= 1;
    this.#taken += 1;
    if (this.#taken === this.#pieces[0].length) {
      this.#pieces.shift();
      this.#taken = 0;
    }
    return sample;
  }

  // The names of the marks that come back now, in the order in which they were sent.
  due() {
    const heard = this.#clock - this.#delay;
    const back = [];
    while (this.#marks.length && this.#marks[0].at <= heard) back.push(this.#marks.shift().name);
    return back;
  }
}

function divisor(a, b) {
  return b === 0 ? a : divisor(b, a % b);
}

// One row a phase, each a windowed sinc that sums to 1: silence stays silence, a level stays a level.
function filterBank(fromHz, phases, half) {
  const taps = 2 * half;
  const bank = new Float32Array(phases * taps);
  for (let phase = 0; phase < phases; phase += 1) {
    const row = bank.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let i = 0; i < taps; i += 1) {
      const offset = phase / phases + half - 1 - i; // samples between this tap and what is given out
      row[i] = sinc((2 * CUTOFF_HZ * offset) / fromHz) * kaiser(offset / half);
      sum += row[i];
    }
    for (let i = 0; i < taps; i += 1) row[i] /= sum;
  }
  return bank;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x) {
  return Math.abs(x) > 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

// The modified Bessel function of order 0, by its series.
function bessel(x) {
  let sum = 1;
  for (let k = 1, term = 1; term > 1e-12 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
