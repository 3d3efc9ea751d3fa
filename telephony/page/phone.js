// The phone's face: what is shown, said and pressed.  It knows nothing of sound and sockets (call.js does).

import { Call, Trouble } from "./call.js";

const READY = "Ready. Press Call to talk.";
const ASKING = "Please allow the microphone.";
const CALLING = "Calling";
const CONNECTED = "Connected";
const ENDED = "The call has ended.";
const ASSISTANT = "The assistant is speaking";
const LISTENING = "Listening to you";

const SENTENCES = {
  [Trouble.BLOCKED]:
    "The microphone is blocked. Allow it for this page in your browser's address bar or settings, then press Call again.",
  [Trouble.NO_MICROPHONE]: "No microphone was found. Connect one, then press Call again.",
  [Trouble.MICROPHONE_IN_USE]: "The microphone is used by another program. Close that program, then press Call again.",
  [Trouble.BROWSER]: "This browser cannot hold a call. Use a current one, and open this page as 127.0.0.1 or localhost.",
  [Trouble.BUSY]: "All lines are busy. Try again in a minute.",
  [Trouble.REFUSED]: "The line refused the call. Reload this page, then press Call again.",
  [Trouble.UNREACHABLE]: "The line cannot be reached. Is the service running?",
  [Trouble.LOST]: "The connection was lost. Press Call to try again.",
};

const AUDIBLE_DBFS = -50; // quieter is line noise
const HANGOVER_FRAMES = 30; // 600 ms: a pause between two words is not the end of speech
const FLOOR_DBFS = -60; // the left end of a meter
const TOP_DBFS = -6; // its right end: speech peaks reach it
const WORDS = [[-50, "silent"], [-36, "quiet"], [-10, "good"], [Infinity, "loud"]];
const WORDS_FRAMES = 25; // twice a second: faster cannot be read
const FALL = 0.85; // a frame: a meter falls slower than it rises, so that the eye can follow

const byId = (id) => document.getElementById(id);
const phone = byId("phone");
const progress = byId("progress");
const floor = byId("floor");
const callButton = byId("call");
const hangUpButton = byId("hang-up");
const keys = [...byId("keypad").querySelectorAll("button")];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

class Meter {
  constructor(id) {
    this.element = byId(id);
    this.bar = this.element.querySelector(".bar");
    this.words = byId(`${id}-words`);
    this.rest();
  }

  rest() {
    this.frames = 0;
    this.loudest = -Infinity;
    this.height = 0;
    this.draw(0);
    this.say(-Infinity);
  }

  show(dbfs) {
    const height = Math.min(1, Math.max(0, (dbfs - FLOOR_DBFS) / (TOP_DBFS - FLOOR_DBFS)));
    this.height = Math.max(height, this.height * FALL);
    this.loudest = Math.max(this.loudest, dbfs);
    this.frames += 1;
    const due = this.frames % WORDS_FRAMES === 0;
    if (due || !calm.matches) this.draw(this.height);
    if (due) {
      this.say(this.loudest);
      this.loudest = -Infinity;
    }
  }

  draw(height) {
    this.bar.style.transform = `scaleX(${height.toFixed(3)})`;
  }

  say(dbfs) {
    const [, words] = WORDS.find(([below]) => dbfs < below);
    this.element.setAttribute("aria-valuenow", String(Math.round(this.height * 100)));
    this.element.setAttribute("aria-valuetext", words);
    if (this.words.textContent !== words) this.words.textContent = words;
  }
}

const voiceMeter = new Meter("voice");
const earMeter = new Meter("ear");
let call = null;
let quietFrames = null; // since the assistant was last heard; null until it is heard first

function dial() {
  if (call !== null) return;
  call = new Call({ levels, ended });
  quietFrames = null;
  say(progress, ASKING);
  inCall(true);
  hangUpButton.focus();
  call.dial(() => say(progress, CALLING));
}

function levels({ voice, ear }) {
  voiceMeter.show(voice);
  earMeter.show(ear);
  for (const key of keys) key.disabled = false;
  if (ear > AUDIBLE_DBFS) {
    if (quietFrames === null) say(progress, CONNECTED);
    quietFrames = 0;
    say(floor, ASSISTANT);
  } else if (quietFrames !== null) {
    quietFrames += 1;
    if (quietFrames > HANGOVER_FRAMES) say(floor, LISTENING);
  }
}

function ended(trouble) {
  call = null;
  const focused = phone.contains(document.activeElement);
  inCall(false);
  say(progress, trouble === null ? ENDED : SENTENCES[trouble]);
  progress.classList.toggle("trouble", trouble !== null);
  if (focused) callButton.focus();
}

function inCall(yes) {
  callButton.hidden = yes;
  hangUpButton.hidden = !yes;
  progress.classList.remove("trouble");
  phone.classList.toggle("in-call", yes);
  if (yes) return;
  floor.textContent = "";
  for (const key of keys) key.disabled = true;
  voiceMeter.rest();
  earMeter.rest();
}

// Only a change: a live region would be read again.
function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function press(key) {
  if (key === undefined || key.disabled) return;
  call?.press(key.dataset.digit);
  key.classList.add("pressed");
  setTimeout(() => key.classList.remove("pressed"), 150);
}

callButton.addEventListener("click", dial);
hangUpButton.addEventListener("click", () => call?.hangUp());
for (const key of keys) key.addEventListener("click", () => press(key));
phone.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  press(keys.find((key) => key.dataset.digit === event.key));
});
byId("announce").addEventListener("change", ({ target }) => {
  floor.setAttribute("aria-live", target.checked ? "polite" : "off");
});
addEventListener("pagehide", () => call?.hangUp());
say(progress, READY);
callButton.disabled = false;
