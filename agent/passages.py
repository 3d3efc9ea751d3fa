"""The approved passages, as files: load and check them, and say which may be spoken.

A passage is a few sentences that a clinician has approved, or will; they are spoken word for word.  Which
words a caller may use for it (`asks`) serves retrieval only and is never spoken.
"""

from __future__ import annotations

import enum
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from agent.sayings import Sayings, SayingsRefused
from agent.sayings import load as load_sayings
from policies.guardrails import normal

TEXT_WORDS: Final = (20, 65)
ASKS: Final = (6, 32)

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SPEAKABLE: Final = re.compile(r"[A-Za-z0-9 ,.'-]+")
ENDS: Final = re.compile(r"(?<=[.?!])\s+(?=[A-Z0-9])")


class KnowledgeReason(enum.Enum):
    """Why material is not used; closed."""

    NO_FOLDER = "no_folder"
    EMPTY = "empty"
    NOT_TOML = "not_toml"
    UNKNOWN_KEY = "unknown_key"
    MISSING_KEY = "missing_key"
    WRONG_TYPE = "wrong_type"
    BAD_ID = "bad_id"
    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_SENTENCE = "duplicate_sentence"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_SPEAKABLE = "not_speakable"
    NO_ASKS = "no_asks"
    UNAPPROVED = "unapproved"
    EXPIRED = "expired"
    SAYINGS = "sayings"


class KnowledgeRefused(Exception):
    """The material cannot be used.  Names the passage or file, which are the hospital's own, and what to do."""

    def __init__(self, reason: KnowledgeReason, where: str, remedy: str) -> None:
        super().__init__(f"knowledge: {where}: {reason.value.replace('_', ' ')}; {remedy}")
        self.reason = reason
        self.where = where


@dataclass(frozen=True, slots=True)
class Passage:
    """One approved answer.  Every field is a key of the file; no other key is accepted."""

    id: str
    title: str
    topic: str
    text: str
    """What is spoken, word for word."""
    asks: tuple[str, ...]
    """Ways of asking for it, for retrieval only; never spoken."""
    drugs: tuple[str, ...]
    """The medicines it is about: recognition listens for them, and no other medicine's question opens it."""
    defers: bool
    """The text itself sends the caller to a nurse for the decision, so it may answer "may I take X?"."""
    source: str
    """The kind of leaflet to check it against."""
    source_checked: bool
    approved_by: str
    """Who approved it; empty while nobody has."""
    version: int
    review_by: date
    """The last day on which it may be spoken."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The text in the pieces in which it is spoken, each in `normal()` form."""
        return tuple(normal(sentence) for sentence in ENDS.split(self.text.strip()))


@dataclass(frozen=True, slots=True)
class Material:
    """What one agent may speak, and what is known to be said for it."""

    passages: tuple[Passage, ...]
    sayings: Sayings

    def examples(self) -> tuple[tuple[str, ...], ...]:
        """For each passage all that is known to be said for it."""
        return tuple((p.title, *p.asks, *self.sayings.inside.get(p.id, ())) for p in self.passages)


_TYPES: Final[Mapping[str, type]] = MappingProxyType(
    {
        "id": str, "title": str, "topic": str, "text": str, "asks": list, "drugs": list, "defers": bool, "source": str,
        "source_checked": bool, "approved_by": str, "version": int, "review_by": date,
    }
)  # fmt: skip


def load(folder: Path) -> Material:
    """Every passage of the folder's `*.toml` files.  Raises `KnowledgeRefused`."""
    if not folder.is_dir():
        raise KnowledgeRefused(KnowledgeReason.NO_FOLDER, folder.name, "name a folder with passage files")
    passages: dict[str, Passage] = {}
    sentences: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        for passage in _read(path):
            if passage.id in passages:
                raise KnowledgeRefused(KnowledgeReason.DUPLICATE_ID, passage.id, "give each passage its own id")
            for sentence in passage.sentences:
                if sentence in sentences:
                    raise KnowledgeRefused(
                        KnowledgeReason.DUPLICATE_SENTENCE, passage.id, "word each sentence so that it stands once"
                    )
                sentences.add(sentence)
            passages[passage.id] = passage
    if not passages:
        raise KnowledgeRefused(KnowledgeReason.EMPTY, folder.name, "add at least one [[passage]]")
    try:
        sayings = load_sayings(folder, passages)
    except SayingsRefused as refused:
        wrong = str(refused)
    else:
        return Material(tuple(passages.values()), sayings)
    raise KnowledgeRefused(KnowledgeReason.SAYINGS, folder.name, wrong)


def _read(path: Path) -> Iterator[Passage]:
    try:
        content: dict[str, Any] | None = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        content = None
    if content is None:
        raise KnowledgeRefused(KnowledgeReason.NOT_TOML, path.name, "correct the file's TOML")
    if set(content) - {"passage"}:
        raise KnowledgeRefused(KnowledgeReason.UNKNOWN_KEY, path.name, "only [[passage]] tables are read")
    tables = content.get("passage", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise KnowledgeRefused(KnowledgeReason.WRONG_TYPE, path.name, "write passages as [[passage]] tables")
    for number, table in enumerate(tables, 1):
        yield _passage(table, f"{path.name} passage {number}")


def _passage(table: Mapping[str, Any], where: str) -> Passage:
    known = {field.name for field in fields(Passage)}
    if set(table) - known:
        raise KnowledgeRefused(KnowledgeReason.UNKNOWN_KEY, where, "remove keys that are not in the schema")
    if known - set(table):
        raise KnowledgeRefused(KnowledgeReason.MISSING_KEY, where, f"add {', '.join(sorted(known - set(table)))}")
    for name, kind in _TYPES.items():
        if type(table[name]) is not kind:
            raise KnowledgeRefused(KnowledgeReason.WRONG_TYPE, where, f"{name} must be {kind.__name__}")
    for name in ("asks", "drugs"):
        if not all(isinstance(item, str) and item.strip() for item in table[name]):
            raise KnowledgeRefused(KnowledgeReason.WRONG_TYPE, where, f"{name} must hold texts")
    passage = Passage(**{**table, "asks": tuple(table["asks"]), "drugs": tuple(table["drugs"])})
    _refuse_bad(passage, where)
    return passage


def _refuse_bad(passage: Passage, where: str) -> None:
    count = len(passage.text.split())
    if not _ID.fullmatch(passage.id):
        raise KnowledgeRefused(KnowledgeReason.BAD_ID, where, "use lower-case words joined by hyphens")
    if count < TEXT_WORDS[0] or not passage.title.strip() or not passage.topic.strip() or not passage.source.strip():
        raise KnowledgeRefused(KnowledgeReason.TOO_SHORT, passage.id, "fill in title, topic, source and text")
    if count > TEXT_WORDS[1]:
        raise KnowledgeRefused(KnowledgeReason.TOO_LONG, passage.id, f"say it in {TEXT_WORDS[1]} words")
    if not _SPEAKABLE.fullmatch(normal(passage.text)) or not passage.text.rstrip().endswith("."):
        raise KnowledgeRefused(KnowledgeReason.NOT_SPEAKABLE, passage.id, "plain words and full stops only")
    if not ASKS[0] <= len(passage.asks) <= ASKS[1]:
        raise KnowledgeRefused(KnowledgeReason.NO_ASKS, passage.id, f"list {ASKS[0]} to {ASKS[1]} ways of asking")


def usable(material: Material, *, live: bool, today: date) -> Material:
    """What an agent may speak from today.  Raises `KnowledgeRefused`.

    live: the agent speaks to patients as more than a demonstration: one unapproved or expired passage and it
    does not start.  A draft agent, or one of the development profile, speaks unapproved passages, never expired ones.
    """
    if live:
        for passage in material.passages:
            if not passage.approved_by.strip() or not passage.source_checked:
                raise KnowledgeRefused(
                    KnowledgeReason.UNAPPROVED, passage.id, "have it approved, or keep the agent a draft"
                )
            if passage.review_by < today:
                raise KnowledgeRefused(KnowledgeReason.EXPIRED, passage.id, "have it reviewed, or take it out")
        return material
    current = tuple(passage for passage in material.passages if passage.review_by >= today)
    if not current:
        raise KnowledgeRefused(KnowledgeReason.EXPIRED, "every passage", "have the passages reviewed")
    return material if len(current) == len(material.passages) else Material(current, material.sayings)
