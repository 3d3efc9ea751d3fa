"""Prove that nothing is kept, and check such a proof.

    quietline prove [--nonce HEX] [--calls N] [--lanes N] [--out FOLDER] [--key FILE]
    quietline verify REPORT --key FILE.pub --nonce HEX [--quick] [--without-root] [--code HASH]
                            [--page FILE] [--write-page FILE]

The nonce is the officer's: without it the report could be an old one.  The key is made where there is none, mode 0600;
its public half, beside it, is what the officer is given, once and on another way than the reports.  The report is
signed and the page is not: it follows from the report, and `verify` compares it, or writes it anew.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from agent import settings, surroundings
from agent.keeper.builds import code_hash
from agent.keeper.database import StateFailed
from agent.keeper.keys import public_key, signing_key
from agent.proof.canary import NONCE_BYTES
from agent.proof.checks import FULL, QUICK, Bars, objections
from agent.proof.held import gone_without
from agent.proof.page import page
from agent.proof.report import Seen, body_of, not_whole, signed, told_of, unexamined
from agent.settings import ROOT

CALLS: Final = 3  # of a quick proof
QUIET: Final = ("ORT_DISABLE_TELEMETRY", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")
"""The proof's own voice and ear use the same libraries as the line: its network saw one of them ask for a name."""
EXIT_OBJECTED: Final = 1
EXIT_WITHOUT_ROOT: Final = 3
"""Nothing was found, and not everywhere was looked: no proof to go live on."""
EXIT_CHANGED: Final = 75  # EX_TEMPFAIL of sysexits.h: prove again
EXIT_SETTINGS: Final = 78  # EX_CONFIG


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="quietline", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    prove = verbs.add_parser("prove", help="place canary calls and search everywhere for what was said")
    prove.add_argument("--nonce", type=nonce_of, default=secrets.token_bytes(NONCE_BYTES), metavar="HEX")
    prove.add_argument("--calls", type=int, default=CALLS)
    prove.add_argument("--lanes", type=int, default=2, help="calls at once")
    prove.add_argument("--out", type=Path, default=ROOT / ".quietline" / "proofs")
    prove.add_argument("--key", type=Path, default=ROOT / ".quietline" / "proof.key")
    verify = verbs.add_parser("verify", help="check a report with the key and the nonce that you know")
    verify.add_argument("report", type=Path)
    verify.add_argument("--key", type=Path, required=True, metavar="FILE.pub")
    verify.add_argument("--nonce", type=nonce_of, required=True, metavar="HEX")
    verify.add_argument("--quick", action="store_true", help="a quick proof's few calls and faults are enough")
    verify.add_argument("--without-root", action="store_true", help="what only root may look at may be unseen")
    verify.add_argument("--code", metavar="HASH", help="the SHA-256 of the code that it must be about")
    verify.add_argument("--page", type=Path, metavar="FILE", help="a page that must be the one of this report")
    verify.add_argument("--write-page", type=Path, metavar="FILE", help="write the page of this report there")
    asked = parser.parse_args(arguments)
    if asked.verb == "verify":
        bars = dataclasses.replace(QUICK if asked.quick else FULL, without_root=asked.without_root)
        return _verify(asked, bars)
    if asked.calls < 1:
        parser.error("--calls: at least one")
    return _prove(asked.nonce, asked.calls, asked.lanes, asked.out, asked.key)


def nonce_of(text: str) -> bytes:
    """Raises `ValueError` for anything but 64 hexadecimal digits."""
    nonce = bytes.fromhex(text)
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 64 hexadecimal digits")
    return nonce


def _prove(nonce: bytes, calls: int, lanes: int, out: Path, key: Path) -> int:
    from agent.proof import network

    os.environ.update({name: surroundings.FIXED[name] for name in QUIET})  # before a library is imported
    ours = network.enclosed()  # before there is another thread
    from agent.engines.models import ModelFileWrong  # what these import, too, may be imported only now
    from agent.proof.about import CodeChanged
    from agent.proof.given import given
    from agent.proof.run import proven  # loads models

    body, refused = None, ""
    try:
        chosen = given(settings.with_credentials(os.environ))
        body = asyncio.run(proven(nonce, calls, lanes, chosen, ours, _tell))
    except (settings.SettingsRefused, ModelFileWrong) as refusal:
        refused, status = str(refusal), EXIT_SETTINGS
    except CodeChanged as changed:
        refused, status = str(changed), EXIT_CHANGED
    if body is None:
        _tell(f"quietline: {refused}")
        return status
    key.parent.mkdir(parents=True, exist_ok=True)
    signer = signing_key(key.parent, make=True, name=key.name, public=f"{key.name}.pub")
    report = signed(body, signer)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"proof-{nonce.hex()[:12]}-{int(time.time()) // 3600}.json"
    path.write_bytes(report)
    public = signer.public_key().public_bytes_raw()
    path.with_suffix(".html").write_bytes(page(body_of(report), public.hex()).encode())
    for row in body["places"]:
        searched = row["seen"] != Seen.NOT_EXAMINED.value
        told = f"{row['forms']} of {row['planted']} planted forms found" if searched else row["why"]
        _tell(f"  {row['place']:<45} {told_of(row):<14} {told}")
    for sentence in summary(body):
        _tell(sentence)
    for place in not_whole(body["places"]):
        _tell(f"not examined: {place}")
    unseen = body["machine"]["root"] is not True
    bars = dataclasses.replace(FULL if calls >= FULL.calls else QUICK, without_root=unseen)
    found = objections(report, public, nonce.hex(), bars)
    for objection in found:
        _tell(f"NOT PROVEN: {objection}")
    _tell(
        f"the report: {path}; check it with:\n  quietline verify {path} --key {key}.pub --nonce {nonce.hex()}"
        + ("" if bars.calls == FULL.calls else " --quick")
        + (" --without-root" if unseen else "")
    )
    return EXIT_OBJECTED if found else EXIT_WITHOUT_ROOT if unseen else 0


def summary(body: Mapping[str, Any]) -> Iterator[str]:
    """The numbers of a report, a line each."""
    calls, pairs, sinks, network = body["calls"], body["pairs"], body["sinks"], body["network"]
    yield f"calls that count: {calls['counted']} of {calls['placed']}, in {body['seconds']} s"
    yield f"faults in calls that count: {len(body['faults'])}"
    transfers = body["transfers"]
    yield f"transfers to a nurse that count: {sum(row['counted'] for row in transfers)} of {len(transfers)}"
    outreach, kept = body["outreach"], body["kept"]
    yield (
        f"calls to patients that count: {sum(row['counted'] for row in outreach)} of {len(outreach)};"
        f" records kept of them: {kept['records']}, of anybody else: {kept['others']}"
    )
    yield f"hits: {sum(len(row['hits']) for row in body['places'])}"
    yield (
        f"callers who met: {len(pairs['met'])} of {pairs['searched']} pairs; {pairs['consecutive']} followed and"
        f" {pairs['interleaved']} overlapped each other"
    )
    planted, found = sum(sink["planted"] for sink in sinks), sum(sink["found"] for sink in sinks)
    yield f"planted leaks found: {found} of {planted}, in {sum(sink['planted'] > 0 for sink in sinks)} sinks"
    control = body["control"]
    for what in ("words", "sounds"):
        seen = control[what]
        looks = f"{len(seen['found'])} of {len(seen['looked'])} looks"
        yield f"her {what} seen in the line's memory during the call: {looks}"
    done = sum(len(seen["done"]) for seen in body["outside"] if seen)
    yield f"kinds of forbidden act that the line tried and was refused: {body['acts']['tried']}"
    yield f"acts that another user could do to the line: {done}"
    if body["written"] is not None:
        roles = body["written"]["by"].values()
        yield f"files opened for writing, the keeper's own state aside: {sum(len(row['other']) for row in roles)}"
    if network is not None:
        yield f"packets to other machines: {network['outside']}, names asked for: {network['names']}"


def _verify(asked: argparse.Namespace, bars: Bars) -> int:
    try:
        read, public = asked.report.read_bytes(), public_key(asked.key).public_bytes_raw()
        beside = None if asked.page is None else asked.page.read_bytes()
    except (OSError, StateFailed):
        _tell("quietline: name a report, the file of a public key, and a page if any, that can be read")
        return EXIT_OBJECTED
    found = objections(read, public, asked.nonce.hex(), bars, asked.code)
    body = {} if found else body_of(read)
    told = b"" if found else page(body, public.hex()).encode()
    if not found and beside is not None and beside != told:
        found = ["the page is not the one of this report, as this version writes it"]
    for objection in found:
        _tell(f"refused: {objection}")
    if found:
        return EXIT_OBJECTED
    if asked.write_page is not None:
        asked.write_page.write_bytes(told)
    _tell("the report holds: it is of this key, for this nonce, and nothing was found in any place it examined")
    for sentence in subject(body, code_hash(ROOT)):
        _tell(sentence)
    for place in unexamined(read):
        _tell(f"not examined: {place}")
    return 0


def subject(body: Mapping[str, Any], here: str) -> Iterator[str]:
    """What a report is about, a line each.  here: the hash of the code that checks it."""
    code = body["build"]["code"]
    yield f"code: {code}, {'the same as' if code == here else 'another than'} the code that checks it"
    yield f"deployed with it: {body['build']['deployed']}"
    yield f"settings: {body['settings']['sha256']}"
    yield from (f"{name}: {value}" for name, value in sorted(body["models"].items()))
    if gone := sorted(layer.value for layer in gone_without(body) if layer.value not in body["locks"]):
        yield f"gone without, as its settings name: {', '.join(gone)}"
    if body["written"] is None:
        yield "not examined: files opened for writing"
    if None in body["outside"]:
        yield "not examined: the line's locks, seen from outside"


def _tell(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
