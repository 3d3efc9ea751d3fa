"""Redis, the bus between processes and machines; the only importer of redis.

Keys are `ql:presence:<worker>` and `ql:policy:<agent>`; values are closed records and small ints.  Everything on it can
be lost: a line without a bus answers on, with retention unknown, which is `ZERO`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from policies.closed import NotClosed
from policies.phi import PHI
from policies.records import AGENT, Presence
from policies.retention import Retention, Writable

PREFIX: Final = "ql:"
POLICY_CHANGED: Final = PREFIX + "policy"  # channel; its message is the agent's name
HEARTBEAT_S: Final = 2.0
PRESENCE_TTL_MS: Final = 7_000  # three heartbeats and a little: one late heartbeat is no death
TIMEOUT_S: Final = 2.0
BACKOFF_S: Final = (0.1, 5.0)  # first and longest wait between tries


class Bus:
    """What this process tells and hears.  `run` does all the I/O; the other methods only look and leave."""

    def __init__(self, url: PHI[str], agents: Sequence[str], on_change: Callable[[bool], None]) -> None:
        """agents: whose policies are watched.  on_change: told True when Redis answers, False when it is lost."""
        self._url = url
        self._agents = tuple(agents)
        self._on_change = on_change
        self._presence: Presence | None = None
        self._policies: dict[str, Retention] = {}
        self._wake = asyncio.Event()
        self.there = False

    def send(self, permitted: Writable) -> bool:
        """Puts this process's presence on the bus with the next heartbeat; the newest replaces what waits.

        False for a record that has no place on the bus.
        """
        if not isinstance(permitted.record, Presence):
            return False
        self._presence = permitted.record
        self._wake.set()
        return True

    def retention(self, agent: str) -> Retention | None:
        """What the policy says now; None while the bus is lost or holds none, for `policies.retention.effective`."""
        return self._policies.get(agent)

    async def run(self) -> None:
        """Keeps the connection until it is cancelled.  Raises nothing else."""
        tries = 0
        while True:
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                async with _client(self._url) as client, client.pubsub(ignore_subscribe_messages=True) as changes:
                    await changes.subscribe(POLICY_CHANGED)
                    await self._read_policies(client, self._agents)
                    tries = 0
                    self._tell(there=True)
                    await self._converse(client, changes)
            self._policies.clear()
            self._tell(there=False)
            _still_wanted()
            tries += 1
            longest = min(BACKOFF_S[1], BACKOFF_S[0] * 2 ** min(tries, 10))
            await asyncio.sleep(random.uniform(BACKOFF_S[0], longest))

    async def _converse(self, client: Any, changes: Any) -> None:
        """Until Redis is lost."""
        async with asyncio.TaskGroup() as tasks:
            parts = [
                tasks.create_task(_until_lost(self._hear(client, changes)), name="policies"),
                tasks.create_task(_until_lost(self._beat(client)), name="heartbeat"),
            ]
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in parts:
                part.cancel()

    async def _hear(self, client: Any, changes: Any) -> None:
        while True:
            message = await changes.get_message(timeout=HEARTBEAT_S)
            _still_wanted()
            if message is None:
                await changes.ping()
                continue
            agent = _agent(message.get("data"))
            if agent in self._agents:
                await self._read_policies(client, [agent])

    async def _beat(self, client: Any) -> None:
        while True:
            self._wake.clear()
            presence = self._presence
            if presence is not None:
                value = json.dumps(presence.to_wire(), separators=(",", ":"))
                await client.set(_presence_key(presence.worker), value, px=PRESENCE_TTL_MS)
                _still_wanted()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._wake.wait()

    async def _read_policies(self, client: Any, agents: Sequence[str]) -> None:
        if not agents:
            return
        values = await client.mget([_policy_key(agent) for agent in agents])
        for agent, value in zip(agents, values, strict=True):
            level = next((level for level in Retention if value == str(level.value).encode()), None)
            if level is None:
                self._policies.pop(agent, None)
            else:
                self._policies[agent] = level

    def _tell(self, *, there: bool) -> None:
        if there is not self.there:
            self.there = there
            self._on_change(there)


class BusLost(Exception):
    """Redis did not take it."""


async def publish_retention(url: PHI[str], agent: str, level: Retention) -> None:
    """For the keeper: an agent's policy, and word to every line.  Raises `BusLost`."""
    if re.fullmatch(AGENT.pattern, agent, re.ASCII) is None:
        raise ValueError("no name of an agent")
    done = False
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        async with _client(url) as client:
            await client.set(_policy_key(agent), level.value)
            await client.publish(POLICY_CHANGED, agent)
            done = True
    if not done:
        raise BusLost("the policy was not published")


async def present(url: PHI[str]) -> list[Presence]:
    """The lines that are there now; what is not a presence is passed over.  Raises `BusLost`."""
    found: list[Presence] | None = None
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        async with _client(url) as client:
            keys = [key async for key in client.scan_iter(match=_presence_key("*"))]
            values = await client.mget(keys) if keys else []
            found = [presence for value in values if (presence := _presence(value)) is not None]
    if found is None:
        raise BusLost("the bus can't be read")
    return found


async def asked(url: PHI[str], commands: Sequence[tuple[str, ...]]) -> list[Any]:
    """What the server answers to each; None where it refuses one or knows it not.  Raises `BusLost`."""
    answers: list[Any] = []
    done = False
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        async with _client(url) as client:
            await client.ping()
            for command in commands:
                answer = None
                with contextlib.suppress(ResponseError):  # NoPermissionError is one
                    answer = await client.execute_command(*command)
                answers.append(answer)
            done = True
    if not done:
        raise BusLost("the bus does not answer")
    return answers


def _still_wanted() -> None:
    """redis-py can swallow a cancel that falls into its own timeout; the task remembers that it was asked."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _until_lost(work: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        await work


def _presence(value: bytes | None) -> Presence | None:
    if value is None or len(value) > 512:
        return None
    with contextlib.suppress(ValueError, NotClosed):
        return Presence.from_wire(json.loads(value))
    return None


def _agent(value: object) -> str | None:
    name = value.decode("ascii", "replace") if isinstance(value, bytes) else ""
    return name if re.fullmatch(AGENT.pattern, name, re.ASCII) else None


def _presence_key(worker: str) -> str:
    return f"{PREFIX}presence:{worker}"


def _policy_key(agent: str) -> str:
    return f"{PREFIX}policy:{agent}"


def _client(url: PHI[str]) -> Any:
    """redis-py's types don't hold under strict checking; what leaves this module is typed."""
    address = url.reveal()
    strict = {"ssl_cert_reqs": "required", "ssl_check_hostname": True} if address.startswith("rediss:") else {}
    return redis.asyncio.from_url(
        address,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=8,
        **strict,
    )
