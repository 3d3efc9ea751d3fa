"""A moment after a call, what only held itself is gone."""

from __future__ import annotations

import asyncio
import gc
import urllib.parse
import warnings
import weakref

import pytest

from agent import forgetting


class Held:
    """Something that holds itself, as a call's objects do."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _no_collection_by_chance() -> object:
    gc.disable()
    yield
    gc.enable()


def test_a_cycle_is_gone_soon_after_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "AFTER_S", 0.0)

    async def run() -> None:
        gone = asyncio.Event()
        weakref.finalize(Held(), gone.set)
        assert not gone.is_set()
        forgetting.soon()
        async with asyncio.timeout(5):
            await gone.wait()

    asyncio.run(run())


def test_addresses_are_not_kept_by_the_library_that_splits_them() -> None:
    urllib.parse.urlsplit("http://example.test/?who=anna")
    forgetting.forget()

    assert 0 == urllib.parse.urlsplit.cache_info().currsize  # type: ignore[attr-defined]  # an lru_cache, as CPython has it


def test_what_came_without_a_call_is_gone_soon_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "EVERY_S", 0.0)

    async def run() -> None:
        gone = asyncio.Event()
        weakref.finalize(Held(), gone.set)
        again = asyncio.ensure_future(forgetting.now_and_then())
        async with asyncio.timeout(5):
            await gone.wait()
        again.cancel()

    asyncio.run(run())


def test_the_text_of_a_warning_is_not_kept_so_as_to_warn_once() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = lambda *_, **__: None
        warnings.warn("could not send anna", stacklevel=1)
    kept = globals()["__warningregistry__"]
    assert "could not send anna" in str(kept)

    forgetting.forget()

    assert {} == kept


def test_what_was_there_before_the_first_call_is_not_searched() -> None:
    before = weakref.ref(Held())
    forgetting.begin()
    after = weakref.ref(Held())
    kept = Held()
    forgetting.forget()

    assert before() is None
    assert after() is None
    assert kept.itself is kept
    assert gc.get_freeze_count() > 1_000
