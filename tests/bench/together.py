"""Four callers who fall silent in the same moment, over and over: the worst that turn-taking can meet."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from telephony.audio import RATE_HZ, Int16
from telephony.twin.carrier import Carrier, Stream, dialled
from telephony.twin.hearing import Listener, audible_runs
from telephony.twin.line import LineDead
from telephony.twin.line_noise import Conditions
from telephony.twin.measure import CallReport, Recording, Uttered, UtteredAs, measure
from telephony.twin.playback import Piece
from telephony.twin.stream_side import Ids
from telephony.twin.twiml_reader import ConnectStream
from telephony.twin.webhook import Caller, Webhooks
from tests.bench.plan import ANSWER_MS

QUIET_MS: Final = 1_200
GIVE_UP_S: Final = 20.0
LEAD_S: Final = 0.3  # from the agreement to the first word of the longest question


@dataclass(slots=True)
class Meeting:
    """The moments at which all stop, by round; the first caller who comes sets the round's."""

    barrier: asyncio.Barrier
    longest_s: float
    ends_s: dict[int, float] = field(default_factory=dict)

    async def agree(self, round_: int) -> float:
        """When this round's questions end, on the loop's clock."""
        await self.barrier.wait()
        now_s = asyncio.get_running_loop().time()
        return self.ends_s.setdefault(round_, now_s + LEAD_S + self.longest_s)


async def caller(
    webhooks: Webhooks, called: str, questions: Sequence[Int16], meeting: Meeting, name: str
) -> tuple[Recording, CallReport, float]:
    """One of them: asks each question so that its last sound falls on the agreed moment, and hears the reply out.

    Returns last by how many ms she missed the moment at worst.
    """
    ids = Ids.fresh()
    who = Caller(ids.call_sid, ids.account_sid, "+15550100123", called)
    verbs = await webhooks.ask(webhooks.url, who.form())
    connect = next(verb for verb in verbs if isinstance(verb, ConnectStream))
    stream = Stream(connect.url, connect.parameters, webhooks.auth_token)
    uttered: list[Uttered] = []
    off_ms = 0.0
    async with dialled(stream, ids=ids, conditions=Conditions(seed=len(name))) as carrier:
        ear = Listener()
        try:
            await _hear_out(carrier, ear, 0)
            for round_, pcm in enumerate(questions):
                end_s = await meeting.agree(round_)
                said, off = await _ask(carrier, pcm, end_s)
                uttered.append(said)
                off_ms = max(off_ms, off)
                await _hear_out(carrier, ear, audible_end(uttered[-1]))
        except LineDead:
            await meeting.barrier.abort()  # the others can't meet any more
        except asyncio.BrokenBarrierError:
            pass
        await carrier.hang_up()
    recording = Recording(
        uttered=tuple(uttered),
        heard=carrier.playback.heard(0, carrier.ended_at),
        spans=tuple((start, min(stop, carrier.ended_at)) for start, stop in carrier.playback.spans()),
        marks=tuple(carrier.marks),
        clears=carrier.playback.clears,
    )
    report = dataclasses.replace(
        measure(recording, name),
        ending=carrier.ending.value if carrier.ending else "",
        finished=len(uttered) == len(questions),
        sent_late_ms=round(carrier.sent_late_ms, 1),
    )
    return recording, report, round(off_ms, 1)


def audible_end(uttered: Uttered) -> int:
    """The caller's last audible sample."""
    start, pcm = uttered.sound()
    runs = audible_runs(pcm)
    return start + (runs[-1][1] if runs else len(pcm))


async def _ask(carrier: Carrier, pcm: Int16, end_s: float) -> tuple[Uttered, float]:
    zero_s = asyncio.get_running_loop().time() - carrier.now() / RATE_HZ
    audible = audible_end(Uttered(UtteredAs.TURN, (Piece(0, pcm),)))
    wanted = int((end_s - zero_s) * RATE_HZ) - audible
    start = carrier.mouth.say(wanted, pcm)
    while await carrier.tick() < start + len(pcm):
        pass
    return Uttered(UtteredAs.TURN, (Piece(start, pcm),)), (start - wanted) * 1000 / RATE_HZ


async def _hear_out(carrier: Carrier, ear: Listener, since: int) -> None:
    """Until the agent was heard after `since` and is quiet, or for 20 seconds."""
    until = carrier.now() + GIVE_UP_S * RATE_HZ
    while (now := await carrier.tick()) < until:
        ear.listen(ear.heard_to, carrier.playback.heard(ear.heard_to, now))
        quiet_ms = (now - ear.quiet_since()) * 1000 // RATE_HZ
        answered = sum(end - max(start, since) for start, end in ear.after(since)) >= ANSWER_MS * RATE_HZ // 1000
        if answered and quiet_ms >= QUIET_MS and carrier.playback.tail <= now:
            return
