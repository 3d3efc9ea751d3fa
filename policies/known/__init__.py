"""Names that may stand in the log, one a line: classes of exceptions, and files of modules.

Both ends of the pipe read these lists, not what happens to be loaded: a name made at run time could be made of words.
`python -m tests.architecture.lists --write` renews them; Python's, ours, and those of the packages that we load.
"""

from __future__ import annotations

from importlib import resources


def known(file: str) -> frozenset[str]:
    """The names of one list."""
    return frozenset(resources.files("policies.known").joinpath(file).read_text(encoding="ascii").split())
