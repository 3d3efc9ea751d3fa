"""What is looked for, in every form in which it could have stayed.  Pure.

A needle is a few words or digits of a synthetic patient.  It is held masked, so that the search itself is no place
where it stands: a scanner that holds its needles in the open finds itself.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import json
import quopri
import secrets
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, final

SHORTEST: Final = 5  # bytes; less comes about by chance
SHORTEST_CODED: Final = 7  # of what is left of a needle when the ends that depend on its neighbours are cut off


@final
class Needle:
    """One thing to look for.  `name` is safe to print; the text never is."""

    __slots__ = ("_mask", "_masked", "name")

    def __init__(self, name: str, text: str) -> None:
        """Raises `ValueError` for a text too short to be found for certain."""
        raw = text.encode()
        if len(raw) < SHORTEST:
            raise ValueError("a needle has at least five bytes")
        self.name = name
        self._mask: Final = secrets.token_bytes(len(raw))
        self._masked: Final = bytes(one ^ other for one, other in zip(raw, self._mask, strict=True))

    def __repr__(self) -> str:
        return f"Needle({self.name})"

    def text(self) -> str:
        return bytes(one ^ other for one, other in zip(self._masked, self._mask, strict=True)).decode()

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """(form, bytes) of each writing: small, in capitals, as a title, bare, as names in code and of files are."""
        text = self.text()
        bare = "".join(sign for sign in text if sign.isalnum())
        words = "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()
        writings = {
            "as it is": text,
            "small": text.lower(),
            "capitals": text.upper(),
            "title": text.title(),
            "bare": bare.lower(),
            "camel": "".join(word.title() for word in words),
            "snake": "_".join(words),
            "kebab": "-".join(words),
        }
        seen: set[bytes] = set()
        for writing, written in writings.items():
            if len(written.encode()) < SHORTEST:
                continue
            for form, found in _forms(written):
                if found not in seen:
                    seen.add(found)
                    yield f"{form}, {writing}", found


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    for name, encode in FORMS.items():
        yield name, encode(text)
    for name, code, group, unit, by_bits in GROUPED:
        yield from inside(name, text.encode(), code, group, unit, by_bits=by_bits)


def inside(
    name: str, raw: bytes, encode: Callable[[bytes], bytes], group: int, unit: int, *, by_bits: bool
) -> Iterator[tuple[str, bytes]]:
    """Codes that take `group` bytes to `unit` signs: what is the same whatever stands before and behind.

    For each place in a group where the needle may begin.  by_bits: a sign holds bits of its own bytes alone.
    """
    for before in range(group):
        whole = encode(b"\0" * before + raw)
        end = before + len(raw)
        if by_bits:
            first, last = -(-before * unit // group), end * unit // group
        else:
            first, last = -(-before // group) * unit, end // group * unit
        kept = whole[first:last].rstrip(b"=")
        if len(kept) >= SHORTEST_CODED:
            yield f"{name} at {before}", kept


def _each(form: str) -> Callable[[str], bytes]:
    return lambda text: "".join(form.format(byte) for byte in text.encode()).encode()


def _joined(between: str, form: str = "{}") -> Callable[[str], bytes]:
    return lambda text: between.join(form.format(sign) for sign in text).encode()


FORMS: Final[Mapping[str, Callable[[str], bytes]]] = MappingProxyType(
    {
        "utf-8": str.encode,
        "utf-16, little": lambda text: text.encode("utf-16-le"),
        "utf-16, big": lambda text: text.encode("utf-16-be"),
        "utf-32, little": lambda text: text.encode("utf-32-le"),
        "hex": lambda text: binascii.hexlify(text.encode()),
        "hex, capitals": lambda text: binascii.hexlify(text.encode()).upper(),
        "hex, spaced": lambda text: binascii.hexlify(text.encode(), " "),
        "bytes in decimal": lambda text: ", ".join(str(byte) for byte in text.encode()).encode(),
        "escapes of C": _each("\\x{:02x}"),
        "octal escapes": _each("\\{:03o}"),
        "escapes of JSON": _each("\\u{:04x}"),
        "percent": _each("%{:02X}"),
        "address": lambda text: urllib.parse.quote(text, safe="").encode(),
        "form": lambda text: urllib.parse.quote_plus(text).encode(),
        "entities": _each("&#{};"),
        "entities in hex": _each("&#x{:x};"),
        "HTML": lambda text: html.escape(text).encode(),
        "JSON": lambda text: json.dumps(text).strip('"').encode(),
        "quoted-printable": lambda text: quopri.encodestring(text.encode(), quotetabs=True),
        "reversed": lambda text: text[::-1].encode(),
        "rot13": lambda text: codecs.encode(text, "rot13").encode(),
        "letters spaced": _joined(" "),
        "letters listed": _joined(", ", "'{}'"),
        "letters, one a line": _joined("\n"),
        "words with underscores": lambda text: text.replace(" ", "_").encode(),
        "words with hyphens": lambda text: text.replace(" ", "-").encode(),
    }
)
"""Each finds the needle whatever stands before and behind it."""

GROUPED: Final[tuple[tuple[str, Callable[[bytes], bytes], int, int, bool], ...]] = (
    ("base64", base64.b64encode, 3, 4, True),
    ("base64 for addresses", base64.urlsafe_b64encode, 3, 4, True),
    ("base32", base64.b32encode, 5, 8, True),
    ("base85", base64.b85encode, 4, 5, False),
    ("ascii85", base64.a85encode, 4, 5, False),
)
