"""What a report must say of the line's locks, of the ways out, and of what was put under proof.  Pure.

As `agent.proof.checks`: nothing that can be counted again is believed.  Each function raises `KeyError`, `TypeError`,
`ValueError` or `AttributeError` for what is not as this version writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from agent.proof.counting import count, exact, is_hash, once, words
from agent.proof.outside import NO_BYTES, Outside
from agent.proof.parts import ACTS_OF_ANOTHER_USER, ANOTHER, BUILD, MACHINE, MODELS, PACKAGES, settings_hash
from agent.proof.report import Place, Seen
from agent.settings import SECRETS, VARIABLES
from policies.layers import GIVEN_BY, Layer, Protection, unprotected

LEAST_ACTS: Final = 40
SEEN: Final = frozenset(Outside(0, 0, 0, 0, 0, (), ()).to_json())
WATCHED: Final = frozenset({"the line", "the keeper", "the launcher", "Redis"})
"""Processes whose files are told, each by itself."""
REACHED: Final = frozenset({"the line", "the keeper", "Redis", "the provider"})
"""Ports that are connected to in every run."""
CARRIER: Final = "the carrier"
"""Its REST is asked where a nurse can be rung."""
CONTACTS: Final = "the contacts"
"""The hospital's are asked where patients are called."""
WAY_OUT: Final = "the way out"
"""Its process is there where a hosted model is reached through it."""


def locks(body: Mapping[str, Any], *, without_root: bool) -> Iterator[str]:
    held = [Layer(name) for name in body["locks"]]
    named = gone_without(body)
    if not once(body["locks"]) or set(Layer) - {Layer.HOSTS, Layer.PORTS} - named - set(held):
        yield "locks: one of the kernel's did not hold the line"
    elif Protection.NETWORK in unprotected(set(held)) and Layer.PORTS not in named:
        yield "locks: no lock of the line's held the network, and the operator named none to go on without"
    if count(exact(body["acts"], {"tried"})["tried"]) < LEAST_ACTS:
        yield "acts: too few forbidden ones were tried, and refused"
    if not body["outside"] or len(body["outside"]) != len(body["sessions"]):
        yield "locks: nobody looked at the line from outside, in each session once"
    for seen in body["outside"]:
        if seen is None and without_root:
            continue  # the line's own user may not look at it either
        yield from _from_outside(exact(seen, SEEN), by_root=not without_root or body["machine"]["root"] is True)


def _from_outside(seen: Mapping[str, Any], *, by_root: bool) -> Iterator[str]:
    if not 1 <= count(seen["held"]) == count(seen["threads"]) or count(seen["limits"]) != len(NO_BYTES):
        yield "locks: seen from outside, a thread or a limit of the line is not held"
    if (count(seen["writable"]), count(seen["swapped_kb"]), seen["done"]) != (0, 0, []):
        yield "locks: seen from outside, the line may write, was swapped, or may be touched by another user"
    if not once(seen["tried"]) or (by_root and set(seen["tried"]) != set(ACTS_OF_ANOTHER_USER)):
        yield "locks: not everything was tried on the line that another user could"


def gone_without(body: Mapping[str, Any]) -> set[Layer]:
    """Locks that the operator's settings name to go on without; never the one against dumps."""
    given = body["settings"]["given"]
    layers = {Layer(name) for name in _some(given.get("QUIETLINE_WITHOUT", ""))}
    for name in _some(given.get("QUIETLINE_UNPROTECTED", "")):
        layers |= GIVEN_BY[Protection(name)]
    return layers - {Layer.DUMPS}


def _some(value: str) -> set[str]:
    return {each.strip() for each in value.split(",")} - {""}


def ways_out(body: Mapping[str, Any], *, without_root: bool) -> Iterator[str]:
    written, network = body["written"], body["network"]
    unseen = {row["place"] for row in body["places"] if row["seen"] == Seen.NOT_EXAMINED.value}
    way_out = set() if Place.EGRESS_MEMORY.value in unseen else {WAY_OUT}
    if written is None and not without_root:
        yield "files opened for writing: not watched"
    if written is not None:
        roles = exact(written, {"whole", "mounts", "by"})["by"]
        named = WATCHED | way_out
        if written["whole"] is not True or count(written["mounts"]) < 1 or roles.keys() - {ANOTHER} != named:
            yield "files opened for writing: a process was not watched, or not all of the time"
        for role, row in roles.items():
            if exact(row, {"own", "other"})["other"] != [] or count(row["own"]) < 0:
                yield f"files opened for writing: by {role}"
    if network is None and (not without_root or Place.NETWORK.value not in unseen):
        yield "network: not watched, and that may not be or is not said so"
    if network is None:
        return
    exact(network, {"outside", "names", "elsewhere", "connections"})
    if (count(network["outside"]), count(network["names"]), network["elsewhere"]) != (0, 0, []):
        yield "network: something went to a place that is not on the list, or a name was asked for"
    connections = network["connections"]
    rung = {CARRIER} if body["transfers"] or body["outreach"] else set()
    rung |= {CONTACTS} if body["outreach"] else set()
    if connections.keys() - {WAY_OUT} != REACHED | rung or min(map(count, connections.values())) < 1:
        yield "network: the connections of a run were not seen, or others were"


def about(body: Mapping[str, Any]) -> Iterator[str]:
    build, machine = exact(body["build"], BUILD), exact(body["machine"], MACHINE)
    settings = exact(body["settings"], {"sha256", "given", "differs"})
    packages, models = exact(build["packages"], set(PACKAGES)), body["models"]
    told = [build["version"], build["python"], *packages.values(), machine["kernel"], machine["machine"]]
    hashes = [build["code"], build["deployed"], settings["sha256"], *models.values()]
    texts = isinstance(build["commit"], str) and isinstance(machine["core_pattern"], str)
    flags = isinstance(machine["root"], bool) and isinstance(machine["init_on_free"], bool)
    if not words(told) or not all(map(is_hash, hashes)) or not texts or not flags:
        yield "about: the report does not say what was put under proof"
    if sorted(name.partition(" ")[0] for name in models) != list(MODELS):
        yield "about: a model that the line loads is missing"
    given, differs = settings["given"], settings["differs"]
    if (
        not words([*given, *given.values()])
        or not given.keys() <= VARIABLES.keys() - set(SECRETS)
        or not once(differs)
        or not set(differs) <= VARIABLES.keys() - given.keys()
        or settings["sha256"] != settings_hash(given, differs)
    ):
        yield "about: the settings are not those that their hash stands for"
