"""Voice activity of one leg: webrtcvad and Silero, weighed against the line's own noise by `ambience.Judge`."""

from __future__ import annotations

from typing import Final, final

import webrtcvad

from agent.engines.ambience import Judge, Thresholds
from agent.engines.silero import Silero, SileroEar
from telephony.audio import RATE_HZ, AudioFrame, level_dbfs

STRICT: Final = 3  # webrtcvad's most aggressive mode: what begins speech
LENIENT: Final = 2  # and the one below: what holds it
NOISY_LAG_MS: Final = 60  # end of speech, median, less that on a clean line (docs/decisions/0003-voice-activity.md)


@final
class LineActivity:
    """The `VoiceActivity` port, for one leg.  Runs on the loop: about 0.06 ms a frame."""

    __slots__ = ("_ear", "_judge", "_lenient", "_strict")

    def __init__(self, silero: Silero, thresholds: Thresholds | None = None) -> None:
        self._strict: Final = webrtcvad.Vad(STRICT)
        self._lenient: Final = webrtcvad.Vad(LENIENT)
        self._ear: Final = SileroEar(silero)
        self._judge: Final = Judge(thresholds or Thresholds())

    @property
    def lag_ms(self) -> int:
        """See `VoiceActivity`."""
        return NOISY_LAG_MS if self._judge.noisy else 0

    def is_speech(self, frame: AudioFrame) -> bool:
        """Whether somebody speaks in these 20 ms."""
        pcm = frame.reveal()
        raw = pcm.tobytes()
        return self._judge.judge(
            level_dbfs(pcm),
            self._ear.hear(frame),
            strict=self._strict.is_speech(raw, RATE_HZ),
            lenient=self._lenient.is_speech(raw, RATE_HZ),
        )
