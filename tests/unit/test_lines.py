from __future__ import annotations

from pathlib import Path

import pytest

from agent import lines
from agent.lines import AgentFileRefused
from agent.settings import ROOT

GOOD = {
    "name": '"ward"',
    "state": '"draft"',
    "hospital": '"Riverside General"',
    "assistant_name": '"Robin"',
    "numbers": '["+12025550142"]',
    "nurse_number": '"+12025550143"',
    "time_zone": '"America/New_York"',
    "engine": '"approved"',
    "knowledge": '"."',
    "retention": '"zero"',
    "workflow": '"post_discharge"',
}


def write(folder: Path, **changes: str) -> Path:
    file = folder / f"{changes.pop('file', 'ward')}.toml"
    file.write_text("\n".join(f"{key} = {value}" for key, value in {**GOOD, **changes}.items() if value))
    return file


def test_the_agent_that_ships_is_a_draft() -> None:
    assert [("demo", lines.AgentState.DRAFT)] == [
        (agent.name, agent.state) for agent in lines.load(ROOT / "deploy" / "agents").agents
    ]


def test_the_number_called_picks_the_agent(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, file="other", name='"other"', numbers='["+12025550144"]')
    both = lines.load(tmp_path)

    assert "other" == getattr(both.answering("+12025550144"), "name", None)
    assert None is both.answering("+12025550199")
    assert "other" == both.default.name


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": '"else"'}, "name"),
        ({"colour": '"blue"'}, "colour"),
        ({"hospital": ""}, "hospital"),
        ({"hospital": '""'}, "hospital"),
        ({"hospital": '"a\\nb"'}, "hospital"),
        ({"numbers": '["12025550142"]'}, "numbers"),
        ({"numbers": '"+12025550142"'}, "numbers"),
        ({"numbers": '["+12025550142", "+12025550142"]'}, "numbers"),
        ({"nurse_number": '"911"'}, "nurse_number"),
        ({"nurse_number": '"+12025550142"'}, "nurse_number"),
        ({"time_zone": '"Mars/Olympus"'}, "time_zone"),
        ({"time_zone": '"../../etc/passwd"'}, "time_zone"),
        ({"engine": '"llama"'}, "engine"),
        ({"engine": '"anthropic"'}, "model"),
        ({"model": '"some-model"'}, "model"),
        ({"retention": '"all"'}, "retention"),
        ({"workflow": '"sales"'}, "workflow"),
        ({"state": '"test"'}, "state"),
        ({"speaking_rate": "3"}, "speaking_rate"),
        ({"speaking_rate": "true"}, "speaking_rate"),
        ({"speaking_rate": "nan"}, "speaking_rate"),
        ({"knowledge": '"nowhere"'}, "knowledge"),
        ({"greeting": '"Hello, how can I help you today?"'}, "greeting"),
        ({"greeting": '"Hello, this is an automated assistant. Say nurse for a nurse."'}, "demonstration"),
        ({"greeting": '"This is an automated demonstration. Say nurse. This call is recorded."'}, "kept"),
        ({"assistant_name": '"Nurse Joy"'}, "licensed"),
        ({"assistant_name": '"Joy RN"'}, "licensed"),
        ({"assistant_name": '"Dr Joy"'}, "licensed"),
        ({"assistant_name": '"Joy-MD"'}, "licensed"),
        ({"assistant_name": '"J0y"'}, "assistant_name"),
    ],
)
def test_a_file_that_breaks_the_schema_is_refused_in_one_sentence(
    tmp_path: Path, changes: dict[str, str], named: str
) -> None:
    write(tmp_path, **changes)

    with pytest.raises(AgentFileRefused, match=named) as refused:
        lines.load(tmp_path)

    assert "\n" not in str(refused.value)


def test_a_draft_with_its_own_greeting_says_that_it_is_a_demonstration(tmp_path: Path) -> None:
    words = "This is a demonstration by an automated assistant. Say nurse at any time to reach a person."

    assert words == lines.read(write(tmp_path, greeting=f'"{words}"')).greeting


@pytest.mark.parametrize("junk", [b"name = ", b"\xff\xfe", b"# " + b"x" * 70_000])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "ward.toml").write_bytes(junk)

    with pytest.raises(AgentFileRefused):
        lines.load(tmp_path)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nowhere")

    for name in ("folder.toml", "gone.toml"):
        with pytest.raises(AgentFileRefused, match=name) as refused:
            lines.read(tmp_path / name)

        assert None is refused.value.__context__


def test_two_agents_for_one_number_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, file="other", name='"other"')

    with pytest.raises(AgentFileRefused, match="answered by"):
        lines.load(tmp_path)


def test_a_folder_without_agents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AgentFileRefused, match="at least one"):
        lines.load(tmp_path)


CALLS = {
    "calls_from": '"2026-03-01"',
    "calls_until": '"2026-03-31"',
    "main_number": '"+12025550140"',
    "on_call": '"ward"',
}


def test_an_agent_that_names_days_and_the_main_number_places_calls_and_leaves_no_message_unless_it_says_so(
    tmp_path: Path,
) -> None:
    outreach = lines.read(write(tmp_path, **CALLS)).outreach

    assert outreach is not None
    assert (20_513, 20_543) == (outreach.campaign.first_day, outreach.campaign.last_day)
    assert ("202, 555, 0140", False) == (outreach.spoken_number, outreach.leaves_message)
    assert lines.read(write(tmp_path)).outreach is None
    assert lines.load(ROOT / "deploy" / "agents").default.outreach is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"calls_from": '"1 March"'}, "calls_from"),
        ({"calls_from": '"20260301"'}, "calls_from"),
        ({"calls_until": ""}, "calls_until"),
        ({"calls_from": ""}, "calls_until"),
        ({"calls_until": '"2026-02-01"'}, "calls_until"),
        ({"main_number": ""}, "main_number"),
        ({"main_number": '"+4930123456"'}, "main_number"),
        ({"leaves_message": '"yes"'}, "leaves_message"),
        ({"on_call": ""}, "calls_from"),
        ({"numbers": "[]"}, "calls_from"),
        ({"hospital": '"St. Mary (main)"'}, "hospital"),
    ],
)
def test_an_agent_that_could_not_call_as_it_must_is_refused_by_the_key(
    tmp_path: Path, changes: dict[str, str], named: str
) -> None:
    with pytest.raises(AgentFileRefused, match=rf"^ward\.toml: {named}: "):
        lines.read(write(tmp_path, **CALLS | changes))


def test_only_one_agent_calls_the_hospitals_list(tmp_path: Path) -> None:
    write(tmp_path, **CALLS)
    write(tmp_path, file="other", name='"other"', **CALLS | {"numbers": '["+12025550144"]'})

    with pytest.raises(AgentFileRefused, match="only one agent"):
        lines.load(tmp_path)
