"""What whoever picks up says is read into one event; an opt-out is heard in any clear wording."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.opting_out import opts_out
from policies.right_party import Event, State
from policies.who_answered import greets_as_machine, heard

STOPS: Final = """
stop calling
Stop calling me.
please stop calling me, thank you
Stop calling here!
Quit calling this number.
stop
stop please
Would you please stop calling us?
Don't call me again.
Do not call me anymore.
Never call here again.
don't call this number
Don't ever call me again
Please don't call back.
Do not contact me.
don't call me
I told you not to call me
Take me off your list.
take me off the calling list please
Take my name off your list
get me off this list
Remove me from your list
remove my number
Could you remove me from these calls?
Put me on your do not call list
I want to be on the do-not-call list
Unsubscribe.
I'd like to opt out
opt me out please
Lose my number.
No more calls
no more calls, please
I don't want these calls
I don't want any more of these calls
I do not want to receive calls from you
I don't want you calling me
I don't want to be called anymore
I don't want you to call me again
I no longer want to be called
leave me alone
I revoke my consent
you don't have permission to call me
make it stop
These calls have to stop.
I want to stop getting these calls
stop the calls
stop these calls please
stop with the calls
cancel these calls
Stop bothering me
stop harassing me
Quit bothering us
She doesn't live here, take her off your list
yes this is she, but stop calling
I'm not interested, don't call again
We don't want your calls.
please stop phoning me
Stop ringing me
Don't phone me again
end these calls
I'm asking you nicely to stop these phone calls
You people need to quit calling my house
I don't want to hear from you again
please delete my number from your records
I wish you would stop calling
could you not call me anymore please
no more phone calls please
I never want another call from you
Do me a favor and don't call back
get my number off your list
I asked you to stop calling
Stop all calls
cease and desist calling me
don't ring this house again
you're calling too much, take me off
I'd rather not get these calls
please end all calls to this number
that's enough, don't phone me anymore
I want off this list
How do I get off this list
How do I stop these calls
please discontinue these calls
I don't wish to be contacted
block my number from your system
nobody here wants these calls, stop it
stop contacting me
I'm done with these calls
quit phoning
not interested, remove me
don't bother calling again
I don't want you people calling here
please make sure nobody calls me again
we are not interested, take this number off
I've told you three times to stop calling
cancel my enrollment in these calls
you need to stop these robocalls
don't contact this number
do not ever call again
remove us from whatever list this is
I'd like you to stop calling me now
just stop with the calling
no thank you, no more calls
how do I opt out of this
please stop bothering my mother
I don't want any follow-up calls
put this number on the no call list
enough already, stop phoning here
I want these calls to stop
don't you dare call me again
you have to stop calling
Listen, don't call this house anymore
I really don't want to get these calls
Kindly remove my phone number from your list
would you quit it with the calls
I'm on the do not call registry
never ring me again
stop sending me these calls
I said no more calls
you're not allowed to call me
I want to unsubscribe from this
please do not contact us any further
take my mother's number off your list
we'd like to be taken off your list
this is harassment, stop calling
I don't need these calls
don't call, I'm not interested
can you make these calls stop
I'm revoking my consent
leave my mother alone
I no longer want your calls
Can you all please just stop with these automated calls
I don't give you permission to call me
tell them to stop calling this phone
I've had enough of your calls
do not phone my house any longer
get us off your call list today
we don't want to be on your calling list
no I don't want you to contact me
you can stop calling now
stop dialing my number
end this and don't call back
I'm opting out
scratch me off your list
hey robot, never call me
I do not consent to these calls
""".strip().splitlines()
GOES_ON: Final = """
stop calling me Mary
stop calling me that
don't call me grandma
Don't call me tonight
don't call me now, I'm at work
Don't call me before ten
please don't call me at work
don't call when I'm asleep
don't call an ambulance
don't call 911
Don't call my husband
Don't call the doctor yet
should I stop taking my pills
I stopped calling the nurse
can you call me back later
don't stop calling
never stop calling me
Call me again tomorrow
I can't stop coughing
my chest stopped hurting
the bleeding won't stop
can I stop the medicine
I called you earlier
take me to the hospital
take the bandage off
remove my stitches
please take this off my leg
I'd like to end the call
how do I remove the dressing
can you leave me a number
not now
I don't want any calls tonight
who is calling
nobody calls me here
when will you call me again
did the doctor call
don't call it a surgery
I have no more pain
no more questions
the nurse told me not to call
I want it to stop hurting
stop talking
March fourth nineteen fifty
yes this is she
I don't like hospitals
cancel my appointment
forget it
I forgot my number
don't hang up
can you call me at four instead
call the house phone instead
don't call my cell, call the house
I stopped the water pill on Tuesday
the doctor said to stop smoking
did you try calling yesterday
please don't hang up on me
don't worry about it
I was about to call you
my daughter usually takes these calls
stop, I need to get my glasses
hold on let me stop the TV
she stopped breathing
I can't get off the couch
please call an ambulance
remind me what the number was
I got off the phone with the nurse
take your time
how do I stop the bleeding
don't call her Mary she hates it
stop, stop, my chest hurts
don't call tonight please
I stopped calling the clinic because nobody answers
can you stop talking so fast
please call back after five
don't take me off the line
my son calls me every day
I want off this medicine
is there a list of side effects
don't call me old
don't call me before my nap
I'd like another call tomorrow
stop it, you're making me laugh
the calls I get from the bank annoy me
please don't call the police
I need you to call my son
should I be off the blood thinner list
don't stop now
call me anytime
I take my pills when you call
I don't have the number with me
could you not talk so loud
I never got a call from the clinic
do not put me on hold
I can't call you from work
he doesn't take calls in the evening
no, she is not here, call back Tuesday
I don't remember your name
she doesn't answer calls after eight
you never called me back yesterday
please don't end the call
I have not taken my pills
not today, I have a headache
I don't see the list in my folder
please hold the line
I don't know my record number
don't you have my number
I want to stop the blood thinner
I called and called and nobody answered
it isn't on my list of medicines
""".strip().splitlines()


@pytest.mark.parametrize("words", STOPS)
def test_every_clear_way_of_saying_stop_is_an_opt_out(words: str) -> None:
    assert opts_out(words)
    assert opts_out(words.upper())
    assert Event.STOP is heard(words, State.BIRTH)


@pytest.mark.parametrize("words", GOES_ON)
def test_what_forbids_one_moment_or_speaks_of_something_else_is_none(words: str) -> None:
    assert not opts_out(words)


SAID: Final = {
    Event.SHE: """
Speaking.
This is she.
Yes, this is she.
Yes?
yes speaking
That's me
It's me.
this is her
You're speaking to her
I am
Yeah
Yes, go ahead
Sure
Hello, this is she
Yes this is she, who is this?
Mm-hmm
I'm here
""",
    Event.COMING: """
Hold on.
One moment, please.
Just a second, I'll get her.
Let me get her
hang on, she's right here
Sure, hold on
I'll put her on
Here she is
Wait a minute, let me see if she's awake
yes hold on a second
""",
    Event.NOT_IN: """
She's not here.
She isn't home right now
No, she's out.
He's asleep
Not here right now
She's at work
No.
Nope
She can't come to the phone
No, this is her husband
I'm her daughter
This is her son
she just stepped out
Can I take a message?
She's sleeping
this isn't her
no I'm afraid not
she is in the hospital
""",
    Event.NOT_HERS: """
You have the wrong number.
Wrong number
There's nobody here by that name
No one by that name here
She doesn't live here anymore
I don't know anyone named that
She moved away
She passed away last week
I just got this number
this is not her number anymore
never heard of her
""",
    Event.WHO: """
Who is this?
Who's calling?
Who am I talking to?
May I ask who's calling?
Who are you?
Is this a robot?
what company are you with
where are you calling from
Are you a real person?
who wants to know
Hello, who's this
""",
    Event.WHY: """
What is this about?
What's this regarding?
What do you want?
Why are you calling?
What is this call about?
is something wrong
What's it about
about what
""",
    Event.BUSY: """
I'm driving
Not now
Can you call back later?
This is a bad time
Call me later
I can't talk right now
I'm at work
I'm not interested
don't call me at night
Call back tomorrow
I'm busy
no time
""",
    Event.UNHEARD: """
The weather is nice
I had chicken for dinner
Hello?
Maria?
Hello hello
what
I see
""",
}
MACHINES: Final = """
Hi, you've reached the Lopez residence, please leave a message after the tone
We're not available to take your call
The person you are calling is not available
Please leave your name and number
Your call has been forwarded to an automatic voice message system
Hi this is Maria I can't come to the phone right now
at the tone please record your message
""".strip().splitlines()
CASES: Final = [(words, event) for event, lines in SAID.items() for words in lines.strip().splitlines()]


@pytest.mark.parametrize(("words", "event"), CASES)
def test_an_answer_to_may_i_speak_with_her_is_read(words: str, event: Event) -> None:
    assert event is heard(words, State.ASKED)
    assert not greets_as_machine(words)


WITH_HER_NAME: Final = [
    ("Yes, Maria here", Event.SHE),
    ("That would be me", Event.SHE),
    ("You're talking to her", Event.SHE),
    ("yes, what is it", Event.SHE),
    ("I am Maria", Event.SHE),
    ("Hang on a sec, Maria, telephone!", Event.COMING),
    ("I'll go see if she's up", Event.COMING),
    ("Okay wait", Event.COMING),
    ("let me call her", Event.COMING),
    ("Maria went to the store", Event.NOT_IN),
    ("she's not feeling well and she's lying down", Event.NOT_IN),
    ("Mom's asleep", Event.NOT_IN),
    ("she's in the shower", Event.NOT_IN),
    ("Nah she ain't here", Event.NOT_IN),
    ("There is no Maria at this number", Event.NOT_HERS),
    ("Sorry, wrong number", Event.NOT_HERS),
    ("she hasn't lived here for years", Event.NOT_HERS),
    ("Sorry, who is calling?", Event.WHO),
    ("Where is this call from?", Event.WHO),
    ("What hospital?", Event.WHO),
    ("What's going on?", Event.WHY),
    ("What do you want with her?", Event.WHY),
    ("Why?", Event.WHY),
    ("I can't right now", Event.BUSY),
    ("This isn't a good time", Event.BUSY),
    ("Call me in an hour", Event.BUSY),
    ("You got her", Event.SHE),
    ("Yes, that's me.", Event.SHE),
    ("This is she speaking", Event.SHE),
    ("I'm Maria", Event.SHE),
    ("Uh, yes?", Event.SHE),
    ("yes ma'am", Event.SHE),
    ("Sure, this is her", Event.SHE),
    ("Give me a second I'll go find her", Event.COMING),
    ("Ma, it's for you", Event.COMING),
    ("sure thing, one sec", Event.COMING),
    ("Let me pass you to her", Event.COMING),
    ("just a minute please", Event.COMING),
    ("She's at dialysis", Event.NOT_IN),
    ("She's unavailable", Event.NOT_IN),
    ("She stepped away", Event.NOT_IN),
    ("He's taking a nap", Event.NOT_IN),
    ("this is her mother", Event.NOT_IN),
    ("she won't be back till six", Event.NOT_IN),
    ("No Maria here", Event.NOT_HERS),
    ("You must have the wrong number", Event.NOT_HERS),
    ("Nobody called that lives here", Event.NOT_HERS),
    ("I don't know who you mean", Event.NOT_HERS),
    ("she died in March", Event.NOT_HERS),
    ("Who's speaking please?", Event.WHO),
    ("And you are?", Event.WHO),
    ("Who did you say this was?", Event.WHO),
    ("Am I talking to a machine?", Event.WHO),
    ("What's this in regards to?", Event.WHY),
    ("May I ask what it's concerning?", Event.WHY),
    ("Is everything okay?", Event.WHY),
    ("I'm in the middle of something", Event.BUSY),
    ("Can we do this later?", Event.BUSY),
    ("I have company right now", Event.BUSY),
    ("try me tomorrow", Event.BUSY),
]


@pytest.mark.parametrize(("words", "event"), WITH_HER_NAME)
def test_her_name_in_an_answer_means_she(words: str, event: Event) -> None:
    assert event is heard(words, State.ASKED, "Maria")


def test_her_name_alone_is_no_answer() -> None:
    assert Event.UNHEARD is heard("Maria?", State.ASKED, "Maria")


@pytest.mark.parametrize("words", MACHINES)
def test_a_machines_greeting_is_known_by_its_words_until_she_has_answered(words: str) -> None:
    assert greets_as_machine(words)
    assert Event.MACHINE is heard(words, State.ANSWERED) is heard(words, State.ASKED)
    assert Event.MACHINE is not heard(words, State.BIRTH)


@pytest.mark.parametrize(
    "words", ["take me off your list", "Wrong number, stop calling here", "Yes, and don't call me again"]
)
def test_an_opt_out_comes_before_all_else_that_was_said(words: str) -> None:
    assert Event.STOP is heard(words, State.ASKED)


def test_a_greeting_that_sends_telemarketers_away_is_a_machines() -> None:
    greeting = "Leave a message. If you are selling something, take me off your list."

    assert Event.MACHINE is heard(greeting, State.ANSWERED)


def test_hello_from_one_who_was_fetched_is_a_new_person() -> None:
    assert Event.PERSON is heard("Hello?", State.FETCHED)
    assert Event.UNHEARD is heard("Hello?", State.ASKED)


def test_a_question_back_while_she_is_identified_is_no_answer() -> None:
    assert Event.WHO is heard("yes, who is this?", State.BIRTH)
    assert Event.WHY is heard("What is this about?", State.SECOND)
    assert Event.UNHEARD is heard("March fourth nineteen fifty", State.BIRTH)


@given(st.text(max_size=200), st.sampled_from(State))
def test_whatever_is_said_comes_to_one_event(words: str, state: State) -> None:
    assert heard(words, state) in Event


@pytest.mark.parametrize(
    "words",
    [
        "Please stop calling me. My name is Amelia Hathaway.",
        "Don't call me any more! She told you last week.",
        "Yes? Take me off your list. Maria is asleep.",
    ],
)
def test_what_a_sentence_asks_the_next_one_takes_nothing_from(words: str) -> None:
    assert opts_out(words)


@pytest.mark.parametrize("words", ["Stop. I can't hear you.", "Please wait. Call me tomorrow.", "No. She isn't here."])
def test_two_sentences_of_which_neither_asks_for_no_calls_are_no_opt_out(words: str) -> None:
    assert not opts_out(words)
