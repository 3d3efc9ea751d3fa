"""Did two callers meet?  What is of one is sought in what the other's call sent and said.  Pure.

A name, or six digits of a chart number in a row, in any form in the requests and in any wording in the agent's sound;
and the very sound of the other.  What both were given to say is no meeting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from agent.proof.alike import words
from agent.proof.canary import Canary
from agent.proof.needles import Needle
from agent.proof.search import Search
from agent.proof.sound import SoundNeedle

DIGITS: Final = 6  # in a row


class Spoke(NamedTuple):
    """One call, as far as it matters here."""

    patient: Canary
    requests: Sequence[bytes]
    """To the provider."""
    answer: str
    """The agent's sound, recognised."""
    answer_sound: bytes
    """Mu-law."""
    sounds: Sequence[SoundNeedle]
    """Hers."""
    lane: int
    began_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class Meetings:
    """What came of it."""

    searched: int
    """Pairs of calls, each in both directions."""
    consecutive: int
    """Of these, pairs in which one call followed the other on the same lane."""
    interleaved: int
    """Pairs that were on the line at the same time."""
    met: tuple[str, ...]
    """"3 in 4: request": whose words were in whose call."""

    def to_json(self) -> dict[str, Any]:
        return {
            "searched": self.searched,
            "consecutive": self.consecutive,
            "interleaved": self.interleaved,
            "met": list(self.met),
        }


def meetings(calls: Sequence[Spoke]) -> Meetings:
    """Each call's requests and sound are searched for every other caller."""
    pairs = [(one, other) for at, one in enumerate(calls) for other in calls[at + 1 :]]
    lanes: dict[int, list[Spoke]] = {}
    for each in sorted(calls, key=lambda spoke: spoke.began_s):
        lanes.setdefault(each.lane, []).append(each)
    met = [*_in_requests(calls), *_in_answers(calls), *_in_sounds(calls)]
    return Meetings(
        searched=len(pairs),
        consecutive=sum(len(lane) - 1 for lane in lanes.values()),
        interleaved=sum(one.began_s < other.ended_s and other.began_s < one.ended_s for one, other in pairs),
        met=tuple(sorted(set(met))),
    )


def _in_requests(calls: Sequence[Spoke]) -> Iterator[str]:
    needles = [
        Needle(str(call.patient.number), text)
        for call in calls
        for what, text in call.patient.texts()
        if what != "sentence"
    ]
    search = Search(needles) if needles else None
    for call in calls:
        own = str(call.patient.number)
        for body in call.requests:
            found = search.look(body, unpack=False).hits if search else ()
            yield from (f"{hit.needle} in {own}: request" for hit in found if hit.needle != own)
        yield from _wordings(call, b" ".join(call.requests).decode("utf-8", "replace"), calls, "request")


def _in_answers(calls: Sequence[Spoke]) -> Iterator[str]:
    for call in calls:
        yield from _wordings(call, call.answer, calls, "the agent's sound, recognised")


def _in_sounds(calls: Sequence[Spoke]) -> Iterator[str]:
    needles = [needle for call in calls for needle in call.sounds]
    if not needles:
        return
    search = Search(needles)
    for call in calls:
        for hit in search.look(call.answer_sound, unpack=False).hits:
            number = hit.needle.partition(" ")[0]
            if number != str(call.patient.number):
                yield f"{number} in {call.patient.number}: the agent's sound itself"


def _wordings(call: Spoke, text: str, calls: Sequence[Spoke], where: str) -> Iterator[str]:
    runs = _runs(words(text)) - _runs(words(call.patient.sentence()))  # her telephone may hold another's six digits
    for other in calls:
        if other is not call and runs & _of(other.patient):
            yield f"{other.patient.number} in {call.patient.number}: {where}"


def _of(patient: Canary) -> set[tuple[str, ...]]:
    record = words(patient.record)
    return {tuple(words(patient.name))} | {tuple(record[at : at + DIGITS]) for at in range(len(record) - DIGITS + 1)}


def _runs(heard: Sequence[str]) -> set[tuple[str, ...]]:
    names = {tuple(heard[at : at + 2]) for at in range(len(heard) - 1)}
    digits = {tuple(heard[at : at + DIGITS]) for at in range(len(heard) - DIGITS + 1)}
    return names | digits
