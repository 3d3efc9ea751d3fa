"""The page's own sound, asked in the browser: mu-law like ours, resampling by arithmetic, marks to the sample."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from telephony import g711
from tests.page.cdp import Tab, chromium
from tests.page.line import page_line

pytestmark = pytest.mark.xdist_group("chromium")

RATES: Final = (8_000, 16_000, 22_050, 44_100, 48_000, 96_000)  # what sound cards and browsers run at
Float = NDArray[np.float64]


@pytest_asyncio.fixture(name="tab")
async def _tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with page_line() as line, chromium(tmp_path / "profile") as browser:
        yield await browser.open(line.url)


async def test_mu_law_is_the_lines_own_both_ways(tab: Tab) -> None:
    script = """import('/page/sound.js').then(({encode, decode}) => ({
        encoded: Array.from({length: 65536}, (_, i) => encode((i - 32768) / 32768)),
        decoded: Array.from({length: 256}, (_, i) => decode(i) * 32768),
    }))"""
    tables = await tab.value(script)

    assert list(g711.encode(np.arange(-32_768, 32_768).astype(np.int16))) == tables["encoded"]
    assert g711.decode(bytes(range(256))).tolist() == tables["decoded"]


async def test_sound_beyond_full_scale_is_clipped_not_wrapped(tab: Tab) -> None:
    loud = await tab.value(
        "import('/page/sound.js').then(({encode}) => [encode(1.7), encode(1), encode(-1), encode(-9)])"
    )

    assert [0x80, 0x80, 0x00, 0x00] == loud


async def test_speech_passes_and_what_would_fold_back_does_not(tab: Tab) -> None:
    for rate_hz in RATES:
        for tone_hz in (300, 1_000, 3_400):
            assert 0 == pytest.approx(await gain_db(tab, rate_hz, 8_000, tone_hz), abs=0.1), (rate_hz, tone_hz)
            assert 0 == pytest.approx(await gain_db(tab, 8_000, rate_hz, tone_hz), abs=0.1), (rate_hz, tone_hz)
        for tone_hz in (4_000, 4_700, 7_000, 9_500, 20_000):
            if tone_hz <= rate_hz / 2:
                assert await gain_db(tab, rate_hz, 8_000, tone_hz) < -70, (rate_hz, tone_hz)


async def test_no_image_of_speech_is_left_above_the_telephone_band(tab: Tab) -> None:
    for rate_hz in (44_100, 48_000):
        heard = await resampled(tab, 8_000, rate_hz, 3_000)
        spectrum = np.abs(np.fft.rfft(heard * np.blackman(len(heard))))
        hz = np.fft.rfftfreq(len(heard), 1 / rate_hz)

        assert 20 * np.log10(spectrum[hz > 4_000].max() / spectrum.max()) < -70


async def test_no_sample_is_lost_or_made_at_any_rate(tab: Tab) -> None:
    for rate_hz in RATES:
        given = await tab.value(
            f"""import('/page/sound.js').then(({{Resampler}}) => {{
                const [down, up] = [new Resampler({rate_hz}, 8000), new Resampler(8000, {rate_hz})];
                let [out, taken] = [0, 0];
                for (let i = 0; i < 10 * {rate_hz}; i += 1) {{
                    down.push(0, () => {{ out += 1; }});
                    up.pull(() => {{ taken += 1; return 0; }});
                }}
                return [out, taken];
            }})"""
        )
        assert [80_000, 80_000] == given


async def test_a_mark_is_due_with_the_sample_before_it_and_never_sooner(tab: Tab) -> None:
    steps = await tab.value(
        """import('/page/sound.js').then(({Playback}) => {
            const [delay, told] = [34, []];
            const playback = new Playback(delay);
            const run = (samples) => {
                for (let i = 1; i <= samples; i += 1) {
                    playback.next();
                    for (const name of playback.due()) told.push([name, i]);
                }
            };
            const now = () => { for (const name of playback.due()) told.push([name, 0]); };
            playback.mark('idle'); now();
            run(1000);
            playback.append(new Uint8Array(160)); playback.mark('first');
            playback.append(new Uint8Array(7)); playback.mark('second'); now();
            run(300);
            playback.append(new Uint8Array(160)); playback.mark('cut'); now();
            run(50);
            playback.clear(); now();
            playback.mark('after'); now();
            playback.append(new Uint8Array(1)); playback.mark('last');
            run(100);
            return [told, playback.buffered];
        })"""
    )

    told = [["idle", 0], ["first", 160 + 34], ["second", 167 + 34], ["cut", 0], ["after", 0], ["last", 1 + 34]]
    assert [told, 0] == steps


async def test_what_is_buffered_beyond_ten_minutes_is_thrown_away(tab: Tab) -> None:
    script = """import('/page/sound.js').then(({Playback}) => {
        const playback = new Playback(0);
        for (let i = 0; i < 11; i += 1) playback.append(new Uint8Array(60 * 8000));
        return playback.buffered;
    })"""

    assert 10 * 60 * 8_000 == await tab.value(script)


async def gain_db(tab: Tab, from_hz: int, to_hz: int, tone_hz: int) -> float:
    """Loudness of what comes out against what went in."""
    heard = await resampled(tab, from_hz, to_hz, tone_hz)
    return float(20 * np.log10(max(1e-9, np.sqrt(2 * np.mean(heard**2)))))


async def resampled(tab: Tab, from_hz: int, to_hz: int, tone_hz: int) -> Float:
    """A quarter of a second of a tone of full scale at the other rate, from where the filter is full."""
    samples = json.dumps({"from": from_hz, "to": to_hz, "tone": tone_hz})
    out = await tab.value(
        f"""import('/page/sound.js').then(({{Resampler}}) => {{
            const {{from, to, tone}} = {samples};
            const [resampler, out] = [new Resampler(from, to), []];
            for (let n = 0; n < from * 0.35; n += 1)
                resampler.push(Math.sin(2 * Math.PI * tone * n / from + 0.5), (sample) => out.push(sample));
            return out.slice(to * 0.05, to * 0.3);
        }})"""
    )
    return np.asarray(out)
