"""A Redis of the user's own is examined at start; here real servers, each wrong in its way."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Final

import pytest
import redis

from agent import embedded_redis, launcher
from agent.bus_check import OF_BOTH, BusFault, Examined, examined, judged, told
from agent.embedded_redis import RedisFailed
from agent.presence import bus_trusted
from agent.settings import from_environment
from agent.shared import Bus, publish
from policies.logs import Log
from policies.phi import PHI
from tests.unit.test_shared import policy

WORD: Final = "a-word-of-the-test"
GOOD: Final = {
    "save": '""',
    "appendonly": "no",
    "slowlog-log-slower-than": "-1",
    "slowlog-max-len": "0",
    "latency-monitor-threshold": "0",
    "notify-keyspace-events": '""',
}
OURS: Final = f"user line on >{WORD} resetkeys resetchannels {embedded_redis.OF_THE_LINE}"
KEEPERS: Final = f"user keeper on >{WORD} resetkeys resetchannels {embedded_redis.OF_THE_KEEPER}"
SEES: Final = " +config|get +info +client|list"


@contextlib.contextmanager
def running(configuration: str, at: int = 0) -> Iterator[int]:
    """The port of a real server with these lines of redis.conf."""
    with tempfile.TemporaryDirectory() as folder:
        port = at or embedded_redis.free_port()
        process = subprocess.Popen(
            [embedded_redis.find_server(), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        try:
            assert process.stdin is not None
            process.stdin.write(f"port {port}\nbind 127.0.0.1\ndir {folder}\n{configuration}\n")
            process.stdin.close()
            with redis.Redis(port=port) as client:
                _until_there(client)
            yield port
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def server(rights: str = OURS + SEES, *more: str, at: str = "", **other: str) -> Iterator[int]:
    """The port of a real one.  rights: of our user, a line of redis.conf; other: settings, - for _."""
    rows = {**GOOD, **{name.replace("_", "-"): value for name, value in other.items()}}
    with running(
        "\n".join([*(f"{name} {value}" for name, value in rows.items()), rights, *more]), int(at or 0)
    ) as port:
        yield port


def _until_there(client: redis.Redis) -> None:
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s:
        try:
            client.ping()
        except redis.ConnectionError:
            continue
        except redis.ResponseError:  # it is there, and its default user is off
            return
        return


def url(port: int, user: str = "line") -> PHI[str]:
    return PHI(f"redis://{user}:{WORD}@127.0.0.1:{port}/0")


def found(port: int, keeper: str | None = None) -> Examined:
    return asyncio.run(examined(url(port), None if keeper is None else url(port, keeper)))


def test_a_server_with_our_configuration_is_found_in_order() -> None:
    with server() as port:
        assert Examined() == found(port)
        assert "" == found(port).sentence()


def test_what_the_line_may_not_ask_the_keeper_s_user_asks() -> None:
    with server(OURS, KEEPERS + SEES) as port:
        assert Examined() == found(port, "keeper")
        assert {BusFault.SAVES, BusFault.WATCHED} < set(found(port).unseen)
    with server(OURS, KEEPERS + SEES, save="60 1") as port:
        assert (BusFault.SAVES,) == found(port, "keeper").wrong


@pytest.mark.parametrize(
    ("rights", "fault"),
    [
        (" +publish", BusFault.TELLS),
        (" resetchannels &* +publish", BusFault.TELLS),
        (" +mget", BusFault.READS),
        (" +set", BusFault.STAYS),
    ],
)
def test_a_line_that_may_tell_read_or_set_for_ever_is_named(rights: str, fault: BusFault) -> None:
    with server(OURS + rights, KEEPERS + SEES) as port:
        seen = found(port, "keeper")

    assert (fault,) == seen.wrong
    assert fault.value in seen.sentence()


@pytest.mark.parametrize("rights", [KEEPERS + SEES + " -publish", KEEPERS.replace("ql:policy", "ql:other") + SEES, ""])
def test_a_keeper_that_may_not_tell_or_is_nobody_there_is_named(rights: str) -> None:
    with server(OURS + SEES, *([rights] if rights else [])) as port:
        assert (BusFault.SILENT,) == found(port, "keeper").wrong


def test_a_keeper_s_user_with_more_rights_than_it_needs_is_named() -> None:
    with server(OURS, f"user keeper on >{WORD} ~* &* +@all") as port:
        assert (BusFault.OTHER_KEYS, BusFault.SCRIPTS, BusFault.ADMINISTERS) == found(port, "keeper").wrong


def test_one_user_for_both_is_refused_in_production() -> None:
    """Whoever may tell policies and is the line may tell other lines what holds."""
    both = OURS + SEES + " +publish +scan"
    with server(both) as port, pytest.raises(RedisFailed, match="the line's user may tell policies"):
        asyncio.run(launcher.check_bus(url(port), from_environment(PRODUCTION)))


def test_to_be_tried_tells_no_line_a_policy_and_leaves_no_key() -> None:
    heard: list[None] = []

    async def run(port: int) -> None:
        there = asyncio.Event()
        bus = Bus(url(port, "keeper"), ["demo"], lambda _: there.set(), lambda: heard.append(None))
        task = asyncio.create_task(bus.run())
        await there.wait()
        await examined(url(port))
        async with asyncio.timeout(10):
            while not bus.heard.is_set():
                await publish(url(port), [policy()])
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    free = f"user {{}} on >{WORD} ~* &* +@all"
    with server(free.format("line"), free.format("keeper")) as port:
        asyncio.run(run(port))
        with redis.Redis(port=port) as client:
            while client.dbsize():  # a millisecond
                pass
    assert 1 == len(heard)


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ({"save": "60 1"}, BusFault.SAVES),
        ({"appendonly": "yes"}, BusFault.APPENDS),
        ({"slowlog_log_slower_than": "0"}, BusFault.SLOW_LOG),
        ({"latency_monitor_threshold": "5"}, BusFault.LATENCY),
        ({"notify_keyspace_events": "KEA"}, BusFault.NOTIFIES),
    ],
)
def test_what_a_server_would_keep_or_tell_is_named(setting: dict[str, str], fault: BusFault) -> None:
    with server(**setting) as port:
        seen = found(port)

    assert (fault,) == seen.wrong
    assert fault.value in seen.sentence()


def test_a_server_that_has_a_replica_or_is_one_is_named() -> None:
    with (
        server() as port,
        server(OURS + SEES, f"replicaof 127.0.0.1 {port}", "masteruser line", f"masterauth {WORD}") as of,
    ):
        assert (BusFault.REPLICAS,) == found(of).wrong


def test_somebody_who_watches_is_seen() -> None:
    with server() as port, redis.Redis(port=port) as client, client.monitor():
        assert (BusFault.WATCHED,) == found(port).wrong


@pytest.mark.parametrize(
    ("rights", "faults"),
    [
        (
            f"user line on >{WORD} ~* &* +@all",
            (
                BusFault.OTHER_KEYS,
                BusFault.SCRIPTS,
                BusFault.ADMINISTERS,
                BusFault.TELLS,
                BusFault.READS,
                BusFault.STAYS,
            ),
        ),
        (OURS + SEES + " ~* +exists", (BusFault.OTHER_KEYS,)),
        (OURS + SEES + " +eval", (BusFault.SCRIPTS,)),
        (OURS + SEES + " +acl", (BusFault.ADMINISTERS,)),
    ],
)
def test_a_user_with_more_rights_than_ours_needs_is_named(rights: str, faults: tuple[BusFault, ...]) -> None:
    with server(rights) as port:
        assert faults == found(port).wrong


def test_what_our_user_may_not_ask_is_not_examined_and_not_called_good() -> None:
    with server(OURS, save="60 1", appendonly="yes") as port:
        seen = found(port)

    assert () == seen.wrong
    assert {
        BusFault.SAVES, BusFault.APPENDS, BusFault.SLOW_LOG, BusFault.LATENCY, BusFault.NOTIFIES, BusFault.REPLICAS,
        BusFault.WATCHED,
    } == set(seen.unseen)  # fmt: skip
    assert "not examined, as our user may not: saves, appends, slow log" in seen.sentence()


def test_a_server_that_hides_its_configuration_still_tells_that_it_appends() -> None:
    with server(OURS + " +info", appendonly="yes") as port:
        assert (BusFault.APPENDS,) == found(port).wrong


def test_a_server_that_does_not_answer_is_not_examined(unused_tcp_port: int) -> None:
    seen = found(unused_tcp_port)

    assert (tuple(BusFault), False) == (seen.unseen, seen.answers)
    assert "does not answer" in seen.sentence()


def test_our_embedded_server_keeps_nothing_that_can_be_seen() -> None:
    async def run() -> Examined:
        async with embedded_redis.running({}) as bus:
            return await examined(bus.url)

    assert () == asyncio.run(run()).wrong


@pytest.mark.parametrize("answer", [None, [], {}, b"", "x"])
def test_an_answer_that_tells_nothing_counts_as_not_asked(answer: object) -> None:
    asked_for = {fault for (words, fault, _) in OF_BOTH if words[0] in ("CONFIG", "INFO", "CLIENT")}

    assert asked_for <= set(told(judged(OF_BOTH, [answer] * len(OF_BOTH))).unseen)


PRODUCTION: Final = {"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org", "TWILIO_AUTH_TOKEN": "token"}


def test_production_refuses_what_is_wrong_and_development_tells(capfd: pytest.CaptureFixture[str]) -> None:
    with server(save="60 1") as port:
        with pytest.raises(RedisFailed, match="it saves to a disk"):
            asyncio.run(launcher.check_bus(url(port), from_environment(PRODUCTION)))
        asyncio.run(launcher.check_bus(url(port), from_environment({})))
    said = capfd.readouterr().err

    assert 1 == said.count("\n")
    assert "it saves to a disk" in said
    assert WORD not in said


async def coming_late(profile: dict[str, str], **wrong: str) -> tuple[bool, list[str]]:
    """Is a server that starts after the line trusted, and what is logged?"""
    chosen = from_environment(profile)
    lines: list[str] = []
    judged: asyncio.Queue[bool] = asyncio.Queue()
    port = embedded_redis.free_port()

    async def trusted() -> bool:
        verdict = await bus_trusted(url(port), chosen, Log(lines.append))
        judged.put_nowait(verdict)
        return verdict

    there: list[bool] = []
    bus = Bus(url(port), ["demo"], there.append, trusted=trusted)
    riding = asyncio.create_task(bus.run())
    await asyncio.sleep(0)  # it finds nobody
    assert not there
    with server(OURS + SEES + " +subscribe &ql:*", at=str(port), **wrong):
        async with asyncio.timeout(20):
            verdict = await judged.get()
        await asyncio.sleep(0)  # one turn of the loop, in which the bus goes by what it was given
        assert bus.there is verdict
        riding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await riding
    return verdict, lines


async def test_a_server_that_comes_later_is_examined_before_it_is_trusted() -> None:
    wrong, said = await coming_late(PRODUCTION, save="60 1")
    assert not wrong
    assert ['{"event":"log","name":"bus_refused","reason":"saves"}'] == said[:1]
    assert (True, []) == await coming_late(PRODUCTION)
    development, said = await coming_late({}, save="60 1")
    assert development
    assert said


def test_production_goes_on_where_nothing_could_be_asked_and_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with server(OURS, save="60 1") as port:
        asyncio.run(launcher.check_bus(url(port), from_environment(PRODUCTION)))

    assert "not examined" in capfd.readouterr().err
