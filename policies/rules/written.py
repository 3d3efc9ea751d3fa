"""The written rules, made of the files beside this one.  Raises `BadRules` for a file that can't be used.

A file names its rules' owner and source once, under `[about]`; a rule may give its own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from typing import Any, Final

from policies.context import Context, Meant
from policies.readings import UNITS, Bound, Bounds, Compare, Measure
from policies.redflags import ACTIONS, Action, RedFlags, Rule
from policies.rules.notation import BadNotation, Words, sought
from policies.urgency import Urgency

QUIET: Final = frozenset(Meant) - {Meant.PRESENT}
"""What keeps a rule from firing, unless it names other ways in which a sign may be meant."""
KEYS: Final = frozenset("id sign urgency action owner source says names needs unless quiet must must_not".split())
BOUND_KEYS: Final = frozenset("id measure unit compare bound urgency owner source must must_not".split())
NEEDED: Final = ("id", "sign", "urgency", "owner", "source", "must", "must_not")


class BadRules(ValueError):
    """A file of rules that can't be used; its text names the file, the rule and what is wrong."""


def red_flags() -> RedFlags:
    """All rules of `policies/rules`.  A tenth of a second."""
    folder = resources.files("policies.rules")
    files = {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".toml")}
    return of(files)


def of(files: Mapping[str, str]) -> RedFlags:
    """files: name -> TOML; `words.toml` and `context.toml` too, and maybe `numbers.toml`.  Raises `BadRules`."""
    read: dict[str, dict[str, Any]] = {}
    for name, text in files.items():
        try:
            read[name] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadRules(f"{name}: {error}") from None
    words, lists = read.pop("words.toml", None), read.pop("context.toml", None)
    numbers = read.pop("numbers.toml", None)
    if words is None or lists is None:
        raise BadRules("words.toml and context.toml are needed beside the rules")
    try:
        context = Context.of(lists, words)
    except BadNotation as error:
        raise BadRules(f"context.toml: {error}") from None
    rules = [rule for name in sorted(read) for rule in _rules(name, read[name], words)]
    ids = [rule.id for rule in rules]
    for twice in {one for one in ids if ids.count(one) > 1}:
        raise BadRules(f"two rules are called {twice!r}")
    bounds = None if numbers is None else _bounds(numbers, words)
    return RedFlags(tuple(sorted(rules, key=lambda rule: -rule.urgency)), context, bounds)


def _rules(name: str, file: Mapping[str, Any], words: Words) -> Sequence[Rule]:
    about, found = file.get("about", {}), []
    for given in file.get("rule", []):
        try:
            found.append(_rule({**about, **given}, words))
        except (BadNotation, BadRules) as error:
            raise BadRules(f"{name}: rule {given.get('id', '?')!r}: {error}") from None
    if not found:
        raise BadRules(f"{name}: it holds no rule")
    return found


def _rule(given: Mapping[str, Any], words: Words) -> Rule:
    check_keys(given, KEYS, NEEDED)
    if not ("says" in given or "names" in given):
        raise BadRules("says or names is needed: how the sign is put into words")
    urgency = _named(Urgency, given["urgency"])
    if urgency is Urgency.ROUTINE:
        raise BadRules("a rule of no urgency does nothing")
    action = ACTIONS[urgency] if "action" not in given else Action(given["action"])
    quiet = frozenset(Meant(one) for one in given["quiet"]) if "quiet" in given else QUIET
    return Rule(
        given["id"],
        given["sign"],
        urgency,
        action,
        given["owner"],
        given["source"],
        _ways(given, "says", words),
        _ways(given, "names", words),
        tuple(sought(need, words) for need in given.get("needs", [])),
        _ways(given, "unless", words),
        quiet,
        tuple(given["must"]),
        tuple(given["must_not"]),
    )


def _ways(given: Mapping[str, Any], key: str, words: Words) -> re.Pattern[str] | None:
    return sought(given[key], words) if key in given else None


def check_keys(given: Mapping[str, Any], known: Collection[str], needed: Collection[str]) -> None:
    """Raises `BadRules` that names each key which is not known, and each needed one that is absent or empty."""
    unknown, absent = sorted(set(given) - set(known)), [name for name in needed if not given.get(name)]
    if unknown or absent:
        raise BadRules(f"not known: {', '.join(unknown) or 'nothing'}; not given: {', '.join(absent) or 'nothing'}")


def _named(kind: type[Urgency], name: str) -> Urgency:
    try:
        return kind[name.upper()]
    except KeyError:
        raise BadRules(f"urgency is one of {', '.join(one.name.lower() for one in kind)}") from None


def _bounds(file: Mapping[str, Any], words: Words) -> Bounds:
    quiet, about, found = file.get("quiet", {}), file.get("about", {}), []
    for given in file.get("bound", []):
        try:
            found.append(_bound({**about, **given}))
        except (BadRules, ValueError, TypeError) as error:
            raise BadRules(f"numbers.toml: bound {given.get('id', '?')!r}: {error}") from None
    if len({bound.id for bound in found}) < len(found) or not found:
        raise BadRules("numbers.toml: it needs bounds, each with an id of its own")
    lists = ("goal", "denied", "earlier", "latest")
    if set(quiet) != set(lists):
        raise BadRules(f"numbers.toml: the lists under [quiet] are {', '.join(lists)}")
    try:
        goal, denied, earlier, latest = (sought(quiet[name], words) for name in lists)
    except BadNotation as error:
        raise BadRules(f"numbers.toml: {error}") from None
    return Bounds(tuple(found), goal, earlier, denied, latest)


def _bound(given: Mapping[str, Any]) -> Bound:
    wrong = sorted(set(given) ^ BOUND_KEYS)
    if wrong:
        raise BadRules(f"not known or not given: {', '.join(wrong)}")
    measure, urgency = Measure(given["measure"]), _named(Urgency, given["urgency"])
    if given["unit"] != UNITS.get(measure) or urgency is Urgency.ROUTINE:
        raise BadRules("unit must be that of the measure, and the urgency above routine")
    return Bound(
        given["id"],
        measure,
        given["unit"],
        Compare(given["compare"]),
        float(given["bound"]),
        urgency,
        given["owner"],
        given["source"],
        tuple(given["must"]),
        tuple(given["must_not"]),
    )
