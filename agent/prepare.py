"""What one agent file needs before it can answer: its passages, its wording, its voice, its language model."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final, Protocol

from agent import passages, workflows
from agent.agenda import HEARD, TYPED, Asking, ToAsk
from agent.disclosing import PARTS, disclosures
from agent.engines.approved import ApprovedAnswers
from agent.engines.ports import Bias, LanguageModel, TextToSpeech
from agent.engines.vectors import FILE, VectorFile, likeness_of
from agent.knowledge import Found, Knowledge, NotKnown, Unknown
from agent.lexicon import MEDICINES
from agent.lines import Agent, AgentState
from agent.patients import LocalRecords, PatientRecords
from agent.phrasebook import PhraseBook
from agent.phrases import Phrase, PhraseTexts
from agent.reach import egress_port
from agent.replying import Outlook, Voices
from agent.sayings import Outside
from agent.script import Script
from agent.sentences import sentences_of
from agent.settings import Settings
from agent.vendors import endpoint_of
from policies.allowlist import Allowlist, Endpoint, ModelReason, ModelRefused, Permitted, lacking, permit
from policies.firewall import Weigh
from policies.guardrails import Opened, Refused, Sayable, Source, Wording, fixed, read_back, screen_reply
from policies.meaning import Meaning
from policies.objectives import Objectives
from policies.phi import PHI
from policies.records import Engine
from policies.redflags import RedFlags
from policies.retention import effective
from policies.rules.written import red_flags
from policies.spoken.written import firewall
from telephony.audio import AudioFrame

Aside = Callable[[Callable[[], Sayable | Refused]], Awaitable[Sayable | Refused]]
MOST_BIAS_WORDS: Final = 12  # more cost time and words in noise (docs/decisions/0006-bias-is-a-sentence.md)


INSTEAD: Final = MappingProxyType(
    {
        Unknown.DOSE_CHANGE: Phrase.FOR_THE_NURSE,
        Unknown.DIAGNOSIS: Phrase.FOR_THE_NURSE,
        Unknown.ASKS_HUMAN: Phrase.FOR_THE_NURSE,
        Unknown.OUT_OF_SCOPE: Phrase.NOT_OURS,
    }
)
"""What is said where no passage is, beside that it is not known."""


class HostedModel(LanguageModel, Protocol):
    """A model behind a connection."""

    async def warm(self) -> bool:
        """Opens the connection, if it is not open.  False if that failed."""
        ...


class AgentNotReady(Exception):
    """An agent cannot answer.  One sentence on what to do; names no value."""

    def __init__(self, sentence: str, rule: ModelReason | None = None) -> None:
        super().__init__(sentence)
        self.rule = rule
        """The rule by which its model may not be called, if that is why."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One agent, ready."""

    agent: Agent
    endpoint: Endpoint
    """Where its model is called."""
    script: Script
    tts: TextToSpeech
    openings: Sequence[Sayable]
    """The first sentence of each passage, in the passages' order."""
    ready: Callable[[Sayable], Sequence[AudioFrame] | None]

    def without_model(self) -> Script:
        """The script of a call whose model may not be called: approved wording alone."""
        voices = self.script.voices
        return replace(self.script, voices=replace(voices, model=voices.approved, warm=None))


async def prepare(
    agent: Agent,
    settings: Settings,
    allowlist: Allowlist,
    tts: TextToSpeech,
    meaning: Meaning,
    weigh: Weigh | None,
    today: date,
    still: Callable[[], bool] = lambda: True,
    aside: Aside = asyncio.to_thread,
) -> Prepared:
    """Before the line takes calls: it blocks.  Raises `KnowledgeRefused`, `WorkflowRefused`, `AgentNotReady`,
    `EngineFailed`.

    weigh: how safe a model's sentence is beside its passage; None: no sentence of its own is spoken.  still: may the
    agent's model be called now?  Asked before each request leaves.  aside: does what blocks off the event loop.
    """
    endpoint = endpoint_of(agent, settings.anthropic_base_url, settings.openai_base_url)
    model = model_of(agent, endpoint, allowlist, settings, today, still)
    check_live(agent, endpoint, allowlist, today)
    draft = agent.state is AgentState.DRAFT
    material = passages.usable(passages.load(agent.knowledge), live=not draft, today=today)
    vectors = VectorFile.read(agent.knowledge / FILE)
    # likeness refuses by examples of what is outside; where there are none of a kind, words alone find
    guarded = all(material.sayings.outside.get(kind) for kind in (Outside.NONE, Outside.DOSE, Outside.DIAGNOSIS))
    knowledge = Knowledge(material, likeness_of(material, vectors, meaning) if guarded else None)
    texts = PhraseTexts.for_agent(
        agent.hospital, agent.assistant_name, draft=draft, days=settings.transcript_days, greeting=agent.greeting
    )
    objectives = workflows.load(settings.workflows, agent.workflow)
    asked = [text for item in objectives.items for text in (item.ask, *sentences_of(item.point))]
    wording = Wording.of(
        [*texts.wording(), *asked, HEARD, TYPED],
        knowledge.wording(),
        firewall=firewall(MEDICINES, weigh) if settings.development and weigh is not None else None,
        unfiltered=settings.model_unfiltered,
    )
    phrases: Mapping[Phrase, Sayable] = {phrase: fixed(texts[phrase], wording) for phrase in Phrase}
    instead = {reason: sentences_of(texts[phrase]) for reason, phrase in INSTEAD.items()}
    approved = ApprovedAnswers(knowledge, sentences_of(texts[Phrase.NOT_KNOWN]), instead)
    disclosed = disclosures(texts, wording)
    said_ahead = [sentence for disclosure in disclosed.values() for sentence in disclosure.greeting]
    said_ahead += [said for phrase, said in phrases.items() if phrase not in PARTS]
    said_ahead += [fixed(text, wording) for text in asked]
    rules = red_flags()
    book = await PhraseBook.spoken_by(tts, said_ahead)
    first = (screen_reply(PHI(p.sentences[0]), wording, source_hint=Source.PASSAGE) for p in knowledge.passages)
    drugs = knowledge.drugs()[:MOST_BIAS_WORDS]
    return Prepared(
        agent=agent,
        endpoint=endpoint,
        script=Script(
            voices=Voices(
                model=model or approved,
                approved=approved,
                outlook=lambda said, before: _outlook(approved.find(said, before)),
                opened=approved.opened,
                judged=functools.partial(_judged, aside, wording),
                wording=wording,
                phrases=phrases,
                warm=model.warm if model else None,
            ),
            disclosures=disclosed,
            red_flags=rules,
            bias=Bias(PHI(drugs)) if drugs else None,
            asking=asking_of(objectives, wording, rules),
            returned=phrases[Phrase.BACK],
            records=records_of(agent, settings),
        ),
        tts=tts,
        openings=tuple(said for said in first if isinstance(said, Sayable)),
        ready=book.ready,
    )


async def _judged(aside: Aside, wording: Wording, sentence: PHI[str], opened: Opened) -> Sayable | Refused:
    """A model's sentence before the firewall, off the event loop: it reads for tens of milliseconds."""
    return await aside(functools.partial(screen_reply, sentence, wording, opened=opened))


def asking_of(objectives: Objectives, wording: Wording, rules: RedFlags) -> Asking:
    """A workflow as it is spoken.  wording: holds its questions, its points, and how a number is read back."""
    items = [
        ToAsk(item, fixed(item.ask, wording), tuple(fixed(sentence, wording) for sentence in sentences_of(item.point)))
        for item in objectives.items
    ]
    return Asking(
        tuple(items),
        heard=lambda number: read_back(HEARD, number, wording),
        typed=lambda number: read_back(TYPED, number, wording),
        crossed=lambda reading: None if rules.bounds is None else rules.bounds.crossed(reading),
    )


def records_of(agent: Agent, settings: Settings) -> PatientRecords | None:
    """Where the agent may look callers up; None unless its file and the settings both say so."""
    return LocalRecords(settings.patients_url) if agent.identify and settings.patients_url is not None else None


def _outlook(found: Found | NotKnown) -> Outlook:
    if isinstance(found, Found):
        return Outlook.ANSWERABLE
    return Outlook.BACKGROUND if found.reason is Unknown.BACKGROUND else Outlook.NOTHING


def model_of(
    agent: Agent,
    endpoint: Endpoint,
    allowlist: Allowlist,
    settings: Settings,
    today: date,
    still: Callable[[], bool] = lambda: True,
) -> HostedModel | None:
    """The hosted model that the agent names; None for the built-in engine.  Raises `AgentNotReady`.

    Each SDK is imported only where an agent names it: an import costs a second and tens of megabytes.
    """
    if agent.engine is Engine.APPROVED:
        return None
    permitted = _permitted(agent, endpoint, allowlist, settings, today)
    if agent.engine is Engine.ANTHROPIC:
        from agent.engines import anthropic

        key = _key(agent, settings.anthropic_api_key)
        port = egress_port(settings, permitted.base_url)
        return anthropic.AnthropicModel(permitted, key, egress_port=port, still=still)
    from agent.engines import openai

    key = _key(agent, settings.openai_api_key)
    port = egress_port(settings, permitted.base_url)
    return openai.OpenAIModel(permitted, key, egress_port=port, still=still)


def check_live(agent: Agent, endpoint: Endpoint, allowlist: Allowlist, today: date) -> None:
    """A live agent has evidence for every vendor that its words pass, the carrier too.  Raises `AgentNotReady`."""
    reason = lacking(endpoint, allowlist, effective(agent.retention, None), today)
    if agent.state is AgentState.LIVE and reason is not None:
        raise AgentNotReady(
            f"{agent.name}.toml: state: live needs evidence for every vendor ({reason.value}); `quietline vendors` says"
            " what is missing"
        )


def verdict(
    agent: Agent, endpoint: Endpoint, allowlist: Allowlist, settings: Settings, today: date
) -> Permitted | ModelRefused:
    """May the agent's model be called today?  Asked when the agent is loaded and again when each call starts."""
    return permit(endpoint, allowlist, effective(agent.retention, None), settings.profile, today)


def _permitted(agent: Agent, endpoint: Endpoint, allowlist: Allowlist, settings: Settings, today: date) -> Permitted:
    allowed = verdict(agent, endpoint, allowlist, settings, today)
    if isinstance(allowed, Permitted):
        return allowed
    rule = allowed.reason
    raise AgentNotReady(
        f"{agent.name}.toml: model: may not be called ({rule.value}); `quietline vendors` lists what may", rule
    )


def _key(agent: Agent, key: PHI[str] | None) -> str:
    if key is None:
        raise AgentNotReady(f"{agent.name}.toml: engine: set the provider's API key, or choose the engine approved")
    return key.reveal()
