"""The line: hears patients, writes nothing but closed events on its standard output, starts nothing.

Started by `agent.launcher` with a clean environment.  What loads models or starts threads comes after `confine()`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from typing import Final

from agent import briefing, lines, settings, surroundings
from agent.briefing import Briefing
from agent.confine import ConfineFailed, Locks, Swap, confine, prove
from agent.pipe import EventPipe
from agent.reach import reach, rings
from agent.settings import Settings
from policies import logs
from policies.allowlist import Allowlist
from policies.layers import Layer, unprotected
from policies.listing import ListRefused
from policies.vocabulary import Event, Process

EXIT_SETTINGS: Final = 78  # EX_CONFIG of sysexits.h
EXIT_REFUSED: Final = 70  # EX_SOFTWARE
STDOUT: Final = 1


def main() -> int:
    started_s = time.monotonic()
    sentence = ""
    try:
        surroundings.refuse_telltale(os.environ)
        chosen = settings.from_environment(os.environ)
        if not chosen.development:
            surroundings.refuse_strangers(os.environ)
        briefed = briefing.parse(standard_input())
        answered = briefed.lines(chosen.agents)
        allowlist = briefed.known_allowlist(chosen.allowlist)
        unproven = [each.name for each in answered.agents if not briefed.may_be_live(each)]
        if unproven and not chosen.development:
            raise lines.AgentFileRefused(f"{unproven[0]}.toml: state: live needs an admin's word for this very build")
        answered = briefed.as_drafts(answered)
        bound = listening(chosen)
    except (settings.SettingsRefused, lines.AgentFileRefused, ListRefused, briefing.BriefingRefused) as refusal:
        sentence = str(refusal)
    except OSError:
        sentence = "set QUIETLINE_HOST and QUIETLINE_PORT to an address of this machine that is free"
    if sentence:
        return _refuse(sentence, EXIT_SETTINGS)
    pipe = EventPipe(STDOUT, chosen.profile)
    log = logs.install(pipe.write, libraries_from=chosen.level_of_libraries)
    agents = answered.agents
    engines, material = [each.engine for each in agents], [each.knowledge for each in agents]
    wanted = reach(chosen, engines, os.environ, material, rings_nurses=rings(chosen, agents))
    try:
        locks = confine(wanted.readable, wanted.ports, wanted.listable, ask_outside=not chosen.development)
    except ConfineFailed as failure:
        return _refuse(f"this process could not be locked down: {failure.reason.value}", EXIT_REFUSED)
    if broken := prove(locks):
        return _refuse(f"a lock does not hold: {', '.join(broken)} was not refused", EXIT_REFUSED)
    if sentence := lacking(locks, chosen):
        return _refuse(sentence, EXIT_SETTINGS)
    for layer in locks.missing:
        log.event(Event.LOCK_MISSING, layer=layer)
    for kind in unprotected(locks.held):
        log.event(Event.UNPROTECTED, protection=kind)
    log.event(Event.CONFINED, process=Process.LINE, count=len(locks.held))
    return _serve(chosen, answered, allowlist, briefed, bound, locks, pipe, log, started_s)


def _serve(
    chosen: Settings,
    answered: lines.Lines,
    allowlist: Allowlist,
    briefed: Briefing,
    bound: socket.socket,
    locks: Locks,
    pipe: EventPipe,
    log: logs.Log,
    started_s: float,
) -> int:
    from agent import service
    from agent.engines.models import ModelFileWrong
    from agent.engines.ports import EngineFailed
    from agent.on_call_file import OnCallRefused
    from agent.passages import KnowledgeRefused
    from agent.prepare import AgentNotReady
    from agent.workflows import WorkflowRefused
    from policies.rules.written import BadRules

    try:
        asyncio.run(service.run(chosen, answered, allowlist, briefed, bound, locks, pipe, log, started_s))
    except (ModelFileWrong, KnowledgeRefused, OnCallRefused, WorkflowRefused, AgentNotReady, BadRules) as refusal:
        return _refuse(str(refusal), EXIT_SETTINGS)
    except ConfineFailed as failure:
        return _refuse(f"this process is not locked down: {failure.reason.value}", EXIT_REFUSED)
    except EngineFailed as failure:
        return _refuse(f"a model could not be started: {failure.reason.value}", EXIT_REFUSED)
    return 0


def lacking(locks: Locks, chosen: Settings) -> str:
    """Why production does not go on with these locks; empty if it does.  Development goes on with what there is.

    Each missing layer must be named, and what no layer protects once more: a name among many is easily given.
    """
    if chosen.development:
        return ""
    missing = [layer for layer in locks.missing if layer not in chosen.without]
    if missing:
        names = ", ".join(layer.value for layer in missing)
        only_now = Layer.SWAP in missing and locks.swap is Swap.NONE_NOW
        return (
            f"this kernel or this user gives no lock of {names}{ONLY_NOW if only_now else ''}: see docs/operating.md,"
            " or name what to do without in QUIETLINE_WITHOUT"
        )
    open_to = [kind.value for kind in unprotected(locks.held) if kind not in chosen.unprotected]
    if open_to:
        return (
            f"nothing protects {', '.join(open_to)}: no call is taken unless QUIETLINE_UNPROTECTED names it too;"
            " health, metrics and the proof's report will say so"
        )
    return ""


ONLY_NOW: Final = " (that there is no swap now is none: some can be added)"


def standard_input() -> bytes:
    """The briefing that the launcher gives, one line; nothing where a person started this process."""
    return b"" if sys.stdin.isatty() else sys.stdin.buffer.readline(briefing.MOST_BYTES + 1)


def listening(chosen: Settings) -> socket.socket:
    """The bound socket; made before the process is locked down.  Raises `OSError`."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((chosen.host, chosen.port))
    bound.listen(128)
    return bound


def _refuse(sentence: str, status: int) -> int:
    sys.stderr.write(f"quietline: {sentence}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
