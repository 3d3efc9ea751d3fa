"""What the calls of this process keep: for each its `Keeping`, and what becomes of it when the call is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from agent.keeping import Keeping
from agent.lines import Agent, Lines
from agent.prepare import AgentNotReady
from agent.redacting import Redacting
from policies.events import CallEvent
from policies.pieces import pieces_of
from policies.retention import Retention, admit

if TYPE_CHECKING:
    from agent.sealing import Seal

Says = Callable[[str], Retention | None]
"""What the keeper says of an agent now (`agent.shared.Bus.retention`)."""


class Retaining:
    """Told of every change of a policy, it asks each live call at once: what may not be kept is gone by then."""

    def __init__(self, redacting: Redacting | None = None, seal: Seal | None = None) -> None:
        """Without a redactor or a key to seal to, nothing is kept of any call."""
        self._redacting: Final = redacting
        self._redact: Final = redacting.redact if redacting is not None and seal is not None else None
        self._seal: Final = seal
        self._says: Says = lambda _: None
        self._live: Final[set[Keeping]] = set()

    @classmethod
    async def begin(cls, lines: Lines, public: str) -> Retaining:
        """Loads the redactor where an agent's file allows transcripts and there is a key to seal them to.

        public: X25519, 32 bytes in hex; empty for none.  Raises `AgentNotReady`.
        """
        if not public or all(agent.retention is Retention.ZERO for agent in lines.agents):
            return cls()
        from agent.sealing import Seal  # its libraries too, before the process proves its locks

        redacting = Redacting()
        loaded = False
        try:
            await redacting.load()
            loaded = True
        except (OSError, ImportError):
            loaded = False
        if not loaded:
            raise AgentNotReady(
                "install the packages that redaction needs, or set retention to zero in the agent files"
            )
        return cls(redacting, Seal(public))

    def listen(self, says: Says) -> None:
        """From now on this is asked; before, nothing is known, which is `ZERO`."""
        self._says = says

    def keeping(self, agent: Agent) -> Keeping:
        """For a call that is answered now."""
        keeping = Keeping(agent.retention, lambda: self._says(agent.name), self._redact)
        self._live.add(keeping)
        return keeping

    def changed(self) -> None:
        """A policy is another now, or is not known any more."""
        for keeping in self._live:
            keeping.ask()

    def leave(
        self, keeping: Keeping, tell: Callable[[CallEvent], None], *, ref: str, agent: str, day: int, whole: bool
    ) -> None:
        """The call is over: what it gathered is sealed and told in pieces, if it still may be; then it is forgotten.

        whole: the call ended as calls do; of one that broke nothing is kept.
        """
        self._live.discard(keeping)
        said = keeping.gathered() if whole else ()
        if said and self._seal is not None:
            sealed = self._seal.shut(said, ref=ref, agent=agent, day=day, cut=keeping.cut)
            permitted = admit(sealed, keeping.ask())
            for piece in pieces_of(permitted) if permitted is not None else ():
                tell(piece)
        keeping.drop()

    def close(self) -> None:
        if self._redacting is not None:
            self._redacting.close()
