"""Who has the floor: turn-taking as one table, sans-IO.

Events and actions carry no words, so that any call can be replayed from its events.  Time is audio time: `hear()` is
called once for each 20 ms frame of the caller and is the only clock.

    turns = Turns(limits)
    for action in turns.on(Event.ONSET): ...
    for action in turns.hear(): ...          # silence, lateness: events that time itself brings about
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from telephony.audio import FRAME_MS


class State(enum.Enum):
    """Who has the floor."""

    NEW = "new"
    GREETING = "greeting"
    """The disclosure is being said; it is heard out."""
    LISTENING = "listening"
    """Nobody speaks."""
    HEARING = "hearing"
    """The caller speaks, pauses included."""
    THINKING = "thinking"
    """Her turn is over, the answer has not begun."""
    SPEAKING = "speaking"
    """The agent speaks."""
    OVERLAP = "overlap"
    """The caller made a sound over the agent: it is on hold until that is understood."""
    CLOSING = "closing"
    """The closing line is being said; the line closes after it."""
    HANDING_OFF = "handing_off"
    """The caller is told that a person is fetched; after it she is waited with, or the stream closes."""
    WAITING = "waiting"
    """Nurses are being called; she stays with the agent, who says now and then how it stands."""
    CONNECTING = "connecting"
    """A nurse has accepted: she is told so, and the stream closes when that nurse is in the room."""
    ENDED = "ended"


class Event(enum.Enum):
    """What happened on the line or in an engine."""

    STARTED = "started"
    PROTECTED_PLAYED = "protected_played"
    """The part of the greeting that is always heard out came back as played."""
    PENDING = "pending"
    """The caller had finished a turn while the disclosure was being said."""
    ONSET = "onset"
    """The caller began to make a sound that is speech, not noise and not our echo."""
    TURN_OVER = "turn_over"
    NOTHING_SAID = "nothing_said"
    """The turn held no words."""
    TRAILED_OFF = "trailed_off"
    """The sentence is unfinished, the pause is long."""
    BACKCHANNEL = "backchannel"
    NOISE = "noise"
    FLOOR = "floor"
    """She wants to speak."""
    REPLY_BEGAN = "reply_began"
    """The first frame of the answer (or of a prompt) was sent."""
    REPLY_PLAYED = "reply_played"
    """All of it came back as played."""
    KEY = "key"
    """A key that stands for nothing: the agent stops."""
    KEY_ANSWER = "key_answer"
    """A key that stands for a word, such as yes or again, see `agent.keypad`."""
    KEYED = "keyed"
    """Keys have answered a question of ours, or none came in time."""
    PERSON = "person"
    """A person is to be fetched: asked for, key 0, a red flag, a failure."""
    GRAVER = "graver"
    """A person is being fetched: she is told what a graver reason asks for, or the same once more on request."""
    STAYS = "stays"
    """The hand-off's words have been heard, now or in her stream before, and nurses are being called: she stays."""
    NEWS = "news"
    """How it stands is to be told: others are called, a nurse hears the brief, or just that she isn't forgotten."""
    COMING = "coming"
    """A nurse has accepted."""
    ALONE = "alone"
    """She who had accepted is lost before she was in the room."""
    NOBODY = "nobody"
    """No nurse could be reached."""
    STOPS = "stops"
    """The caller wants no nurse any more."""
    GOODBYE = "goodbye"
    PARTED = "parted"
    """The parting line came back as played, or could not be played."""
    DEAF_1 = "deaf_1"
    """Sound without an end or without words hides whatever she may be saying."""
    DEAF_2 = "deaf_2"
    """And again."""
    SILENT_1 = "silent_1"
    SILENT_2 = "silent_2"
    SILENT_3 = "silent_3"
    LATE_1 = "late_1"
    LATE_2 = "late_2"
    LATE_3 = "late_3"
    TIME_UP = "time_up"
    GONE = "gone"
    """The leg ended."""


class Action(enum.Enum):
    """What the call is to do, in this order."""

    SAY_GREETING = "say_greeting"
    KEEP_PENDING = "keep_pending"
    BEGIN_REPLY = "begin_reply"
    """Open the gate of the answer to the turn that has just ended."""
    CANCEL_REPLY = "cancel_reply"
    """Stop whatever is being prepared or said, and wait until it has stopped."""
    ANSWER_KEY = "answer_key"
    REOPEN_TURN = "reopen_turn"
    """The caller goes on: what she says next belongs to the same turn."""
    HOLD_PLAYBACK = "hold_playback"
    RESUME_PLAYBACK = "resume_playback"
    CLEAR_PLAYBACK = "clear_playback"
    JUDGE_OVERLAP = "judge_overlap"
    PROMPT_1 = "prompt_1"
    PROMPT_2 = "prompt_2"
    TAKE_KEYS = "take_keys"
    CONTINUER = "continuer"
    FILLER = "filler"
    FALL_BACK = "fall_back"
    """The hosted model is too late: the approved engine answers."""
    HAND_OFF = "hand_off"
    SAY_NEWS = "say_news"
    ANSWER_WAITING = "answer_waiting"
    """What she said while she waits."""
    SAY_CONNECTING = "say_connecting"
    SAY_NOBODY = "say_nobody"
    SAY_STOPPED = "say_stopped"
    SAY_CLOSING = "say_closing"
    CLOSE = "close"


S, E, A = State, Event, Action
HUSH: Final = (A.CANCEL_REPLY, A.CLEAR_PLAYBACK)

TABLE: Final[dict[tuple[State, Event], tuple[State, tuple[Action, ...]]]] = {
    (S.NEW, E.STARTED): (S.GREETING, (A.SAY_GREETING,)),
    (S.NEW, E.STAYS): (S.WAITING, ()),
    (S.GREETING, E.PROTECTED_PLAYED): (S.SPEAKING, ()),
    (S.GREETING, E.TURN_OVER): (S.GREETING, (A.KEEP_PENDING,)),
    (S.GREETING, E.REPLY_PLAYED): (S.LISTENING, ()),
    (S.SPEAKING, E.PENDING): (S.THINKING, (*HUSH, A.BEGIN_REPLY)),
    (S.LISTENING, E.PENDING): (S.THINKING, (A.BEGIN_REPLY,)),
    (S.LISTENING, E.ONSET): (S.HEARING, ()),
    (S.LISTENING, E.TURN_OVER): (S.THINKING, (A.BEGIN_REPLY,)),
    (S.LISTENING, E.KEYED): (S.SPEAKING, (A.TAKE_KEYS,)),
    (S.LISTENING, E.KEY_ANSWER): (S.SPEAKING, (A.ANSWER_KEY,)),
    (S.LISTENING, E.SILENT_1): (S.SPEAKING, (A.PROMPT_1,)),
    (S.LISTENING, E.SILENT_2): (S.SPEAKING, (A.PROMPT_2,)),
    (S.LISTENING, E.SILENT_3): (S.HANDING_OFF, (A.HAND_OFF,)),
    (S.HEARING, E.TURN_OVER): (S.THINKING, (A.BEGIN_REPLY,)),
    (S.HEARING, E.NOTHING_SAID): (S.LISTENING, ()),
    (S.HEARING, E.DEAF_1): (S.SPEAKING, (A.PROMPT_2,)),
    (S.HEARING, E.DEAF_2): (S.HANDING_OFF, (*HUSH, A.HAND_OFF)),
    (S.HEARING, E.TRAILED_OFF): (S.HEARING, (A.CONTINUER,)),
    (S.THINKING, E.REPLY_BEGAN): (S.SPEAKING, ()),
    (S.THINKING, E.ONSET): (S.HEARING, (*HUSH, A.REOPEN_TURN)),
    (S.THINKING, E.NOTHING_SAID): (S.LISTENING, ()),
    (S.THINKING, E.LATE_1): (S.THINKING, (A.FILLER,)),
    (S.THINKING, E.LATE_2): (S.THINKING, (A.FALL_BACK,)),
    (S.THINKING, E.LATE_3): (S.HANDING_OFF, (*HUSH, A.HAND_OFF)),
    (S.SPEAKING, E.ONSET): (S.OVERLAP, (A.HOLD_PLAYBACK, A.JUDGE_OVERLAP)),
    (S.SPEAKING, E.REPLY_PLAYED): (S.LISTENING, ()),
    (S.SPEAKING, E.KEY): (S.LISTENING, HUSH),
    (S.SPEAKING, E.KEY_ANSWER): (S.SPEAKING, (*HUSH, A.ANSWER_KEY)),
    (S.OVERLAP, E.BACKCHANNEL): (S.SPEAKING, (A.RESUME_PLAYBACK,)),
    (S.OVERLAP, E.NOISE): (S.SPEAKING, (A.RESUME_PLAYBACK,)),
    (S.OVERLAP, E.FLOOR): (S.HEARING, HUSH),
    (S.OVERLAP, E.TURN_OVER): (S.THINKING, (*HUSH, A.BEGIN_REPLY)),
    (S.OVERLAP, E.REPLY_PLAYED): (S.HEARING, (A.RESUME_PLAYBACK,)),
    (S.OVERLAP, E.KEY): (S.HEARING, HUSH),
    (S.CLOSING, E.TURN_OVER): (S.THINKING, (*HUSH, A.BEGIN_REPLY)),
    (S.CLOSING, E.PARTED): (S.ENDED, (A.CLOSE,)),
    (S.HANDING_OFF, E.PARTED): (S.ENDED, (A.CLOSE,)),
    (S.HANDING_OFF, E.STAYS): (S.WAITING, ()),
    (S.WAITING, E.NEWS): (S.WAITING, (*HUSH, A.SAY_NEWS)),
    (S.WAITING, E.ONSET): (S.WAITING, HUSH),
    (S.WAITING, E.TURN_OVER): (S.WAITING, (A.ANSWER_WAITING,)),
    (S.WAITING, E.KEY_ANSWER): (S.WAITING, (*HUSH, A.ANSWER_KEY)),
    (S.WAITING, E.GRAVER): (S.HANDING_OFF, (*HUSH, A.HAND_OFF)),
    (S.WAITING, E.COMING): (S.CONNECTING, (*HUSH, A.SAY_CONNECTING)),
    (S.WAITING, E.NOBODY): (S.HANDING_OFF, (*HUSH, A.SAY_NOBODY)),
    (S.WAITING, E.STOPS): (S.SPEAKING, (*HUSH, A.SAY_STOPPED)),
    (S.WAITING, E.GOODBYE): (S.CLOSING, (*HUSH, A.SAY_CLOSING)),
    (S.CONNECTING, E.ALONE): (S.WAITING, (*HUSH, A.SAY_NEWS)),
    (S.CONNECTING, E.NOBODY): (S.HANDING_OFF, (*HUSH, A.SAY_NOBODY)),
    (S.CONNECTING, E.PARTED): (S.ENDED, (A.CLOSE,)),
}

# From any state in which the line is up.
FROM_ANYWHERE: Final[dict[Event, tuple[State, tuple[Action, ...]]]] = {
    E.PERSON: (S.HANDING_OFF, (*HUSH, A.HAND_OFF)),
    E.TIME_UP: (S.HANDING_OFF, (*HUSH, A.HAND_OFF)),
    E.GOODBYE: (S.CLOSING, (*HUSH, A.SAY_CLOSING)),
    E.GONE: (S.ENDED, (A.CANCEL_REPLY,)),
}
LIVE: Final = (S.GREETING, S.LISTENING, S.HEARING, S.THINKING, S.SPEAKING, S.OVERLAP, S.CLOSING)
TABLE.update({(state, event): step for state in LIVE for event, step in FROM_ANYWHERE.items()})
for fetching in (S.HANDING_OFF, S.WAITING, S.CONNECTING):
    TABLE[fetching, E.GONE] = (S.ENDED, (A.CANCEL_REPLY,))
TABLE[S.HANDING_OFF, E.GRAVER] = (S.HANDING_OFF, (*HUSH, A.HAND_OFF))
TABLE[S.NEW, E.GONE] = (S.ENDED, ())

# Pairs that a race can bring about: each is listed, and stays put.
VERDICTS: Final = (E.BACKCHANNEL, E.NOISE, E.FLOOR)
PLAYBACK: Final = (E.REPLY_BEGAN, E.PROTECTED_PLAYED, E.PARTED)
KEYS: Final = (E.KEY, E.KEY_ANSWER)
MAY_RACE: Final[dict[State, tuple[Event, ...]]] = {
    S.GREETING: (E.ONSET, E.REPLY_BEGAN, E.NOTHING_SAID, *VERDICTS, *KEYS, E.TRAILED_OFF),
    S.LISTENING: (E.NOTHING_SAID, E.REPLY_PLAYED, *PLAYBACK, *VERDICTS, E.KEY, E.TRAILED_OFF),
    S.HEARING: (E.ONSET, E.REPLY_PLAYED, *PLAYBACK, *VERDICTS, *KEYS, E.PENDING),
    S.THINKING: (E.TURN_OVER, E.REPLY_PLAYED, E.PROTECTED_PLAYED, E.PARTED, *VERDICTS, *KEYS, E.TRAILED_OFF, E.PENDING),
    S.SPEAKING: (E.TURN_OVER, E.NOTHING_SAID, *PLAYBACK, *VERDICTS, E.TRAILED_OFF),
    S.OVERLAP: (E.ONSET, E.NOTHING_SAID, *PLAYBACK, E.KEY_ANSWER, E.TRAILED_OFF, E.PENDING),
    S.CLOSING: (
        E.ONSET,
        E.NOTHING_SAID,
        E.REPLY_BEGAN,
        E.REPLY_PLAYED,
        E.PROTECTED_PLAYED,
        *VERDICTS,
        *KEYS,
        E.PENDING,
        E.TRAILED_OFF,
    ),
    **{
        state: tuple(event for event in Event if event is not E.STARTED and (state, event) not in TABLE)
        for state in (S.HANDING_OFF, S.WAITING, S.CONNECTING)
    },
    S.ENDED: tuple(event for event in Event if event not in (E.STARTED, E.GRAVER)),
}
TABLE.update({(state, event): (state, ()) for state, events in MAY_RACE.items() for event in events})


class UnlistedTurn(RuntimeError):
    """The table has no such pair: a bug of ours, never of the line."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each wait may last, in milliseconds of audio."""

    silent_1_ms: int = 8_000  # telephony dossier, section 3 point 6: re-prompt at 8 s,
    silent_2_ms: int = 7_000  # "are you still there" at 15 s in all,
    silent_3_ms: int = 10_000  # a person at 25 s in all; prompts not counted
    late_1_ms: int = 1_500  # section 3 point 9: a filler after 1.5 s without a first token,
    late_2_ms: int = 4_000  # the second engine after 4 s,
    late_3_ms: int = 8_000  # a person after 8 s


class Turns:
    """The floor of one call."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._state = State.NEW
        self._in_state_ms = 0
        self._silences = 0
        self._lateness = 0

    @property
    def state(self) -> State:
        return self._state

    @property
    def live(self) -> bool:
        return self._state is not State.ENDED

    def on(self, event: Event) -> tuple[Action, ...]:
        """Take one event.  Raises `UnlistedTurn`, and nothing moved."""
        step = TABLE.get((self._state, event))
        if step is None:
            raise UnlistedTurn(f"{event.value} while {self._state.value}")
        state, actions = step
        if state is not self._state:
            self._in_state_ms = 0
            if state is not State.THINKING:
                self._lateness = 0
        self._state = state
        return actions

    def hear(self) -> tuple[Action, ...]:
        """20 ms went by on the line."""
        self._in_state_ms += FRAME_MS
        if self._state is State.LISTENING:
            limits = (self._patience.silent_1_ms, self._patience.silent_2_ms, self._patience.silent_3_ms)
            if self._in_state_ms >= limits[self._silences]:
                event = (Event.SILENT_1, Event.SILENT_2, Event.SILENT_3)[self._silences]
                self._silences = min(self._silences + 1, 2)
                return self.on(event)
        elif self._state is State.THINKING and self._lateness < 3:
            limits = (self._patience.late_1_ms, self._patience.late_2_ms, self._patience.late_3_ms)
            if self._in_state_ms >= limits[self._lateness]:
                event = (Event.LATE_1, Event.LATE_2, Event.LATE_3)[self._lateness]
                self._lateness += 1
                return self.on(event)
        return ()

    @property
    def silent_out(self) -> bool:
        """All steps of silence have passed."""
        return self._silences >= 2

    def person_is_near(self) -> None:
        """She said or pressed something: silence starts counting from the first step again."""
        self._silences = 0
        if self._state is State.LISTENING:
            self._in_state_ms = 0
