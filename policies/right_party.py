"""Who is on the line of a call that we placed: a table, walked before anything of a patient is said.  Sans-IO.

    party = RightParty(leaves_message=True)
    step = party.on(Event.PERSON)          # say step.line, if any; then do step.acts, in order
    ...
    party.state is State.THROUGH           # two identifiers agreed: the call goes on
    party.came                             # what is held of the attempt

Until then only her name, the hospital's and its main number are spoken (`policies.right_party_wording`).  Every pair of
state and event has a result; what can come late, twice or out of order stays put.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from policies.attempts import Came

MOST_TRIES: Final = 2
"""Checks of identifiers in one call (telephony dossier, section 1.5)."""
MOST_UNHEARD: Final = 2
"""Turns in a row that were no answer: after the last the call ends."""
MOST_ASIDES: Final = 3
"""Questions back in one call, "who is this?": more of them is a wish to end it."""


class State(enum.Enum):
    """How far it has come."""

    ANSWERED = "answered"
    """Something picked up; nothing has been said."""
    ASKED = "asked"
    """She was asked for by her name."""
    FETCHED = "fetched"
    """Somebody is getting her."""
    BIRTH = "birth"
    """Whoever says she is the patient was asked for the first identifier."""
    SECOND = "second"
    CHECKING = "checking"
    """The hospital's records are asked."""
    MACHINE = "machine"
    """An answering machine greets; its beep is waited for."""
    LEAVING = "leaving"
    """The last words are being said."""
    THROUGH = "through"
    """It is she: the call goes on."""
    HANDED = "handed"
    """A person is being fetched for whoever it is."""
    OVER = "over"


class Event(enum.Enum):
    """What was heard or happened."""

    PERSON = "person"
    """A person picked up, or nobody can tell what did."""
    MACHINE = "machine"
    """Told again when words of it have been read: until then a person may have been taken for one."""
    BEEP = "beep"
    """A machine records now."""
    SHE = "she"
    """ "Speaking", "yes". """
    COMING = "coming"
    """ "One moment, I'll get her". """
    NOT_IN = "not_in"
    NOT_HERS = "not_hers"
    """ "You have the wrong number". """
    WHO = "who"
    """ "Who is this?" """
    WHY = "why"
    """ "What is this about?" """
    BUSY = "busy"
    """ "Not now": no call at this time. """
    STOP = "stop"
    """No such calls any more, said or by key 9."""
    ONE = "one"
    """An identifier was given, and one is still wanted."""
    TWO = "two"
    """There are enough."""
    UNHEARD = "unheard"
    """No answer to what was asked, or silence."""
    UNHEARD_AGAIN = "unheard_again"
    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    NOT_MATCHED_AGAIN = "not_matched_again"
    UNAVAILABLE = "unavailable"
    """The records could not be asked."""
    URGENT = "urgent"
    """The words hold an emergency or a red flag: that comes before who she is."""
    WANTS_PERSON = "wants_person"
    """Key 0, or the wish for a person."""
    SAID = "said"
    """What was to be said has been played to its end."""
    GONE = "gone"
    """The call is over."""


class Line(enum.Enum):
    """What is said; the words stand in `policies.right_party_wording`."""

    ASK_FOR = "ask_for"
    ASK_FOR_AGAIN = "ask_for_again"
    WHO_WE_ARE = "who_we_are"
    NOT_SAID = "not_said"
    """What it is about is told to her alone."""
    NOT_SAID_YET = "not_said_yet"
    """Likewise, to whoever says she is the patient."""
    ASK_BIRTH = "ask_birth"
    ASK_SECOND = "ask_second"
    USE_KEYS = "use_keys"
    TRY_AGAIN = "try_again"
    CALL_BACK = "call_back"
    """To whoever answers for her."""
    CALL_BACK_YOURSELF = "call_back_yourself"
    """To one who could not be identified; the same words whyever."""
    WRONG_NUMBER = "wrong_number"
    NO_MORE_CALLS = "no_more_calls"
    MESSAGE = "message"


class Act(enum.Enum):
    """What is done after the line."""

    CHECK = "check"
    """Ask the records whether the identifiers are hers."""
    FORGET = "forget"
    """What was given as an identifier is dropped."""
    OPT_OUT = "opt_out"
    """Hold it at once, before the line is said, and push it to the hospital."""
    GO_ON = "go_on"
    ESCALATE = "escalate"
    """As in any call: the emergency's wording, a nurse."""
    FETCH_PERSON = "fetch_person"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Step:
    """What one event comes to."""

    to: State
    line: Line | None = None
    acts: tuple[Act, ...] = ()
    came: Came | None = None
    """What is held of the attempt from here on."""


S, E, L, A = State, Event, Line, Act
BEFORE: Final = (S.ANSWERED, S.ASKED, S.FETCHED)
"""Nobody has said that she is the patient."""
IDENTIFYING: Final = (S.BIRTH, S.SECOND)
SPEAKS: Final = (*BEFORE, *IDENTIFYING, S.CHECKING, S.MACHINE)
"""In these states the call may still become anything."""
_OUT: Final = (A.OPT_OUT, A.FORGET)

_TABLE: dict[tuple[State, Event], Step] = {
    (S.ANSWERED, E.UNHEARD): Step(S.ASKED, L.ASK_FOR),  # silence: somebody may be waiting
    (S.ANSWERED, E.WHO): Step(S.ASKED, L.ASK_FOR),  # which says who we are
    (S.ANSWERED, E.WHY): Step(S.ASKED, L.ASK_FOR),
    (S.ANSWERED, E.SHE): Step(S.ASKED, L.ASK_FOR),  # "yes?" to a ringing telephone is no answer to a question
    (S.ASKED, E.MACHINE): Step(S.MACHINE),
    (S.ASKED, E.SHE): Step(S.BIRTH, L.ASK_BIRTH),
    (S.ASKED, E.COMING): Step(S.FETCHED),
    (S.ASKED, E.WHO): Step(S.ASKED, L.WHO_WE_ARE),
    (S.ASKED, E.WHY): Step(S.ASKED, L.NOT_SAID),
    (S.ASKED, E.UNHEARD): Step(S.ASKED, L.ASK_FOR_AGAIN),
    (S.FETCHED, E.SHE): Step(S.BIRTH, L.ASK_BIRTH),
    (S.FETCHED, E.WHO): Step(S.ASKED, L.WHO_WE_ARE),
    (S.FETCHED, E.WHY): Step(S.ASKED, L.NOT_SAID),
    (S.FETCHED, E.UNHEARD): Step(S.ASKED, L.ASK_FOR),  # somebody speaks, who hasn't heard who we are
    (S.BIRTH, E.ONE): Step(S.SECOND, L.ASK_SECOND),
    (S.SECOND, E.ONE): Step(S.SECOND, L.ASK_SECOND),  # the same one, corrected
    (S.CHECKING, E.MATCHED): Step(S.THROUGH, None, (A.FORGET, A.GO_ON), Came.REACHED),
    (S.CHECKING, E.NOT_MATCHED): Step(S.BIRTH, L.TRY_AGAIN, (A.FORGET,)),
    (S.CHECKING, E.NOT_MATCHED_AGAIN): Step(S.LEAVING, L.CALL_BACK_YOURSELF, (A.FORGET,), Came.NOT_VERIFIED),
    (S.CHECKING, E.UNAVAILABLE): Step(S.LEAVING, L.CALL_BACK_YOURSELF, (A.FORGET,), Came.FAILED),
    (S.MACHINE, E.PERSON): Step(S.ASKED, L.ASK_FOR),  # picked up while the machine greeted
    (S.MACHINE, E.SHE): Step(S.ASKED, L.ASK_FOR),
    (S.MACHINE, E.BEEP): Step(S.LEAVING, L.MESSAGE, (), Came.VOICEMAIL),
    (S.MACHINE, E.UNHEARD_AGAIN): Step(S.LEAVING, L.MESSAGE, (), Came.VOICEMAIL),  # it has long been silent
    (S.LEAVING, E.SAID): Step(S.OVER, None, (A.HANG_UP,)),
    (S.LEAVING, E.UNHEARD_AGAIN): Step(S.OVER, None, (A.HANG_UP,)),
    (S.LEAVING, E.STOP): Step(S.LEAVING, L.NO_MORE_CALLS, (A.OPT_OUT,), Came.OPTED_OUT),
    (S.LEAVING, E.URGENT): Step(S.HANDED, None, (A.ESCALATE,)),
    (S.LEAVING, E.WANTS_PERSON): Step(S.HANDED, None, (A.FETCH_PERSON,)),
    (S.THROUGH, E.STOP): Step(S.THROUGH, L.NO_MORE_CALLS, (A.OPT_OUT,), Came.OPTED_OUT),
    (S.HANDED, E.STOP): Step(
        S.HANDED, None, (A.OPT_OUT,), Came.OPTED_OUT
    ),  # a nurse is coming: nothing is said over it
    (S.OVER, E.STOP): Step(S.OVER, None, (A.OPT_OUT,), Came.OPTED_OUT),  # her last words were read after she had gone
}
for _state in BEFORE:
    _TABLE[_state, E.PERSON] = Step(S.ASKED, L.ASK_FOR)
    _TABLE[_state, E.BEEP] = Step(S.LEAVING, L.MESSAGE, (), Came.VOICEMAIL)
_TABLE[S.ANSWERED, E.MACHINE] = _TABLE[S.FETCHED, E.MACHINE] = Step(S.MACHINE)
_TABLE[S.ASKED, E.PERSON] = Step(S.ASKED)  # she has been asked for already
# Not where nothing was asked yet: it is said to nobody, and a machine's "we're not in" sounds like a person's.
for _state in (S.ASKED, S.FETCHED, *IDENTIFYING):
    _TABLE[_state, E.NOT_IN] = Step(S.LEAVING, L.CALL_BACK, (A.FORGET,), Came.NOT_IN)
    _TABLE[_state, E.NOT_HERS] = Step(S.LEAVING, L.WRONG_NUMBER, (A.FORGET,), Came.NOT_HERS)
    _TABLE[_state, E.BUSY] = Step(S.LEAVING, L.CALL_BACK, (A.FORGET,), Came.DECLINED)
    _TABLE[_state, E.UNHEARD_AGAIN] = Step(S.LEAVING, L.CALL_BACK, (A.FORGET,), Came.NOT_IN)
for _state in IDENTIFYING:
    _TABLE[_state, E.TWO] = Step(S.CHECKING, None, (A.CHECK,))
    _TABLE[_state, E.WHO] = Step(_state, L.NOT_SAID_YET)
    _TABLE[_state, E.WHY] = Step(_state, L.NOT_SAID_YET)
    _TABLE[_state, E.COMING] = Step(S.FETCHED, None, (A.FORGET,))  # it wasn't she
    _TABLE[_state, E.UNHEARD] = Step(_state, L.USE_KEYS)
    _TABLE[_state, E.UNHEARD_AGAIN] = Step(S.LEAVING, L.CALL_BACK_YOURSELF, (A.FORGET,), Came.DECLINED)
for _state in SPEAKS:
    _TABLE[_state, E.STOP] = Step(S.LEAVING, L.NO_MORE_CALLS, _OUT, Came.OPTED_OUT)
    _TABLE[_state, E.URGENT] = Step(S.HANDED, None, (A.FORGET, A.ESCALATE), Came.HANDED)
    _TABLE[_state, E.WANTS_PERSON] = Step(S.HANDED, None, (A.FORGET, A.FETCH_PERSON), Came.HANDED)
    _TABLE[_state, E.GONE] = Step(S.OVER, None, (A.FORGET,), Came.HUNG_UP)
for _state in (S.LEAVING, S.HANDED, S.THROUGH):
    _TABLE[_state, E.GONE] = Step(S.OVER)
# What a machine's greeting says ("in an emergency", "to speak with a nurse") is nobody's emergency and nobody's wish.
# An opt-out counts all the same: who was taken for a machine may be a person.
for _event in (E.URGENT, E.WANTS_PERSON):
    _TABLE[S.MACHINE, _event] = Step(S.MACHINE)
# Every other pair may be brought about by words or a callback that come late or twice, and stays put.
_TABLE.update({(state, event): Step(state) for state in S for event in E if (state, event) not in _TABLE})
TABLE: Final[Mapping[tuple[State, Event], Step]] = MappingProxyType(_TABLE)
STATES: Final = len(State)
EVENTS: Final = len(Event)
NO_MESSAGE: Final = Step(S.OVER, None, (A.HANG_UP,), Came.VOICEMAIL)
"""Where the hospital wants no messages left: the line hangs up on a machine once it has heard what that says."""

_AGAIN: Final = {E.UNHEARD: E.UNHEARD_AGAIN, E.NOT_MATCHED: E.NOT_MATCHED_AGAIN}
_ASIDES: Final = frozenset({E.WHO, E.WHY})


class RightParty:
    """One call's.  Knows no word that was said."""

    __slots__ = ("_asides", "_leaves_message", "_tries", "_unheard", "came", "state")

    def __init__(self, *, leaves_message: bool) -> None:
        """leaves_message: on a machine; else it is hung up on."""
        self.state = State.ANSWERED
        self.came = Came.PLACED
        """What is to be held of the attempt; an opt-out is never taken back."""
        self._leaves_message: Final = leaves_message
        self._tries = self._unheard = self._asides = 0

    def on(self, event: Event) -> Step:
        """What to say and to do now.  `UNHEARD` and `NOT_MATCHED` are counted here, whoever tells them."""
        step = TABLE[self.state, self._counted(event)]
        again = self.state is State.MACHINE and event is Event.MACHINE
        if not self._leaves_message and (again or step.line is Line.MESSAGE):
            step = NO_MESSAGE
        self.state = step.to
        if step.came is not None and (self.came is Came.PLACED or step.came is Came.OPTED_OUT):
            self.came = step.came
        return step

    def _counted(self, event: Event) -> Event:
        """The event, or its last time in this call."""
        if event is Event.UNHEARD:
            self._unheard += 1
            return _AGAIN[event] if self._unheard >= MOST_UNHEARD else event
        if event is not Event.SAID:
            self._unheard = 0
        if event is Event.NOT_MATCHED:
            self._tries += 1
            return _AGAIN[event] if self._tries >= MOST_TRIES else event
        if event in _ASIDES:
            self._asides += 1
            return Event.UNHEARD_AGAIN if self._asides > MOST_ASIDES else event
        return event
