"""A provider to bench against: `python -m tests.providers.serve --provider anthropic --port 0 --ttft-ms 300`.

Prints one line of JSON, `{"base_url": ..., "port": ...}`, and serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import urllib.parse

from tests.providers.script import Fault, Script
from tests.providers.server import FRAMINGS, provider


async def serve(name: str, port: int, script: Script) -> None:
    async with provider(name, script, port=port) as served:
        place = {"base_url": served.base_url, "port": urllib.parse.urlsplit(served.origin).port}
        sys.stdout.write(json.dumps(place) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A language-model provider on this machine.")
    parser.add_argument("--provider", choices=sorted(FRAMINGS), default="anthropic")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ttft-ms", type=float, default=300.0)
    parser.add_argument("--tokens-per-s", type=float, default=80.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--fault", choices=[fault.value for fault in Fault], default=Fault.NONE.value)
    asked = parser.parse_args()
    script = Script(fault=Fault(asked.fault), ttft_ms=asked.ttft_ms, tokens_per_s=asked.tokens_per_s, seed=asked.seed)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(asked.provider, asked.port, script))


if __name__ == "__main__":
    main()
