"""The reader of urgency for a line's process."""

from __future__ import annotations

import zipfile

from agent.engines.models import ModelFileWrong, ModelReason
from policies.rules import taught
from policies.urgency import UrgencyReader


def load_reader() -> UrgencyReader:
    """Some seconds.  Raises `ModelFileWrong`."""
    try:
        return taught.load_reader()
    except OSError as error:
        raise ModelFileWrong(ModelReason.MISSING, f"The reader of urgency cannot be made: {error}.") from None
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile):
        raise ModelFileWrong(
            ModelReason.UNFIT, "What was taught to the reader of urgency is not as expected: check the files out anew."
        ) from None
