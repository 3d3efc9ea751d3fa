"""The environment of a process we start: what is on this page and nothing else of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agent.settings import VARIABLES

FIXED: Final = MappingProxyType(
    {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        # onnxruntime writes a device id and asks DNS on import without this (its pull request 27379)
        "ORT_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        # one thread a computation: the pools share the cores among calls, not libraries among themselves
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
)

SCRUB: Final = MappingProxyType(
    {
        # freed memory is overwritten: every object comes from glibc, which fills what is freed, past its thread cache
        "PYTHONMALLOC": "malloc",
        "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
    }
)
"""For the line.  `python -I` would ignore PYTHONMALLOC with all PYTHON* variables: hence `PYTHON_FLAGS`."""

PYTHON_FLAGS: Final = ("-P", "-s", "-B")
"""What -I does but for ignoring the environment, which is this page: no script folder, no user packages."""

THROUGH: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY", "HF_HOME", "HF_HUB_CACHE", "TZ")
"""What a hospital's network may need; none holds anything of a call."""


def clean(environment: Mapping[str, str], **ours: str) -> dict[str, str]:
    """Our settings, what may pass, the fixed values, and `ours` over all."""
    kept = {name: environment[name] for name in (*VARIABLES, *THROUGH) if environment.get(name)}
    return {**kept, **FIXED, **ours}


def bare(environment: Mapping[str, str], **ours: str) -> dict[str, str]:
    """For a process that needs none of our settings: keeper, Redis."""
    return {**{name: environment[name] for name in ("TZ",) if name in environment}, **FIXED, **ours}
