"""A headless Chromium, driven over the Chrome DevTools Protocol; as much of it as the phone page's tests need.

async with chromium(folder, "--use-fake-ui-for-media-stream") as browser:
    tab = await browser.open("http://127.0.0.1:8080/")
    assert 2 == await tab.value("1 + 1")
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
)
DEADLINE_S: Final = 60.0  # two busy cores start a browser in under ten

Fields = dict[str, Any]


class PageFailed(AssertionError):
    """A script raised in the page."""


@dataclass
class Browser:
    """One Chromium with one profile, gone with its folder."""

    connection: ClientConnection
    _ids: Any = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[int, asyncio.Future[Fields]] = field(default_factory=dict)
    _tabs: dict[str, Tab] = field(default_factory=dict)

    async def call(self, method: str, session: str | None = None, **params: Any) -> Fields:
        """One command of the protocol and its result."""
        number = next(self._ids)
        answer: asyncio.Future[Fields] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        message = {"id": number, "method": method, "params": params}
        await self.connection.send(json.dumps(message | ({"sessionId": session} if session else {})))
        async with asyncio.timeout(DEADLINE_S):
            said = await answer
        if "error" in said:
            raise PageFailed(f"{method}: {said['error']['message']}")
        result: Fields = said["result"]
        return result

    async def open(self, url: str, *, width: int = 412, height: int = 860) -> Tab:
        """A tab on this page, once it has loaded."""
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = Tab(self, attached["sessionId"])
        self._tabs[attached["sessionId"]] = tab
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            await tab.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await tab.call("Emulation.setDeviceMetricsOverride", **size)
        await tab.call("Page.navigate", url=url)
        await tab.until("document.readyState === 'complete'")
        return tab

    async def read(self) -> None:
        """Hand every message to whom it is for, until the browser goes."""
        async for message in self.connection:
            said = json.loads(message)
            if "id" in said:
                waiting = self._waiting.pop(said["id"])
                if not waiting.done():
                    waiting.set_result(said)
            elif said.get("sessionId") in self._tabs:
                self._tabs[said["sessionId"]].seen.append(said)


@dataclass
class Tab:
    """One page."""

    browser: Browser
    session: str
    seen: list[Fields] = field(default_factory=list)
    """Every event of the protocol, oldest first."""

    async def call(self, method: str, **params: Any) -> Fields:
        return await self.browser.call(method, self.session, **params)

    async def value(self, script: str) -> Any:
        """What the expression is, promises awaited.  Raises `PageFailed`."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        result = await self.call("Runtime.evaluate", **asked)
        if "exceptionDetails" in result:
            raise PageFailed(result["exceptionDetails"].get("exception", {}).get("description", "raised"))
        return result["result"].get("value")

    async def until(self, script: str, within_s: float = DEADLINE_S) -> None:
        """Wait for the expression to become true; asked again and again, for pages tell nobody."""
        async with asyncio.timeout(within_s):
            while not await self.value(script):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def click(self, selector: str) -> None:
        """A real click in the middle of the element."""
        script = f"(e => (e.scrollIntoView({{block: 'center'}}), e.getBoundingClientRect().toJSON()))({_one(selector)})"
        box = await self.value(script)
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "button": "left", "clickCount": 1}
        await self.call("Input.dispatchMouseEvent", type="mousePressed", **at)
        await self.call("Input.dispatchMouseEvent", type="mouseReleased", **at)

    async def type(self, key: str, code: str = "", virtual: int = 0) -> None:
        """A key of the keyboard, down and up."""
        pressed = {"key": key, "code": code, "windowsVirtualKeyCode": virtual}
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **pressed, **text)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    async def text(self, selector: str) -> str:
        said: str = await self.value(f"{_one(selector)}.textContent")
        return said

    async def picture(self, path: Path) -> None:
        """What is to be seen, as a PNG."""
        taken = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(taken["data"]))

    def events(self, method: str) -> list[Fields]:
        return [said["params"] for said in self.seen if said["method"] == method]

    def complaints(self) -> list[str]:
        """All that went to the console: by the page, by the browser about the page, and what nobody caught."""
        logged = [f"{said['entry']['level']}: {said['entry']['text']}" for said in self.events("Log.entryAdded")]
        printed = [f"console.{said['type']}" for said in self.events("Runtime.consoleAPICalled")]
        raised = [f"raised: {said['exceptionDetails']['text']}" for said in self.events("Runtime.exceptionThrown")]
        return logged + printed + raised


def _one(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


@contextlib.asynccontextmanager
async def chromium(profile: Path, *flags: str) -> AsyncIterator[Browser]:
    """profile: an empty folder, which is all that it writes to."""
    process = await asyncio.create_subprocess_exec(
        "chromium",
        *FLAGS,
        *flags,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(profile), "TZ": "UTC", "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    try:
        address = await _address(profile / "DevToolsActivePort")
        async with connect(address, max_size=None, compression=None, proxy=None, ping_interval=None) as connection:
            browser = Browser(connection)
            reading = asyncio.create_task(browser.read(), name="cdp")
            try:
                yield browser
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _address(announced: Path) -> str:
    """Chromium writes its port and path into this file when it listens."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            lines = await asyncio.to_thread(_lines, announced)
            if len(lines) >= 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await asyncio.sleep(0.05)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


async def eventually(true: Callable[[], object], within_s: float = DEADLINE_S) -> None:
    """Wait until something of ours has become true."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
