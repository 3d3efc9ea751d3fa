from __future__ import annotations

import re

from agent.metrics import EDGES_MS, LineMetrics, Timed
from policies.events import CallRefusal
from policies.layers import Layer
from tests.stub_line import metrics

ROW = re.compile(r'[a-z_]+(\{[a-z]+="[a-z0-9_.+A-Z]+"(,[a-z]+="[a-z0-9_.+A-Z]+")*\})? [0-9.]+')


def rows(line: LineMetrics) -> dict[str, str]:
    said = [row for row in line.render().decode("ascii").splitlines() if not row.startswith("#")]
    split = [row.rsplit(" ", 1) for row in said]
    return {parts[0]: parts[1] for parts in split}


def test_every_row_is_of_the_text_format() -> None:
    line = LineMetrics(capacity=8)
    line.observe(Timed.GAP, 512.5)
    said = [row for row in line.render().decode("ascii").splitlines() if not row.startswith("#")]

    assert [] == [row for row in said if ROW.fullmatch(row) is None]


def test_a_time_counts_in_each_bucket_that_holds_it() -> None:
    line = LineMetrics(capacity=8)
    for ms in (600, 601, 99_999):
        line.observe(Timed.GAP, ms)
    said = rows(line)

    assert "1" == said['quietline_latency_seconds_bucket{stage="gap",le="0.6"}']
    assert "2" == said['quietline_latency_seconds_bucket{stage="gap",le="0.7"}']
    assert "3" == said['quietline_latency_seconds_bucket{stage="gap",le="+Inf"}']
    assert "3" == said['quietline_latency_seconds_count{stage="gap"}']


def test_the_buckets_hold_the_bars_of_the_bench() -> None:
    assert {300, 350, 600, 900, 1_100, 1_600} <= set(EDGES_MS)


def test_an_ended_call_and_a_refusal_are_counted_by_reason() -> None:
    line = LineMetrics(capacity=8)
    line.ended(metrics())
    line.refused(CallRefusal.SIGNATURE)
    said = rows(line)

    assert "1" == said['quietline_calls_total{outcome="person",end="handed_over"}']
    assert "1" == said['quietline_escalations_total{reason="asked"}']
    assert "1" == said['quietline_refusals_total{reason="signature"}']


def test_the_set_of_series_never_changes() -> None:
    line = LineMetrics(capacity=8)
    before = set(rows(line))
    line.ended(metrics())
    line.observe(Timed.BARGE_IN, 10)

    assert before == set(rows(line))


def test_what_is_gone_without_is_in_the_metrics_and_in_the_health_of_who_may_read_them() -> None:
    line = LineMetrics(capacity=8)
    line.locks(frozenset(Layer))
    assert "ok\n" == line.health()
    line.locks(frozenset(Layer) - {Layer.PORTS, Layer.HOSTS, Layer.LENGTH})
    said = rows(line)

    assert "ok\nwithout: length, ports, hosts\nunprotected: network\n" == line.health()
    assert ("0", "1") == (said['quietline_lock_held{layer="hosts"}'], said['quietline_lock_held{layer="calls"}'])
    assert ("0", "1") == (
        said['quietline_protected{protection="network"}'],
        said['quietline_protected{protection="files"}'],
    )
