"""What goes wrong at the carrier, and when: drawn from one seed, so that a run can be repeated.  Pure."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass

from telephony.twin.line_noise import Conditions


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each thing goes wrong: shares from 0 to 1.  The default is a carrier without a fault.

    Raises `ValueError` for a share outside 0..1 and a time that is negative.
    """

    seed: int = 1
    callback_lost: float = 0.0
    callback_twice: float = 0.0
    callback_late: float = 0.0
    callback_late_s: float = 5.0
    """A late one comes up to so much later, and those after it may overtake it."""
    callback_overtaken: float = 0.0
    """Is held back until the next one of the same call has gone out, or for `callback_late_s`."""
    webhook_late: float = 0.0
    webhook_late_s: float = 8.0
    """A late webhook's answer takes up to so much longer.  Beyond 15 s it counts as failed, as at Twilio."""
    stream_reset: float = 0.0
    stream_reset_s: float = 60.0
    """A reset comes at any moment of so many seconds after the stream's start."""
    hang_up: float = 0.0
    hang_up_s: float = 90.0
    """A telephone is put down at any moment of so many seconds after its call began."""
    conditions: Conditions | None = None
    """Of every telephone that has none of its own."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and (value < 0.0 or (value > 1.0 and not field.name.endswith("_s"))):
                raise ValueError("shares are 0..1 and times not negative")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What becomes of one status callback."""

    times: int = 1
    late_s: float = 0.0
    overtaken: bool = False


class Dice:
    """Draws what happens.  The same seed and the same questions in the same order give the same answers."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._random = random.Random(faults.seed)

    def delivery(self) -> Delivery:
        """Of the next status callback."""
        faults = self.faults
        lost, twice = self._falls(faults.callback_lost), self._falls(faults.callback_twice)
        late_s = self._within(faults.callback_late, faults.callback_late_s)
        overtaken = self._falls(faults.callback_overtaken)
        return Delivery(0 if lost else 2 if twice else 1, late_s or 0.0, overtaken)

    def webhook_late_s(self) -> float:
        """How much longer the next webhook takes."""
        return self._within(self.faults.webhook_late, self.faults.webhook_late_s) or 0.0

    def reset_after_s(self) -> float | None:
        """When the next stream is reset; None: never."""
        return self._within(self.faults.stream_reset, self.faults.stream_reset_s)

    def hang_up_after_s(self) -> float | None:
        """When the next telephone is put down whatever its person wants; None: never."""
        return self._within(self.faults.hang_up, self.faults.hang_up_s)

    def _falls(self, share: float) -> bool:
        return self._random.random() < share

    def _within(self, share: float, seconds: float) -> float | None:
        falls, part = self._falls(share), self._random.random()
        return part * seconds if falls else None
