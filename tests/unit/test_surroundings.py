"""What may stand in the environment of a process that is started, and what keeps everything from starting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent import launcher, surroundings
from agent.settings import VARIABLES

ROOT = Path(__file__).parent.parent.parent
TELLTALE = (
    "SSLKEYLOGFILE ANTHROPIC_LOG OPENAI_LOG HTTPX_LOG_LEVEL OTEL_EXPORTER_OTLP_ENDPOINT OTEL_TRACES_EXPORTER LD_PRELOAD"
    " LD_AUDIT LD_DEBUG LD_DEBUG_OUTPUT LD_PROFILE MALLOC_TRACE PYTHONASYNCIODEBUG PYTHONTRACEMALLOC PYTHONFAULTHANDLER"
    " PYTHONSTARTUP PYTHONINSPECT PYTHONBREAKPOINT PYTHONDEVMODE PYTHONHOME PYTHONUSERBASE PYTHONPYCACHEPREFIX"
    " PYTHONPERFSUPPORT PYTHON_PERF_JIT_SUPPORT PYTHONMALLOCSTATS PYTHONDUMPREFS PYTHONDUMPREFSFILE DD_TRACE_ENABLED"
    " NEW_RELIC_CONFIG_FILE SENTRY_DSN COVERAGE_PROCESS_START COV_CORE_SOURCE DEBUGPY_LAUNCHER_PORT GRPC_TRACE"
    " HF_DEBUG RUST_LOG OPENSSL_CONF GCONV_PATH HOSTALIASES"
).split()
HARMLESS = "HOME PATH LD_LIBRARY_PATH PYTHONPATH SSL_CERT_FILE TERM XDG_RUNTIME_DIR PYTHONUNBUFFERED RUST_BACKTRACE"


@pytest.mark.parametrize("name", TELLTALE)
def test_nothing_starts_with_a_variable_that_makes_a_process_tell_or_load_more(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "")

    assert 78 == launcher.main(["serve"])
    assert f"quietline: unset {name}: " in capfd.readouterr().err
    assert name not in surroundings.clean({name: "1"})
    assert name not in surroundings.bare({name: "1"})


@pytest.mark.parametrize("name", HARMLESS.split())
def test_what_is_in_every_shell_keeps_nothing_from_starting(name: str) -> None:
    surroundings.refuse_telltale({name: "1"})


def test_none_of_ours_is_refused() -> None:
    surroundings.refuse_telltale(dict.fromkeys([*VARIABLES, *surroundings.OURS], "1"))


def line(**environment: str) -> subprocess.CompletedProcess[str]:
    """The line's own process, started by somebody who is not the launcher."""
    given = {**surroundings.clean({}, **surroundings.SCRUB), **environment}
    command = [sys.executable, *surroundings.PYTHON_FLAGS, "-c", START]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


START = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from agent.__main__ import main; sys.exit(main())"


def test_the_line_itself_refuses_them_whoever_starts_it() -> None:
    done = line(SSLKEYLOGFILE="/tmp/keys")  # never opened

    assert 78 == done.returncode
    assert "unset SSLKEYLOGFILE" in done.stderr


@pytest.mark.parametrize("more", [{"MY_WORDS": "x"}, {"PYTHONPATH": "/x"}, {"GLIBC_TUNABLES": "glibc.malloc.check=1"}])
def test_in_production_the_line_takes_no_environment_but_the_launchers(more: dict[str, str], tmp_path: Path) -> None:
    """tmp_path holds no agent: so one whose environment is taken ends too, with another sentence."""
    started = {
        "QUIETLINE_PROFILE": "production",
        "QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org",
        "TWILIO_AUTH_TOKEN": "token",
        "QUIETLINE_AGENTS": str(tmp_path),
    }
    good, bad = line(**started, LC_CTYPE="C.UTF-8"), line(**started, **more)

    assert (78, 78) == (good.returncode, bad.returncode)
    assert "launcher" not in good.stderr
    assert "quietline serve" in bad.stderr or "the launcher sets it" in bad.stderr
    assert "quietline serve" not in good.stderr
    assert not any(f"{name}={value}" in bad.stderr for name, value in more.items())
