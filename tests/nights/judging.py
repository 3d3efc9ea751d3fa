"""What one night shows of the measures: each as it held, or not, or did not come up.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from agent.handoff import SAYS
from agent.phrases import Phrase
from policies.brief import _SITUATION as SITUATIONS
from telephony.audio import FRAME_MS, FRAME_SAMPLES
from telephony.switchboard import Role
from telephony.twin.conference import Stay
from telephony.twin.legs import SETUP_S
from telephony.twin.records import CHILD, INBOUND, PlacedCall
from telephony.twin.segments import SAID_CHARS_PER_S
from telephony.twin.telephones import Phone
from tests.nights.hearing import Sentence, silences
from tests.nights.night import NURSE_LINE, PATIENT, Night, nurse_number
from tests.nights.people import Visit
from tests.nights.plans import Ending, Says
from tests.simulated import words

SOON_S: Final = 2.0  # the bar: from the red flag's end to the first word of 911
GONE_S: Final = 300.0  # the bar: from a call's end to its record deleted and verified ...
GONE_AFTER_DEATH_S: Final = 900.0  # ... and from the line's death, or the call's end if that is later
KILLED_S: Final = 10.0  # the bar: from the line's death to the fail-safe's words and dial
CROSSING_S: Final = 8.0  # a nurse accepts, and within this a caller who hangs up has left her, not been failed
GRAVE: Final = {Says.RED_FLAG: Phrase.EMERGENCY, Says.CRISIS: Phrase.CRISIS}
HANDING_OFF: Final = (Phrase.EMERGENCY, Phrase.CRISIS, Phrase.SYMPTOM, Phrase.TRANSFER)
"""The words with which she is told that a nurse is fetched: heard to their end before she is put through."""
TO_WHOEVER_ANSWERS: Final = (Phrase.CALL_BACK, Phrase.CALL_BACK_LOST, Phrase.CALL_BACK_REFUSED)
"""Where a patient was to be called back; a voicemail may hear it."""
MARKS: Final = ("a caller ", "nobody has assessed", "chest pain", "kill myself", "red and swollen", "our safety check")
"""Of the brief and of what patients say: pieces that nothing else here is written with."""


@dataclass(slots=True)
class Judged:
    """Of one night.  None: that did not come up."""

    seed: int
    bridges: int = 0
    unaccepted: int = 0
    """Bridges to somebody who had not pressed 1 twice."""
    bridged: bool | None = None
    """A nurse accepted: did they meet?"""
    emergency: bool | None = None
    """911 was spoken of in time and to its end, and the nurse path was begun."""
    fetched: bool | None = None
    """She who stayed met a nurse; or every rung was tried, she was told, and the nurse line was dialled."""
    promised: bool | None = None
    """She agreed to be called back: did she and a nurse meet?"""
    failed_safe: bool | None = None
    """The line died under her: she heard the fail-safe's words and dial in time."""
    leaks: list[str] = field(default_factory=list)
    """Where a word of the brief or of hers stood."""
    to_room_ms: float | None = None
    """From the accepting key to both being in the room."""
    to_room_after_words_ms: float | None = None
    """The same; from the end of the hand-off's own words, 911 among them, where those were still being said."""
    silence_s: float | None = None
    """The longest that she heard nothing while she waited."""
    ring_ms: float | None = None
    """From the end of the red flag to the first ring of a nurse's telephone."""
    alone_s: float = 0.0
    """The longest that she was in a room with nobody while the line lived."""
    records: int = 0
    """Of ended calls, that the carrier would let go."""
    records_in_time: int = 0
    """Deleted in time, and seen to be gone."""
    records_s: list[float] = field(default_factory=list)
    """From each call's end until its record was gone, while the line lived."""
    stuck: int = 0
    """Records that the carrier would not let go."""
    stuck_shown: bool | None = None
    """The line showed at least as many as stood there."""
    broken: list[str] = field(default_factory=list)
    """What went wrong beside: raised, left, never ended."""
    why: dict[str, str] = field(default_factory=dict)
    """Of a measure that did not hold: what was found."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """Patient and nurse in one room."""

    from_s: float
    until_s: float
    nurse: Stay
    patient: Stay


def judged(night: Night) -> Judged:
    """All measures of one night."""
    found = Judged(night.plan.seed)
    bridges = list(bridges_of(night))
    found.bridges = len(bridges)
    found.unaccepted = sum(_accepted_s(night, bridge) is None or not _is_there(night, bridge) for bridge in bridges)
    patient = _Patient(night, bridges)
    _of_acceptance(night, bridges, patient, found)
    patient.emergency(found)
    patient.fetching(found)
    patient.fail_safe(found)
    patient.silence(found)
    patient.ring(found)
    found.alone_s = _alone_s(night)
    _of_records(night, found)
    found.leaks = list(_leaks(night))
    if _briefs_at_once(night):
        found.broken.append("two nurses heard the brief at once")
    found.broken += [*night.raised, *night.left, *([] if night.finished else ["a call did not end"])]
    return found


def _of_records(night: Night, found: Judged) -> None:
    """Of every call that ended, those that a `<Dial>` placed too."""
    late: list[str] = []
    for call in night.calls:
        if call.ended_at is None or call.sid in night.stuck:
            continue
        found.records += 1
        gone_s = night.gone.get(call.sid, float("inf"))
        lived = night.died_s is None or gone_s <= night.died_s
        until_s = call.ended_at + GONE_S if lived else max(call.ended_at, night.died_s or 0.0) + GONE_AFTER_DEATH_S
        found.records_in_time += gone_s <= until_s
        if lived:
            found.records_s.append(gone_s - call.ended_at)
        if gone_s > until_s:
            late.append(f"{call.direction} {call.status} after {gone_s - call.ended_at:.0f} s")
    if late:
        found.why["records"] = "; ".join(late)
    roots = {call.sid for call in night.calls if call.sid in night.stuck and call.parent_sid is None}
    found.stuck = len(roots)
    if roots and night.finished:
        found.stuck_shown = night.owed >= len(roots)
        if not found.stuck_shown:
            found.why["stuck"] = f"{night.owed} shown of {len(roots)}"


def bridges_of(night: Night) -> Iterator[Bridge]:
    """Each time that a patient and somebody else were in one room."""
    for room in night.rooms:
        patients = [stay for stay in room.stays if stay.label == Role.PATIENT.value]
        for nurse in (stay for stay in room.stays if stay.label != Role.PATIENT.value):
            for patient in patients:
                from_s = max(nurse.from_s, patient.from_s)
                until_s = min(_end(nurse), _end(patient))
                if from_s < until_s:
                    yield Bridge(from_s, until_s, nurse, patient)


def _end(stay: Stay) -> float:
    return float("inf") if stay.until_s is None else stay.until_s


def _ones(visit: Visit) -> list[float]:
    return [at_s for at_s, digit in visit.keys if digit == "1"]


def _accepted_s(night: Night, bridge: Bridge) -> float | None:
    """When she who is in the room pressed 1 for the second time; None if she did not."""
    phone = night.phones.get(bridge.nurse.call_sid)
    visit = next((each for each in night.visits if each.phone is phone and each.nurse is not None), None)
    before = [] if visit is None else [at_s for at_s in _ones(visit) if at_s <= bridge.nurse.from_s]
    return before[1] if len(before) > 1 else None


def _is_there(night: Night, bridge: Bridge) -> bool:
    """She called by herself, or has pressed 1 where she was called back."""
    phone = night.phones.get(bridge.patient.call_sid)
    if phone is night.patient.phone:
        return True
    visit = next((each for each in night.visits if each.phone is phone), None)
    return visit is not None and any(at_s <= bridge.patient.from_s for at_s in _ones(visit))


def _of_acceptance(night: Night, bridges: Sequence[Bridge], patient: _Patient, found: Judged) -> None:
    for bridge in bridges:
        accepted_s = _accepted_s(night, bridge)
        if night.phones.get(bridge.patient.call_sid) is not night.patient.phone:
            continue  # her telephone had to be rung first
        if accepted_s is not None and found.to_room_ms is None:
            found.to_room_ms = (bridge.from_s - accepted_s) * 1000
            begin_s = max([accepted_s, *(said for said in patient.handed_off_s if said < bridge.from_s)])
            found.to_room_after_words_ms = (bridge.from_s - begin_s) * 1000
    for visit in night.visits:
        if visit.nurse is None or found.bridged:
            continue
        ones = _ones(visit)
        briefed = [each for each in night.heard(visit) if each.text in _situations()]
        if len(ones) < 2 or not briefed or (not bridges and _excused(night, visit, ones[1], patient)):
            continue
        found.bridged = bool(bridges)
        if not bridges:
            found.why["bridged"] = f"nurse {visit.nurse} accepted at {ones[1]:.2f} s"


def _excused(night: Night, visit: Visit, accepted_s: float, patient: _Patient) -> bool:
    """Somebody left by herself, or the line died: nobody could have been put through."""
    leaves = night.plan.nurses[visit.nurse or 0].ending is Ending.HANGS_UP
    gone_s = min(patient.leaves_s, patient.promised_s, patient.dialled_s, *(said[0] for said in patient.calls_off))
    return leaves or gone_s < accepted_s + CROSSING_S or patient.dies_s < accepted_s + CROSSING_S


def _situations() -> frozenset[str]:
    return frozenset(SITUATIONS.values())


def _grave(sentence: Sentence) -> bool:
    return sentence.text in {words(phrase) for phrase in GRAVE.values()}


class _Patient:
    """What the night was to her."""

    def __init__(self, night: Night, bridges: Sequence[Bridge]) -> None:
        self.night = night
        self.bridges = bridges
        self.visit = night.patient
        self.call: PlacedCall = night.call_of(self.visit.phone)
        self.zero_s = self.visit.phone.began_s
        self.heard: list[Sentence] = night.heard(self.visit)
        self.fetching_said = [said for said in self.visit.said if said[2].fetches]
        self.calls_off = [said for said in self.visit.said if said[2] is Says.NEVER_MIND]
        self.leaves_s = float("inf") if self.visit.put_down_s is None else self.visit.put_down_s
        self.over_s = float("inf") if self.call.ended_at is None else self.call.ended_at
        self.dies_s = float("inf") if night.died_s is None else night.died_s
        self.line_calls = [each for each in night.calls if each.direction == CHILD and each.to == NURSE_LINE]
        self.dialled_s = min((each.started_at for each in self.line_calls), default=float("inf"))
        self.met_s = min((bridge.from_s for bridge in bridges), default=float("inf"))
        handing = {words(phrase) for phrase in HANDING_OFF}
        self.handed_off_s = [self.at_s(each.until_ms) for each in self.heard if each.text in handing]
        told = [self.at_s(each.from_ms) for each in self.heard if each.text == words(Phrase.PROMISED)]
        self.promised_s = min(told, default=float("inf"))
        self.dropped = any(end.value == "dropped" for end in night.ends)

    def at_s(self, ms: float) -> float:
        """A moment of her ear's clock on the loop's."""
        return self.zero_s + ms / 1000

    def emergency(self, found: Judged) -> None:
        """Of the first grave thing that she said."""
        said = next((said for said in self.visit.said if said[2].grave), None)
        if said is None or min(self.met_s, self.dialled_s) < said[1] + SOON_S:
            return
        told = next(
            (each for each in self.heard if each.text == words(GRAVE[said[2]]) and self.at_s(each.until_ms) > said[0]),
            None,
        )
        graver = (
            [] if told is None else [each for each in self.heard if each.until_ms >= told.until_ms and _grave(each)]
        )
        ends_s = said[1] + SOON_S if told is None else self.at_s(told.until_ms)
        whole = any(each.whole for each in graver)  # something worse that she says is told of at once
        if min(self.leaves_s, self.dies_s) <= ends_s + 0.5 or (self.dropped and not whole):
            return  # she hung up first, or the line or her stream broke
        begun_s = float("inf") if told is None else self.at_s(told.from_ms) - said[1]
        begun = bool(self.night.orders) or bool(self.line_calls)
        found.emergency = told is not None and begun_s <= SOON_S and whole and begun
        if not found.emergency:
            found.why["emergency"] = f"begun after {begun_s:.2f} s, whole {whole}, nurse path {begun}"

    def fetching(self, found: Judged) -> None:
        """She who asked for a person, or needed one, and stayed."""
        stays = self.night.plan.patient.hangs_up_s is None and not self.calls_off
        if not self.fetching_said or not stays or self.dropped or self.dies_s < float("inf"):
            return
        rung = {order.number for order in self.night.orders}
        tried = all(nurse_number(n) in rung for rung_ in self.night.plan.ladder for n in rung_.nurses)
        of_nobody = (words(Phrase.NOBODY_CAME), words(Phrase.PROMISE_OFFER))
        nobody = [n for n, each in enumerate(self.heard) if each.text in of_nobody]
        rest = self.heard[nobody[0] :] if nobody else []  # something worse that she says cuts it short
        told = any(each.whole and (_grave(each) or each.text == words(Phrase.NOBODY_CAME)) for each in rest)
        if self.promised_s < float("inf"):
            self.promise(found, tried)
            return
        found.fetched = bool(self.bridges) or (tried and told and bool(self.line_calls))
        if not found.fetched:
            found.why["fetched"] = f"every rung tried {tried}, told {told}, nurse line {bool(self.line_calls)}"

    def promise(self, found: Judged, tried: bool) -> None:
        """She agreed to be called back.  Where she was there and a nurse accepted, they are to have met."""
        found.promised = bool(self.bridges)
        late = any(each.nurse is not None and self._accepts_late(each) for each in self.night.visits)
        rung = any(each.to == PATIENT and each.direction != INBOUND for each in self.night.calls)
        there = any(each.nurse is None and each is not self.visit and _ones(each) for each in self.night.visits)
        if not self.bridges and (not late or (rung and not there)):
            return  # no nurse ever took it; or she did not pick up, or pressed no 1
        found.fetched = tried and bool(self.bridges)
        if not found.fetched:
            found.why["fetched"] = f"promised, every rung tried {tried}, her telephone rung {rung}, she there {there}"

    def _accepts_late(self, visit: Visit) -> bool:
        """A nurse accepted after the patient's own call, and did not leave by herself."""
        ones = _ones(visit)
        stays = self.night.plan.nurses[visit.nurse or 0].ending is Ending.STAYS
        return len(ones) > 1 and ones[1] > self.over_s and stays

    def fail_safe(self, found: Judged) -> None:
        """The line died while she was with the agent, or alone."""
        died_s = self.night.died_s
        over_s = float("inf") if self.call.ended_at is None else self.call.ended_at
        with_nurse = any(bridge.from_s <= (died_s or 0.0) < bridge.until_s for bridge in self.bridges)
        if died_s is None or over_s <= died_s or with_nurse or self.dialled_s <= died_s:
            return
        if self.leaves_s < died_s + KILLED_S and self.dialled_s == float("inf"):
            return  # she hung up before it could be done
        spoken = [text for text in self.night.said[self.call.sid] if "9 1 1" in text]
        dial_s = self.dialled_s - died_s
        words_s = dial_s - (len(spoken[-1]) / SAID_CHARS_PER_S if spoken else 0.0)
        found.failed_safe = bool(spoken) and dial_s <= KILLED_S
        if not found.failed_safe:
            found.why["failed_safe"] = f"words after {words_s:.2f} s, dial after {dial_s:.2f} s"

    def silence(self, found: Judged) -> None:
        """Between asking and meeting somebody, the nurse line, or the end."""
        over_s = float("inf") if self.call.ended_at is None else self.call.ended_at
        sounds = [(self.at_s(from_ms), self.at_s(until_ms)) for from_ms, until_ms in _sounding(self.visit.phone)]
        sounds += [(from_s, until_s) for from_s, until_s, _ in self.visit.said]
        for said in self.fetching_said:
            ends = [self.dialled_s, self.leaves_s, self.dies_s, over_s, *(bridge.from_s for bridge in self.bridges)]
            ends += [off[0] for off in self.calls_off]
            ends += [self.at_s(each.from_ms) for each in self.heard if each.text == words(Phrase.BACK)]
            until_s = min((end for end in ends if end > said[1]), default=said[1])
            if any(bridge.from_s <= said[1] < bridge.until_s for bridge in self.bridges):
                continue
            silence_s = silences(sounds, said[1], until_s)
            if found.silence_s is None or silence_s > found.silence_s:
                found.silence_s = silence_s

    def ring(self, found: Judged) -> None:
        """Of a red flag that she called with, where somebody of the first rung can be rung."""
        plan = self.night.plan
        said = self.fetching_said[0] if self.fetching_said else None
        ringers = {nurse_number(n) for n in plan.ladder[0].nurses if plan.nurses[n].can_ring}
        if said is None or not said[2].grave or not ringers or min(self.leaves_s, self.dies_s) < said[1] + 3.0:
            return
        ringing = [each.started_at + SETUP_S for each in self.night.calls if each.to in ringers]
        found.ring_ms = (min(ringing) - said[1]) * 1000 if ringing else float("inf")


def _briefs_at_once(night: Night) -> bool:
    """Was the brief still being said to one nurse when it was begun to another?"""
    fixed = _to_nurses()
    said: list[tuple[float, float]] = []
    for visit in (each for each in night.visits if each.nurse is not None):
        brief = [each for each in night.heard(visit) if each.text not in fixed]
        if brief:
            zero_s = visit.phone.began_s
            said.append((zero_s + brief[0].from_ms / 1000, zero_s + brief[-1].until_ms / 1000))
    said.sort()
    return any(after[0] < before[1] for before, after in pairwise(said))


def _sounding(phone: Phone) -> Iterator[tuple[float, float]]:
    """When her ear heard anything at all, in milliseconds of its clock."""
    ear = phone.heard(0, phone.now()).reshape(-1, FRAME_SAMPLES)
    loud = np.flatnonzero(np.diff(np.concatenate([[0], ear.any(axis=1).astype(np.int8), [0]])))
    for from_frame, until_frame in zip(loud[::2], loud[1::2], strict=True):
        yield float(from_frame * FRAME_MS), float(until_frame * FRAME_MS)


def _alone_s(night: Night) -> float:
    """The longest stretch of hers in a room without another, while the line lived."""
    longest = 0.0
    for room in night.rooms:
        for hers in (stay for stay in room.stays if stay.label == Role.PATIENT.value):
            end_s = min(_end(hers), night.died_s or float("inf"), max(_end(stay) for stay in room.stays))
            if end_s == float("inf"):
                return end_s
            others = [(stay.from_s, _end(stay)) for stay in room.stays if stay.label != Role.PATIENT.value]
            longest = max(longest, silences(others, hers.from_s, max(hers.from_s, end_s)))
    return longest


def _to_nurses() -> set[str]:
    """What may be said to anybody who answers a nurse's telephone."""
    return {words(phrase) for phrase in (*SAYS.values(), Phrase.OFFER_CALL_BACK)}


def _leaks(night: Night) -> Iterator[str]:
    """Where a brief was heard by somebody who had not pressed 1, or anything of it was written."""
    fixed = _to_nurses()
    for visit in night.visits:
        if visit.nurse is not None and not _ones(visit) and any(each.text not in fixed for each in night.heard(visit)):
            yield f"nurse {visit.nurse} heard the brief without a key"
    for visit in night.visits:
        if visit.nurse is None and visit is not night.patient and not _ones(visit):
            strange = {each.text for each in night.heard(visit)} - {words(phrase) for phrase in TO_WHOEVER_ANSWERS}
            yield from (f"who pressed no 1 heard {len(text)} characters more" for text in strange)
    for text in night.written:
        lowered = text.lower()
        yield from (f"{mark!r} was written" for mark in MARKS if mark in lowered)
