"""The interface's composition root: from the keeper's arguments to a thread that answers.

Imported by a keeper that has one, and by nobody else.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from agent.keeper.api.desk import Means, NoTranscripts, Transcripts
from agent.keeper.api.serving import Admin, BindFailed, bind
from agent.keeper.builds import code_hash
from agent.keeper.nurses import Nurses
from agent.keeper.on_call_files import OnCallFiles
from agent.vendors import load
from policies.closed import NotClosed
from policies.events import CallEvent, decode
from policies.listing import ListRefused
from policies.logs import install
from policies.vocabulary import Event

ROOT: Final = Path(__file__).resolve().parents[3]
HERE: Final = "127.0.0.1"


def bound(asked: argparse.Namespace) -> socket.socket | None:
    """The port, before anything is opened; None, and one sentence on standard error, where it can't be had."""
    sentence = ""
    try:
        return bind(asked.admin_host or HERE, int(asked.admin_port), tls=asked.admin_cert is not None)
    except BindFailed as failed:
        sentence = str(failed)
    sys.stderr.write(f"quietline: {sentence}\n")
    return None


def begin(
    asked: argparse.Namespace,
    listening: socket.socket,
    echo: Callable[[CallEvent], None],
    *,
    after_change: Callable[[], None] = lambda: None,
    transcripts: Transcripts | None = None,
    on_call: OnCallFiles,
    nurses: Nurses,
    more: str = "",
) -> Callable[[], None]:
    """What ends it.  Where it can't begin, a line of the log says so, and calls are kept all the same.

    after_change and what follows: as in `Means`; the first two are called in the interface's thread.
    """

    def tell(line: str) -> None:
        with contextlib.suppress(NotClosed):
            echo(decode(line))

    log = install(tell)
    means = None
    try:
        means = Means(
            state=asked.state,
            agents=asked.agents,
            allowlist=load(asked.allowlist),
            code=code_hash(ROOT),
            anthropic_url=asked.anthropic_url,
            openai_url=asked.openai_url,
            more=more,
            transcripts=transcripts or NoTranscripts(),
            after_change=after_change,
            on_call=on_call,
            nurses=nurses,
        )
    except (ListRefused, OSError):
        means = None
    if means is None:
        listening.close()
        log.event(Event.ADMIN_FAILED)
        return lambda: None
    tls = None if asked.admin_cert is None else (Path(asked.admin_cert), Path(asked.admin_key))
    port = listening.getsockname()[1]
    admin = Admin(
        listening,
        means,
        lambda error: log.failure(Event.ADMIN_FAILED, error),
        tls=tls,
        ready=lambda: log.event(Event.ADMIN_READY, port=port),
    )
    admin.start()
    return admin.stop
