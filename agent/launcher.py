"""`quietline serve`, `preflight`, `call`, `selftest`, `prove`, `pin`, and what the keeper is asked at a terminal.

The only one that starts processes.

Redis, then the keeper, then the line, whose standard output is the keeper's standard input.  The keeper repeats on its
own output the events that passed its schema; from those the launcher learns that the line is ready and draws the live
view.  What the line writes to standard error is shown only if it never became ready: until then it has heard nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from agent import (
    briefing,
    bus_check,
    embedded_redis,
    lines,
    on_call_file,
    pin_at_terminal,
    preflight,
    settings,
    surroundings,
    vendors,
    way_out,
)
from agent.briefing import Briefing
from agent.build import more_of
from agent.lines import Agent
from agent.processes import Died, Service
from agent.reach import outside, rings
from agent.settings import Settings
from agent.users import User, users_of
from agent.viewer import Viewer
from policies.events import CallEvent, encode
from policies.listing import ListRefused
from policies.phi import PHI
from policies.refs import KEY_BYTES

EXIT_SETTINGS: Final = 78  # EX_CONFIG of sysexits.h
EXIT_DIED: Final = 70  # EX_SOFTWARE
EXIT_FAILED: Final = 1  # of the self-test
PASSED_ON: Final = ("audit", "incident", "token")
"""What the keeper is asked in its own words."""
ASKS_THE_KEEPER: Final = (*PASSED_ON, "vendors")
LINE: Final = (sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent")
TWIN: Final = (sys.executable, *surroundings.PYTHON_FLAGS, "-m", "telephony.twin")
NIGHT: Final = (*TWIN[:-1], "telephony.twin.night")
NOT_FOR_THE_LINE: Final = frozenset({"KEEPER_REDIS_URL", "QUIETLINE_SEAL_KEY"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    verb: str
    say: Path | None = None
    save: Path | None = None
    script: Path | None = None
    sip: int | None = None
    """The port that the patient's softphone calls; None: she is a recording."""
    nurse_at: str | None = None
    """The address of the nurse's softphone; None: she is a recording."""
    more: tuple[str, ...] = ()
    """For those of `PASSED_ON`: what the keeper is asked, in its own words."""


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["prove"], ["verify"]):
        return _prove_or_verify(given)
    if given == ["selftest"]:
        return _self_test()
    if given[:1] == ["pin"]:
        return pin_at_terminal.main(given[1:])
    if given[:1] == ["patients"]:
        return _patients(given[1:])
    if given[:1] == ["contacts"]:
        return _contacts(given[1:])
    asked = _asked(given)
    sentence = ""
    try:
        environment = settings.with_credentials(os.environ)
        surroundings.refuse_telltale(environment)
        if asked.verb == "call":
            environment = for_a_call(environment)
            if asked.say is None and asked.script is None:
                environment = for_a_night(environment)
        chosen = settings.from_environment(environment)
        if asked.verb in ASKS_THE_KEEPER:
            return asyncio.run(_ask_the_keeper(chosen, environment, asked))
        lines.load(chosen.agents)
        vendors.load(chosen.allowlist)
        check_state(chosen.state, users_of(chosen).keeper)
        if asked.verb == "preflight":
            return asyncio.run(_preflight(chosen, environment))
        return asyncio.run(serve(chosen, environment) if asked.verb == "serve" else _call(chosen, environment, asked))
    except (
        settings.SettingsRefused,
        lines.AgentFileRefused,
        on_call_file.OnCallRefused,
        ListRefused,
        embedded_redis.RedisFailed,
        briefing.BriefingRefused,
        way_out.WayOutFailed,
    ) as refusal:
        sentence = str(refusal)
    except Died as death:
        _tell(f"quietline: {death}")
        return EXIT_DIED
    _tell(f"quietline: {sentence}")
    return EXIT_SETTINGS


async def _preflight(chosen: Settings, environment: Mapping[str, str]) -> int:
    """What production needs and this machine has or lacks, a line each."""
    found = await preflight.looked(chosen, environment)
    sys.stdout.write("\n".join(each.row() for each in found) + "\n")
    return 0 if preflight.verdict(found) else EXIT_SETTINGS


def _prove_or_verify(given: Sequence[str]) -> int:
    from agent.proof import __main__ as proof  # its packages are not for those who only serve

    if given[0] == "verify" or "-h" in given or "--help" in given:
        return proof.main(given)
    checked = _checked()
    if checked is None:
        return EXIT_SETTINGS
    status = proof.main(given)
    if status in (0, EXIT_FAILED):
        return _recorded("proof", status, *checked)
    if status == proof.EXIT_WITHOUT_ROOT:
        _tell(
            "quietline: made without root, it could not look everywhere: it is not written down as the proof of a build"
        )
    return status


def _patients(given: Sequence[str]) -> int:
    """Synthetic patients on this machine, until a signal comes."""
    from agent import records_service  # not for those who only serve

    return _invented(records_service.main, records_service.PatientsRefused, given)


def _contacts(given: Sequence[str]) -> int:
    """Synthetic contacts on this machine, until a signal comes."""
    from agent import contacts_service  # not for those who only serve

    return _invented(contacts_service.main, contacts_service.ContactsRefused, given)


def _invented(serve_them: Callable[[Sequence[str]], object], refused: type[Exception], given: Sequence[str]) -> int:
    sentence = ""
    try:
        serve_them(given)
    except refused as refusal:
        sentence = str(refusal)
    except OSError:
        sentence = "give a --port of this machine that is free"
    if sentence:
        _tell(f"quietline: {sentence}")
    return EXIT_SETTINGS if sentence else 0


def _self_test() -> int:
    checked = _checked()
    if checked is None:
        return EXIT_SETTINGS
    from agent.selftest import failed  # spaCy comes with it

    wrong = failed()
    _tell(
        "quietline: redaction passed its self-test"
        if not wrong
        else "quietline: redaction fails on " + ", ".join(kind.value for kind in wrong)
    )
    return _recorded("self_test", EXIT_FAILED if wrong else 0, *checked)


def _checked() -> tuple[Settings, dict[str, str]] | None:
    """As `serve` takes them, before what may last an hour; None, and a sentence, where it would not start with them."""
    sentence = ""
    try:
        environment = settings.with_credentials(os.environ)
        surroundings.refuse_telltale(environment)
        chosen = settings.from_environment(environment)
        _keeper_arguments(chosen)
        users_of(chosen)
        lines.load(chosen.agents)
        vendors.load(chosen.allowlist)
    except (settings.SettingsRefused, lines.AgentFileRefused, ListRefused) as refusal:
        sentence = str(refusal)
    if sentence:
        _tell(f"quietline: {sentence}")
        return None
    return chosen, environment


def _recorded(what: str, status: int, chosen: Settings, environment: Mapping[str, str]) -> int:
    """Has the keeper write down whether it passed, for each agent's build as it is set here; where there is a state."""
    sentence, written = "", 0
    try:
        result = ("--what", what, "--passed", "no" if status else "yes")
        command = _keeper_command("record", chosen, *_keeper_arguments(chosen), *result)
        written = subprocess.run(  # noqa: S603  # our own keeper
            command,
            env=surroundings.bare(environment),
            stdout=subprocess.DEVNULL,
            check=False,
            **users_of(chosen).as_keeper(),
        ).returncode
    except settings.SettingsRefused as refusal:
        sentence = str(refusal)
    if sentence:
        _tell(f"quietline: {sentence}")
        return EXIT_SETTINGS
    return status or written


def check_state(folder: Path, keeper: User | None = None) -> None:
    """Can the keeper make the folder, and write to it?  Only the keeper writes.  Raises `SettingsRefused`.

    keeper: a user of its own, whose the folder must be already.
    """
    there = folder.absolute()
    if keeper is not None:
        if not (there.is_dir() and there.stat().st_uid == keeper.uid):
            raise settings.SettingsRefused("set QUIETLINE_STATE to a folder of the user of QUIETLINE_KEEPER_USER")
        return
    try:
        while not there.exists() and not there.is_symlink():
            there = there.parent
        writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise settings.SettingsRefused("set QUIETLINE_STATE to a folder that this user may write to")


def for_a_call(environment: Mapping[str, str]) -> dict[str, str]:
    """`make call` is the development profile on a port of its own, whatever else the user has set."""
    return {
        **environment,
        "QUIETLINE_PROFILE": "development",
        "QUIETLINE_HOST": "127.0.0.1",
        "QUIETLINE_PUBLIC_ORIGIN": "",
        "QUIETLINE_TLS_CERT": "",
        "QUIETLINE_TLS_KEY": "",
        "QUIETLINE_PORT": environment.get("QUIETLINE_PORT") or str(embedded_redis.free_port()),
    }


def for_a_night(environment: Mapping[str, str]) -> dict[str, str]:
    """With a carrier on this machine that rings nurses, of an account made up for it."""
    return {
        **environment,
        "QUIETLINE_CARRIER_URL": f"http://127.0.0.1:{embedded_redis.free_port()}",
        "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
    }


def line_environment(environment: Mapping[str, str], redis_url: str, egress_port: int | None = None) -> dict[str, str]:
    """What the line sees.  Without Twilio's token the development profile signs with one of its own."""
    ours = {
        "REDIS_URL": redis_url,
        "TWILIO_AUTH_TOKEN": environment.get("TWILIO_AUTH_TOKEN", "").strip() or secrets.token_hex(16),
        **({} if egress_port is None else {"QUIETLINE_EGRESS_PORT": str(egress_port)}),
    }
    theirs = {name: value for name, value in environment.items() if name not in NOT_FOR_THE_LINE}
    return surroundings.clean(theirs, **surroundings.SCRUB, **ours)


async def serve(chosen: Settings, environment: Mapping[str, str], line: Sequence[str] = LINE) -> int:
    """Until a signal comes.  line: the command of the line's process.  Raises as `run` does."""

    def show(event: CallEvent) -> None:
        sys.stdout.write(encode(event, chosen.profile) + "\n")
        sys.stdout.flush()

    async def ready(_: Service) -> int | None:
        page = f"; the phone page is {chosen.origin}/" if chosen.development else ""
        _tell(f"quietline: ready on port {chosen.port}{page}")
        return None

    return await run(chosen, environment, echo="log", show=show, ready=ready, line=line)


async def _call(chosen: Settings, environment: Mapping[str, str], asked: Asked) -> int:
    viewer = Viewer(colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    ended = asyncio.Event()

    def show(event: CallEvent) -> None:
        for row in viewer.on(event, asyncio.get_running_loop().time()):
            sys.stdout.write(row + "\n")
        sys.stdout.flush()
        if viewer.record is not None:
            ended.set()

    async def ready(service: Service) -> int | None:
        status = await service.caller(_caller(chosen, asked))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await ended.wait()
        return status

    status = await run(chosen, environment, echo="all", show=show, ready=ready)
    if viewer.record is None:
        _tell("quietline: the call left no record")
        return status or 1
    kept = await _kept(chosen, environment, viewer.record.ref)
    sys.stdout.write("\n".join([*viewer.table(), *viewer.kept(kept)]) + "\n")
    return status if kept else status or 1


async def run(
    chosen: Settings,
    environment: Mapping[str, str],
    *,
    echo: str,
    show: Callable[[CallEvent], None],
    ready: Callable[[Service], Awaitable[int | None]],
    line: Sequence[str] = LINE,
) -> int:
    """Starts everything, calls `ready` once the line takes calls, and ends everything.

    `ready` gives an exit status when there is nothing left to do, or None to serve until a signal comes.
    Raises `Died` when the line or the keeper ends by itself, `RedisFailed` when there is no Redis, `WayOutFailed`.
    """
    async with contextlib.AsyncExitStack() as stack:
        briefed = await _briefing(chosen, environment)
        agents = briefed.lines(chosen.agents).agents
        check_live(briefed, agents, chosen)
        bus = None
        redis_url, keepers_url = chosen.redis_url, chosen.keeper_redis_url
        if keepers_url is None:
            keepers_url = redis_url
        if redis_url is None or keepers_url is None:
            bus = await stack.enter_async_context(embedded_redis.running(surroundings.bare(environment)))
            redis_url, keepers_url = bus.url, bus.keeper_url
        else:
            await check_bus(redis_url, chosen)
        refs = secrets.token_hex(KEY_BYTES)
        egress_port = chosen.egress_port
        places = outside(chosen, [agent.engine for agent in agents], rings_nurses=rings(chosen, agents))
        if places and egress_port is None:
            egress_port = await stack.enter_async_context(way_out.running(places, surroundings.bare(environment)))
        service = await Service.start(
            keeper=_keeper_command(
                "collect",
                chosen,
                *_keeper_arguments(chosen),
                "--on-call",
                str(chosen.on_call.absolute()),
                "--echo",
                echo,
                "--calls",
                str(chosen.limits.calls),
                *_audit_to(chosen),
                *_interface(chosen),
            ),
            keeper_environment=surroundings.bare(environment, REDIS_URL=keepers_url.reveal(), REFS_KEY=refs),
            line=line,
            line_environment=line_environment(environment, redis_url.reveal(), egress_port),
            profile=chosen.profile,
            show=show,
            tell=_tell,
            users=users_of(chosen),
            briefing=replace(briefed, refs=refs).to_bytes(),
        )
        stack.callback(service.kill)
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(each, service.ask_to_stop)
            stack.callback(loop.remove_signal_handler, each)
        return await service.run(ready, bus.process if bus else None)


async def check_bus(url: PHI[str], chosen: Settings) -> None:
    """A Redis of the user's own: what it would keep is told, and in production it is refused.  Raises `RedisFailed`.

    One that does not answer may come later: the bus can be lost at any time, and calls go on.
    """
    found = await bus_check.examined(url, chosen.keeper_redis_url)
    if found.wrong and not chosen.development:
        raise embedded_redis.RedisFailed(found.sentence())
    if found.wrong or found.unseen:
        _tell(f"quietline: {found.sentence()}")


def _keeper_command(verb: str, chosen: Settings, *more: str) -> list[str]:
    program = [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.keeper"]
    return [*program, verb, "--state", str(chosen.state.absolute()), *more]


def _audit_to(chosen: Settings) -> list[str]:
    to = chosen.audit_to
    if to is None:
        return []
    ca = [] if to.ca is None else ["--audit-ca", str(to.ca.absolute())]
    return ["--audit-to", to.address, "--audit-format", to.format, *ca]


def _keeper_arguments(chosen: Settings) -> list[str]:
    """What the keeper must know of the settings."""
    named: dict[str, object] = {
        "--profile": chosen.profile.value,
        "--more": more_of(chosen),
        "--seal-key": chosen.seal_key.absolute() if chosen.seal_key is not None else None,
        "--transcript-days": chosen.transcript_days,
    }
    given = [str(each) for name, value in named.items() if value is not None for each in (name, value)]
    return [*given, *_data_path(chosen)]


async def _briefing(chosen: Settings, environment: Mapping[str, str]) -> Briefing:
    """What the keeper has the line know.  Raises `BriefingRefused`, `ListRefused`."""
    process = await asyncio.create_subprocess_exec(
        *_keeper_command("brief", chosen, *_keeper_arguments(chosen)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=surroundings.bare(environment),
        **users_of(chosen).as_keeper(),
    )
    said, why = await process.communicate()
    if process.returncode:
        sentence = why.decode("utf-8", "replace").strip().removeprefix("quietline: ")
        raise briefing.BriefingRefused(sentence or "the keeper did not start")
    return briefing.parse(said)


def check_live(briefed: Briefing, agents: Sequence[Agent], chosen: Settings) -> None:
    """Production starts no agent as live that has not left draft with this very build.  Raises `BriefingRefused`."""
    for agent in agents:
        if briefed.may_be_live(agent):
            continue
        sentence = (
            f"{agent.name}.toml: state: live needs an admin's word for this very build, after its self-test and proof;"
            " set it to draft, or let it leave draft"
        )
        if not chosen.development:
            raise briefing.BriefingRefused(sentence)
        _tell(f"quietline: {sentence}; it goes on as a draft")


def _interface(chosen: Settings) -> list[str]:
    """For the keeper's HTTP interface, where there is one."""
    if chosen.admin_port is None:
        return []
    tls = chosen.tls if not settings.is_loopback(chosen.admin_host) else None
    return [
        *("--admin-port", str(chosen.admin_port), "--admin-host", chosen.admin_host),
        *([] if tls is None else ["--admin-cert", str(tls.cert.absolute()), "--admin-key", str(tls.key.absolute())]),
    ]


def _data_path(chosen: Settings) -> list[str]:
    """Where the keeper finds who is in the data path: the list, the agent files, and the models' addresses."""
    urls = {"--anthropic-url": chosen.anthropic_base_url, "--openai-url": chosen.openai_base_url}
    files = ["--allowlist", str(chosen.allowlist.absolute()), "--agents", str(chosen.agents.absolute())]
    return [*files, *(each for name, url in urls.items() if url is not None for each in (name, url))]


async def _kept(chosen: Settings, environment: Mapping[str, str], ref: str) -> str:
    """The record as the keeper holds it, one line of JSON; empty if it holds none."""
    process = await asyncio.create_subprocess_exec(
        *_keeper_command("show", chosen, f"--ref={ref}"),  # a ref may begin with a hyphen
        stdout=asyncio.subprocess.PIPE,
        env=surroundings.bare(environment),
        **users_of(chosen).as_keeper(),
    )
    said, _ = await process.communicate()
    return said.decode("ascii", "replace").strip()


async def _ask_the_keeper(chosen: Settings, environment: Mapping[str, str], asked: Asked) -> int:
    """What the keeper answers goes to our own output; its exit status is ours."""
    more = list(asked.more)
    if asked.verb == "vendors":
        more += _data_path(chosen)
    process = await asyncio.create_subprocess_exec(
        *_keeper_command(asked.verb, chosen, *more),
        env=surroundings.bare(environment),
        **users_of(chosen).as_keeper(),
    )
    return await process.wait()


def _caller(chosen: Settings, asked: Asked) -> list[str]:
    """A whole night, or one caller's own script or sound."""
    agent = lines.load(chosen.agents).default
    if chosen.carrier_url is None or not (agent.on_call and agent.numbers):
        return [*TWIN, *_twin_arguments(chosen, asked)]
    rungs = on_call_file.load(chosen.on_call, agent.on_call, agent.numbers).rungs
    nurses = list(dict.fromkeys(rungs[0].numbers))
    port = str(urlsplit(chosen.carrier_url).port)
    arguments = ["--webhook", f"{chosen.origin}/twilio/voice", "--carrier-port", port, "--called", agent.numbers[0]]
    arguments += [each for number in nurses for each in ("--nurse", number)]
    for name, value in (("--save", asked.save), ("--sip", asked.sip), ("--nurse-at", asked.nurse_at)):
        arguments += [] if value is None else [name, str(value)]
    return [*NIGHT, *arguments]


def _twin_arguments(chosen: Settings, asked: Asked) -> list[str]:
    arguments = ["--webhook", f"{chosen.origin}/twilio/voice", "--auth-token-env", "TWILIO_AUTH_TOKEN"]
    called = lines.load(chosen.agents).default.numbers
    if called:
        arguments += ["--called", called[0]]
    for name, path in (("--say", asked.say), ("--save", asked.save), ("--script", asked.script)):
        if path is not None:
            arguments += [name, str(path)]
    return arguments


def _asked(given: Sequence[str]) -> Asked:
    parser = argparse.ArgumentParser(prog="quietline", description="Answers a hospital's post-discharge line.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("serve", help="answer calls; every setting comes from the environment")
    verbs.add_parser("preflight", help="what production needs of this machine, and what it lacks")
    call = verbs.add_parser("call", help="start the service and place one call to it")
    call.add_argument("--say", type=Path, metavar="WAV", help="a recorded question to ask")
    call.add_argument("--save", type=Path, metavar="WAV", help="where the caller's side saves what it heard")
    call.add_argument("--script", type=Path, help="what the caller does")
    call.add_argument("--sip", type=int, metavar="PORT", help="you call, with a softphone: sip:line@127.0.0.1:PORT")
    call.add_argument("--nurse-at", metavar="ADDRESS", help="you are the nurse: your softphone's sip: address")
    verbs.add_parser("prove", help="place canary calls and search everywhere for what was said", add_help=False)
    verbs.add_parser("verify", help="check a report of such a proof", add_help=False)
    verbs.add_parser("selftest", help="does redaction work here?  Written down for each agent's build")
    verbs.add_parser("audit", help="the audit log: head, verify, export", add_help=False)
    verbs.add_parser("vendors", help="every party in the data path: region, evidence, what it retains")
    verbs.add_parser("token", help="who may use the keeper's interface: issue, list, revoke", add_help=False)
    verbs.add_parser("pin", help="a PIN typed here, as a list of who is on call holds it", add_help=False)
    verbs.add_parser("incident", help="the calls of a window of hours, and the policy in force", add_help=False)
    verbs.add_parser("patients", help="serve synthetic patients on this machine", add_help=False)
    verbs.add_parser("contacts", help="serve synthetic contacts on this machine", add_help=False)
    if given[:1] and given[0] in PASSED_ON:
        return Asked(given[0], more=tuple(given[1:]))
    asked = Asked(**vars(parser.parse_args(given)))
    if (asked.sip, asked.nurse_at) != (None, None) and (asked.say, asked.script) != (None, None):
        call.error("a softphone is in a whole night, without --say or --script")
    return asked


def _tell(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
