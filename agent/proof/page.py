"""The report as a page that a lawyer can read, in the order of the five requirements of Apple's Private Cloud Compute.

Pure.  It says what was done, what was found and what can't be promised; it adds nothing that the report does not hold.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agent.proof.report import Place, Seen
from policies.layers import Layer, unprotected

IN_MEMORY: Final = (Place.LINE_MEMORY, Place.KEEPER_MEMORY, Place.BUS_MEMORY, Place.SWAP, Place.SHARED_MEMORY)
RESIDUALS: Final = (
    "Whoever has the rights of the machine's administrator, or runs the machine under it, can read the memory of a call"
    " while it lasts. This report shows what is there 5 seconds after it, and that nothing reaches a disk.",
    "The telephone carrier keeps its own record that a call took place: the numbers, the time, the length. What it is"
    " told by us holds none of what was said; that it records no sound is in its contract and its settings.",
    "Where a hosted language model is used, its provider hears the caller's words. What it keeps is in its contract,"
    " not in this report: the canary was sought everywhere but there.",
    "A search finds what it knows to look for: each needle in the forms that were planted and found, in the places that"
    " are listed. It can't prove that no other form exists.",
    "The caller's telephone, the nurse's, and whoever stands beside them.",
)
NEXT: Final = (
    ("Who wrote the search, and could it be blind?", "In each place every form of a decoy was planted first; the table"
     " says how many were found there. A place where one was missed makes the report void."),
    ("Is this report about my installation, or a laboratory's?", "It was made by the installation itself, with the"
     " nonce that you gave it; run it again when you like, with a new one."),
    ("Could the report have been altered?", "It is signed. The key is not in the report: compare it with the one that"
     " you were given on another way. `quietline verify` refuses it with any byte changed."),
    ("What was not examined?", "Each such place is listed with its reason. Not examined never means that nothing is"
     " there."),
    ("How sure is nothing, after so many calls?", "If none of n calls leaked, the rate of leaks is below 3 in n with 95"
     " in 100 certainty, for leaks that come about by chance. A leak that always happens is found by the first call."),
)  # fmt: skip


def page(body: Mapping[str, Any], public_key: str) -> str:
    """HTML without scripts, styles from elsewhere or anything to load.  body: as in the report."""
    rows: Sequence[Mapping[str, Any]] = body["places"]
    calls, acts, locks = body["calls"], body["acts"], body.get("locks", [])
    found = [row for row in rows if row["seen"] == Seen.FOUND.value]
    unseen = [row for row in rows if row["seen"] == Seen.NOT_EXAMINED.value]
    memory = {place.value for place in IN_MEMORY}
    verdict = "Something was found" if found else "Nothing was found in any place that was examined"
    parts = [
        f"<h1>Proof of zero retention</h1><p><strong>{verdict}.</strong> {len(rows) - len(unseen)} places examined,"
        f" {len(unseen)} not examined; {calls['counted']} of {calls['placed']} canary calls count: the line recognised"
        " the canary's words, they reached the model's side, and they were found again in the agent's own sound.</p>"
        f"<p>Nonce {_code(body['nonce'])}, public key {_code(public_key)}.</p>",
        "<h2>1. Stateless computation</h2><p>Where words could have stayed in memory after the call.</p>",
        _table([row for row in rows if row["place"] in memory]),
        "<p>Where words could have been written or sent.</p>",
        _table([row for row in rows if row["place"] not in memory]),
        "<h2>2. Enforceable guarantees</h2>"
        f"<p>The kernel refused {acts['tried'] - len(acts['done'])} of {acts['tried']} kinds of forbidden act to the"
        " process that hears patients, in its first thread and in others, before it heard anybody. Locks that held it:"
        f" {_words(locks)}. {_without(locks)}</p>",
        "<h2>3. No privileged access</h2><p>The process takes no debugger and leaves no core dump. There is no function"
        " to listen in, and none to read a call afterwards, as there is nothing to read.</p>",
        "<h2>4. Non-targetability</h2><p>No setting is by patient. Each call is answered by the same process, with the"
        " same locks.</p>",
        "<h2>5. Verifiable transparency</h2><p>This report is signed over all its bytes, and made with your nonce.</p>",
        "<h2>What this can't promise</h2><ul>"
        + "".join(f"<li>{html.escape(each)}</li>" for each in RESIDUALS)
        + "</ul>",
        "<h2>What you may ask next</h2><dl>"
        + "".join(f"<dt>{html.escape(ask)}</dt><dd>{html.escape(told)}</dd>" for ask, told in NEXT)
        + "</dl>",
        f"<h2>The machine</h2><p>{_words([f'{name} {value}' for name, value in body.get('machine', {}).items()])}</p>",
    ]
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Proof of zero retention</title></head>'
    return head + "<body>" + "\n".join(parts) + "</body></html>\n"


def _without(locks: Sequence[str]) -> str:
    """What the operator, or this machine, made the line go on without."""
    missing = [layer.value for layer in Layer if layer.value not in locks]
    bare = [kind.value for kind in unprotected({layer for layer in Layer if layer.value in locks})]
    if not missing:
        return "It went on without none of them."
    told = f" No lock of this process's protected: {_words(bare)}." if bare else ""
    return f"It went on without: {_words(missing)}.{told}"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = "".join(
        f"<tr><td>{html.escape(row['place'])}</td><td>{html.escape(row['seen'])}</td><td>{row['size']:,}</td>"
        f"<td>{row['forms']} of {row['planted']}</td><td>{html.escape(_why(row))}</td></tr>"
        for row in rows
    )
    return (
        "<table border='1'><tr><th>place</th><th>result</th><th>bytes searched</th><th>planted forms found</th>"
        f"<th></th></tr>{cells}</table>"
    )


def _why(row: Mapping[str, Any]) -> str:
    return row["why"] or "; ".join(row["hits"][:20])


def _code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>"


def _words(words: Sequence[str]) -> str:
    return html.escape(", ".join(words)) or "none"
