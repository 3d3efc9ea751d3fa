"""Silero's voice activity model (MIT), which faster-whisper ships for 16 kHz; 32 ms at a time, in memory.

About 65 us of one core for each 32 ms of a call, on the machine of docs/decisions/0003-voice-activity.md.
"""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from agent.engines.models import ModelFileWrong, ModelReason
from telephony.audio import FRAME_MS, AudioFrame, Int16

STEP: Final = 512  # samples of 16 kHz that the model takes at a time
CONTEXT: Final = 64  # and so many of those before
STATE: Final = (1, 1, 128)
REST_MS: Final = 3_000  # minutes of noise make the model deaf to speech in it: after so long without, it starts anew
RESTING: Final = 0.15  # a probability below this is no speech
GAIN: Final = 0.5  # the telephone's band holds more level than the model's own material: at 1.0 it misses loud speech


@final
class Silero:
    """The loaded model; every leg's `SileroEar` shares it."""

    __slots__ = ("_session",)

    def __init__(self, model: bytes) -> None:
        """Raises `ModelFileWrong`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        session: Any = None
        try:
            session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception:  # noqa: BLE001  # the runtime raises what it likes
            session = None
        if session is None:
            raise ModelFileWrong(ModelReason.UNFIT, "The voice activity model cannot be loaded: run `make setup`.")
        self._session: Final = session

    def most(self, pcm: Int16) -> float:
        """The greatest probability of speech in any 32 ms.  pcm: shape (n,), 8 kHz.  About 3 ms for 3 s; blocks."""
        wide, _ = _widened(pcm, 0.0)
        steps = -(-len(wide) // STEP)
        if not steps:
            return 0.0
        sound = np.zeros(CONTEXT + steps * STEP, np.float32)
        sound[CONTEXT : CONTEXT + len(wide)] = wide
        windows = np.lib.stride_tricks.sliding_window_view(sound, CONTEXT + STEP)[::STEP]
        state = np.zeros(STATE, np.float32)
        inputs = {"input": np.ascontiguousarray(windows), "h": state, "c": state}
        return float(self._session.run(None, inputs)[0].max())

    def step(
        self, sound: NDArray[np.float32], hidden: NDArray[np.float32], cell: NDArray[np.float32]
    ) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:
        """sound: shape (1, CONTEXT + STEP).  Returns the probability of speech and the next state."""
        probability, hidden, cell = self._session.run(None, {"input": sound, "h": hidden, "c": cell})
        return float(probability.reshape(-1)[0]), hidden, cell


@final
class SileroEar:
    """The model's memory of one leg."""

    __slots__ = ("_cell", "_filled", "_hidden", "_last", "_model", "_probability", "_resting_ms", "_sound")

    def __init__(self, model: Silero) -> None:
        self._model: Final = model
        self._hidden = np.zeros(STATE, np.float32)
        self._cell = np.zeros(STATE, np.float32)
        self._sound: Final = np.zeros((1, CONTEXT + STEP), np.float32)
        self._filled = CONTEXT
        self._last = 0.0
        self._probability = 0.0
        self._resting_ms = 0

    def hear(self, frame: AudioFrame) -> float:
        """The probability of speech in the last whole 32 ms, which ended at most 20 ms ago."""
        wide, self._last = _widened(frame.reveal(), self._last)
        taken = 0
        while taken < len(wide):
            room = CONTEXT + STEP - self._filled
            piece = wide[taken : taken + room]
            self._sound[0, self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            taken += len(piece)
            if self._filled == CONTEXT + STEP:
                self._probability, self._hidden, self._cell = self._model.step(self._sound, self._hidden, self._cell)
                self._sound[0, :CONTEXT] = self._sound[0, STEP:]
                self._filled = CONTEXT
        self._rest()
        return self._probability

    def _rest(self) -> None:
        self._resting_ms = self._resting_ms + FRAME_MS if self._probability < RESTING else 0
        if self._resting_ms >= REST_MS:
            self._hidden, self._cell = np.zeros(STATE, np.float32), np.zeros(STATE, np.float32)
            self._resting_ms = 0


def _widened(pcm: Int16, last: float) -> tuple[NDArray[np.float32], float]:
    """8 to 16 kHz by straight lines: no delay, and what mirrors above 4 kHz does not disturb this model.

    last: the sample before, as this function gave it.  Returns shape (2n,), scaled for the model, and its last sample.
    """
    sound = pcm.astype(np.float32) * (GAIN / 32768.0)
    if not len(sound):
        return sound, last
    wide = np.empty(2 * len(sound), np.float32)
    wide[1::2] = sound
    wide[2::2] = (sound[:-1] + sound[1:]) / 2
    wide[0] = (last + sound[0]) / 2
    return wide, float(sound[-1])
