"""The documents are true: links, files, names, numbers, settings, metrics and commands are those of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from agent.metrics import LineMetrics
from agent.settings import VARIABLES, from_environment
from telephony import twiml
from tests.architecture import draw_turns
from tests.architecture.tree import PACKAGES, ROOT, modules

README: Final = ROOT / "README.md"
OPERATING: Final = ROOT / "docs" / "operating.md"
PAGES: Final = tuple(draw_turns.documents())
each_page: Final = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

LINK: Final = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
CODE: Final = re.compile(r"`([^`\n]+)`")
FENCED: Final = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
FILE: Final = re.compile(r"[\w.-]+(?:/[\w.-]+)*\.(?:py|toml|md|lock|js|html|css|jsonl|txt)")
FOLDER: Final = re.compile(r"(?:agent|telephony|policies|tests|deploy|docs)(?:/[\w-]+)*/?")
DOTTED: Final = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
MAKE: Final = re.compile(r"\bmake ((?:[a-z-]+)(?: [a-z-]+)*)(?=[`\s:;,.)]|$)", re.MULTILINE)
COLUMNS: Final = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)

# Names of files that stand in no checkout: an example's, a state's, a model's, the plan's.
NOT_HERE: Final = {
    "model.bin", "config.json", "tokenizer.json", "mercy.toml", "SHA256SUMS", "name.toml", "vocabulary.txt",
}  # fmt: skip
# What the plan names and this version does not have; docs/architecture.md says so.
NOT_YET: Final[set[str]] = set()


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The names under which headings can be linked, as GitHub makes them."""
    heads = re.findall(r"^#{1,6} (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def defined() -> dict[str, set[str]]:
    """Module -> what it defines, members of its classes as `Class.member`."""
    return {name: set(_names(tree.body, "")) for name, tree in modules()}


def _names(body: list[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield within + node.name
            yield from _names(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield within + node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield within + node.target.id
        elif isinstance(node, ast.Assign):
            yield from (within + target.id for target in node.targets if isinstance(target, ast.Name))


@each_page
def test_what_is_drawn_from_the_code_is_up_to_date(page: Path) -> None:
    assert draw_turns.up_to_date(read(page)) == read(page), "python -m tests.architecture.draw_turns --write"


def test_a_number_that_the_code_does_not_have_is_found() -> None:
    with pytest.raises(LookupError):
        draw_turns.up_to_date("<!-- value agent.turns.Patience.silent_9_ms -->8,000 ms")


def test_a_wrong_number_is_put_right() -> None:
    marker = "<!-- value telephony.pacing.MAX_LEAD_MS -->"

    assert draw_turns.up_to_date(f"{marker}7 ms") == f"{marker}300 ms"


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCED.sub("", read(page))):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(read(file))):
            broken.append(target)

    assert [] == broken


@each_page
def test_files_that_are_named_are_there(page: Path) -> None:
    named = CODE.findall(FENCED.sub("", read(page)))
    files = {name for name in named if FILE.fullmatch(name) or FOLDER.fullmatch(name)} - NOT_HERE - NOT_YET
    wild = {name for name in files if not (ROOT / name).exists()}

    assert set() == wild


def test_what_is_said_to_be_missing_is_missing() -> None:
    assert [] == [name for name in NOT_YET if any(ROOT.glob(f"*/{name.rpartition('/')[2]}"))]


@each_page
def test_names_of_the_code_are_names_of_the_code(page: Path) -> None:
    known = defined()
    wrong = []
    for name in CODE.findall(FENCED.sub("", read(page))):
        if DOTTED.fullmatch(name):
            module = name
            while module not in known and "." in module:
                module = module.rpartition(".")[0]
            inside = name[len(module) + 1 :]
            if module not in known or (inside and inside not in known[module]):
                wrong.append(name)

    assert [] == wrong


@each_page
def test_make_is_told_verbs_that_it_knows(page: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    in_code = "\n".join([*CODE.findall(FENCED.sub("", read(page))), *FENCED.findall(read(page))])
    asked = {verb for said in MAKE.findall(in_code) for verb in said.split(" ") if verb}

    assert set() == asked - verbs


def test_the_readme_leads_with_its_two_commands() -> None:
    first = FENCED.findall(read(README))[0]

    assert ["make call", "make test"] == re.findall(r"^make [a-z]+", first, re.MULTILINE)


def test_every_setting_has_its_line_and_no_other() -> None:
    rows = {name: meaning for name, meaning, _ in COLUMNS.findall(read(OPERATING))}

    assert rows == VARIABLES


def test_the_defaults_are_those_of_the_settings() -> None:
    settings = from_environment({})
    held = {
        "QUIETLINE_HOST": settings.host,
        "QUIETLINE_PORT": settings.port,
        "QUIETLINE_RECOGNISER_WORKERS": settings.recogniser.workers,
        "QUIETLINE_SPOKEN_AHEAD": "on" if settings.spoken_ahead else "off",
        "QUIETLINE_LEAD_MS": settings.lead_ms,
        "QUIETLINE_MAX_CALLS": settings.limits.calls,
        "QUIETLINE_MAX_CALL_S": settings.limits.call_s,
        "QUIETLINE_DEAD_STREAM_MS": settings.limits.dead_stream_ms,
        "QUIETLINE_ALLOW_UNSIGNED_STREAM": int(settings.allow_unsigned_stream),
        "QUIETLINE_MODEL_UNFILTERED": int(settings.model_unfiltered),
        "QUIETLINE_AGENTS": settings.agents.relative_to(ROOT),
        "QUIETLINE_WORKFLOWS": settings.workflows.relative_to(ROOT),
        "QUIETLINE_STATE": settings.state.relative_to(ROOT),
    }
    told = {name: re.split(r"[; ]", default)[0] for name, _, default in COLUMNS.findall(read(OPERATING))}

    assert {name: told[name] for name in held} == {name: str(value) for name, value in held.items()}


def test_the_bounds_that_are_told_are_those_that_are_kept() -> None:
    for name, _, default in COLUMNS.findall(read(OPERATING)):
        for low, high in re.findall(r"(\d+) to (\d+)", default):
            refused = f"set {name} to a whole number from {low} to {high}"
            with pytest.raises(Exception, match=f"^{refused}$"):
                from_environment({name: str(int(high) + 1)})


def test_the_metrics_are_those_that_are_rendered() -> None:
    families = re.findall(r"^# TYPE (\w+) (\w+)$", LineMetrics(1).render().decode("ascii"), re.MULTILINE)
    told = re.findall(r"^\| `(quietline_\w+)` \| (\w+) \|", read(OPERATING), re.MULTILINE)

    assert told == families


def test_the_agent_files_keys_are_those_of_the_demonstration() -> None:
    demo = re.findall(r"^(\w+) = ", read(ROOT / "deploy" / "agents" / "demo.toml"), re.MULTILINE)
    table = read(OPERATING).partition("## Agent files")[2].partition("## Models")[0]

    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(demo)


def test_the_fallback_that_is_kept_at_the_carrier_says_what_ours_says() -> None:
    ours = re.findall(r"<Say.*?</Say>", twiml.failsafe("+12025550143", "https://line.example.org/"))

    assert ours
    assert [] == [say for say in ours if say not in read(README)]


def test_every_decision_has_context_choice_and_cost() -> None:
    for page in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        heads = re.findall(r"^## (Context|Choice|Cost)$", read(page), re.MULTILINE)
        assert heads == ["Context", "Choice", "Cost"], page.name


def test_the_changelog_leads_with_privacy() -> None:
    heads = re.findall(r"^#{2,3} (.+)$", read(ROOT / "CHANGELOG.md"), re.MULTILINE)

    assert "Privacy" == heads[1]
