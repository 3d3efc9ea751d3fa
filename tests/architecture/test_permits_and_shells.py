"""Who may open, make, write and start what: the rules that import-linter cannot say.

Each list is compared as equal: a stale entry fails as well as a new one.
"""

from __future__ import annotations

import ast
import re
from typing import Final

import pytest

from tests.architecture import lists
from tests.architecture.tree import called, dotted, imported, modules, reached, who

PERMITS: Final = {
    "Answerable": "policies.guardrails",
    "Sayable": "policies.guardrails",
    "Writable": "policies.retention",
    "Permitted": "policies.allowlist",
    "Redacted": "policies.redaction",
}
# What the process that hears patients is made of: all that these load.
LINE: Final = ("agent.__main__", "agent.call", "telephony.server")
# Who writes files, and what.  No module of the line is here.
WRITERS: Final = {
    "agent.embedded_redis",  # the launcher's: an empty folder for a Redis that keeps nothing
    "agent.engines.write_vectors",  # run by a person: vectors of the hospital's own passages
    "agent.keeper.agent_files",  # agent files that came over the network
    "agent.keeper.on_call_files",  # lists of who is on call, likewise: the operator's own files
    "agent.keeper.whole_files",  # how both are written
    "agent.keeper.answers",  # opens /dev/null when whoever read its output has gone
    "agent.keeper.database",  # the durable state: what a call leaves, what is set, the audit log
    "agent.keeper.keys",  # the audit log's signing key, once
    "telephony.twin.__main__",  # the caller's side: her table of gaps (--json)
    "telephony.twin.night",  # the caller's and the nurse's side: what they heard (--save)
    "telephony.twin.caller",  # the caller's side: what she heard (--save)
    "telephony.twin.voices.build",  # made once, by a developer: the voices of the patients
}
# Who starts processes: the launcher's modules, and the maker of voices.
STARTERS: Final = {
    "agent.embedded_redis",
    "agent.launcher",
    "agent.preflight",
    "agent.processes",
    "agent.way_out",
    "telephony.twin.voices.build",
}
# Run by a compliance officer, beside the service and never in it: see agent/proof.
PROOF: Final = {
    "agent.proof.__main__", "agent.proof.bus", "agent.proof.memory", "agent.proof.network", "agent.proof.outside",
    "agent.proof.placing", "agent.proof.planting", "agent.proof.run", "agent.proof.session", "agent.proof.stage",
    "agent.proof.tee", "agent.proof.transfers",
}  # fmt: skip
PROOF_STARTS: Final = {
    "agent.proof.about", "agent.proof.bus", "agent.proof.outside", "agent.proof.planting", "agent.proof.stage",
    "agent.proof.tee",
}  # fmt: skip
# What the line may not do is tried by it, to prove that it can't; Landlock's rules name files by an opened path.
TRIES_TO_WRITE: Final = {"agent.locks.probes", "agent.locks.landlock"}
TRIES_TO_START: Final = {"agent.locks.probes"}
# One sentence on standard error when the line refuses to start, before there is a call.
REFUSES_TO_START: Final = {"agent.__main__"}
# Who starts tasks in a group of its own: the scope of a call, and the shells that outlive a call.
TASK_OWNERS: Final = {
    "agent.call", "agent.calling_out", "agent.egress", "agent.fetchers", "agent.handoff", "agent.keyed_leg",
    "agent.outbound_leg", "agent.placed", "agent.processes", "agent.promises", "agent.proof.control",
    "agent.presence", "agent.proof.session", "agent.proof.transfers", "agent.service", "agent.shared",
    "telephony.deletion", "telephony.leg", "telephony.server",
    "telephony.twin.carrier", "telephony.twin.exchange", "telephony.twin.in_process",
    "telephony.twin.night", "telephony.twin.pjsip",
}  # fmt: skip
# Who prints: what a person at a terminal runs.
SPEAKERS: Final = {
    "agent.keeper.__main__", "agent.keeper.answers", "agent.keeper.api.beginning", "agent.keeper.at_terminal",
    "agent.launcher", "agent.pin_at_terminal", "agent.preflight", "telephony.twin.__main__", "telephony.twin.night",
    "telephony.twin.voices.build",
}  # fmt: skip
# Foreign packages with one door each.
DOORS: Final[dict[str, set[str]]] = {
    "redis": {"agent.shared"},
    "anthropic": {"agent.engines.anthropic"},
    "openai": set(),  # our own client: any server that speaks the protocol
    "twilio": {"telephony.rest"},  # the signature is ours
    "faster_whisper": {"agent.engines.whisper"},
    "piper": {"agent.engines.piper"},
    "pjsua2": {"telephony.twin.pjsip"},
    "webrtcvad": {"agent.engines.webrtc"},
    "presidio_analyzer": {"policies.redaction"},
    "spacy": {"policies.redaction"},
    "structlog": {"policies.logs"},
    "logging": {"agent.proof.failing", "policies.logs"},  # the proof misuses it, to see that nothing comes of it
    "argon2": {"agent.keeper.argon"},
    "sqlite3": {"agent.keeper.database", "agent.proof.planting"},
    "cryptography": {
        "agent.keeper.keys",
        "agent.keeper.following",
        "agent.keeper.ledger",
        "agent.keeper.transcript_keys",
        "agent.keeper.transcripts",
        "agent.proof.checks",
        "agent.proof.report",
        "agent.sealing",
        "policies.audit",
    },
}


def test_reveal_is_called_where_the_written_list_says_and_nowhere_else() -> None:
    assert lists.written_reveal() == lists.revealers(), (
        "python -m tests.architecture.lists --write, and a line in CHANGELOG.md"
    )


def test_the_reasons_are_those_of_the_whole_tree() -> None:
    from policies.reasons import REASONS

    assert lists.reasons() == sorted(REASONS), "python -m tests.architecture.lists --write"


@pytest.mark.parametrize(("permit", "mint"), PERMITS.items())
def test_a_permit_is_made_by_one_module(permit: str, mint: str) -> None:
    makers = who(lambda node: called(node).rpartition(".")[2] == permit and not isinstance(node, ast.MatchClass))

    assert {mint} == makers


def test_no_other_module_has_the_mint() -> None:
    def takes_it(node: ast.AST) -> bool:
        return (isinstance(node, ast.Attribute | ast.Name) and "_MINT" in dotted(node)) or (
            isinstance(node, ast.ImportFrom) and any("_MINT" in alias.name for alias in node.names)
        )

    assert set(PERMITS.values()) == who(takes_it)


FORGERIES: Final = re.compile(r"(^|\.)(__new__|__setattr__|__dict__|__getattribute__|_getframe|_current_frames)$")


def test_nobody_goes_round_a_type() -> None:
    def forges(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and FORGERIES.search(dotted(node)) is not None

    assert set() == who(forges)


@pytest.mark.parametrize(("slot", "home"), [("_value", "policies.phi"), ("_pcm", None)])
def test_nobody_reads_a_sensitive_slot_from_outside(slot: str, home: str | None) -> None:
    def from_outside(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == slot and dotted(node.value) != "self"

    assert set() == who(from_outside) - {home}


WRITING_CALLS: Final = {
    "write_text", "write_bytes", "touch", "mkdir", "makedirs", "unlink", "rename", "symlink_to", "hardlink_to",
    "NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory", "mkstemp", "mkdtemp", "copyfile", "copy2", "copytree",
    "tofile", "savez", "memmap", "dump", "FileHandler", "mknod", "mkfifo", "truncate", "shelve",
}  # fmt: skip


def writes(node: ast.AST) -> bool:
    """Opens a file for writing, makes one, or opens a database."""
    name = called(node)
    if not isinstance(node, ast.Call) or not name:
        return False
    last = name.rpartition(".")[2]
    if last == "open" and not re.fullmatch(r"self\.open|(?!Path\b)[A-Z]\w*\.open", name):  # a class of ours may open
        return not _plainly_reads(node, method=name != "open" and not name.startswith(("io.", "os.")))
    return last in WRITING_CALLS or name in ("sqlite3.connect", "os.fdopen", "os.open")


def _plainly_reads(node: ast.Call, *, method: bool) -> bool:
    """Its mode is a literal without w, a, x or +; absent means reading."""
    place = 0 if method else 1
    given = [keyword.value for keyword in node.keywords if keyword.arg == "mode"] or node.args[place : place + 1]
    if not given:
        return True
    mode = given[0]
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and not set("wax+") & set(mode.value)


def test_files_are_written_by_the_keeper_and_by_the_callers_own_side() -> None:
    assert who(writes) == WRITERS | TRIES_TO_WRITE | PROOF


def test_nothing_that_hears_patients_writes_starts_or_prints() -> None:
    line = reached(*LINE)

    assert {"agent.call", "telephony.server", "policies.guardrails"} <= line
    assert set() == line & (WRITERS | STARTERS | SPEAKERS | PROOF)


STARTING: Final = re.compile(
    r"(^|\.)(Popen|create_subprocess_exec|create_subprocess_shell|subprocess_exec|subprocess_shell|fork|forkpty|spawn\w*"
    r"|posix_spawnp?|system|popen|exec[lv]p?e?|ProcessPoolExecutor|run_process|check_output|check_call|startfile)$"
    r"|^subprocess\.|^multiprocessing\.|^pty\."
)


def test_processes_are_started_by_the_launcher() -> None:
    starts = who(lambda node: STARTING.search(called(node)) is not None)
    knows = {name for name, tree in modules() if imported(tree) & {"subprocess", "multiprocessing", "pty"}}

    assert starts | knows == STARTERS | TRIES_TO_START | PROOF_STARTS


def test_no_task_is_started_outside_a_group() -> None:
    loose = re.compile(r"^asyncio\.(create_task|ensure_future)$|(^|\.)(\?|loop|_loop)\.create_task$|^ensure_future$")

    assert set() == who(lambda node: loose.search(called(node)) is not None)


def test_tasks_are_started_by_the_scope_that_owns_them() -> None:
    assert TASK_OWNERS == who(lambda node: re.search(r"(^|\.)(create_task|ensure_future)$", called(node)) is not None)


def test_nothing_prints_but_what_a_person_runs() -> None:
    def prints(node: ast.AST) -> bool:
        return called(node) in ("print", "pprint", "sys.stdout.write", "sys.stderr.write", "traceback.print_exc")

    assert SPEAKERS | REFUSES_TO_START | {"agent.proof.__main__"} == who(prints)


@pytest.mark.parametrize(("package", "doors"), DOORS.items())
def test_a_foreign_package_has_its_doors(package: str, doors: set[str]) -> None:
    users = {name for name, tree in modules() if any(module.partition(".")[0] == package for module in imported(tree))}

    assert doors == users


SPEAKING_MODULES: Final = {"pdb", "faulthandler", "cProfile", "tracemalloc", "code", "rlcompleter", "pickle", "shelve"}


def test_no_debugger_profiler_or_pickle_is_in_the_product() -> None:
    assert {} == {name: found for name, tree in modules() if (found := imported(tree) & SPEAKING_MODULES)}


def test_nothing_is_evaluated() -> None:
    assert set() == who(lambda node: called(node) in ("eval", "exec", "compile", "__import__", "breakpoint", "input"))
