"""The environment of a process we start: what is on this page and nothing else of the user's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agent.settings import VARIABLES, SettingsRefused

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


TELLTALE: Final = re.compile(
    # keys of TLS in a file; traces and exporters; what libraries log
    r"SSLKEYLOGFILE|OTEL_\w*|OTLP_\w*|TRACEPARENT|ANTHROPIC_LOG|OPENAI_LOG|HTTPX_LOG_LEVEL|HF_DEBUG|TRANSFORMERS_VERBOSITY"
    r"|GRPC_TRACE|GRPC_VERBOSITY|RUST_LOG|CT2_VERBOSE|CT2_VERBOSE_\w+|OMP_DISPLAY_ENV|KMP_\w*LOG\w*|URLLIB3_DEBUG"
    # other people's code in our process
    r"|LD_(?!LIBRARY_PATH$|BIND_NOW$)\w+|DD_\w+|DATADOG_\w+|NEW_RELIC_\w+|SENTRY_\w+|ELASTIC_APM_\w+|NEWRELIC_\w+"
    r"|COVERAGE_PROCESS_START|COV_CORE_\w+|PYDEVD_\w+|DEBUGPY_\w+|LANGCHAIN_\w+|LANGSMITH_\w+"
    # what makes Python or the C library tell, stop, load or keep
    r"|PYTHON(ASYNCIODEBUG|BREAKPOINT|DEBUG|DEVMODE|DUMPREFS\w*|FAULTHANDLER|HOME|INSPECT|MALLOCSTATS|PERFSUPPORT"
    r"|PROFILEIMPORTTIME|PYCACHEPREFIX|STARTUP|TRACEMALLOC|USERBASE|VERBOSE|WARNINGS|_PERF_JIT_SUPPORT|EXECUTABLE"
    r"|PLATLIBDIR)|MALLOC_TRACE|MALLOC_STATS|GCONV_PATH|RES_OPTIONS|HOSTALIASES|LOCALDOMAIN|GETCONF_DIR|NLSPATH"
    r"|OPENSSL_CONF|OPENSSL_MODULES|OPENSSL_ENGINES|SSL_CERT_LOG\w*"
)
"""Variables with which a process tells, loads or keeps what it must not.  They reach no process of ours; but who sets
one expects something of it, so nothing starts until they are gone.

LD_LIBRARY_PATH is no rarity in a user's shell, and the line never sees it.
"""

OURS: Final = frozenset(
    {*VARIABLES, *THROUGH, *FIXED, *SCRUB, "LC_CTYPE"}  # Python itself sets the last where the locale is C
)
"""All that a line in production may find in its environment."""


def refuse_telltale(environment: Mapping[str, str]) -> None:
    """Raises `SettingsRefused` where one is set, be it to nothing."""
    found = sorted(name for name in environment if TELLTALE.fullmatch(name))
    if found:
        raise SettingsRefused(
            f"unset {', '.join(found)}: nothing starts where it could make a process tell or load more"
        )


def refuse_strangers(environment: Mapping[str, str]) -> None:
    """For the line: what is not on this page.  Raises `SettingsRefused`; names no name, for it could be anything."""
    if not environment.keys() <= OURS:
        raise SettingsRefused(
            "start the line with `quietline serve`: it takes no environment but what agent/surroundings.py lists"
        )
    for name, wanted in {**FIXED, **SCRUB}.items():
        if name in environment and environment[name] != wanted:
            raise SettingsRefused(f"unset {name}: the launcher sets it")
