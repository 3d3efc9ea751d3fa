"""What stands at the carrier is shown to an operator: in the log once, in metrics and health at any time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from agent.at_carrier import LOOK_S, tell_alarms
from agent.metrics import LineMetrics
from policies.layers import Layer
from policies.logs import Log
from policies.vocabulary import MOST_COUNTED, CarrierAlarm
from telephony.standing import OVERDUE_S, Standing
from tests.virtual_time import at_once

CLEAN = Standing(
    undeleted=0, oldest_s=0.0, deleted=0, failures=0, recordings=0, transcriptions=0, still_on=0, without_fallback=0,
    seen=True,
)  # fmt: skip


def told(script: Callable[[list[Standing]], Awaitable[None]]) -> list[tuple[Any, ...]]:
    """What the log says while what stands there changes: the script puts it at the list's end."""
    lines: list[str] = []

    async def work() -> None:
        now = [CLEAN]
        telling = asyncio.create_task(tell_alarms(lambda: now[-1], Log(lines.append)))
        await script(now)
        telling.cancel()
        await asyncio.wait({telling})

    at_once(work())
    said = [json.loads(line) for line in lines]
    return [(row["name"], row["alarm"], *([row["count"]] if "count" in row else [])) for row in said]


def test_more_than_a_line_of_the_log_can_count_is_told_as_the_most_that_it_can() -> None:
    async def script(now: list[Standing]) -> None:
        now.append(replace(CLEAN, recordings=MOST_COUNTED + 1))
        await asyncio.sleep(2 * LOOK_S)
        now.append(replace(CLEAN, recordings=MOST_COUNTED + 7))
        await asyncio.sleep(2 * LOOK_S)

    assert [("carrier_alarm", "recorded", MOST_COUNTED)] * 2 == told(script)


def test_an_account_on_which_something_was_recorded_is_told_once_and_again_when_there_is_more() -> None:
    async def script(now: list[Standing]) -> None:
        await asyncio.sleep(3 * LOOK_S)
        now.append(replace(CLEAN, recordings=1))
        await asyncio.sleep(10 * LOOK_S)
        now.append(replace(CLEAN, recordings=3, transcriptions=1))
        await asyncio.sleep(10 * LOOK_S)

    assert [
        ("carrier_alarm", "recorded", 1),
        ("carrier_alarm", "recorded", 3),
        ("carrier_alarm", "transcribed", 1),
    ] == told(script)


def test_what_is_over_is_told_and_may_begin_again() -> None:
    async def script(now: list[Standing]) -> None:
        for standing in (replace(CLEAN, without_fallback=2), CLEAN, replace(CLEAN, without_fallback=1)):
            now.append(standing)
            await asyncio.sleep(2 * LOOK_S)

    assert [
        ("carrier_alarm", "without_fallback", 2),
        ("carrier_settled", "without_fallback"),
        ("carrier_alarm", "without_fallback", 1),
    ] == told(script)


def test_a_start_is_no_alarm_where_the_account_is_seen_in_time() -> None:
    async def script(now: list[Standing]) -> None:
        now.append(replace(CLEAN, seen=False))
        await asyncio.sleep(LOOK_S / 2)
        now.append(CLEAN)
        await asyncio.sleep(3 * LOOK_S)

    assert [] == told(script)


def test_records_that_may_not_go_yet_are_none_of_the_alarms_until_they_are_overdue() -> None:
    waiting = replace(CLEAN, undeleted=4, oldest_s=OVERDUE_S)

    assert not any(waiting.alarms().values())
    assert 4 == replace(waiting, oldest_s=OVERDUE_S + 1.0).alarms()[CarrierAlarm.OVERDUE]


def shown(line: LineMetrics) -> dict[str, str]:
    rows = [row for row in line.render().decode("ascii").splitlines() if row.startswith("quietline_carrier_")]
    return {name.removeprefix("quietline_carrier_"): value for name, value in (row.rsplit(" ", 1) for row in rows)}


def test_the_metrics_have_all_of_it_and_the_health_what_is_an_alarm() -> None:
    line = LineMetrics(capacity=8)
    line.locks(frozenset(Layer))
    before = shown(line)
    line.standing = lambda: replace(
        CLEAN, undeleted=3, oldest_s=400.9, deleted=17, failures=5, recordings=2, still_on=1, without_fallback=1
    )
    after = shown(line)

    assert before.keys() == after.keys()
    assert {"0"} == set(before.values())
    assert ["1", "3", "400", "17", "5"] == [
        after[name]
        for name in ("watched", "records", "oldest_record_seconds", "records_deleted_total", "requests_failed_total")
    ]
    raised = {alarm.value: after[f'alarm{{alarm="{alarm.value}"}}'] for alarm in CarrierAlarm}
    assert {"recorded": "2", "still_on": "1", "overdue": "3", "without_fallback": "1"} == {
        alarm: count for alarm, count in raised.items() if count != "0"
    }
    assert "ok\nat the carrier: recorded 2, still_on 1, overdue 3, without_fallback 1\n" == line.health()


def test_where_nothing_is_wrong_the_health_says_nothing_of_it() -> None:
    line = LineMetrics(capacity=8)
    line.locks(frozenset(Layer))
    line.standing = lambda: replace(CLEAN, undeleted=2, oldest_s=30.0, deleted=9)

    assert "ok\n" == line.health()
