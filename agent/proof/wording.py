"""The fixed wording of the report's page: what can't be promised, and what a distrustful reader asks next.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policies.layers import Layer

COUNTS: Final = (
    "a call counts only if the line recognised her, her words reached the language model's side, the agent answered, "
    "and another recogniser found her words in the agent's sound, save for what the call's own fault prevents."
)
TRANSFERS: Final = (
    "In each a caller told of an emergency in her own words, and a nurse was rung; what the nurse was told holds those "
    "words. They were sought wherever a call's are, and in all that the carrier was told and keeps of these calls: "
    "records, addresses, forms, documents, names of rooms, parameters and messages. Both numbers are there as who "
    "calls and who is called, and nowhere else; the carrier's own ids are there, and in the line's memory until the "
    "carrier's record is deleted."
)
OUTREACH: Final = (
    "Each patient is one of the hospital's list, which the proof plays, and answered a telephone at the carrier. Name, "
    "number, date of birth, chart number, what was keyed and said, and the hospital's reference were sought wherever "
    "a call's words are. Of each one record may be kept, with the days and outcomes of her attempts, by that "
    "reference: it stood on the keeper's disk before the telephone rang, and beside it, in the keeper's tables and in "
    "what the line told the keeper, there is nothing by that reference. The memories of line, keeper and launcher "
    "hold the reference; all else was sought there. At the carrier her number is the one that was called, counted as "
    "such, and stands nowhere else. The last four digits of a telephone number alone are too short to be sought."
)
RESIDUALS: Final = (
    "Whoever has the rights of the machine's administrator, or runs the machine under it (the hypervisor, a snapshot "
    "of the whole machine), can read the memory of a call while it lasts. This report shows what is there 5 seconds "
    "after it, and that nothing reaches a disk.",
    "The telephone carrier (Twilio) keeps its own record that a call took place: both numbers, the time, the length, "
    "and for 30 days what its webhooks sent and what we answered. What we answered was searched; that the carrier "
    "records no sound is in its contract and its settings, and this proof did not place a call through it.",
    "Where a hosted language model is used, its provider hears the caller's words. What it keeps is in its contract, "
    "not in this report: the canary was sought everywhere but there.",
    "A search finds what it knows to look for: each needle in the forms that were planted and found, in the places "
    "that are listed. Words of another wording, a translation, sound at another rate or in another codec, and "
    "anything encrypted with a key that the proof doesn't have would not be found. Of compressed streams gzip, zlib, "
    "bzip2, xz and zip are opened, zstandard, lz4 and brotli are not.",
    "The kernel's own memory (buffers of sockets, pages that were freed) is not searched. The boot option "
    "init_on_free overwrites what was freed; whether it is set stands under “5”.",
    "Between two searches something could have been there and gone. Output, files, Redis commands and packets are "
    "recorded without a gap; memories, pages and the keeper's interface are looked at after each round of calls, and "
    "after each fault that the service outlives.",
    "What an admin or an auditor types into the keeper's interface may stay in the keeper's memory for a while: it is "
    "sought everywhere but there.",
    "Leaks that come about by chance, less often than the calls that were placed, may be missed: see below.",
    "The caller's telephone, the nurse's, and whoever stands beside them.",
)
LOCKS: Final[Mapping[Layer, str]] = MappingProxyType(
    {
        Layer.DUMPS: "no core dump, no debugger of the same user",
        Layer.LENGTH: "no file of any length",
        Layer.RIGHTS: "no new rights",
        Layer.FILES: "files are read where they are listed, and written nowhere",
        Layer.PORTS: "no port is reached but those that are listed",
        Layer.HOSTS: "no other machine is reached",
        Layer.CALLS: "a list of system calls, whoever asks for another is refused",
        Layer.SWAP: "memory does not go to a disk",
        Layer.SCRUB: "freed memory is overwritten",
    }
)
"""What each lock means, for somebody who has not read the operator's pages."""
NEXT: Final = (
    (
        "Who chose the patients?",
        "You did: every name and number follows from the nonce that you gave. Whoever wrote the software could not "
        "know them before you gave it. The method is in agent/proof/canary.py.",
    ),
    (
        "Could the service behave differently because it is under proof?",
        "It is started by the same launcher with the same code: the report holds the hash of all of it, taken before "
        "the first session and compared before each and after the last. It is given every setting of whoever started "
        "the proof but those that “5” lists, by name, as different: profile, ports, folders, secrets. Besides, and the "
        "service could notice it: it is alone on loopback, its one agent and the list of patients that it calls are "
        "the proof's, its language model is an OpenAI-compatible server of the proof's, its output is copied on the "
        "way, and as root its network is its own. In one session of a full run its model is wrapped, so that it fails "
        "with a caller's words in its hands: that session is not the product as deployed, and says so. There is no "
        "switch in the product that tells it that it is under proof: compare the code by its hash.",
    ),
    (
        "Which build is this, and is it what runs in production?",
        "The hash of code under “5” is made by `quietline prove` from the files that it started. Run it on the "
        "production machine, from the production folder, as the same user; a report from elsewhere proves nothing "
        "about yours. The settings under “5” are those that the service under proof was given, and their "
        "hash is counted again by `quietline verify`, which also prints the hashes and takes the one of the code that "
        "you expect: --code.",
    ),
    (
        "Who wrote the search, and could it be blind?",
        "The vendor did. In each place every form of a decoy was planted in a copy, and in sinks of each kind really "
        "planted; a miss voids the report. While calls lasted the same search saw her words and her sound in the "
        "very process that it found clean afterwards.",
    ),
    (
        "Could the vendor show only a run that went well?",
        "Yes: by not giving you the others. So choose the nonce yourself, watch the run, or let somebody of yours "
        "start it. Each report is of one run, its failures listed.",
    ),
    (
        "Could the report have been altered?",
        "The report is signed; this page is not. Whoever hands you both could have altered the page: have "
        "`quietline verify --page FILE` compare it with the report byte for byte, or --write-page make it on your own "
        "machine. The key is not in the report: compare it with the one that you were given on another way. "
        "`quietline verify` refuses a report with any byte changed, and counts again what it can. It can't know "
        "whether whoever holds the key ran an altered proof: the key belongs to someone who has no reason to.",
    ),
    (
        "What was not examined, and why?",
        "It stands first on this page. Run as root, the network, files opened for writing and memories are examined; "
        "the proxy to hosted models is not, as it isn't started for a model on this machine. Where other programs of "
        "the machine changed more files than could be read, it says so; all that the service's own processes opened "
        "for writing, and all in its folder, is read to the last byte.",
    ),
    (
        "How do I repeat it?",
        "On the machine: make prove CALLS=200 NONCE=(64 hexadecimal digits of yours). On another: quietline verify "
        "REPORT --key FILE.pub --nonce (the same digits). It needs no network.",
    ),
    (
        "What of Twilio?",
        "The proof plays the carrier itself, with Twilio's own messages and signatures. What the carrier was told "
        "was searched: answers to webhooks and names of sounds. The sound that it carries is the call, and it is the "
        "carrier's to keep or not: hold its agreement against `quietline vendors`.",
    ),
    (
        "What of the calls that don't count?",
        "They are listed at the end with what was missing, and were searched like the others. Of those placed, nine "
        "in ten must count.",
    ),
    (
        "How sure is nothing, after so many calls?",
        "If none of n calls leaked, the rate of leaks is below 3 in n with 95 in 100 certainty, for leaks that come "
        "about by chance: with 200 calls below 1.5 in 100. A leak that always happens is found by the first call.",
    ),
    (
        "What of a caller's telephone number?",
        "Each canary calls from a number of her own, as the carrier reports it. It is sought everywhere like her "
        "name: it is in nothing that is kept.",
    ),
)
