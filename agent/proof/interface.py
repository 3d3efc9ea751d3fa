"""The keeper's own interface, read as an auditor and as an admin: every operation of its description that only tells.

What is to be read follows from the description alone, so that an operation of tomorrow is read too.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from agent.proof.stage import issued
from policies.acts import PersonRole

ROLES: Final = (PersonRole.AUDITOR, PersonRole.ADMIN)
"""Whoever may read something that another may not."""
DESCRIPTION: Final = "/v1/openapi.json"
WAIT_S: Final = 30.0
MOST_NAMED: Final = 30
"""Things that are asked for one by one, of each kind and in each reading: a token may ask 120 times at once."""
NAMED: Final[Mapping[str, frozenset[str]]] = {
    "name": frozenset({"name", "agent"}),
    "ref": frozenset({"ref", "reference", "thing"}),
}
"""A parameter of a path -> the keys under which the service lists what it may be."""
TIMES: Final = ("%Y-%m-%dT%H", "%Y-%m-%d")
"""As the interface writes hours and days."""
DAY_S: Final = 86_400
WORDS: Final = re.compile(r"\^?\(?(?:\?:)?([a-z_]+(?:\|[a-z_]+)*)\)?\$?")
"""A pattern that is a choice of words."""
GONE: Final = 0
READ: Final = frozenset({200, 404})
"""It told all, or that there is no such thing."""

Described = Mapping[str, Any]
Got = tuple[int, bytes, bytes]
"""Status, head and body."""


@dataclass(slots=True)
class Interface:
    """One that answers, and what it may be asked with."""

    port: int
    tokens: Mapping[str, str]
    """Role -> secret."""
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Path -> how often: what was asked for least is asked for first."""
    told: set[bytes] = field(default_factory=set)
    """Digests of what was answered before: the same answer is handed over once."""

    @classmethod
    def entered(cls, port: int, state: Path) -> Interface:
        """With a token for each role, issued as `quietline token` does it.  Raises `NoToken`."""
        return cls(port, {role.value: issued(state, role) for role in ROLES})

    def read(self, words: str) -> tuple[bytes, list[str]]:
        """All that was not answered so before, and the operations of which nobody was told.

        words: what a canary writes meanwhile.
        """
        pieces: list[bytes] = []
        listed: dict[str, dict[str, None]] = defaultdict(dict)
        statuses: dict[str, set[int]] = defaultdict(set)

        def ask(path: str, token: str, operation: str, written: str = "") -> Got:
            got = _got(self.port, path, token, written)
            digest = hashlib.sha256(got[2]).digest()
            pieces.extend([] if digest in self.told else [b"%d %b\n%b" % got])
            self.told.add(digest)
            if not written:
                statuses[operation].add(got[0])
                for key, value in _texts(got[2]):
                    listed[key][value] = None
            return got

        described = {role: _paths(ask(DESCRIPTION, token, DESCRIPTION)[2]) for role, token in self.tokens.items()}
        for named in (False, True):  # what is listed is known when it is asked for
            for role, token in self.tokens.items():
                for path, operation in described[role].items():
                    if ("{" in path) is named:
                        for each in self._each(path, operation, listed):
                            ask(each, token, path)
                        ask(_filled(path, quote(words, safe="")), token, path, words)
        ask(DESCRIPTION, words, "", words)
        unread = [path for path, seen in statuses.items() if not seen & READ]
        if not any(described.values()):
            unread.append("the description")
        return b"\n".join(pieces), sorted(unread)

    def _each(self, path: str, operation: Described, listed: Mapping[str, Iterable[str]]) -> Iterator[str]:
        """The path with each query that it may have; for each thing, where it is of one."""
        names = re.findall(r"{(\w+)}", path)
        if not names:
            yield from (path + query for query in _queries(operation))
            return
        shape = {each["name"]: each["schema"].get("pattern", "") for each in operation.get("parameters", [])}
        keys = NAMED.get(names[0], frozenset({names[0]}))
        values = [value for key in keys for value in listed.get(key, ()) if re.fullmatch(shape[names[0]], value)]
        paths = [_filled(path, quote(value, safe="")) for value in dict.fromkeys(values)]
        for each in sorted(paths, key=lambda each: self.asked[each])[:MOST_NAMED]:
            self.asked[each] += 1
            yield each


def _got(port: int, path: str, token: str, words: str) -> Got:
    """One answer; of status `GONE` where there was none.  words: written into a header and the query."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    headers = {"Authorization": f"Bearer {token}"} | ({"User-Agent": words, "X-Name": words} if words else {})
    try:
        connection.request("GET", f"{path}?{urlencode({'name': words})}" if words else path, headers=headers)
        answer = connection.getresponse()
        return answer.status, str(answer.headers).encode(), answer.read()
    except (OSError, http.client.HTTPException):
        return GONE, b"", b""
    finally:
        connection.close()


def _paths(description: bytes) -> dict[str, Described]:
    """Each path that is read -> its operation; none where this is no description."""
    try:
        paths = json.loads(description)["paths"]
        return {path: verbs["get"] for path, verbs in paths.items() if "get" in verbs}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _filled(path: str, value: str) -> str:
    return re.sub(r"{\w+}", lambda _: value, path)


def _queries(operation: Described) -> Iterator[str]:
    """What must be said, a whole day of it and as much as may be; and each word of a choice."""
    given, choices = {}, {}
    for each in operation.get("parameters", []):
        if each["in"] == "query":
            name, schema = each["name"], each["schema"]
            pattern = schema.get("pattern", "")
            words = WORDS.fullmatch(pattern)
            if "maximum" in schema and name == "most":
                given[name] = str(schema["maximum"])
            elif words:
                choices[name] = words[1].split("|")
            elif each.get("required"):
                now_s = time.time() - (DAY_S if name == "from" else 0)
                spelled = (time.strftime(each_time, time.gmtime(now_s)) for each_time in TIMES)
                given[name] = next((text for text in spelled if re.fullmatch(pattern, text)), "")
    told = [{**given, name: word} for name, words_of in choices.items() for word in words_of] or [given]
    yield from (f"?{urlencode(each)}" if each else "" for each in told)


def _texts(body: bytes) -> Iterator[tuple[str, str]]:
    """(key, text) of everything in an answer, also of one that is line by line."""
    for document in (body, *body.splitlines()):
        try:
            waiting = [json.loads(document)]
        except (ValueError, RecursionError):
            continue
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                waiting += value.values()
                yield from ((key, text) for key, text in value.items() if isinstance(text, str))
            elif isinstance(value, list):
                waiting += value
        if document is body:
            return
