"""Would a Redis of the user's own keep or show what it is told?  And may its line tell others?  Asked at start.

On the bus are random tokens, enums and small numbers alone; a server that saves, logs or passes them on does harm to no
caller, but nobody wants to explain it.  A line that may tell policies can make other lines lax: that is why there are
two users, and each is tried with what it must be refused.  What is tried does nothing: an empty message is no policy,
and the one value that may come to be set is empty and ends within a millisecond.
What the users' rights hide is told as not examined, never as found in order.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agent.shared import POLICY, PREFIX, BusLost, asked
from policies.phi import PHI

ELSEWHERE: Final = "quietline-elsewhere"  # a key and a channel that is none of ours, and is not there
NOBODY: Final = f"{PREFIX}presence:{'A' * 22}"  # a presence that no line has


class BusFault(enum.Enum):
    """What is wrong, and what to do, as part of a sentence."""

    SAVES = 'it saves to a disk (set save "")'
    APPENDS = "it appends to a file (set appendonly no)"
    SLOW_LOG = "it remembers slow commands (set slowlog-log-slower-than -1 and slowlog-max-len 0)"
    LATENCY = "it watches latencies (set latency-monitor-threshold 0)"
    NOTIFIES = 'it tells others of changed keys (set notify-keyspace-events "")'
    REPLICAS = "it has replicas or is one (use one without)"
    WATCHED = "somebody watches every command (end the client that runs MONITOR)"
    OTHER_KEYS = "our user reads keys that are not ours (allow it ~ql:* alone)"
    SCRIPTS = "our user may run scripts (take -@scripting)"
    ADMINISTERS = "our user may see and change users (take -@admin)"
    TELLS = "the line's user may tell policies (take +publish; the keeper has a user of its own, KEEPER_REDIS_URL)"
    READS = "the line's user reads what lines tell (take +get and +mget)"
    STAYS = "the line's user may set what never ends (allow it +psetex and not +set)"
    SILENT = "the keeper's user may not tell policies (allow it &ql:policy +publish)"


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found."""

    wrong: tuple[BusFault, ...] = ()
    unseen: tuple[BusFault, ...] = ()
    """What could not be asked for."""
    answers: bool = True

    def sentence(self) -> str:
        """What to tell whoever set REDIS_URL; empty where there is nothing to tell."""
        if not self.answers:
            return "Redis at REDIS_URL does not answer, and was not examined; calls go on without it"
        said = []
        if self.wrong:
            said.append("Redis at REDIS_URL: " + "; ".join(fault.value for fault in self.wrong))
        if self.unseen:
            names = ", ".join(fault.name.lower().replace("_", " ") for fault in self.unseen)
            said.append(
                f"{'not examined' if said else 'Redis at REDIS_URL, not examined'}, as our user may not: {names}"
            )
        return "; ".join(said) + ("; deploy/redis.conf has it all" if self.wrong else "") if said else ""


async def examined(url: PHI[str], keeper: PHI[str] | None = None) -> Examined:
    """url: by which the line signs in; keeper: by which the keeper does, where it has a user of its own.

    What one of the two may ask has been asked.  Raises nothing.
    """
    try:
        answers = await asked(url, [command for command, _, _ in OF_THE_LINE])
    except BusLost:
        return Examined(unseen=tuple(BusFault), answers=False)
    seen = judged(OF_THE_LINE, answers)
    if keeper is None:
        return told(seen | {BusFault.SILENT: False})
    try:
        answers = await asked(keeper, [command for command, _, _ in OF_THE_KEEPER])
    except BusLost:  # the server answered a moment ago: it does not know this user
        return told(seen | {BusFault.SILENT: True})
    also = judged(OF_THE_KEEPER, answers)
    return told({fault: seen.get(fault, False) or also.get(fault, False) for fault in seen | also})


def told(seen: Mapping[BusFault, bool]) -> Examined:
    """seen: of each that could be asked for, whether it is so."""
    wrong = tuple(fault for fault in BusFault if seen.get(fault))
    return Examined(wrong, tuple(fault for fault in BusFault if fault not in seen))


def judged(questions: Sequence[Question], answers: Sequence[Any]) -> dict[BusFault, bool]:
    """answers: to these, in their order; None where the server refused.  What they don't tell is left out."""
    seen: dict[BusFault, bool] = {}
    for (_, fault, bad), answer in zip(questions, answers, strict=True):
        found = bad(answer)
        if found is not None:
            seen[fault] = seen.get(fault, False) or found
    return seen


Verdict = Callable[[Any], bool | None]
"""True for a fault, None for an answer that tells nothing."""
Question = tuple[tuple[str, ...], BusFault, Verdict]
"""What is asked, what is wrong if so, and how an answer is read."""


def _setting(good: Callable[[str], bool]) -> Verdict:
    """Of CONFIG GET: a list of name and value, or a mapping."""

    def bad(answer: Any) -> bool | None:
        values = list(answer.values()) if isinstance(answer, Mapping) else list(answer or ())[1:]
        return None if len(values) != 1 else not good(_text(values[0]))

    return bad


def _appends(answer: Any) -> bool | None:
    """Of INFO, which more users may ask than CONFIG."""
    return bool(int(answer["aof_enabled"])) if isinstance(answer, Mapping) and "aof_enabled" in answer else None


def _replicated(answer: Any) -> bool | None:
    if not isinstance(answer, Mapping) or "role" not in answer:
        return None
    return str(answer["role"]) != "master" or int(answer.get("connected_slaves", 0)) > 0


def _watched(answer: Any) -> bool | None:
    """Flag O of CLIENT LIST: a client that runs MONITOR."""
    if answer is None:
        return None
    flags = [word.partition("=")[2] for word in _text(answer).split() if word.startswith("flags=")]
    return any("O" in each for each in flags) if flags else None


def _allowed(answer: Any) -> bool | None:
    """A command that must be refused; asked so that its answer is never nothing."""
    return answer is not None


def _refused(answer: Any) -> bool | None:
    """A command that must not be refused."""
    return answer is None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


OF_BOTH: Final[Sequence[Question]] = (
    (("CONFIG", "GET", "save"), BusFault.SAVES, _setting(lambda value: value == "")),
    (("CONFIG", "GET", "appendonly"), BusFault.APPENDS, _setting(lambda value: value == "no")),
    (("INFO", "persistence"), BusFault.APPENDS, _appends),
    (("CONFIG", "GET", "slowlog-log-slower-than"), BusFault.SLOW_LOG, _setting(lambda value: int(value) < 0)),
    (("CONFIG", "GET", "latency-monitor-threshold"), BusFault.LATENCY, _setting(lambda value: value == "0")),
    (("CONFIG", "GET", "notify-keyspace-events"), BusFault.NOTIFIES, _setting(lambda value: value == "")),
    (("INFO", "replication"), BusFault.REPLICAS, _replicated),
    (("CLIENT", "LIST"), BusFault.WATCHED, _watched),
    (("EXISTS", ELSEWHERE), BusFault.OTHER_KEYS, _allowed),
    (("MGET", ELSEWHERE), BusFault.OTHER_KEYS, _allowed),
    (("EVAL", "return 1", "0"), BusFault.SCRIPTS, _allowed),
    (("ACL", "LIST"), BusFault.ADMINISTERS, _allowed),
)
OF_THE_LINE: Final[Sequence[Question]] = (
    *OF_BOTH,
    (("PUBLISH", POLICY, ""), BusFault.TELLS, _allowed),
    (("PUBLISH", ELSEWHERE, ""), BusFault.TELLS, _allowed),
    (("MGET", NOBODY), BusFault.READS, _allowed),
    (("SET", NOBODY, "", "PX", "1"), BusFault.STAYS, _allowed),
)
OF_THE_KEEPER: Final[Sequence[Question]] = (*OF_BOTH, (("PUBLISH", POLICY, ""), BusFault.SILENT, _refused))
