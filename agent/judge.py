"""May an agent's model be called at this moment?  Asked when a call starts, and again before each request leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from agent.lines import Agent
from agent.prepare import verdict
from agent.settings import Settings
from agent.shared import Bus
from agent.vendors import endpoint_of
from policies.allowlist import Allowlist, ModelReason, ModelRefused
from policies.logs import Log
from policies.records import Engine
from policies.vocabulary import Event


def today() -> date:
    """By which agreements and approvals hold or have expired: the day in UTC."""
    return datetime.now(UTC).date()


class ModelJudge:
    """May an agent's model be called now?  List, agreements and what the keeper says are asked each time."""

    def __init__(self, settings: Settings, allowlist: Allowlist, bus: Bus | None, log: Log) -> None:
        self._settings: Final = settings
        self._allowlist: Final = allowlist
        self._bus: Final = bus
        self._log: Final = log

    def refusal(self, agent: Agent) -> ModelReason | None:
        """Why not, which the log is told too; None if it may."""
        if agent.engine is Engine.APPROVED:
            return None
        endpoint = endpoint_of(agent, self._settings.anthropic_base_url, self._settings.openai_base_url)
        found = verdict(agent, endpoint, self._allowlist, self._settings, today())
        reason = found.reason if isinstance(found, ModelRefused) else None
        if reason is None and self._bus is not None and not self._bus.model_allowed(agent.name):
            reason = ModelReason.REVOKED
        if reason is not None:
            self._log.event(Event.MODEL_REFUSED, reason=reason)
        return reason
