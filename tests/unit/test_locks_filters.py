"""The seccomp program, run by an interpreter of our own on calls that nobody makes."""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.locks import filters
from agent.locks.syscalls import LAST, X32_BIT, Machine, names, number

HEADERS: Final = {
    Machine.X86_64: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    Machine.AARCH64: Path("/usr/include/asm-generic/unistd.h"),
}
ALLOWED, REFUSED, ABSENT, KILLED = filters.ALLOW, filters.REFUSE, filters.ABSENT, filters.KILL
OURSELVES: Final = 4_711
MACHINES = pytest.mark.parametrize("machine", list(Machine))


def verdict(machine: Machine, call: int, *arguments: int, arch: int | None = None) -> int:
    """What the kernel would do: `struct seccomp_data` in, the program's answer out."""
    whole = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<iIQ6Q", call, machine.value if arch is None else arch, 0, *whole)
    program = filters.steps(machine, OURSELVES)
    held, at = 0, 0
    while True:
        step = program[at]
        at += 1
        match step.code:
            case filters.LOAD:
                (held,) = struct.unpack_from("<I", data, step.value)
            case filters.AND:
                held &= step.value
            case filters.EQUAL:
                at += step.yes if held == step.value else step.no
            case filters.GREATER:
                at += step.yes if held > step.value else step.no
            case filters.ANY_BIT:
                at += step.yes if held & step.value else step.no
            case filters.RETURN:
                return step.value


def named(machine: Machine, name: str, *arguments: int) -> int:
    call = number(name, machine)
    assert call is not None
    return verdict(machine, call, *arguments)


def numbers_of(path: Path) -> Mapping[str, int]:
    found = re.findall(r"^#define __NR(?:3264)?_(\w+) (\d+)$", path.read_text(), re.MULTILINE)
    return {name: int(value) for name, value in found}


@MACHINES
def test_the_numbers_are_those_of_the_headers(machine: Machine) -> None:
    """Compared where the machine has its kernel's headers; the newest names may be missing from them."""
    if not HEADERS[machine].is_file():
        assert (2, 56) == (number("open", Machine.X86_64), number("openat", Machine.AARCH64))
        return
    known = numbers_of(HEADERS[machine])
    ours = {name: number(name, machine) for name in names()}

    assert len(known) > 200
    assert {name: known[name] for name in ours if name in known} == {
        name: value for name, value in ours.items() if name in known and value is not None
    }


@MACHINES
def test_another_machines_call_ends_the_process(machine: Machine) -> None:
    assert KILLED == verdict(machine, 0, arch=0x40000003)


@MACHINES
@given(call=st.integers(LAST + 1, X32_BIT - 1))
def test_calls_newer_than_the_page_are_not_there(machine: Machine, call: int) -> None:
    assert ABSENT == verdict(machine, call)


@given(call=st.integers(0, 600))
def test_the_other_numbers_of_the_same_calls_are_refused(call: int) -> None:
    assert REFUSED == verdict(Machine.X86_64, call | X32_BIT)


@MACHINES
@pytest.mark.parametrize("name", filters.REFUSED)
@settings(max_examples=10)
@given(arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_what_is_forbidden_is_forbidden_with_any_arguments(machine: Machine, name: str, arguments: list[int]) -> None:
    if number(name, machine) is not None:
        assert REFUSED == named(machine, name, *arguments)


@MACHINES
@pytest.mark.parametrize("name", filters.MISSING)
def test_what_a_filter_cannot_judge_is_not_there(machine: Machine, name: str) -> None:
    assert errno.ENOSYS == named(machine, name) & 0xFFFF


@MACHINES
@pytest.mark.parametrize("name", filters.FIRST)
def test_what_a_call_does_all_the_time_is_let_through(machine: Machine, name: str) -> None:
    if number(name, machine) is not None:
        assert ALLOWED == named(machine, name, 1, 2, 3)


@MACHINES
@given(flags=st.integers(0, 2**32 - 1))
def test_a_file_opens_for_reading_alone(machine: Machine, flags: int) -> None:
    expected = REFUSED if flags & (0o1 | 0o2 | 0o100 | 0o1000) else ALLOWED

    assert expected == named(machine, "openat", 0, 0, flags)


@MACHINES
@given(
    family=st.integers(0, 45), kind=st.integers(0, 10), flags=st.sampled_from([0, 0o4000, 0o2004000]),
    protocol=st.integers(0, 300),
)  # fmt: skip
def test_a_socket_is_plain_tcp_or_none(machine: Machine, family: int, kind: int, flags: int, protocol: int) -> None:
    plain = family in (socket.AF_INET, socket.AF_INET6) and kind == socket.SOCK_STREAM and protocol in (0, 6)

    assert (ALLOWED if plain else REFUSED) == named(machine, "socket", family, kind | flags, protocol)


@MACHINES
@pytest.mark.parametrize(("name", "place"), [("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)])
@given(flags=st.integers(0, 2**32 - 1))
def test_no_word_goes_in_the_packet_that_opens_a_connection(
    machine: Machine, name: str, place: int, flags: int
) -> None:
    arguments = [0] * 6
    arguments[place] = flags

    assert (REFUSED if flags & 0x20000000 else ALLOWED) == named(machine, name, *arguments)


@MACHINES
def test_a_thread_may_be_made_and_a_process_not(machine: Machine) -> None:
    assert ALLOWED == named(machine, "clone", 0x3D0F00)  # what glibc asks for a thread
    assert REFUSED == named(machine, "clone", 0x1200011)  # and for fork()


@MACHINES
def test_a_limit_may_be_asked_for_and_not_changed(machine: Machine) -> None:
    assert ALLOWED == named(machine, "prlimit64", 0, 7, 0, 0x7FFF0000)
    assert REFUSED == named(machine, "prlimit64", 0, 7, 0x7FFF0000, 0)
    assert REFUSED == named(machine, "prlimit64", 0, 7, 0x7FFF00000000, 0)


@MACHINES
def test_what_was_locked_is_not_unlocked_by_prctl(machine: Machine) -> None:
    assert REFUSED == named(machine, "prctl", 4, 1)
    assert ALLOWED == named(machine, "prctl", 3)


@MACHINES
@given(process=st.integers(0, 2**32 - 1))
def test_a_signal_goes_to_threads_of_our_own_alone(machine: Machine, process: int) -> None:
    assert ALLOWED == named(machine, "tgkill", OURSELVES, 5, 6)
    if process != OURSELVES:
        assert REFUSED == named(machine, "tgkill", process, 5, 6)


@MACHINES
def test_no_other_process_is_made_to_get_our_signals(machine: Machine) -> None:
    assert ALLOWED == named(machine, "fcntl", 3, 4)
    assert REFUSED == named(machine, "fcntl", 3, 8)
    assert REFUSED == named(machine, "fcntl", 3, 15)


@MACHINES
@given(request=st.integers(0, 2**32 - 1), above=st.integers(0, 2**32 - 1))
def test_a_descriptor_is_asked_and_its_file_is_not_written_to_by_the_way(
    machine: Machine, request: int, above: int
) -> None:
    """The kernel reads 32 bits of the request, so what is above them changes nothing."""
    assert (ALLOWED if request in filters.ASKS.values() else REFUSED) == named(
        machine, "ioctl", 3, request | above << 32
    )
    assert REFUSED == named(machine, "ioctl", 3, filters.FS_IOC_SETVERSION, 7)
    assert REFUSED == named(machine, "ioctl", 3, filters.FS_IOC_SETFLAGS, 7)
    assert ALLOWED == named(machine, "ioctl", 3, termios.FIONBIO)
    assert {getattr(termios, name) for name in filters.ASKS if hasattr(termios, name)} <= set(filters.ASKS.values())


@MACHINES
@given(process=st.integers(1, 2**32 - 1))
def test_processors_and_priority_of_another_process_are_left_alone(machine: Machine, process: int) -> None:
    expected = ALLOWED if process == OURSELVES else REFUSED

    assert (expected, expected) == (
        named(machine, "sched_setaffinity", process, 8),
        named(machine, "setpriority", 0, process, 5),
    )
    assert (
        REFUSED
        == named(machine, "setpriority", os.PRIO_PGRP, 0, 5)
        == named(machine, "setpriority", os.PRIO_USER, 0, 5)
    )
    assert ALLOWED == named(machine, "sched_setaffinity", 0, 8) == named(machine, "setpriority", 0, OURSELVES, 5)


@MACHINES
def test_connections_may_be_tuned_but_not_to_open_with_words(machine: Machine) -> None:
    assert ALLOWED == named(machine, "setsockopt", 3, socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert ALLOWED == named(machine, "setsockopt", 3, socket.SOL_SOCKET, 30)
    assert REFUSED == named(machine, "setsockopt", 3, socket.IPPROTO_TCP, 30)


@MACHINES
def test_the_program_fits_the_kernel(machine: Machine) -> None:
    """BPF_MAXINSNS; and every jump lands inside, on an instruction after it."""
    program = filters.steps(machine, OURSELVES)

    assert len(program) <= 4096
    assert 8 * len(program) == len(filters.program(machine, OURSELVES))
    assert all(
        at + 1 + max(step.yes, step.no) < len(program) and max(step.yes, step.no) < 256
        for at, step in enumerate(program)
        if step.code in (filters.EQUAL, filters.GREATER, filters.ANY_BIT)
    )
