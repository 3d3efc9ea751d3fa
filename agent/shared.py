"""Redis, the bus between processes and machines; the only importer of redis.

The one sort of key is `ql:presence:<worker>`, with a short time to live; policies are told on the channel `ql:policy`.
Values and messages are closed records.  All of it can be lost: a line without a bus answers on, with retention unknown,
which is `ZERO`.  The keeper tells each agent's policy again every few seconds, so that a bus that was lost is full
again by itself, and that a keeper that is gone is known by its silence.  Silence takes away what was allowed and gives
nothing back: retention that nobody says again is unknown, a model that was revoked stays so until the keeper allows it.

A line hears policies and can tell none (`agent/embedded_redis.py`): that is why they are no keys, which with the access
lists of Redis 6 whoever sets a presence could set too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from policies.closed import NotClosed, Wire
from policies.phi import PHI
from policies.records import InForce, NurseStatus, Presence
from policies.retention import Retention, Writable, level_of

PREFIX: Final = "ql:"
POLICY: Final = PREFIX + "policy"  # channel; its messages are `InForce` and `NurseStatus`
HEARTBEAT_S: Final = 2.0
PRESENCE_TTL_MS: Final = 7_000  # three heartbeats and a little: one late heartbeat is no death
POLICY_EVERY_S: Final = 2.0  # how often the keeper tells policies again
POLICY_TTL_S: Final = 9.0  # four of these and a little: what was not said again since is not known any more
TIMEOUT_S: Final = 2.0
LARGEST: Final = 512  # bytes of a value; ours are about 150
BACKOFF_S: Final = (0.1, 5.0)  # first and longest wait between tries


class Bus:
    """What this process tells and hears.  `run` does all the I/O; the other methods only look and leave."""

    def __init__(
        self,
        url: PHI[str],
        agents: Sequence[str],
        on_change: Callable[[bool], None],
        on_policy: Callable[[], None] = lambda: None,
        clock_s: Callable[[], float] = time.monotonic,
        trusted: Callable[[], Awaitable[bool]] | None = None,
        on_nurse: Callable[[NurseStatus], None] = lambda _: None,
    ) -> None:
        """agents: whose policies are watched.  on_change: told True when Redis answers, False when it is lost.

        on_policy: told whenever what is known of a policy has changed, its loss included.

        trusted: asked each time the server has come, before anything is told or believed; where it gives False the bus
        is not there.  Raises nothing.  on_nurse: told whatever is said of nurses, each time that it is said.
        """
        self._url = url
        self._agents = tuple(agents)
        self._on_change = on_change
        self._presence: Presence | None = None
        self._policies: dict[str, tuple[InForce, float]] = {}
        self._revoked: set[str] = set()  # at most the agents that are watched
        self._clock_s = clock_s
        self._trusted = trusted
        self._on_policy = on_policy
        self._on_nurse = on_nurse
        self._wake = asyncio.Event()
        self.there = False
        self.heard: Final = asyncio.Event()
        """The keeper has said something of an agent of ours at least once."""

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
        return level_of(self._said(agent))

    def model_allowed(self, agent: str) -> bool:
        """False once the keeper has said that the agent's model may not be called, until it says that it may.

        Neither silence nor a lost bus undoes it: who could end the keeper or Redis would end a revocation with them.
        True where the keeper has said nothing of it yet: the list from the start holds.
        """
        return agent not in self._revoked

    def _said(self, agent: str) -> InForce | None:
        said, when_s = self._policies.get(agent, (None, 0.0))
        return said if self._clock_s() - when_s < POLICY_TTL_S else None

    async def run(self) -> None:
        """Keeps the connection until it is cancelled.  Raises nothing else."""
        tries = 0
        while True:
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                async with _client(self._url) as client, client.pubsub(ignore_subscribe_messages=True) as changes:
                    await changes.subscribe(POLICY)
                    if self._trusted is None or await self._trusted():
                        tries = 0
                        self._tell(there=True)
                        await self._converse(client, changes)
            self._forget(self._agents)
            self._tell(there=False)
            _still_wanted()
            tries += 1
            longest = min(BACKOFF_S[1], BACKOFF_S[0] * 2 ** min(tries, 10))
            await asyncio.sleep(random.uniform(BACKOFF_S[0], longest))

    async def _converse(self, client: Any, changes: Any) -> None:
        """Until Redis is lost."""
        async with asyncio.TaskGroup() as tasks:
            parts = [
                tasks.create_task(_until_lost(self._hear(changes)), name="policies"),
                tasks.create_task(_until_lost(self._beat(client)), name="heartbeat"),
            ]
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in parts:
                part.cancel()

    async def _hear(self, changes: Any) -> None:
        while True:
            message = await changes.get_message(timeout=HEARTBEAT_S)
            _still_wanted()
            if message is None:
                await changes.ping()
            else:
                self._learn(_record_in(message.get("data")))
            self._forget([agent for agent in self._policies if self._said(agent) is None])

    async def _beat(self, client: Any) -> None:
        while True:
            self._wake.clear()
            presence = self._presence
            if presence is not None:
                await client.psetex(_presence_key(presence.worker), PRESENCE_TTL_MS, _json(presence.to_wire()))
                _still_wanted()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._wake.wait()

    def _learn(self, said: InForce | NurseStatus | None) -> None:
        if isinstance(said, NurseStatus):
            self._on_nurse(said)
            return
        if said is None or said.agent not in self._agents:
            return
        before = self._said(said.agent)
        self._policies[said.agent] = said, self._clock_s()
        if said.model_allowed:
            self._revoked.discard(said.agent)
        else:
            self._revoked.add(said.agent)
        self.heard.set()
        if said != before:
            self._on_policy()

    def _forget(self, agents: Sequence[str]) -> None:
        known = [agent for agent in agents if agent in self._policies]
        for agent in known:
            del self._policies[agent]
        if known:
            self._on_policy()

    def _tell(self, *, there: bool) -> None:
        if there is not self.there:
            self.there = there
            self._on_change(there)


class BusLost(Exception):
    """Redis did not take it."""


async def publish(url: PHI[str], policies: Sequence[Writable]) -> None:
    """For the keeper: tells every line what holds for each agent, and which nurses are available.  Raises `BusLost`.

    policies: of `InForce` and `NurseStatus`; other records are passed over.
    """
    told = [each.record for each in policies if isinstance(each.record, InForce | NurseStatus)]
    done = False
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        async with _client(url) as client:
            for each in told:
                await client.publish(POLICY, _json(each.to_wire()))
            done = True
    if not done:
        raise BusLost("the policies were not told")


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
    if value is None or len(value) > LARGEST:
        return None
    with contextlib.suppress(ValueError, NotClosed):
        return Presence.from_wire(json.loads(value))
    return None


def _record_in(value: object) -> InForce | NurseStatus | None:
    """The record that the keeper told, by its fields; None for what is neither."""
    if not isinstance(value, bytes) or len(value) > LARGEST:
        return None
    wire: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        wire = json.loads(value)
    for record in (InForce, NurseStatus):
        with contextlib.suppress(NotClosed):
            return record.from_wire(wire)
    return None


def _json(wire: Wire) -> str:
    return json.dumps(wire, separators=(",", ":"))


def _presence_key(worker: str) -> str:
    return f"{PREFIX}presence:{worker}"


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
