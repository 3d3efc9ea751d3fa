"""Randomised nights with faults at the carrier's twin: who was put through, who was told what, what was kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tests.evaluation.board import Board, Miss, Share, quantile
from tests.nights.judging import Judged, judged
from tests.nights.night import run
from tests.nights.plans import drawn

NIGHTS: Final = 2_000  # the bar on bridges is for so many
TO_ROOM_MS: Final = 1_500.0
RING_MS: Final = 3_000.0
SILENCE_S: Final = 8.0
ALONE_S: Final = 10.0
RECORDS_SHARE: Final = 99.9
TOLD_EVERY: Final = 250


def evaluate(nights: int = NIGHTS, first: int = 0) -> Board:
    """first: the seed of the first night."""
    found: list[Judged] = []
    for seed in range(first, first + nights):
        found.append(judged(run(drawn(seed))))
        if len(found) % TOLD_EVERY == 0:
            sys.stderr.write(f"{len(found)} nights\n")
    return board_of(found)


def board_of(found: Sequence[Judged]) -> Board:
    """The rows of the nights that were judged."""
    board = Board(f"nights: {len(found)} drawn nights at the carrier's twin")
    bridges = sum(night.bridges for night in found)
    board.at_most("bridges without an accepting keypress", Share(sum(n.unaccepted for n in found), bridges), 0)
    _misses(board, "unaccepted", ((n, not n.unaccepted, str(n.unaccepted)) for n in found))
    _share(board, found, "bridged", "nights in which a nurse accepts that end bridged", 95, lambda n: n.bridged)
    _share(
        board,
        found,
        "emergency",
        "emergencies: 911 begun within 2 s, heard to its end, the nurse path started",
        100,
        lambda n: n.emergency,
    )
    _share(
        board,
        found,
        "fetched",
        "nurse-now: accepted; or every rung tried, and the promise kept; or as she wished, told and on the nurse line",
        100,
        lambda n: n.fetched,
    )
    promised = [night for night in found if night.promised is not None]
    kept = Share(sum(bool(night.promised) for night in promised), len(promised))
    board.say("calls back promised, and kept (else: she was not there, or no nurse ever took it)", str(kept))
    _share(
        board,
        found,
        "failed_safe",
        "the line killed in any state: fail-safe 911 wording and nurse dial within 10 s",
        100,
        lambda n: n.failed_safe,
    )
    leaking = [n for n in found if n.leaks]
    board.at_most("nights in which a brief was heard by no nurse or written", Share(len(leaking), len(found)), 0)
    _misses(board, "leaks", ((n, False, "; ".join(n.leaks)) for n in leaking))
    _times(
        board,
        found,
        "accepting key, or the end of 911's words, to both in the room",
        TO_ROOM_MS,
        lambda n: n.to_room_after_words_ms,
    )
    raw = [n.to_room_ms for n in found if n.to_room_ms is not None]
    if raw:
        board.say("the same from the key alone", f"p50 {quantile(raw, 0.5):.1f}, p95 {quantile(raw, 0.95):.1f} ms")
    _times(board, found, "red flag to the first nurse's ring", RING_MS, lambda n: n.ring_ms)
    waits = [n for n in found if n.silence_s is not None]
    over = [n for n in waits if (n.silence_s or 0.0) > SILENCE_S]
    worst = max((n.silence_s or 0.0 for n in waits), default=0.0)
    board.at_most(f"waits with a silence of over 8 s (the longest was {worst:.2f} s)", Share(len(over), len(waits)), 0)
    _misses(board, "silence", ((n, False, f"{n.silence_s:.2f} s") for n in over))
    alone = [n for n in found if n.alone_s > ALONE_S]
    board.at_most("nights in which she was alone in a room for over 10 s", Share(len(alone), len(found)), 0)
    _misses(board, "alone", ((n, False, f"{n.alone_s:.2f} s") for n in alone))
    _records(board, found)
    broken = [n for n in found if n.broken]
    board.at_most("nights in which something raised, was left, or did not end", Share(len(broken), len(found)), 0)
    _misses(board, "broken", ((n, False, "; ".join(n.broken)) for n in broken))
    return board


def _records(board: Board, found: Sequence[Judged]) -> None:
    """What the carrier keeps."""
    board.at_least(
        "deletable carrier records deleted and verified within 5 minutes of the end, 15 after a kill -9",
        Share(sum(n.records_in_time for n in found), sum(n.records for n in found)),
        RECORDS_SHARE,
    )
    _misses(board, "records", ((n, n.records_in_time == n.records, n.why.get("records", "")) for n in found))
    taken = [s for n in found for s in n.records_s if s < float("inf")]
    if taken:
        board.say(
            "from a call's end to its record gone, while the line lived",
            f"p50 {quantile(taken, 0.5):.0f}, p95 {quantile(taken, 0.95):.0f}, longest {max(taken):.0f} s",
        )
    _share(
        board,
        found,
        "stuck",
        "nights whose undeletable records are all counted and shown",
        100,
        lambda n: n.stuck_shown,
    )
    board.say("calls whose records could not be deleted", str(sum(n.stuck for n in found)))


def _share(
    board: Board, found: Sequence[Judged], name: str, measure: str, bar: float, value: Callable[[Judged], bool | None]
) -> None:
    came_up = [night for night in found if value(night) is not None]
    board.at_least(measure, Share(sum(bool(value(night)) for night in came_up), len(came_up)), bar)
    _misses(board, name, ((night, bool(value(night)), night.why.get(name, "")) for night in came_up))


def _times(
    board: Board, found: Sequence[Judged], measure: str, bar_ms: float, value: Callable[[Judged], float | None]
) -> None:
    taken = [ms for night in found if (ms := value(night)) is not None]
    if taken:
        board.within(f"{measure} ({len(taken)} nights)", quantile(taken, 0.5), quantile(taken, 0.95), bar_ms)
    else:
        board.say(measure, "nothing to count")


def _misses(board: Board, measure: str, nights: Iterable[tuple[Judged, bool, str]]) -> None:
    board.misses += [Miss("night", str(night.seed), measure, got, "") for night, held, got in nights if not held]
