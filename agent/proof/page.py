"""The report as a page that a lawyer can read, in the order of the five requirements of Apple's Private Cloud Compute.

Pure.  It says what was done, what was found and what can't be promised; it adds nothing that the report does not hold
but the fixed wording of `agent.proof.wording`.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from agent.proof.checks import FULL, lacking_of
from agent.proof.faults import Trouble
from agent.proof.report import Place, Seen, not_whole, told_of
from agent.proof.wording import COUNTS, LOCKS, NEXT, OUTREACH, RESIDUALS, TRANSFERS
from agent.settings import VARIABLES
from policies.layers import Layer, unprotected

IN_MEMORY: Final = (
    Place.LINE_MEMORY, Place.KEEPER_MEMORY, Place.LAUNCHER_MEMORY, Place.EGRESS_MEMORY, Place.BUS_MEMORY, Place.SWAP,
    Place.SHARED_MEMORY, Place.CORES,
)  # fmt: skip
MOST_HITS: Final = 20


def page(body: Mapping[str, Any], public_key: str) -> str:
    """HTML without scripts, styles from elsewhere or anything to load.  body: as in the report."""
    parts = [
        *_first(body, public_key),
        *_stateless(body),
        *_enforced(body),
        "<h2>3. No privileged access</h2><p>There is no function to listen in, and none to read a call afterwards, as"
        " there is nothing to read. The process that hears patients takes no debugger from another user and leaves no"
        f" core dump. {_ended(body)} {_tried(body)} Whoever has the administrator's rights on the machine is outside of"
        " this: see “What this can't promise”.</p>",
        *_nobody_singled_out(body),
        *_transparent(body, public_key),
        "<h2>What this can't promise</h2>" + _list(RESIDUALS),
        "<h2>What you may ask next</h2><dl>"
        + "".join(f"<dt>{html.escape(ask)}</dt><dd>{html.escape(told)}</dd>" for ask, told in NEXT)
        + "</dl>",
        "<h2>Each call</h2>" + _calls("call", "fault", [(row, row["fault"]) for row in body["calls"]["rows"]]),
        "<h2>Each transfer to a nurse</h2>"
        + _calls("call", "what became of it", [(row, row["scene"]) for row in body["transfers"]]),
        "<h2>Each call to a patient</h2>"
        + _calls("call", "what became of it", [(row, row["scene"]) for row in body["outreach"]]),
    ]
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Proof of zero retention</title>'
        "<style>body{max-width:60em;margin:2em auto;font-family:serif;line-height:1.4}"
        "table{border-collapse:collapse}td,th{border:1px solid;padding:.2em .5em;text-align:left}"
        "dt{font-weight:bold;margin-top:.7em}code{overflow-wrap:anywhere}</style></head>"
    )
    return head + "<body>" + "\n".join(parts) + "</body></html>\n"


def _without(locks: Sequence[str]) -> str:
    """What the operator, or this machine, made the line go on without."""
    missing = [layer.value for layer in Layer if layer.value not in locks]
    bare = [kind.value for kind in unprotected({layer for layer in Layer if layer.value in locks})]
    if not missing:
        return "It went on without none of them."
    told = f" No lock of this process's protected: {_words(bare)}." if bare else ""
    return f"It went on without: {_words(_meant(missing))}.{told}"


def _meant(locks: Sequence[str]) -> list[str]:
    return [f"{name} ({LOCKS[Layer(name)]})" for name in locks]


def _first(body: Mapping[str, Any], public_key: str) -> Iterator[str]:
    rows, calls, pairs = body["places"], body["calls"], body["pairs"]
    found = [row for row in rows if row["seen"] == Seen.FOUND.value]
    unseen = [row for row in rows if row["seen"] == Seen.NOT_EXAMINED.value]
    lacking = not_whole(rows)
    verdict = "Something was found" if found or pairs["met"] else "Nothing was found in any place that was examined"
    yield (
        f"<h1>Proof of zero retention</h1><p><strong>{verdict}.</strong> {len(rows) - len(unseen)} places examined,"
        f" {len(lacking) - len(unseen)} of them in part, {len(unseen)} not examined. {calls['counted']} of"
        f" {calls['placed']} calls by invented patients count; {html.escape(COUNTS)}</p>"
    )
    if against := lacking_of(body, FULL):
        yield "<p>Held against what a full proof must show, this lacks:</p>" + _list(against)
    else:
        yield "<p>It has all that a full proof must show.</p>"
    if lacking:
        yield "<p>Not examined, or in part, which never means that nothing is there:</p>" + _list(lacking)
    yield f"<p>Nonce {_code(body['nonce'])}. Public key {_code(public_key)}: compare it with yours.</p>"


def _stateless(body: Mapping[str, Any]) -> Iterator[str]:
    memory = {place.value for place in IN_MEMORY}
    control = body["control"]
    yield "<h2>1. Stateless computation</h2><p>Where words and sound could have stayed in memory, 5 seconds after the"
    yield " last hang-up of each round of calls, and after each crash:</p>"
    yield _table([row for row in body["places"] if row["place"] in memory])
    yield (
        "<p>The same search, of the same process, while the calls lasted: her words were seen in"
        f" {_of(control['words'])} looks, her sound in {_of(control['sounds'])}. So it sees them where they are.</p>"
        "<p>Where they could have been written or sent:</p>"
    )
    yield _table([row for row in body["places"] if row["place"] not in memory])
    yield (
        "<p>Faults in calls that count. After each, all that the service can be asked for and all that it holds was"
        " searched; where it ended with the fault, all that it left:</p>" + _list(body["faults"])
    )
    transfers = body["transfers"]
    yield (
        f"<p>Transfers to a nurse that count: {sum(row['counted'] for row in transfers)} of {len(transfers)}."
        f" {html.escape(TRANSFERS)}</p>"
    )
    outreach, kept = body["outreach"], body["kept"]
    yield (
        f"<p>Calls to patients that count: {sum(row['counted'] for row in outreach)} of {len(outreach)}. Records that"
        f" were kept of them: {kept['records']}, of anybody else: {kept['others']}. {html.escape(OUTREACH)}</p>"
    )
    sinks = body["sinks"]
    yield "<p>Leaks that were planted on purpose, in sinks of each kind, and read as the real ones are:</p>"
    yield (
        "<table><tr><th>sink</th><th>planted</th><th>found</th><th></th></tr>"
        + "".join(f"<tr>{_cells(sink['sink'], sink['planted'], sink['found'], sink['why'])}</tr>" for sink in sinks)
        + "</table>"
    )


def _enforced(body: Mapping[str, Any]) -> Iterator[str]:
    acts, outside = body["acts"], [seen for seen in body["outside"] if seen]
    yield (
        f"<h2>2. Enforceable guarantees</h2><p>By its own account, the kernel refused {acts['tried']} kinds of"
        f" forbidden act to the process that hears patients, in its first thread and in others, before it heard"
        f" anybody; it starts only if each is refused. Locks that held it in every session:"
        f" {_words(_meant(body['locks']))}. {_without(body['locks'])}</p>"
    )
    for session, seen in zip(body["sessions"], body["outside"], strict=True):
        if not seen:
            continue
        yield (
            f"<p>Seen from outside ({html.escape(str(session))}):"
            f" {seen['held']} of {seen['threads']} threads can gain no rights and are"
            f" under a filter"
            f" of system calls; {seen['limits']} limits of 0 bytes (files, core dumps); {seen['writable']}"
            f" open files that"
            f" can be written; {seen['swapped_kb']} kB swapped.</p>"
        )
    if not outside:
        yield "<p>Seen from outside: not examined, for that needs root.</p>"
    written, network = body["written"], body["network"]
    if written is None:
        yield "<p>Files opened for writing: not watched, for that needs root.</p>"
    else:
        told = [f"{role}: {len(row['other'])}" for role, row in written["by"].items()]
        yield (
            f"<p>Files opened for writing, as the kernel told it ({written['mounts']} mounts), the keeper's"
            f" own state aside:"
            f" {_words(told)}. Not seen that way: memory without a file, which the filter forbids the line.</p>"
        )
    if network is None:
        why = next(row["why"] for row in body["places"] if row["place"] == Place.NETWORK.value)
        yield f"<p>Where the service was connected to: not watched; {html.escape(why)}.</p>"
    else:
        told = [f"{count} to {name}" for name, count in network["connections"].items()]
        yield (
            "<p>The service had a network of its own, whose way out ended in the proof's hands. Packets to"
            " other machines:"
            f" {network['outside']}; names asked for: {network['names']}; connections on this machine:"
            f" {_words(told)}.</p>"
        )


def _ended(body: Mapping[str, Any]) -> str:
    """How it was made to end in the middle of calls that count."""
    ends = [trouble.value for trouble in (Trouble.CRASHED, Trouble.KILLED) if trouble.value in body["faults"]]
    return f"What was left was searched after this: {_words(ends)}." if ends else ""


def _tried(body: Mapping[str, Any]) -> str:
    tried = sorted({act for seen in body["outside"] if seen for act in seen["tried"]})
    done = sorted({act for seen in body["outside"] if seen for act in seen["done"]})
    return f"Another user tried to: {_words(tried)}. Of this was possible: {_words(done)}." if tried else ""


def _nobody_singled_out(body: Mapping[str, Any]) -> Iterator[str]:
    pairs = body["pairs"]
    yield (
        "<h2>4. Non-targetability</h2><p>No setting is by patient. Each call is answered by the same process, with the"
        f" same locks. {pairs['searched']} pairs of callers were searched for one another,"
        f" {pairs['consecutive']} of whom"
        f" followed and {pairs['interleaved']} of whom overlapped each other on the line: what the one's"
        f" call sent to the"
        f" language model, and the agent's sound in it, for the other. They met {len(pairs['met'])} times.</p>"
    )


def _transparent(body: Mapping[str, Any], public_key: str) -> Iterator[str]:
    build, settings, machine = body["build"], body["settings"], body["machine"]
    yield (
        "<h2>5. Verifiable transparency</h2><p>This report is signed over all its bytes with the key"
        f" {_code(public_key)}, and made with your nonce. What was put under proof:</p><table>"
    )
    rows: dict[str, Any] = {
        "version": build["version"],
        "commit": build["commit"] or "no checkout",
        "SHA-256 of all code and of the pins of its packages": build["code"],
        "SHA-256 of what is deployed with it": build["deployed"],
        "SHA-256 of the settings": settings["sha256"],
        **{f"SHA-256 of the {name}": value for name, value in body["models"].items()},
        **build["packages"],
        "Python": build["python"],
        **{name: str(value) for name, value in machine.items()},
        "seconds that it took": body["seconds"],
    }
    yield from (f"<tr>{_cells(name, value)}</tr>" for name, value in rows.items())
    yield "</table>"
    given, differs = settings["given"], settings["differs"]
    yield "<p>Settings that it was given as they were set where the proof was started:</p>"
    yield _list(
        [f"{name}={value}" for name, value in sorted(given.items())] or ["none was set: all as the code has it"]
    )
    yield "<p>Settings in which the service under proof differs from the one that was set up there:</p>"
    yield _list([f"{name}: {VARIABLES.get(name, '')}" for name in differs])


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = (
        _cells(row["place"], told_of(row), f"{row['size']:,}", f"{row['forms']} of {row['planted']}", _why(row))
        for row in rows
    )
    return (
        "<table><tr><th>place</th><th>result</th><th>bytes searched</th><th>forms of a decoy found in a copy</th>"
        "<th></th></tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
    )


def _calls(first: str, last: str, rows: Sequence[tuple[Mapping[str, Any], str | None]]) -> str:
    lines = (
        _cells(
            row["number"],
            "counts" if row["counted"] else f"does not count: not {', '.join(row['lacks'])}",
            told or "",
        )
        for row, told in rows
    )
    return (
        f"<table><tr><th>{first}</th><th></th><th>{last}</th></tr>"
        + "".join(f"<tr>{line}</tr>" for line in lines)
        + "</table>"
    )


def _why(row: Mapping[str, Any]) -> str:
    return row["why"] or "; ".join(row["hits"][:MOST_HITS])


def _of(control: Mapping[str, Any]) -> str:
    return f"{len(control['found'])} of {len(control['looked'])}"


def _cells(*values: object) -> str:
    return "".join(f"<td>{html.escape(str(value))}</td>" for value in values)


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"


def _code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>"


def _words(words: Sequence[str]) -> str:
    return html.escape(", ".join(words)) or "none"
