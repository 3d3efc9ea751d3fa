"""A SIP user agent on this machine's loopback: one UDP port, PCMU, keys as RFC 4733 telephone-events.

The only importer of pjsua2, which is a development extra.  All of it runs on the loop's thread, in small steps: only
sound is moved by a thread of its own, which touches nothing but two `Jitter`s.  pjsua2 tells its news to methods of
classes derived from its own, so there is inheritance here; such a method may not raise, and only notes what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import numpy as np
import pjsua2

from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ
from telephony.twin.jitter import Jitter
from telephony.twin.mouth import NOTHING
from telephony.twin.sip_call import KeyEvent, Progress, SipCall, SipFailed

HOST: Final = "127.0.0.1"  # synthetic people only: nobody from outside this machine may call
CODEC: Final = "PCMU/8000"  # RFC 3551, payload type 0: what the carrier speaks on its streams
FIRST, NEVER = 255, 0  # pjmedia_codec_priority
POLL_S: Final = 0.01  # our choice: signalling may wait so long; sound does not wait for it
MOST_CALLS: Final = 4  # pjsua2's own default: a patient, a nurse, and who is told that they are busy
BUSY_HERE: Final = 486  # RFC 3261, section 21.4.24
FAREWELL_S: Final = 2.0  # our choice: for goodbyes to be answered; on loopback it takes milliseconds
QUIETLY: Final = 3  # pjsua_destroy_flag, NO_RX_MSG | NO_TX_MSG: the goodbyes have been said
IS_UPDATE, IS_END = 1, 2  # PJMEDIA_STREAM_DTMF_IS_UPDATE and IS_END, which the binding does not name
FRAME_BYTES: Final = FRAME_SAMPLES * 2
ONE_AT_A_TIME: Final = threading.Lock()  # pjsua2 is one library with one state: a second endpoint aborts the process


class UserAgent:
    """Calls in and calls out.  Made by `user_agent()`; pjsua2 allows one in a process."""

    def __init__(self, endpoint: Any, port: int) -> None:
        self.port: Final = port
        """Where it listens."""
        self._endpoint = endpoint
        self._account = _Account(self._came_in, port)
        self._calls: list[_Call] = []
        self._incoming: asyncio.Queue[SipCall] = asyncio.Queue(MOST_CALLS)

    async def incoming(self) -> SipCall:
        """The next call that comes in; it waits to be answered or refused."""
        return await self._incoming.get()

    def call(self, address: str) -> SipCall:
        """Ring a softphone.  Raises `SipFailed` where that cannot even begin."""
        self._calls.append(_Call(self._account, None))
        begun = self._calls[-1].call
        if not _tried(lambda: self._calls[-1].makeCall(address, pjsua2.CallOpParam(True))):
            begun.has_come_to(Progress.OVER)
            raise SipFailed("no call could be made to that SIP address")
        return begun

    def _came_in(self, native_id: int) -> None:
        made = _Call(self._account, native_id)
        self._calls.append(made)
        if self._incoming.full():
            made.call.end(BUSY_HERE)
        else:
            self._incoming.put_nowait(made.call)

    async def keep_going(self) -> None:
        """Let everything happen when it is due, until cancelled."""
        while True:
            self._poll()
            await asyncio.sleep(POLL_S)

    async def close(self) -> None:
        """End every call; who does not answer the goodbye is not waited for longer than `FAREWELL_S`."""
        for made in self._calls:
            made.call.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                while self._calls:
                    self._poll()
                    await asyncio.sleep(POLL_S)
        for made in self._calls:
            made.call.has_come_to(Progress.OVER)
        self._calls.clear()
        self._account.shutdown()
        # Now, on this thread, and not when the collector comes by: pjsua2 wants its objects gone before its own end.
        del self._account, self._endpoint

    def _poll(self) -> None:
        self._endpoint.libHandleEvents(0)
        # A call goes here, on the loop's thread, and not while pjsua2 tells its news: its destructor asks pjsua2.
        self._calls = [made for made in self._calls if not made.call.is_over]


@contextlib.asynccontextmanager
async def user_agent(port: int = 0) -> AsyncIterator[UserAgent]:
    """A user agent while the block lasts, one at a time.  port: where it listens; 0: where there is room.

    Raises `SipFailed`.
    """
    if not ONE_AT_A_TIME.acquire(blocking=False):
        raise SipFailed("a SIP user agent runs in this process already")
    endpoint = pjsua2.Endpoint()
    endpoint.libCreate()
    try:
        made: list[UserAgent] = []
        if not _tried(functools.partial(_start, endpoint, port, made)):
            raise SipFailed("the SIP port is taken, or SIP could not start")
        agent = made.pop()
        async with asyncio.TaskGroup() as tasks:
            going = tasks.create_task(agent.keep_going(), name="sip")
            try:
                yield agent
            finally:
                going.cancel()
                await agent.close()
    finally:
        endpoint.libDestroy(QUIETLY)
        del endpoint
        ONE_AT_A_TIME.release()


def _start(endpoint: Any, port: int, made: list[UserAgent]) -> None:
    """Bound to loopback; the user agent is added to `made`.  Raises what pjsua2 raises."""
    endpoint.libInit(_configuration())
    place = pjsua2.TransportConfig()
    place.port, place.boundAddress, place.publicAddress = port, HOST, HOST
    listening = endpoint.transportCreate(pjsua2.PJSIP_TRANSPORT_UDP, place)
    endpoint.audDevManager().setNullDev()
    codecs = endpoint.codecEnum2()
    for codec in codecs:
        endpoint.codecSetPriority(codec.codecId, FIRST if codec.codecId.startswith(CODEC) else NEVER)
    sound = endpoint.codecGetParam(CODEC)
    sound.setting.plc = sound.setting.vad = False  # what is missing is silence, and silence is sent as sound
    endpoint.codecSetParam(CODEC, sound)
    endpoint.libStart()
    made.append(UserAgent(endpoint, int(endpoint.transportGetInfo(listening).localName.rpartition(":")[2])))


def _configuration() -> Any:
    config = pjsua2.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0  # its log would name who calls
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.maxCalls = MOST_CALLS
    sound = config.medConfig
    sound.clockRate = sound.sndClockRate = RATE_HZ
    sound.channelCount, sound.audioFramePtime = 1, FRAME_MS
    sound.noVad, sound.ecTailLen = True, 0
    return config


def _tried(step: Callable[[], object]) -> bool:
    """Did pjsua2 do it?  Its own error is dropped: it may name who calls."""
    try:
        step()
    except pjsua2.Error:
        return False
    return True


class _Account(pjsua2.Account):
    """Where calls come in, whatever name they ask for."""

    def __init__(self, came_in: Callable[[int], None], port: int) -> None:
        super().__init__()
        self._came_in = came_in
        config = pjsua2.AccountConfig()
        config.idUri = f"sip:line@{HOST}:{port}"
        place = config.mediaConfig.transportConfig
        place.boundAddress, place.publicAddress = HOST, HOST
        self.create(config)

    def onIncomingCall(self, news: Any) -> None:  # noqa: N802  # pjsua2's name
        self._came_in(news.callId)


class _Call(pjsua2.Call):
    """A call in pjsua2, and `sip_call.Signalling` of ours."""

    def __init__(self, account: _Account, native_id: int | None) -> None:
        """native_id: of a call that came in; None: it is to be made."""
        super().__init__(account, pjsua2.PJSUA_INVALID_ID if native_id is None else native_id)
        self.call: Final = SipCall(self, came_in=native_id is not None)
        self._port = _Port(self.call.said, self.call.to_hear)

    def respond(self, status: int) -> None:
        """As `sip_call.Signalling`."""
        _tried(lambda: self.answer(_with(status)))

    def end(self, status: int) -> None:
        """As `sip_call.Signalling`."""
        _tried(lambda: self.hangup(_with(status)))

    def onCallState(self, _news: Any) -> None:  # noqa: N802  # pjsua2's name
        info = self.getInfo()
        if info.state == pjsua2.PJSIP_INV_STATE_EARLY:
            self.call.has_come_to(Progress.RINGS)
        elif info.state == pjsua2.PJSIP_INV_STATE_CONFIRMED:
            self.call.has_come_to(Progress.ESTABLISHED)
        elif info.state == pjsua2.PJSIP_INV_STATE_DISCONNECTED:
            self.call.has_come_to(Progress.OVER, info.lastStatusCode)

    def onCallMediaState(self, _news: Any) -> None:  # noqa: N802  # pjsua2's name
        info = self.getInfo()  # held: its media live no longer than it does
        for n, medium in enumerate(info.media):
            if medium.type == pjsua2.PJMEDIA_TYPE_AUDIO and medium.status == pjsua2.PJSUA_CALL_MEDIA_ACTIVE:
                sound = self.getAudioMedia(n)
                sound.startTransmit(self._port)
                self._port.startTransmit(sound)

    def onDtmfEvent(self, news: Any) -> None:  # noqa: N802  # pjsua2's name
        is_update, is_end = bool(news.flags & IS_UPDATE), bool(news.flags & IS_END)
        self.call.key(KeyEvent(news.digit, news.timestamp, news.duration, is_update, is_end))


def _with(status: int) -> Any:
    parameter = pjsua2.CallOpParam(True)
    parameter.statusCode = status
    return parameter


class _Port(pjsua2.AudioMediaPort):
    """Moves sound, on pjsua2's own thread and clock."""

    def __init__(self, said: Jitter, to_hear: Jitter) -> None:
        super().__init__()
        self._said, self._to_hear = said, to_hear
        shape = pjsua2.MediaFormatAudio()
        shape.type = pjsua2.PJMEDIA_TYPE_AUDIO
        shape.clockRate, shape.channelCount, shape.bitsPerSample, shape.frameTimeUsec = RATE_HZ, 1, 16, FRAME_MS * 1000
        self.createPort("person", shape)

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802  # pjsua2's name
        sound = bytes(frame.buf)
        self._said.put(np.frombuffer(sound, "<i2").astype(np.int16) if len(sound) == FRAME_BYTES else NOTHING)

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802  # pjsua2's name
        frame.type = pjsua2.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = pjsua2.ByteVector(self._to_hear.take().tobytes())
