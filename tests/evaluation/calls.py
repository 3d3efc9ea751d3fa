"""Synthetic patients in whole calls: the line's real process, real engines, a real WebSocket, the carrier's twin.

What the agent said is recorded in memory by the twin and transcribed with the recogniser; nothing of it is written.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from faster_whisper import WhisperModel

from agent import lines
from agent.engines.models import DEFAULT_RECOGNISER, recogniser_files
from agent.engines.ports import Speech, Urgency
from agent.passages import Passage
from agent.phrases import Phrase, PhraseTexts
from telephony.audio import RATE_HZ, Int16, resample
from telephony.twin.caller import Held, phone
from telephony.twin.hearing import audible_runs
from telephony.twin.line_noise import Conditions
from telephony.twin.measure import PER_MS
from telephony.twin.twiml_reader import Dial
from telephony.twin.webhook import Webhooks
from tests.bench.wording import alike, plain
from tests.evaluation.board import Board, Row
from tests.evaluation.hearing import Engines
from tests.evaluation.patients import HANDED_OVER, NOISE, PATIENTS, STOP_MS, End, Patient
from tests.evaluation.speaking import Rendered
from tests.real_line import NUMBER, NURSE, RealLine, real_line, short_agent

SAID: Final = 0.75  # of the letters: the recogniser's ear for the agent's voice is good, not perfect
READ: Final = 0.5  # of a passage's words: a medicine's name is often heard as another word
SHORTEST_WORD: Final = 4
SPANISH: Final = ("por favor", "persona")
"""Of the phrase for who is not understood; the same ear writes the phrase's English as English."""
SPANISH_S: Final = 7
"""The phrase begins in Spanish, for nearly six seconds."""
READY_S: Final = 600.0  # on a busy machine too
WHISPER_HZ: Final = 16_000
RIGHT: Final = "the right end"


@dataclass(frozen=True, slots=True)
class Ended:
    """One call that is over, as the ear and the record have it."""

    after: str
    """What the agent said after the greeting, transcribed and in plain words."""
    shown: Sequence[str]
    """The same for people, one line for each time that the patient had spoken; the greeting first."""
    held: Held
    stopped_ms: float | None
    """See `stopped_ms`."""
    record: Mapping[str, Any]

    @property
    def dialled(self) -> bool:
        return any(isinstance(verb, Dial) and verb.number == NURSE for verb in self.held.after)


@dataclass(frozen=True, slots=True)
class Material:
    """What the agent may say."""

    phrases: Mapping[Phrase, str]
    passages: Sequence[Passage]

    def read_in(self, heard: str) -> str:
        """The id of the passage that was read, or empty: the first sentence of it, and most of its words."""
        best = max(self.passages, key=lambda passage: told(heard, passage.sentences))
        return best.id if told(heard, best.sentences) >= READ else ""


def told(heard: str, sentences: Sequence[str]) -> float:
    """How much of what begins a passage was heard, 0 to 1: two sentences, for an answer may be broken off."""
    words = [word for word in plain(" ".join(sentences[:2])).split() if len(word) >= SHORTEST_WORD]
    return sum(word in heard.split() for word in words) / max(1, len(words))


def said_in(heard: str, phrase: str) -> float:
    """How well a phrase is found in a transcript in plain words, 0 to 1."""
    words, wanted = heard.split(), plain(phrase)
    length = len(wanted.split())
    windows = (" ".join(words[at : at + length]) for at in range(max(1, len(words) - length + 1)))
    return max(alike(window, wanted) for window in windows)


def stretches(held: Held) -> Iterator[Int16]:
    """What was heard before the patient's first words, and from the beginning of each of her turns to the next one.

    From the beginning, for an emergency is told while she still speaks.
    """
    begins = [int(turn.began_ms * PER_MS) for turn in held.report.turns]
    for start, end in itertools.pairwise([0, *begins, len(held.recording.heard)]):
        yield held.recording.heard[start:end]


def last_reply(held: Held) -> Int16:
    """The beginning of what the agent said last."""
    *_, stretch = stretches(held)
    start = max((run[0] for run in audible_runs(stretch)[:1]), default=0)
    return stretch[start : start + SPANISH_S * RATE_HZ]


def stopped_ms(held: Held) -> float | None:
    """How long the agent was still heard when she spoke over it, the longest time; None if she never did."""
    onsets = [int(one.onset_ms * PER_MS) for one in held.report.barge_ins if one.over_speech]
    runs = audible_runs(held.recording.heard)
    ends = [(end - onset) / PER_MS for onset in onsets for start, end in runs if start <= onset < end]
    return max(ends, default=None)


async def transcribed(engines: Engines, held: Held) -> list[str]:
    """The product's own recogniser on the agent's sound."""
    found = []
    for pcm in stretches(held):
        heard = await engines.stt.transcribe(Speech(pcm), call=0, urgency=Urgency.FINAL)
        found.append(heard.said.words.reveal())
    return found


async def hold(line: RealLine, patient: Patient, voice: str, conditions: Conditions) -> Held:
    return await phone(
        Webhooks(line.webhook, line.token),
        patient.script(voice),
        called=NUMBER,
        voices=Rendered(),
        conditions=conditions,
    )


def faults(end: End, ended: Ended, material: Material, spanish: str) -> list[str]:
    """What is not as it must be.  spanish: the agent's sound as a Spanish ear heard it."""
    record = ended.record
    found = []
    if record["escalation"] not in end.escalations:
        found.append(f"the record says {record['escalation']}, not {' or '.join(end.escalations)}")
    if end.handed_over and ((record["outcome"], record["end"]) != HANDED_OVER or not ended.dialled):
        found.append(
            f"no person: {record['outcome']}, {record['end']}, {'dialled' if ended.dialled else 'not dialled'}"
        )
    if not end.handed_over and record["outcome"] not in ("answered", "abandoned"):
        found.append(f"the call came to {record['outcome']}")
    found += [
        f"{phrase.value} was not heard"
        for phrase in end.phrases
        if said_in(ended.after, material.phrases[phrase]) < SAID
    ]
    found += [f"'{word}' was not heard" for word in end.words if plain(word) not in ended.after]
    read = material.read_in(ended.after)
    if end.passages is not None and read not in (end.passages or ("",)):
        found.append(f"it read {read or 'no passage'}, not {' or '.join(end.passages) or 'none'}")
    if end.stops and ended.stopped_ms is None:
        found.append("she did not come to speak over an answer")
    elif end.stops and ended.stopped_ms is not None and ended.stopped_ms > STOP_MS:
        found.append(f"she spoke over an answer, and it went on for {ended.stopped_ms:.0f} ms")
    if end.spanish and not all(word in spanish for word in SPANISH):
        found.append("no Spanish was heard")
    if not ended.held.report.finished:
        found.append("the line ended before the patient had done")
    found += [f"violation: {name}" for name in ended.held.report.violations]
    return found


def spanish_ear(pcm: Int16) -> str:
    """The same recogniser's model, told that it hears Spanish."""
    files = recogniser_files(DEFAULT_RECOGNISER, only_checked=True)
    model = WhisperModel(files.name, device="cpu", compute_type="int8", cpu_threads=2, files=dict(files.files))
    sound = resample(pcm, RATE_HZ, WHISPER_HZ).astype(np.float32) / 32_768
    segments, _ = model.transcribe(sound, language="es", beam_size=2, condition_on_previous_text=False)
    return plain(" ".join(segment.text for segment in segments))


def evaluate(engines: Engines, only: str = "") -> Board:
    """only: patients whose name holds this.  Takes about half a minute a call."""
    board = Board("Synthetic patients in whole calls")
    chosen = [patient for patient in PATIENTS if only in patient.name]
    with tempfile.TemporaryDirectory(prefix="quietline-eval-") as folder:
        material = material_of(Path(folder, "told"), engines)
        with real_line(Path(folder, "line"), ready_s=READY_S, QUIETLINE_SPOKEN_AHEAD="on") as line:
            for number, (patient, (voice, noise)) in enumerate(
                itertools.chain.from_iterable(
                    ((patient, one) for one in zip(patient.voices, (None, NOISE), strict=True)) for patient in chosen
                ),
                1,
            ):
                one_call(board, engines, material, line, number, patient, voice, noise)
    return board


def one_call(
    board: Board,
    engines: Engines,
    material: Material,
    line: RealLine,
    number: int,
    patient: Patient,
    voice: str,
    noise: Conditions | None,
) -> None:
    """number: of this call on this line, from 1."""
    held = asyncio.run(hold(line, patient, voice, noise or Conditions()))
    record = line.calls_ended(number)[number - 1]
    shown = asyncio.run(transcribed(engines, held))
    ended = Ended(plain(" ".join(shown[1:] if held.report.turns else shown)), shown, held, stopped_ms(held), record)
    spanish = spanish_ear(last_reply(held)) if patient.end.spanish else ""
    wrong = faults(patient.end, ended, material, spanish)
    where = f"{patient.name}, {voice}, {'clear' if noise is None else 'in noise'}"
    gaps = [turn.answer_gap_ms for turn in held.report.turns]
    gap = ", ".join("none" if ms is None else f"{ms:.0f}" for ms in gaps)
    board.rows.append(Row(where, RIGHT, "; ".join(wrong) or "reached", not wrong))
    came_to = ", ".join(str(record[name]) for name in ("escalation", "outcome", "end"))
    board.notes.append(f"{where}: {came_to}; gaps {gap or '-'} ms; load {os.getloadavg()[0]:.1f}")
    board.notes += [f"    agent: {words or '(nothing)'}" for words in shown]
    sys.stderr.write(f"  call {number}: {where}: {'; '.join(wrong) or 'reached'}\n")


def material_of(folder: Path, engines: Engines) -> Material:
    """What the agent of `real_line` may say.  folder: for an agent file of its own."""
    agent = lines.load(short_agent(folder)).default
    texts = PhraseTexts.for_agent(agent.hospital, agent.assistant_name, draft=True, days=7, greeting=agent.greeting)
    return Material(texts.texts, engines.knowledge.passages)
