"""Twilio's side of the line for whole-call tests: dials in over a real socket and speaks synthetic audio.

held = await patient("barge_in").calls(f"ws://127.0.0.1:{port}/twilio/media")
held = await patient("question").dials(f"http://127.0.0.1:{port}/twilio/voice")
assert [] == faults(held)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from telephony.twin.caller import Held, LiveEvent, call, phone
from telephony.twin.carrier import Stream
from telephony.twin.line_noise import Conditions
from telephony.twin.measure import Classify, all_answers
from telephony.twin.script import Script, parse_script, read_script
from telephony.twin.voices.build import SCRIPTS
from telephony.twin.webhook import Webhooks

HERE: Final = Path(__file__).parent
UNDERRUN_MS: Final = 60.0  # shorter ones are the load of a machine that runs other tests too; `make bench` counts 20


@dataclass(frozen=True, slots=True)
class Patient:
    """One caller, ready to call."""

    script: Script
    conditions: Conditions = field(default_factory=Conditions)
    classify: Classify = all_answers
    events: list[LiveEvent] = field(default_factory=list)
    """What a watcher was told, in order; filled while the call runs."""

    async def calls(self, url: str, parameters: Mapping[str, str] | None = None, auth_token: str | None = None) -> Held:
        """Straight to the media stream, with these custom parameters."""
        return await call(
            Stream(url, parameters or {}, auth_token),
            self.script,
            conditions=self.conditions,
            classify=self.classify,
            on_event=self.events.append,
        )

    async def dials(
        self, webhook: str, auth_token: str | None = None, at: str | None = None, called: str = "+15550100999"
    ) -> Held:
        """Through the voice webhook; `at` is the origin really dialled, where the webhook's is public."""
        return await phone(
            Webhooks(webhook, auth_token, at),
            self.script,
            called=called,
            conditions=self.conditions,
            classify=self.classify,
            on_event=self.events.append,
        )


def patient(
    script: str, *, voice: str | None = None, conditions: Conditions | None = None, classify: Classify = all_answers
) -> Patient:
    """script: the name of a shipped one ("question", "barge_in", ...), or the TOML of one."""
    read = read_script(SCRIPTS / f"{script}.toml") if "=" not in script else parse_script(script, HERE)
    if voice is not None:
        read = dataclasses.replace(read, voice=voice)
    return Patient(read, conditions or Conditions(), classify)


def faults(held: Held) -> list[str]:
    """All that went wrong on the line, for `assert [] == faults(held)`."""
    report = held.report
    return [
        *(f"violation: {name}" for name in report.violations),
        *(f"waited in vain: step {step}" for step in report.timeouts),
        *(["the line ended before the script"] if not report.finished else []),
        *(
            f"gap inside a sentence at {spell.at_ms} ms"
            for spell in report.dry_spells
            if spell.fault and spell.ms >= UNDERRUN_MS
        ),
    ]
