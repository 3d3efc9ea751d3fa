from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, OutOfMemoryError, ResponseError

from agent import embedded_redis
from agent.shared import POLICY_TTL_S, PRESENCE_TTL_MS, Bus, BusLost, present, publish
from policies.phi import PHI
from policies.records import InForce, NurseStatus, Presence, ref_of
from policies.retention import Retention, Writable, admit, effective
from tests.kept import serving
from tests.stub_line import metrics

WORKER = ref_of(bytes(range(16)))


def presence(calls: int = 1) -> Writable:
    permit = admit(Presence(worker=WORKER, hour=500_000, live_calls=calls, capacity=8, draining=False), Retention.ZERO)
    assert permit is not None
    return permit


def policy(agent: str = "demo", level: Retention = Retention.REDACTED, *, model: bool = True) -> Writable:
    permit = admit(InForce(agent=agent, zero_retention=level is Retention.ZERO, model_allowed=model), level)
    assert permit is not None
    return permit


def raw(url: PHI[str]) -> Any:
    """redis-py itself, whose types don't hold under strict checking."""
    return redis.asyncio.from_url(url.reveal())


class Watch:
    """Waits for what a bus tells."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[bool] = asyncio.Queue()
        self.changed: asyncio.Queue[None] = asyncio.Queue()
        self.now_s = 0.0

    async def until(self, there: bool) -> None:
        while await self.told.get() is not there:
            pass


@contextlib.asynccontextmanager
async def riding(url: PHI[str], *agents: str) -> AsyncIterator[tuple[Bus, Watch]]:
    watch = Watch()
    bus = Bus(url, agents, watch.told.put_nowait, lambda: watch.changed.put_nowait(None), lambda: watch.now_s)
    task = asyncio.create_task(bus.run())
    try:
        yield bus, watch
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_policy_reaches_the_line_and_its_change_too(redis_server: embedded_redis.Bus) -> None:
    async with riding(redis_server.url, "demo", "other") as (bus, watch):
        await watch.until(there=True)
        assert None is bus.retention("demo")
        await publish(redis_server.keeper_url, [policy(), policy("stranger")])
        await watch.changed.get()
        assert (bus.retention("demo"), bus.retention("other"), bus.retention("stranger")) == (
            Retention.REDACTED,
            None,
            None,
        )
        assert bus.heard.is_set()
        await publish(redis_server.keeper_url, [policy(level=Retention.ZERO, model=False)])
        await watch.changed.get()
        assert (Retention.ZERO, False) == (bus.retention("demo"), bus.model_allowed("demo"))


async def test_the_same_policy_again_is_no_change_and_keeps_it_known(redis_server: embedded_redis.Bus) -> None:
    async with riding(redis_server.url, "demo") as (bus, watch):
        await watch.until(there=True)
        for now_s in (0.0, POLICY_TTL_S - 1, 2 * POLICY_TTL_S - 3):
            watch.now_s = now_s
            await publish(redis_server.keeper_url, [policy()])
        await publish(redis_server.keeper_url, [policy(level=Retention.ZERO)])
        await watch.changed.get()
        await watch.changed.get()  # the first, and the last: not those between

        assert Retention.ZERO is bus.retention("demo")
        assert watch.changed.empty()


async def test_a_policy_that_is_not_said_again_is_not_known_any_more_and_a_revoked_model_stays_revoked(
    redis_server: embedded_redis.Bus,
) -> None:
    async with riding(redis_server.url, "demo", "other") as (bus, watch):
        await watch.until(there=True)
        await publish(redis_server.keeper_url, [policy(model=False), policy("other")])
        await watch.changed.get()
        await watch.changed.get()
        watch.now_s = POLICY_TTL_S
        assert (None, False) == (bus.retention("demo"), bus.model_allowed("demo"))
        assert (None, True) == (bus.retention("other"), bus.model_allowed("other"))  # silence takes no model away
        await publish(redis_server.keeper_url, [policy("stranger")])
        await watch.changed.get()  # told without being asked


async def test_presence_is_seen_and_is_replaced_by_the_newest(redis_server: embedded_redis.Bus) -> None:
    async with riding(redis_server.url) as (bus, watch):
        assert bus.send(presence(1))
        await watch.until(there=True)
        assert bus.send(presence(3))
        seen: list[Presence] = []
        while [one.live_calls for one in seen] != [3]:
            seen = await present(redis_server.keeper_url)


async def test_presence_ends_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        async with riding(server.line) as (bus, watch):
            await watch.until(there=True)
            bus.send(presence())
            while not await present(server.keeper):
                pass
        async with raw(server.ear) as client:
            left_ms = await client.pttl(f"ql:presence:{WORKER}")

    assert 0 < left_ms <= PRESENCE_TTL_MS


async def test_a_call_record_has_no_place_on_the_bus(redis_server: embedded_redis.Bus) -> None:
    record = admit(metrics(), Retention.ZERO)
    assert record is not None
    async with riding(redis_server.url) as (bus, _):
        assert not bus.send(record)


async def test_when_redis_dies_the_line_goes_on_at_its_strictest(redis_server: embedded_redis.Bus) -> None:
    async with riding(redis_server.url, "demo") as (bus, watch):
        await watch.until(there=True)
        await publish(redis_server.keeper_url, [policy()])
        await watch.changed.get()
        redis_server.process.kill()
        await watch.until(there=False)

        await watch.changed.get()
        assert None is bus.retention("demo")
        assert Retention.ZERO is effective(Retention.REDACTED, bus.retention("demo"))
        assert bus.send(presence())
    with pytest.raises(BusLost) as lost:
        await present(redis_server.keeper_url)
    assert None is lost.value.__context__
    with pytest.raises(BusLost):
        await publish(redis_server.keeper_url, [policy()])


async def test_a_revoked_model_stays_revoked_while_redis_is_gone_and_after_it_is_back_until_the_keeper_says_otherwise(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server:
        async with riding(server.line, "demo") as (bus, watch):
            await watch.until(there=True)
            await publish(server.keeper, [policy(model=False)])
            await watch.changed.get()
            server.kill()
            await watch.until(there=False)
            watch.now_s += 1_000 * POLICY_TTL_S
            assert (None, False) == (bus.retention("demo"), bus.model_allowed("demo"))
            server.start()
            await watch.until(there=True)
            assert not bus.model_allowed("demo")
            while bus.retention("demo") is None:  # the first words on the new server may come before it is listened to
                await publish(server.keeper, [policy(model=True)])
            assert bus.model_allowed("demo")


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(("demo", "other")), st.booleans(), st.booleans()),
            st.floats(0.0, 4 * POLICY_TTL_S),  # seconds of silence
            st.none(),  # the bus is lost
        ),
        max_size=30,
    )
)
def test_what_the_keeper_said_last_of_a_model_holds_whatever_passes_between(
    events: list[tuple[str, bool, bool] | float | None],
) -> None:
    """Virtual time: the bus's own clock, and its own two ways of forgetting."""
    watch = Watch()
    bus = Bus(PHI("redis://127.0.0.1/0"), ["demo", "other"], lambda _: None, clock_s=lambda: watch.now_s)
    last: dict[str, bool] = {}
    for event in events:
        if event is None:
            bus._forget(["demo", "other"])
        elif isinstance(event, float):
            watch.now_s += event
            bus._forget([agent for agent in ("demo", "other") if bus._said(agent) is None])
        else:
            agent, zero, allowed = event
            bus._learn(InForce(agent=agent, zero_retention=zero, model_allowed=allowed))
            last[agent] = allowed
        for agent in ("demo", "other"):
            assert last.get(agent, True) is bus.model_allowed(agent)


async def test_a_bus_that_only_hangs_up_is_tried_again_and_never_counts_as_there(unused_tcp_port: int) -> None:
    tries = asyncio.Semaphore(0)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        tries.release()

    server = await asyncio.start_server(hang_up, "127.0.0.1", unused_tcp_port)
    async with server, riding(PHI(f"redis://127.0.0.1:{unused_tcp_port}/0"), "demo") as (bus, watch):
        await tries.acquire()
        await tries.acquire()
        assert not bus.there
        assert watch.told.empty()


async def test_junk_on_the_bus_is_no_policy_and_no_presence(redis_server: embedded_redis.Bus) -> None:
    async with raw(redis_server.url) as client:
        await client.psetex(f"ql:presence:{WORKER}", 60_000, '{"words":"my chest hurts"}')
        await client.psetex(f"ql:presence:{ref_of(bytes(16))}", 60_000, "[" * 5_000)
    async with riding(redis_server.url, "demo") as (bus, watch), raw(redis_server.keeper_url) as client:
        await watch.until(there=True)
        for junk in ("lax", "[" * 5_000, '{"agent":"demo"}', '{"agent":"demo","zero_retention":0,"model_allowed":1}'):
            await client.publish("ql:policy", junk)
        await publish(redis_server.keeper_url, [policy(level=Retention.ZERO)])
        await watch.changed.get()
        assert Retention.ZERO is bus.retention("demo")
        assert watch.changed.empty()
    assert await present(redis_server.keeper_url) == []


FORBIDDEN = [
    ("SET", "other", "1"), ("CONFIG", "GET", "*"), ("MONITOR",), ("SAVE",), ("DEBUG", "SLEEP", "0"), ("KEYS", "*"),
    ("REPLICAOF", "127.0.0.1", "1"), ("SLOWLOG", "GET"), ("PUBLISH", "other", "1"), ("EVAL", "return 1", "0"),
    ("ACL", "LIST"), ("CLIENT", "LIST"), ("CLIENT", "KILL", "TYPE", "normal"), ("CLIENT", "SETNAME", "chest"),
    ("SET", f"ql:presence:{WORKER}", "1"), ("SET", f"ql:presence:{WORKER}", "1", "PX", "1", "GET"),
    ("GETSET", f"ql:presence:{WORKER}", "1"), ("PSETEX", "ql:policy", "1", "x"),
]  # fmt: skip


@pytest.mark.parametrize("command", FORBIDDEN, ids=" ".join)
@pytest.mark.parametrize("who", ["line", "keeper"])
async def test_our_redis_knows_no_command_that_could_keep_or_show(
    redis_server: embedded_redis.Bus, who: str, command: tuple[str, ...]
) -> None:
    async with raw(redis_server.url if who == "line" else redis_server.keeper_url) as client:
        with pytest.raises(NoPermissionError):
            await client.execute_command(*command)


@pytest.mark.parametrize(
    ("who", "command"),
    [("line", ("PUBLISH", "ql:policy", "x")), ("line", ("GET", "ql:presence:x")), ("line", ("SCAN", "0")),
     ("line", ("MGET", f"ql:presence:{WORKER}")), ("keeper", ("PSETEX", f"ql:presence:{WORKER}", "1", "x")),
     ("line", ("PSETEX", "ql:presence:margaret", "1", "x")), ("line", ("PSETEX", f"ql:presence:{WORKER}x", "1", "x")),
     ("line", ("PSETEX", f"ql:presence:{WORKER[:-1]}B", "1", "x")),
     ("keeper", ("SUBSCRIBE", "ql:policy"))],
)  # fmt: skip
async def test_the_line_tells_no_policy_and_the_keeper_no_presence(
    redis_server: embedded_redis.Bus, who: str, command: tuple[str, ...]
) -> None:
    async with raw(redis_server.url if who == "line" else redis_server.keeper_url) as client:
        with pytest.raises(NoPermissionError):
            await client.execute_command(*command)


@given(st.binary(min_size=16, max_size=16))
def test_a_key_that_the_line_may_set_is_one_of_a_ref(entropy: bytes) -> None:
    """Redis's patterns are told apart from ours by `test_the_line_tells_no_policy_and_the_keeper_no_presence`."""
    assert re.fullmatch(embedded_redis.A_REF, ref_of(entropy))


async def test_what_the_line_may_write_is_bounded_in_each_value_and_in_all(redis_server: embedded_redis.Bus) -> None:
    refs = [f"ql:presence:{ref_of(number.to_bytes(16))}" for number in range(100)]
    async with raw(redis_server.url) as client:
        with pytest.raises((ResponseError, RedisConnectionError)):  # it hangs up while it is still being told
            await client.psetex(refs[0], 60_000, "x" * (1_024 * 1_024 + 1))
    taken: list[str] = []
    async with raw(redis_server.url) as client:

        async def fill() -> None:
            for key in refs:
                await client.psetex(key, 60_000, "x" * 500_000)
                taken.append(key)

        with pytest.raises(OutOfMemoryError):
            await fill()

    assert 0 < len(taken) <= 32


def test_the_configuration_holds_no_password_and_no_way_to_a_disk() -> None:
    text = embedded_redis.configuration(6_000, "hunter2", "/nowhere")

    assert "hunter2" not in text
    assert {'save ""', "appendonly no", "slowlog-max-len 0", "bind 127.0.0.1"} <= set(text.splitlines())


async def test_which_nurses_are_available_reaches_the_line_each_time_that_it_is_said(
    redis_server: embedded_redis.Bus,
) -> None:
    heard: asyncio.Queue[NurseStatus] = asyncio.Queue()
    there = asyncio.Event()
    bus = Bus(redis_server.url, ["demo"], lambda _: there.set(), on_nurse=heard.put_nowait)
    task = asyncio.create_task(bus.run())
    await there.wait()
    away = NurseStatus(on_call="ward", nurse="dana", available=False)
    permit = admit(away, Retention.ZERO)
    assert permit is not None
    for _ in range(2):
        await publish(redis_server.keeper_url, [permit, policy()])
        assert away == await heard.get()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert bus.heard.is_set()
