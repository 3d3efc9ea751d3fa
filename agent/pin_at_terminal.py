"""`quietline pin`: a PIN typed at a terminal becomes what a list of who is on call holds.

It is asked for twice and not shown; it is never an argument, which others on the machine could read.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import Final

from agent.pins import FEWEST_DIGITS, MOST_DIGITS, hashed
from policies.phi import PHI

EXIT_REFUSED: Final = 78  # EX_CONFIG of sysexits.h


def main(given: Sequence[str]) -> int:
    """Prints the hash.  given: what else is on the command line, which may be nothing."""
    sentence = "it takes no arguments: the PIN is typed when it is asked for" if given else ""
    if not sentence and not sys.stdin.isatty():
        sentence = "type the PIN at a terminal"
    held = ""
    if not sentence:
        pin, again = PHI(getpass.getpass("PIN: ")), PHI(getpass.getpass("once more: "))
        if pin.reveal() != again.reveal():
            sentence = "these were two PINs; nothing was made"
        else:
            try:
                held = hashed(pin)
            except ValueError:
                sentence = f"a PIN is {FEWEST_DIGITS} to {MOST_DIGITS} digits"
    if sentence:
        sys.stderr.write(f"quietline: {sentence}\n")
        return EXIT_REFUSED
    sys.stdout.write(f"{held}\n")
    return 0
