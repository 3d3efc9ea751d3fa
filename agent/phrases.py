"""Fixed wording: what the agent says in its own name, in plain words, the same way every time.

What the disclosure must hold: that a machine speaks and for whom, how to reach a person, at the start and at the end of
the call (California AB 3030), and what is kept of it; no licensed title for the assistant (AB 489).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.numbers import cardinal
from agent.sentences import sentences_of


class Phrase(enum.Enum):
    """What is said; the words stand in `PhraseTexts`."""

    GREETING = "greeting"
    """Its first part; then what is kept, then `GREETING_END` (`agent.disclosing`)."""
    KEEPS_NOTHING = "keeps_nothing"
    KEEPS_TRANSCRIPT = "keeps_transcript"
    """Its first sentence says it; the rest explains."""
    GREETING_END = "greeting_end"
    HELLO = "hello"
    WHO_I_AM = "who_i_am"
    FILLER = "filler"
    FILLER_2 = "filler_2"
    CONTINUER = "continuer"
    CONTINUER_2 = "continuer_2"
    SILENCE_1 = "silence_1"
    STILL_OFFERED = "still_offered"
    """Where she is silent after she was offered a nurse."""
    SILENCE_2 = "silence_2"
    SILENCE_3 = "silence_3"
    NOT_KNOWN = "not_known"
    FOR_THE_NURSE = "for_the_nurse"
    """Asked where a dose, a diagnosis or a person is asked for."""
    NOT_OURS = "not_ours"
    NOT_UNDERSTOOD = "not_understood"
    CHECK = "check"
    """Asked after an answer, where what she said may be a symptom."""
    CHECK_HEARD = "check_heard"
    """Asked in place of an answer, where a symptom was heard, but not surely."""
    IDENTIFY = "identify"
    ASK_BIRTH = "ask_birth"
    ASK_SECOND = "ask_second"
    ASK_RELATION = "ask_relation"
    USE_KEYS = "use_keys"
    CHECKED = "checked"
    CHECK_AGAIN = "check_again"
    """The same whoever is meant, whatever was wrong, and whether there is such a patient or not."""
    NOT_CHECKED = "not_checked"
    RECORDS_AWAY = "records_away"
    NOT_LISTED = "not_listed"
    IF_IT_DIFFERS = "if_it_differs"
    NOT_REMEMBERED = "not_remembered"
    REPEAT_LEAD = "repeat_lead"
    TRANSFER = "transfer"
    EMERGENCY = "emergency"
    CRISIS = "crisis"
    SYMPTOM = "symptom"
    NOT_ENGLISH = "not_english"
    """For a caller who is not understood; its Spanish is said by `agent.pronouncing`."""
    FAILURE = "failure"
    STILL_CALLING = "still_calling"
    """Said now and then while nurses are being called."""
    STILL_CALLING_2 = "still_calling_2"
    STILL_DANGER = "still_danger"
    """In its place where an emergency was heard."""
    OTHERS_CALLED = "others_called"
    NURSE_FOUND = "nurse_found"
    CONNECTING = "connecting"
    NURSE_LOST = "nurse_lost"
    NURSE_LISTENS = "nurse_listens"
    """In place of it while a nurse hears the brief."""
    NOBODY_CAME = "nobody_came"
    PROMISE_OFFER = "promise_offer"
    """The number follows that she calls from, then `PROMISE_ASK`."""
    PROMISE_ASK = "promise_ask"
    PROMISED = "promised"
    STOPPED_CALLING = "stopped_calling"
    NOT_STOPPED = "not_stopped"
    """She wants no nurse any more, and an emergency was heard."""
    BACK = "back"
    """To a caller whose nurse has left the line."""
    REACHED = "reached"
    """To a patient whom we called, once she is known; then what is kept."""
    CALLED_FOR = "called_for"
    """Why we call."""
    NO_MORE_CALLS = "no_more_calls"
    NOT_CALLED = "not_called"
    """To a caller who wants no calls of ours, and whose number the hospital does not know."""
    NO_STOP_NOW = "no_stop_now"
    """Likewise, where the hospital can't be asked."""
    KEYS_CALLED = "keys_called"
    """As `KEYS`, in a call that we placed: there 9 ends such calls."""
    OFFER_CALLER = "offer_caller"
    """To a nurse who is called; a voicemail may hear it."""
    CALLER_TAKEN = "caller_taken"
    CALLER_LEFT = "caller_left"
    CALLER_DECLINED = "caller_declined"
    BRIEF_KEYS = "brief_keys"
    OFFER_CALL_BACK = "offer_call_back"
    """To a nurse, of a caller who was promised one."""
    CALL_BACK = "call_back"
    """To whoever picks up where a nurse was promised; a voicemail may hear it."""
    CALL_BACK_LOST = "call_back_lost"
    CALL_BACK_REFUSED = "call_back_refused"
    DESK_PIN = "desk_pin"
    """To a nurse who calls in (`agent/desk_menu.py`)."""
    DESK_WRONG = "desk_wrong"
    DESK_CLOSED = "desk_closed"
    """After the last try; for how long, nobody who guesses is told."""
    DESK_AVAILABLE = "desk_available"
    DESK_AWAY = "desk_away"
    DESK_CHOICE = "desk_choice"
    DESK_NOW_AVAILABLE = "desk_now_available"
    DESK_NOW_AWAY = "desk_now_away"
    KEYS = "keys"
    """Which keys stand for what, see `agent.keypad`."""
    AT_LIMIT = "at_limit"
    """No slower, no louder than this."""
    ANYTHING_ELSE = "anything_else"
    CLOSING = "closing"
    CLOSING_KEPT = "closing_kept"
    """The closing of a call of which a transcript is kept."""
    NOTED_FOR_NURSE = "noted_for_nurse"
    """After an answer, where a hosted model asked to hold what she said for a nurse."""
    BEFORE_YOU_GO = "before_you_go"
    """Leads to what must be asked before a goodbye."""
    NOTED = "noted"
    ASK_AGAIN = "ask_again"
    PRESS_YES_OR_NO = "press_yes_or_no"
    TYPE_NUMBER = "type_number"
    TYPE_PRESSURE = "type_pressure"


CLOSINGS: Final = (Phrase.CLOSING, Phrase.CLOSING_KEPT)
"""One for each level of retention."""

TO_NURSES: Final = (
    Phrase.OFFER_CALLER,
    Phrase.CALLER_TAKEN,
    Phrase.CALLER_LEFT,
    Phrase.CALLER_DECLINED,
    Phrase.BRIEF_KEYS,
    Phrase.OFFER_CALL_BACK,
    Phrase.DESK_PIN,
    Phrase.DESK_WRONG,
    Phrase.DESK_CLOSED,
    Phrase.DESK_AVAILABLE,
    Phrase.DESK_AWAY,
    Phrase.DESK_CHOICE,
    Phrase.DESK_NOW_AVAILABLE,
    Phrase.DESK_NOW_AWAY,
)
"""Said on a nurse's leg, of which nothing is kept."""

_DEMONSTRATION: Final = "This is a demonstration, not for real patients. "
_GREETING: Final = "Hello, this is {who} of {hospital}. To reach a person, say nurse, or press 0."
_QUESTION: Final = "How can I help you?"
_GREETING_END: Final = (
    "{demonstration}I am not a nurse or a doctor. If this is an emergency, hang up and dial 911. " + _QUESTION
)
_CLOSING: Final = (
    "What you heard in this call was said by an automated AI assistant. {kept} "
    "To talk with a person, press 0 now, or call again and say nurse. Take care. Goodbye."
)
_DESK: Final = "{first} Key in your PIN and the pound sign, or press star to talk to our assistant."
_ASSISTANT: Final = "the automated AI assistant"
_FIXED: Final[Mapping[Phrase, str]] = MappingProxyType(
    {
        Phrase.KEEPS_NOTHING: "This call is not recorded, and nothing you say is kept.",
        Phrase.KEEPS_TRANSCRIPT: "This call is not recorded, but a redacted transcript is kept for {days}. "
        "That means personal details are taken out.",
        Phrase.HELLO: "Hello. How can I help you?",
        Phrase.WHO_I_AM: "This is {who} of {hospital}. I am a computer, not a nurse or a doctor. How can I help you?",
        Phrase.FILLER: "One moment.",
        Phrase.FILLER_2: "Let me check your instructions.",
        Phrase.CONTINUER: "Take your time.",
        Phrase.CONTINUER_2: "Go on when you are ready.",
        Phrase.SILENCE_1: "I'm here. What would you like to ask?",
        Phrase.STILL_OFFERED: "Should I get a nurse for you? Please say yes or no, or press 1 for yes, 2 for no.",
        Phrase.SILENCE_2: "Are you still there? You can press any key.",
        Phrase.SILENCE_3: "I can't hear you, so I'm getting a person to help. Please stay on the line.",
        Phrase.NOT_KNOWN: "I don't have approved information about that, but a nurse can help: say nurse, or press 0.",
        Phrase.FOR_THE_NURSE: "I can't answer that one safely, but a nurse can: would you like me to get one now?",
        Phrase.NOT_OURS: "I can only help with your care after the hospital: what would you like to ask about that?",
        Phrase.CHECK: "Please say yes or no: would you like a nurse to hear about that now?",
        Phrase.CHECK_HEARD: "I may not have heard that right. "
        "Please say yes or no: is something wrong that a nurse should hear about now?",
        Phrase.NOT_UNDERSTOOD: "I didn't catch that. Could you say it again?",
        Phrase.IDENTIFY: "I can look that up. First I need two things, to be sure whose record it is. "
        "What is the patient's date of birth, with month, day and year?",
        Phrase.ASK_BIRTH: "What is the patient's date of birth, with month, day and year?",
        Phrase.ASK_SECOND: "Thank you. What are the last four digits of the patient's phone number, "
        "or what is the record number?",
        Phrase.ASK_RELATION: "And who are you to the patient: a daughter, a husband, a friend?",
        Phrase.USE_KEYS: "I didn't catch that. You can also press star and then key in the numbers. "
        "For a date, key in two numbers for the month, two for the day, and four for the year.",
        Phrase.CHECKED: "Thank you. Here is what the record says.",
        Phrase.CHECK_AGAIN: "I can't find a record with that. Let's try one more time. "
        "What is the patient's date of birth, with month, day and year?",
        Phrase.NOT_CHECKED: "I can't look at a record in this call, but I can still answer general questions. "
        "A nurse can help too: say nurse, or press 0.",
        Phrase.RECORDS_AWAY: "I can't reach the records right now, but a nurse can help: say nurse, or press 0.",
        Phrase.NOT_LISTED: "The record doesn't say, but a nurse can help: say nurse, or press 0.",
        Phrase.IF_IT_DIFFERS: "If the label says something else, ask a nurse before you take it.",
        Phrase.NOT_REMEMBERED: "I don't remember earlier calls: each call starts new.",
        Phrase.REPEAT_LEAD: "Let me repeat that completely.",
        Phrase.TRANSFER: "I'm getting a nurse for you now. Please stay on the line. "
        "If this is an emergency, hang up and call 911.",
        Phrase.EMERGENCY: "This may be an emergency. Hang up and call 911 now. "
        "If you can't, stay on the line, and I will get a nurse for you.",
        Phrase.CRISIS: "I'm glad you told me. I'm getting a nurse for you now. Please stay on the line. "
        "You can also call or text 988 at any time, day or night. If you might act on it now, hang up and call 911.",
        Phrase.SYMPTOM: "A nurse should hear about that now. I'm getting one for you. Please stay on the line. "
        "If it gets worse, hang up and call 911.",
        Phrase.NOT_ENGLISH: "Un momento, por favor. Viene una persona. Emergencia: nueve, uno, uno. "
        "One moment, please. I'm getting a person for you. If this is an emergency, hang up and call 911.",
        Phrase.STILL_CALLING: "I'm still calling a nurse for you. I'm here with you.",
        Phrase.STILL_CALLING_2: "Nurses are being called. You can tell me at any time how you feel.",
        Phrase.STILL_DANGER: "I'm still calling a nurse. If this is an emergency, hang up and call 911 now.",
        Phrase.OTHERS_CALLED: "Nobody has picked up yet, so I'm calling others. Please stay on the line.",
        Phrase.NURSE_FOUND: "A nurse has picked up, and is hearing why you called. One moment.",
        Phrase.NURSE_LISTENS: "The nurse is still hearing why you called. It won't be long.",
        Phrase.PROMISE_OFFER: "No nurse could take your call yet. I can go on calling nurses, and call you back "
        "with one, at the number you're calling from.",
        Phrase.PROMISE_ASK: "Shall I call you back there? Say yes, or press 1. "
        "If not, say no, or press 2, and I'll connect you to the nurse line.",
        Phrase.PROMISED: "All right. I'll call you back with a nurse as soon as one can take it. "
        "If our system restarts, your number is lost: if nobody has called you within thirty minutes, call us again. "
        "If you feel worse, or this is an emergency, hang up and call 911.",
        Phrase.CONNECTING: "Connecting you now.",
        Phrase.NURSE_LOST: "The nurse's line was lost, so I'm calling others. Please stay on the line.",
        Phrase.NOBODY_CAME: "I could not reach a nurse that way, so I'm connecting you to the nurse line. "
        "If this is an emergency, hang up and call 911.",
        Phrase.STOPPED_CALLING: "All right, I've stopped calling the nurse. What else can I help you with?",
        Phrase.NOT_STOPPED: "What you told me may be an emergency, so a nurse is still being called. "
        "You can hang up and call 911 at any time.",
        Phrase.BACK: "The nurse has left the line. If you still need one, say nurse, or press 0. "
        "If this is an emergency, hang up and call 911.",
        Phrase.REACHED: "Thank you. This is {who} of {hospital}. I am not a nurse or a doctor. "
        "To reach a person, say nurse, or press 0. If this is an emergency, hang up and call 911.",
        Phrase.CALLED_FOR: "I'm calling to ask how you are since you left the hospital.",
        Phrase.NOT_CALLED: "I don't find the number you're calling from among those we call. "
        "To be taken off any list, please tell a person: say nurse, or press 0.",
        Phrase.NO_STOP_NOW: "I'm sorry, I can't take that down right now. "
        "Please call again later, or tell a person: say nurse, or press 0.",
        Phrase.NO_MORE_CALLS: "All right. You will get no more of these calls. What else can I help you with?",
        Phrase.KEYS_CALLED: "Press 0 for a person, 1 for yes, 2 for no. Press 7 to slow me down, 8 to make me louder, "
        "9 to get no more of these calls.",
        Phrase.OFFER_CALLER: "Discharge line. A patient is waiting. "
        "Press 1 to hear the brief and take the call, 2 if you can't.",
        Phrase.CALLER_TAKEN: "Thank you. Another nurse has taken this call. Goodbye.",
        Phrase.CALLER_LEFT: "Thank you. The caller has left the line. Goodbye.",
        Phrase.CALLER_DECLINED: "Thank you. Another nurse is being called. Goodbye.",
        Phrase.BRIEF_KEYS: "Press 1 to be connected, 9 to hear the brief again, 2 if you can't.",
        Phrase.OFFER_CALL_BACK: "Discharge line. A patient was promised a call back. "
        "Press 1 to hear the brief and take it, 2 if you can't.",
        Phrase.CALL_BACK: "This is the automated assistant of {hospital}. You were promised a call from a nurse, "
        "and she is on the line. Press 1 to talk with her, or 2 if you don't need her any more.",
        Phrase.CALL_BACK_LOST: "I'm sorry, the nurse's line was lost. We'll call you again with another. "
        "If this is an emergency, hang up and call 911.",
        Phrase.CALL_BACK_REFUSED: "All right, no nurse will call you. Goodbye.",
        Phrase.DESK_PIN: _DESK.format(first="On-call desk."),
        Phrase.DESK_WRONG: _DESK.format(first="That is not your PIN."),
        Phrase.DESK_CLOSED: "That is not your PIN. Please try again later. Goodbye.",
        Phrase.DESK_AVAILABLE: "You are available, so you will be called.",
        Phrase.DESK_AWAY: "You are not available, so you will not be called.",
        Phrase.DESK_CHOICE: "Press 1 to be available, 2 not to be.",
        Phrase.DESK_NOW_AVAILABLE: "You are available from now on. Goodbye.",
        Phrase.DESK_NOW_AWAY: "You will not be called from now on. Goodbye.",
        Phrase.FAILURE: "I'm sorry, something went wrong on our side. I'm getting a person for you now. "
        "Please stay on the line.",
        Phrase.KEYS: "Press 0 for a person, 1 for yes, 2 for no. Press 7 to slow me down, 8 to make me louder, "
        "9 to hear it again.",
        Phrase.AT_LIMIT: "That is as far as I can go.",
        Phrase.ANYTHING_ELSE: "What else can I help you with?",
        Phrase.CLOSING: _CLOSING.format(kept="It was not recorded, and nothing you said is kept."),
        Phrase.CLOSING_KEPT: _CLOSING.format(kept="It was not recorded, but a redacted transcript is kept for {days}."),
        Phrase.NOTED_FOR_NURSE: "I will tell that to a nurse, if one comes on in this call.",
        Phrase.BEFORE_YOU_GO: "Before you go, there is something I need to ask.",
        Phrase.NOTED: "Thank you.",
        Phrase.ASK_AGAIN: "I'm sorry. Let me ask that again.",
        Phrase.PRESS_YES_OR_NO: "Please press 1 for yes, or 2 for no.",
        Phrase.TYPE_NUMBER: "Please type the number, then press the pound key. Use the star key for the point.",
        Phrase.TYPE_PRESSURE: "Please type the top number, then the star key, then the bottom number. "
        "Then press the pound key.",
    }
)


@dataclass(frozen=True, slots=True)
class PhraseTexts:
    """The words of every phrase, for one agent."""

    texts: Mapping[Phrase, str]

    @classmethod
    def for_agent(cls, hospital: str, assistant: str, *, draft: bool, days: int, greeting: str = "") -> PhraseTexts:
        """Filled in once, at load.

        hospital, assistant: as they are spoken; an empty `assistant` has no name.
        draft: the greeting says that it is a demonstration.  days: for which a transcript is kept, where one is.
        greeting: the hospital's own, already checked; what is kept is said after it, and before the question it ends
        with.
        """
        who = f"{assistant}, {_ASSISTANT}" if assistant else _ASSISTANT
        fill = {
            "who": who,
            "hospital": hospital,
            "demonstration": _DEMONSTRATION if draft else "",
            "days": f"{cardinal(days)} day{'' if days == 1 else 's'}",
        }
        begin, end = _parted(greeting) if greeting else (_GREETING.format(**fill), _GREETING_END.format(**fill))
        texts = {phrase: text.format(**fill) for phrase, text in _FIXED.items()}
        return cls(MappingProxyType({Phrase.GREETING: begin, Phrase.GREETING_END: end, **texts}))

    def __getitem__(self, phrase: Phrase) -> str:
        return self.texts[phrase]

    def wording(self) -> frozenset[str]:
        """All that may be spoken as fixed wording: each phrase, and each sentence of it."""
        return frozenset(part for text in self.texts.values() for part in (text, *sentences_of(text)))


def _parted(greeting: str) -> tuple[str, str]:
    """A hospital's own greeting, and the question to end with: its own, or ours where it asks none."""
    *before, last = sentences_of(greeting)
    return (" ".join(before), last) if before and last.endswith("?") else (greeting, _QUESTION)
