"""The firewall, its written rules made of the file beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from policies.firewall import Firewall, SpokenRule, Weigh
from policies.rules.notation import BadNotation, Words, sought
from policies.rules.written import BadRules, check_keys

FILE: Final = "rules.toml"
KEYS: Final = frozenset("id owner source says unless must must_not".split())
NEEDED: Final = ("id", "owner", "source", "says", "must", "must_not")


def firewall(medicines: Mapping[str, str], weigh: Weigh) -> Firewall:
    """medicines: every name of one, in lower case -> the name it stands under.  Raises `BadRules`."""
    return Firewall(rules_of((resources.files("policies.spoken") / FILE).read_text("utf-8")), medicines, weigh)


def rules_of(text: str) -> tuple[SpokenRule, ...]:
    """From TOML: `[words]` for lists, `[about]` for what holds of all, `[[rule]]`.  Raises `BadRules`."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRules(f"{FILE}: {error}") from None
    found: list[SpokenRule] = []
    for given in content.get("rule", []):
        try:
            found.append(_rule({**content.get("about", {}), **given}, content.get("words", {})))
        except (BadNotation, BadRules) as error:
            raise BadRules(f"{FILE}: rule {given.get('id', '?')!r}: {error}") from None
    ids = [rule.id for rule in found]
    if not found or len(set(ids)) < len(ids):
        raise BadRules(f"{FILE}: it holds no rule, or two of one id")
    return tuple(found)


def _rule(given: Mapping[str, Any], words: Words) -> SpokenRule:
    check_keys(given, KEYS, NEEDED)
    return SpokenRule(
        given["id"],
        given["owner"],
        given["source"],
        sought(given["says"], words),
        sought(given["unless"], words) if "unless" in given else None,
        tuple(given["must"]),
        tuple(given["must_not"]),
    )
