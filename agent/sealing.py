"""A call's redacted transcript, sealed to the keeper's public key: from then on the line itself can't read it.

HPKE (RFC 9180) in its base mode: X25519, HKDF-SHA256, AES-256-GCM, by the package cryptography.  The ref, the agent and
the day go in as `info`: a sealed transcript that somebody files under another call does not open.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from agent.keeping import Said
from policies.closed import canonical
from policies.phi import PHI
from policies.records import TRANSCRIPT_BYTES, SealedTranscript

SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
LEFT_OUT: Final = "(left out: it could not be redacted)"
CUT: Final = "(cut here: the rest was too long)"


class Seal:
    """Shuts; nothing here opens."""

    def __init__(self, public: str) -> None:
        """public: the keeper's X25519 public key, 32 bytes in hex.  Raises `ValueError`."""
        self._public: Final = X25519PublicKey.from_public_bytes(bytes.fromhex(public))

    def shut(self, said: Sequence[Said], *, ref: str, agent: str, day: int, cut: bool) -> SealedTranscript:
        """What was said as lines of text, cut at a turn where it is too long, padded and sealed.

        cut: something was left out before.
        """
        sealed = SUITE.encrypt(_padded(said, cut=cut).reveal(), self._public, info_of(ref, agent, day))
        text = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
        return SealedTranscript(ref=ref, agent=agent, day=day, sealed=text)


def info_of(ref: str, agent: str, day: int) -> bytes:
    """What a sealed transcript is bound to."""
    return canonical([ref, agent, day])


def _padded(said: Sequence[Said], *, cut: bool) -> PHI[bytes]:
    """A JSON list of lines, with spaces behind it up to one of `TRANSCRIPT_BYTES`."""
    most = TRANSCRIPT_BYTES[-1]
    lines: list[str] = []
    size = len(json.dumps([CUT]))
    for each in said:
        words = each.redacted.text.reveal() if each.redacted is not None else LEFT_OUT
        line = f"{each.who.value}: {words}"
        size += len(json.dumps(line)) + 2
        if size > most:
            cut = True
            break
        lines.append(line)
    whole = json.dumps([*lines, *([CUT] if cut else [])]).encode("ascii")
    return PHI(whole.ljust(next(size for size in TRANSCRIPT_BYTES if len(whole) <= size)))
