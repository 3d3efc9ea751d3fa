"""What identifies a person is taken out, what carries the meaning stays; every name and number here is invented."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.phi import PHI
from policies.redacting.found import Kind, Span, apart
from policies.redaction import LONGEST, Redacted, RedactionFailed, RedactionReason, Redactor
from tests.architecture.tree import ROOT

pytestmark = [pytest.mark.xdist_group("redaction"), pytest.mark.timeout(300)]


@pytest.fixture(name="redactor", scope="module")
def _redactor() -> Redactor:
    return Redactor.load()


def told(redactor: Redactor, text: str) -> str:
    return redactor.redact(PHI(text)).text.reveal()


SAID = [
    # names: announced, of other languages, spelled, words that are names too
    ("hello this is bronislava petkovic calling about my stitches", "hello this is <PERSON> calling about my stitches"),
    ("My name is Tobias Quill.", "My name is <PERSON>."),
    ("my husband adewale can't keep water down", "my husband <PERSON> can't keep water down"),
    ("doctor marsh told me to wait", "doctor <PERSON> told me to wait"),
    ("last name is vega v e g a", "last name is <PERSON>"),
    ("it's p as in peter o t t s potts", "it's <PERSON>"),
    ("is mark there", "is <PERSON> there"),
    ("rose is picking me up at six", "<PERSON> is picking me up at six"),
    ("this is may", "this is <PERSON>"),
    # telephone numbers
    ("call me at three one two five five five oh one nine eight", "call me at <PHONE>"),
    ("my number is triple five oh one double six", "my number is <PHONE>"),
    ("it's 312-555-0147 after noon", "it's <PHONE> after noon"),
    ("my phone is five five five no sorry five five six oh one oh one", "my phone is <PHONE>"),
    ("area code four one nine um five five five and then oh one three three", "area code <PHONE>"),
    # social security, cards
    ("my social is nine three one dash four four dash oh one two six", "my social is <SSN>"),
    ("the last four of my social are seven oh oh two", "the last four of my social are <SSN>"),
    ("the card is four two four two four two four two four two four two four two four two", "the card is <CARD>"),
    ("social nine four four hold on a second one two then seven seven oh one", "social <SSN> hold on a second <SSN>"),
    # records and members
    ("my chart number is eight eight oh four one", "my chart number is <MRN>"),
    ("MRN 5512093 is on the bracelet", "MRN <MRN> is on the bracelet"),
    ("member id is q as in queen two two oh nine nine one", "member id is <MEMBER_ID>"),
    ("medicare is two f k four a a nine r t six one", "medicare is <MEMBER_ID>"),
    # births and days
    ("i was born on the ninth of april nineteen thirty six", "i was born on <DOB>"),
    ("date of birth oh three twenty two fifty eight", "date of birth <DOB>"),
    ("birthday 7/30/1949", "birthday <DOB>"),
    ("born in fifty two", "born in <DOB>"),
    ("they operated on june twenty third", "they operated on <DATE>"),
    ("come back on the eleventh", "come back on <DATE>"),
    ("he went in the sixth of last month", "he went in <DATE>"),
    ("it has ached since labor day", "it has ached since <DATE>"),
    ("the visit is four nine at the clinic", "the visit is <DATE> at the clinic"),
    ("the last one june seventh", "the last one <DATE>"),
    ("is the twenty seventh open", "is <DATE> open"),
    ("month eight day two year nineteen fifty five", "<DOB>"),
    ("i'm a nineteen forty one baby", "i'm a <DOB> baby"),
    # ages
    ("my mother is ninety six and very weak", "my mother is <AGE_90_PLUS> and very weak"),
    ("he turned a hundred and two", "he turned <AGE_90_PLUS>"),
    ("pt is 104 and frail", "pt is <AGE_90_PLUS> and frail"),
    ("a ninety three year old woman", "a <AGE_90_PLUS> woman"),
    ("granddad is ninety four years young", "granddad is <AGE_90_PLUS>"),
    ("it is her ninety eighth on sunday", "it is her <AGE_90_PLUS> on sunday"),
    ("she's ninety um six i believe", "she's <AGE_90_PLUS> i believe"),
    ("not eighty ninety five he's ninety five", "not eighty <AGE_90_PLUS> he's <AGE_90_PLUS>"),
    ("that makes her a hundred and three", "that makes her <AGE_90_PLUS>"),
    ("he will be ninety day after tomorrow", "he will be <AGE_90_PLUS> day after tomorrow"),
    ("how old is he well i'd say he's ninety seven", "how old is he well i'd say he's <AGE_90_PLUS>"),
    ("i'm ninety one my temperature's fine", "i'm <AGE_90_PLUS> my temperature's fine"),
    # addresses
    ("i live at fourteen sixty juniper street apartment two c in waverly", "i live at <ADDRESS>"),
    ("zip code six oh six one four", "zip code <ADDRESS>"),
    ("send it to p o box one ninety", "send it to <ADDRESS>"),
    ("Ship it to 902 Harbor Lane, Toledo, Ohio 43604.", "Ship it to <ADDRESS>."),
    # mail
    ("it's olive dot grant at gmail dot com", "it's <EMAIL>"),
    ("write to j underscore w nineteen sixty at hotmail dot com please", "write to <EMAIL> please"),
    ("write to q.harper@example.org please", "write to <EMAIL> please"),
]  # fmt: skip

STAYS = [
    "my blood pressure is one forty over ninety two",
    "the oxygen says ninety three percent",
    "my temperature was one hundred point four this morning",
    "take two tablets of metoprolol fifty milligrams twice a day",
    "i weigh one ninety five now",
    "my sugar was two eighty before lunch",
    "my i n r was two point eight",
    "should i call nine one one",
    "my crohn's is acting up and the foley leaks",
    "the jackson pratt drain put out thirty five cc",
    "i have bell's palsy on the left",
    "will it hurt if i hope for the best",
    "may i shower after the surgery",
    "there is a red mark where the needle was",
    "he is eighty nine and walks every day",
    "every six hours for ten days",
    "i rose too fast and got dizzy",
    "the jardiance and the eliquis together",
    "pain is a seven out of ten",
    "since 2019 i have had heart failure",
    "the clerk was grumpy with me",
    "is ninety eight a fever",
    "he was ninety three this morning and ninety six sitting up",
    "they raised me to a hundred and twelve",
    "is a hundred and four too high",
    "call me if it drops under ninety two",
    "she is ninety four on room air",
    "my father's is ninety seven",
    "fasting i'm ninety four",
    "he is on a hundred of sertraline",
    "saturday ninety seven sunday a hundred and two",
    "do i get sixty or ninety",
    "back in the nineties i smoked",
    "on the third try it went in",
    "they fused the fifth and sixth vertebra",
    "the thanksgiving turkey was too salty",
    "the ten three twenty five ones",
    "it was a hundred and one last night",
    "is metoprolol one hundred once daily enough",
    "the batch number of this insulin is seven two k nine nine four",
    "does saint john's wort go with zoloft",
    "the jackson pratt tubing is kinked",
    "my aunt died of pneumonia",
    "unless it hurts i skip it",
    "the quit line is 1-800-784-8669",
    "when may one drive",
    "i took nyquil and listerine",
]


@pytest.mark.parametrize(("said", "redacted"), SAID, ids=[said for said, _ in SAID])
def test_what_identifies_is_taken_out_by_what_it_is(redactor: Redactor, said: str, redacted: str) -> None:
    assert redacted == told(redactor, said)


@pytest.mark.parametrize("said", STAYS)
def test_what_carries_the_meaning_stays(redactor: Redactor, said: str) -> None:
    assert said == told(redactor, said)


@pytest.mark.parametrize(
    "said",
    [
        "seven seven four one two oh eight",
        "yes it's four four one nine",
        "and then she said nine oh two one four four six six",
        "g h four four one nine two oh",
    ],
)
def test_a_long_number_that_nobody_named_is_taken_out(redactor: Redactor, said: str) -> None:
    assert not {"four", "one", "two", "nine"} & set(told(redactor, said).split())


def test_case_and_punctuation_change_little(redactor: Redactor) -> None:
    plain = redactor.redact(PHI("this is wendeline oakes my number is five five five oh one two three"))
    written = redactor.redact(PHI("This is Wendeline Oakes. My number is 555-0123."))

    assert [span.kind for span in plain.spans] == [span.kind for span in written.spans] == [Kind.PERSON, Kind.PHONE]


def test_the_spans_are_places_in_the_text_as_it_was(redactor: Redactor) -> None:
    text = "my chart number is eight eight oh four one thanks"
    (span,) = redactor.redact(PHI(text)).spans

    assert "eight eight oh four one" == text[span.start : span.end]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            """my name is at dot com the nine oh double one hundred and a half street box route zip born may march june
            first twenty - . , ' ( ) @ / # i'm o'hara b as in boy apartment the of 555 0123 7 ninety years old doctor um
            no sorry social member id it's point over milligrams élan Ünal 𝟗 İ ﬁ""".split()
        ),
        max_size=25,
    ).map(" ".join)
    | st.text(max_size=60)
)
def test_any_text_is_redacted_and_the_rest_of_it_stays_as_it_was(redactor: Redactor, text: str) -> None:
    redacted = redactor.redact(PHI(text))
    ends = [0, *(span.end for span in redacted.spans)]
    starts = [*(span.start for span in redacted.spans), len(text)]
    kept = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    shown = [f"<{span.kind.value}>" for span in redacted.spans]

    assert all(end <= start for end, start in zip(ends, starts, strict=True))
    assert "".join(part for pair in zip(kept, [*shown, ""], strict=True) for part in pair) == redacted.text.reveal()


def test_spans_that_overlap_are_cut_apart_and_the_first_given_keeps_its_own() -> None:
    spans = [Span(4, 8, Kind.PHONE), Span(2, 6, Kind.MRN), Span(5, 12, Kind.SSN)]

    assert [Span(2, 4, Kind.MRN), Span(4, 8, Kind.PHONE), Span(8, 12, Kind.SSN)] == apart(spans)


def test_a_text_that_is_too_long_is_refused_and_nothing_of_it_is_told(redactor: Redactor) -> None:
    with pytest.raises(RedactionFailed) as raised:
        redactor.redact(PHI("zanzibar " * LONGEST))

    assert RedactionReason.TOO_LONG is raised.value.reason
    assert "zanzibar" not in str(raised.value) + repr(raised.value.__context__)


def test_a_text_that_breaks_a_library_is_refused_and_nothing_of_it_is_told(redactor: Redactor) -> None:
    with pytest.raises(RedactionFailed) as raised:
        redactor.redact(PHI("zanzibar \ud800"))

    assert RedactionReason.FAILED is raised.value.reason
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None
    trace = raised.value.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals["__name__"].startswith("policies"):
            assert "zanzibar" not in repr(trace.tb_frame.f_locals)
        trace = trace.tb_next


def test_nobody_else_makes_a_redacted_text() -> None:
    with pytest.raises(TypeError):
        Redacted(PHI("as it was"), (), object())


def test_a_redacted_text_prints_as_a_mask(redactor: Redactor) -> None:
    assert "<Redacted>" == f"{redactor.redact(PHI('ask for wendeline'))}"


def command(lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "policies.redaction"],
        input=lines, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_the_command_reads_and_writes_json_lines() -> None:
    given_lines = [{"id": 7, "text": "this is wendeline"}, {"id": "b", "text": "my knee hurts"}]
    done = command("\n".join(map(json.dumps, given_lines)))

    assert (0, "") == (done.returncode, done.stderr)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": 7, "entities": [{"start": 8, "end": 17, "type": "PERSON"}], "redacted": "this is <PERSON>"},
        {"id": "b", "entities": [], "redacted": "my knee hurts"},
    ]


@pytest.mark.parametrize("line", ["wendeline is no json", '{"id": 1, "text": ["wendeline"]}', '{"text": "wendeline"}'])
def test_the_command_stops_at_a_wrong_line_and_tells_nothing_of_it(line: str) -> None:
    done = command(line + "\n")

    assert "the text was not redacted: not_json\n" == done.stderr
    assert 1 == done.returncode
    assert "" == done.stdout
