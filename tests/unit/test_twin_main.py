"""What a watcher of a call is shown: times and kinds, no word of the call."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from telephony.twin import caller
from telephony.twin.__main__ import asking, summary, told
from telephony.twin.carrier import Ending
from telephony.twin.measure import Recording, Uttered, UtteredAs, measure
from telephony.twin.playback import Piece
from telephony.twin.script import SayFile, Wait


def test_each_event_has_a_line() -> None:
    lines = [
        told(event)
        for event in (
            caller.CallerBegan(1_000.0, UtteredAs.BARGE_IN),
            caller.CallerEnded(1_500.0, UtteredAs.BARGE_IN),
            caller.AgentHeard(100.0, None),
            caller.AgentHeard(2_000.0, 500.0),
            caller.AgentQuiet(3_000.0),
            caller.KeyPressed(3_100.0),
            caller.WaitedInVain(4_000.0, 3),
            caller.StreamEnded(5_000.0, Ending.AGENT_CLOSED),
        )
    ]
    assert [
        "   1.00 s  caller breaks in\n",
        "   1.50 s  caller has finished\n",
        "   0.10 s  agent speaks\n",
        "   2.00 s  agent speaks, 500 ms after the caller\n",
        "   3.00 s  agent is quiet\n",
        "   3.10 s  caller presses a key\n",
        "   4.00 s  caller gives up waiting (step 3)\n",
        "   5.00 s  call ends: agent closed\n",
    ] == lines


def test_a_missing_reply_is_shown_as_none() -> None:
    turn = Uttered(UtteredAs.TURN, (Piece(800, np.full(800, 5_000, np.int16)),))
    shown = summary(measure(Recording((turn,), np.zeros(8_000, np.int16))))
    assert "turn 1: reply after none" in shown


def test_files_are_asked_one_a_turn() -> None:
    steps = asking([Path("a.wav"), Path("b.wav")], "slt").steps
    assert [Wait, SayFile, Wait, SayFile, Wait] == [type(step) for step in steps]
