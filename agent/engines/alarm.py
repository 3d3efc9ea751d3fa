"""The trained readers for a line's process."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import TypeVar

from agent.engines.models import ModelFileWrong, ModelReason
from policies.rules import taught as urgent
from policies.spoken import taught as spoken
from policies.urgency import UrgencyReader
from policies.weighing import SpokenReader

Reader = TypeVar("Reader")


def load_reader() -> UrgencyReader:
    """Some seconds.  Raises `ModelFileWrong`."""
    return _loaded(urgent.load_reader, "reader of urgency")


def load_weigher() -> SpokenReader:
    """Some seconds, and 310 MB beside the other reader.  Raises `ModelFileWrong`."""
    return _loaded(spoken.load_weigher, "reader of a model's sentences")


def _loaded(load: Callable[[], Reader], name: str) -> Reader:
    try:
        return load()
    except OSError as error:
        raise ModelFileWrong(ModelReason.MISSING, f"The {name} cannot be made: {error}.") from None
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile):
        raise ModelFileWrong(
            ModelReason.UNFIT, f"What was taught to the {name} is not as expected: check the files out anew."
        ) from None
