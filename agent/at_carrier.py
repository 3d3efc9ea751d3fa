"""Tells the log what stands at the carrier that must not: when it begins, when there is more, and when it is over.

The numbers themselves are in the metrics and in the health (`agent.metrics`), at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from policies.logs import Log
from policies.vocabulary import MOST_COUNTED, CarrierAlarm, Event
from telephony.standing import Standing

LOOK_S: Final = 30.0  # as long as a look at the account that failed is waited with (telephony.deletion)


async def tell_alarms(standing: Callable[[], Standing], log: Log) -> None:
    """Until it is cancelled.  The first look comes after `LOOK_S`: by then the account was seen once."""
    told = dict.fromkeys(CarrierAlarm, 0)
    while True:
        await asyncio.sleep(LOOK_S)
        for alarm, count in standing().alarms().items():
            if count > told[alarm]:
                log.event(Event.CARRIER_ALARM, alarm=alarm, count=min(count, MOST_COUNTED))
            elif told[alarm] and not count:
                log.event(Event.CARRIER_SETTLED, alarm=alarm)
            told[alarm] = count
