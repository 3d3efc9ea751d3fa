"""Whose turn it is at the models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.ports import Urgency
from agent.engines.queueing import FairQueue, QueueFull

REQUESTS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(list(Urgency))), max_size=40)


def taken(queue: FairQueue[str]) -> list[str]:
    found = []
    while (job := queue.take()) is not None:
        found.append(job)
    return found


def test_a_final_goes_before_a_speculation_and_that_before_a_snapshot() -> None:
    queue: FairQueue[str] = FairQueue(8)
    queue.put("snapshot", 1, Urgency.SNAPSHOT)
    queue.put("speculation", 1, Urgency.SPECULATIVE)
    queue.put("final", 1, Urgency.FINAL)
    assert taken(queue) == ["final", "speculation", "snapshot"]


def test_a_call_that_asks_much_does_not_keep_the_others_waiting() -> None:
    queue: FairQueue[str] = FairQueue(8)
    for job in ("a1", "a2", "a3"):
        queue.put(job, 1, Urgency.FINAL)
    queue.put("b1", 2, Urgency.FINAL)
    queue.put("c1", 3, Urgency.FINAL)
    assert taken(queue) == ["a1", "b1", "c1", "a2", "a3"]


def test_a_call_that_asks_again_stands_behind_those_that_wait() -> None:
    queue: FairQueue[str] = FairQueue(8)
    queue.put("a1", 1, Urgency.FINAL)
    queue.put("b1", 2, Urgency.FINAL)
    assert queue.take() == "a1"
    queue.put("a2", 1, Urgency.FINAL)
    assert taken(queue) == ["b1", "a2"]


def test_a_full_queue_lets_the_newest_snapshot_of_the_greediest_call_give_way() -> None:
    queue: FairQueue[str] = FairQueue(3)
    queue.put("a1", 1, Urgency.SNAPSHOT)
    queue.put("b1", 2, Urgency.SNAPSHOT)
    queue.put("b2", 2, Urgency.SNAPSHOT)
    assert queue.put("final", 3, Urgency.FINAL) == "b2"
    assert taken(queue) == ["final", "a1", "b1"]


def test_a_full_queue_of_equals_refuses() -> None:
    queue: FairQueue[str] = FairQueue(1)
    queue.put("a", 1, Urgency.FINAL)
    with pytest.raises(QueueFull):
        queue.put("b", 2, Urgency.FINAL)
    assert taken(queue) == ["a"]


def test_snapshots_can_be_left_waiting() -> None:
    queue: FairQueue[str] = FairQueue(4)
    queue.put("snapshot", 1, Urgency.SNAPSHOT)
    assert queue.take(Urgency.SPECULATIVE) is None
    assert queue.take() == "snapshot"


@given(REQUESTS)
def test_nothing_is_lost_or_served_twice(requests: list[tuple[int, Urgency]]) -> None:
    queue: FairQueue[int] = FairQueue(100)
    for number, (call, urgency) in enumerate(requests):
        queue.put(number, call, urgency)
    served = []
    while (job := queue.take()) is not None:
        served.append(job)
    assert sorted(served) == list(range(len(requests)))
    assert len(queue) == 0
    urgencies = [requests[number][1] for number in served]
    assert sorted(urgencies) == urgencies
    for call in range(5):
        for urgency in Urgency:
            own = [number for number in served if requests[number] == (call, urgency)]
            assert sorted(own) == own


@given(REQUESTS, st.data())
def test_what_is_taken_out_is_not_served(requests: list[tuple[int, Urgency]], data: st.DataObject) -> None:
    queue: FairQueue[int] = FairQueue(100)
    for number, (call, urgency) in enumerate(requests):
        queue.put(number, call, urgency)
    out = set(data.draw(st.lists(st.sampled_from(range(len(requests))), unique=True)) if requests else [])
    assert all(queue.remove(number, *requests[number]) for number in out)
    assert not any(queue.remove(number, *requests[number]) for number in out)
    assert len(requests) - len(out) == len(queue)
    assert set(range(len(requests))) - out == set(queue.clear())


@given(REQUESTS, st.integers(1, 6))
def test_it_never_holds_more_than_its_bound_and_never_drops_a_final(
    requests: list[tuple[int, Urgency]], bound: int
) -> None:
    queue: FairQueue[int] = FairQueue(bound)
    for number, (call, urgency) in enumerate(requests):
        try:
            gone = queue.put(number, call, urgency)
        except QueueFull:
            continue
        assert gone is None or requests[gone][1] > urgency
        assert len(queue) <= bound
