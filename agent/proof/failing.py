"""The line with a model that fails with a caller's words in its hands: only the proof starts this.

    python -m agent.proof.failing

Everything else is the line as it is deployed, started and locked in the same way.  In every call her words get into a
lost callback, a lost future, a lost thread, the end of an object, a warning and a library's log; where she asks for
`Ask.JUICE`, they are raised: in the message, a local, a note, a cause and a group.  No setting of the product leads
here.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import warnings
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from agent import __main__ as line
from policies.guardrails import Answerable, Opened, Sayable
from policies.phi import PHI

RAISES: Final = "juice"  # of `agent.proof.canary.Ask.JUICE`, as recognisers write it
LIBRARY: Final = "httpx"


class Failed(Exception):
    """What a library might raise."""


class _EndsBadly:
    def __init__(self, words: str) -> None:
        self._words = words

    def __del__(self) -> None:
        raise Failed(self._words)


class Failing:
    """A hosted model, but for what befalls its caller's words."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    async def answer(
        self, turns: Sequence[Answerable | Sayable], opened: Opened | None = None
    ) -> AsyncGenerator[PHI[str], None]:
        last = turns[-1]
        words = last.said.words.reveal() if isinstance(last, Answerable) else ""
        _stray(words)
        pieces = self._model.answer(turns, opened)
        try:
            async for piece in pieces:
                if RAISES in words.lower():
                    _raise(words)
                yield piece
        finally:
            await pieces.aclose()


def _raise(words: str) -> None:
    local = f"a local that holds {words}"
    cause = Failed(words)
    cause.add_note(words)
    group = ExceptionGroup(words, [ValueError(words), cause])
    group.add_note(local)
    raise Failed(words) from group


def _stray(words: str) -> None:
    """Each the way in which Python tells of it by itself."""

    loop = asyncio.get_running_loop()
    loop.call_soon(_raise, words)
    loop.create_future().set_exception(Failed(words))
    threading.Thread(target=_raise, args=(words,), name=words, daemon=True).start()
    _EndsBadly(words)
    warnings.warn(words, stacklevel=2)
    try:
        _raise(words)
    except Failed:
        logging.getLogger(LIBRARY).exception("could not send %s", words, extra={"words": words})


def main() -> int:
    """The line's own, once its models are to be loaded: nothing is imported before its locks are set."""
    serve = line._serve  # noqa: SLF001  # the seam between the locks and the models

    def failing(*given: Any) -> int:
        from agent import prepare

        build = prepare.model_of
        prepare.model_of = lambda *asked: Failing(build(*asked))
        return serve(*given)

    line._serve = failing  # type: ignore[assignment]  # noqa: SLF001  # the same, with one thing more
    return line.main()


if __name__ == "__main__":
    sys.exit(main())
