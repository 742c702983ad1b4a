"""The C's windows against oracles that keep every sample: exact on buckets, close on windows."""

from __future__ import annotations

import math
import subprocess
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.apps import COMPARED, WINDOWED, app, channel, cyclic, feature
from tests.features.clockless import without_clock
from tinyfield import hostcc
from tinyfield.features.bind import FeatureLibrary, feature_files, shim
from tinyfield.features.emit import emit_features
from tinyfield.features.scale import MISSING
from tinyfield.paths import firmware_dir
from tinyfield.spec.buckets import window_shape

SAMPLE_S = 600
SPANS = (2, 5, 7, 36, 40)  # window lengths in samples: few, prime, exact, with a remainder


def rounded(x: Fraction) -> int:
    return int(math.copysign(math.floor(abs(x) + Fraction(1, 2)), x))


def oracle(op: str, span: int, history: list[int | None]) -> int | None:
    """The feature by its definition, from all samples so far, in exact fractions."""
    shape = window_shape(span * SAMPLE_S, SAMPLE_S)
    if op == "lag":
        at = len(history) - 1 - shape.samples
        bucket = [v for i, v in enumerate(history) if i // shape.size == at // shape.size]
        known = [v for v in bucket if v is not None]
        if at // shape.size < 0 or 2 * len(known) < len(bucket):
            return None
        return rounded(Fraction(sum(known), len(known)))
    newest = (len(history) - 1) // shape.size
    first = max(0, newest - shape.buckets + 1) * shape.size
    samples = [(i, v) for i, v in enumerate(history) if i >= first]
    present = [(i, v) for i, v in samples if v is not None]
    if not present or 2 * len(present) < len(samples):
        return None
    values = [v for _, v in present]
    mean = Fraction(sum(values), len(values))
    if op == "mean":
        return rounded(mean)
    if op == "min":
        return min(values)
    if op == "max":
        return max(values)
    if op == "range":
        return max(values) - min(values)
    if op == "sum":
        return rounded(mean * span * SAMPLE_S / 3600)
    if op == "std":
        variance = sum((v - mean) ** 2 for v in values) / len(values)
        low = math.isqrt(variance.numerator // variance.denominator)
        return low + (Fraction(2 * low + 1, 2) ** 2 <= variance)
    buckets: dict[int, list[int]] = {}
    for i, v in present:
        buckets.setdefault(i // shape.size, []).append(v)
    if len(buckets) < 2 or 2 * len(buckets) < shape.buckets:
        return None
    points = []
    for k, inside in buckets.items():
        last = min((k + 1) * shape.size, len(history)) - 1
        middle = Fraction(k * shape.size + last, 2)
        points.append((len(inside), middle, Fraction(sum(inside), len(inside))))
    weight = sum(w for w, _, _ in points)
    x_mean = sum(w * x for w, x, _ in points) / weight
    y_mean = sum(w * y for w, _, y in points) / weight
    covariance = sum(w * (x - x_mean) * (y - y_mean) for w, x, y in points)
    slope = covariance / sum(w * (x - x_mean) ** 2 for w, x, _ in points)
    return rounded(slope * Fraction(3600, SAMPLE_S) * 100)


@cache
def library() -> FeatureLibrary:
    models = {
        f"w{span}": [
            feature("a.x", op, span * SAMPLE_S) for op in WINDOWED if span > 1 or op != "slope"
        ]
        for span in SPANS
    }
    return FeatureLibrary(app([channel("a.x")], models, SAMPLE_S))


readings = st.one_of(st.none(), st.integers(-1000, 1000))
gappy = st.lists(readings, min_size=1, max_size=120)
smooth = st.lists(st.integers(-3, 3), min_size=1, max_size=120).map(
    lambda steps: [int(v) for v in np.clip(np.cumsum(steps), -1000, 1000)]
)


def run(history: list[int | None], span: int) -> list[int]:
    rows = np.array([[MISSING if v is None else v] for v in history], dtype=np.int32)
    out, _ = library().run(f"w{span}", rows, without_clock(np.zeros(len(rows), np.int32)), None)
    return [int(v) for v in out[-1]]


@settings(max_examples=300, deadline=None)
@given(history=st.one_of(gappy, smooth), span=st.sampled_from(SPANS))
def test_exact_on_buckets(history: list[int | None], span: int) -> None:
    want = [oracle(op, span, history) for op in WINDOWED]
    assert run(history, span) == [MISSING if v is None else v for v in want]


def test_extremes_of_the_range_are_exact() -> None:
    for history in ([1000] * 90, [-1000] * 90, [1000, -1000] * 45, [-1000] * 45 + [1000] * 45):
        want = [oracle(op, 40, list(history)) for op in WINDOWED]
        assert run(list(history), 40) == want


def test_close_to_the_unbucketed_window() -> None:
    """A day's wave with noise: against NumPy over exactly the last 24 h of samples.

    The bucketed window is up to one bucket (2 h) shorter, so mean, sum and std may differ by what
    two hours weigh in a day; the ends of the range by as much as the signal moves in two hours.
    """
    rng = np.random.default_rng(1)
    n, span = 144 * 6, 144
    t = np.arange(n)
    values = np.rint(400 * np.sin(2 * np.pi * t / 144) + rng.normal(0, 20, n)).astype(np.int32)
    ops = ["mean", "sum", "std", "min", "max"]
    models = {"m": [feature("a.x", op, span * SAMPLE_S) for op in ops]}
    out, valid = FeatureLibrary(app([channel("a.x")], models, SAMPLE_S)).run(
        "m", values[:, None], without_clock(np.zeros(n, np.int32)), None
    )
    assert valid.all()
    for i in range(span, n):
        window = values[i - span + 1 : i + 1]
        mean, total, std, low, high = out[i]
        assert abs(mean - window.mean()) <= 400 / 12
        assert abs(total - window.mean() * 24) <= 24 * 400 / 12
        assert abs(std - window.std()) <= 20
        # Two hours around the extreme may be outside: cos(2 pi 1 / 12) of the wave, and noise.
        assert window.min() <= low <= window.min() + 400 * (1 - math.cos(math.pi / 6)) + 80
        assert window.max() >= high >= window.max() - 400 * (1 - math.cos(math.pi / 6)) - 80


def test_slope_of_a_noisy_ramp() -> None:
    """5 steps an hour with noise of 10 over 6 h: as good as a fit through all samples (0.5)."""
    rng = np.random.default_rng(2)
    n, span = 400, 36
    values = np.rint(5 / 6 * np.arange(n) + rng.normal(0, 10, n)).astype(np.int32)
    models = {"m": [feature("a.x", "slope", span * SAMPLE_S)]}
    out, _ = FeatureLibrary(app([channel("a.x")], models, SAMPLE_S)).run(
        "m", values[:, None], without_clock(np.zeros(n, np.int32)), None
    )
    mine = out[span:, 0] / 100
    fits = [
        np.polyfit(np.arange(span) / 6, values[i - span + 1 : i + 1], 1)[0] for i in range(span, n)
    ]
    assert np.abs(mine.mean() - 5) < 0.2
    assert np.sqrt(np.mean((mine - fits) ** 2)) < 0.5


def test_last_holds_three_samples() -> None:
    lib = FeatureLibrary(app([channel("a.x")], {"m": [feature("a.x", "last")]}))
    column = [MISSING, 7, MISSING, MISSING, MISSING, MISSING, MISSING, 9]
    rows = np.array([column], np.int32).T.copy()
    out, valid = lib.run("m", rows, without_clock(np.zeros(8, np.int32)), None)
    assert out[:, 0].tolist() == [MISSING, 7, 7, 7, 7, MISSING, MISSING, 9]
    assert valid.tolist() == [False, True, True, True, True, False, False, True]


@pytest.mark.parametrize(
    ("window", "sample", "shape"),
    [
        (6 * 3600, 600, (12, 3)),
        (86400, 600, (12, 12)),
        (600, 600, (1, 1)),
        (1800, 600, (3, 1)),
        (13 * 600, 600, (12, 1)),
        (37 * 600, 600, (12, 3)),
        (23 * 600, 600, (11, 2)),
        (7 * 86400, 60, (40, 252)),
    ],
)
def test_window_shape(window: int, sample: int, shape: tuple[int, int]) -> None:
    got = window_shape(window, sample)
    assert (got.buckets, got.size) == shape


@given(samples=st.integers(1, 255 * 255))
def test_every_window_is_covered_and_never_overrun(samples: int) -> None:
    shape = window_shape(samples * 60, 60)
    assert shape.samples <= samples
    assert shape.buckets <= 255 and shape.size <= 255
    assert shape.samples > 0.8 * samples


_MAIN = """
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    const int64_t n = atoll(argv[argc - 1]);
    int32_t *rows = calloc((size_t)n * APP_FEATURES_CHANNELS, 4);
    tiny_when_t *when = calloc((size_t)n, sizeof *when);
    int32_t *out = calloc((size_t)n * APP_FEATURES_M, 4);
    uint8_t *valid = calloc((size_t)n, 1);
    if (fread(rows, 4 * APP_FEATURES_CHANNELS, (size_t)n, stdin) != (size_t)n ||
        fread(when, sizeof *when, (size_t)n, stdin) != (size_t)n) {
        return 1;
    }
    const int32_t crop[] = {30, 40, 45, 30, 150, 1100, 700, 400, 250, 700};
    run_m(rows, NULL, when, crop, n, out, valid);
    fwrite(out, 4 * APP_FEATURES_M, (size_t)n, stdout);
    free(rows); free(when); free(out); free(valid);
    return 0;
}
"""


def test_sanitized_build_gives_the_same_and_finds_nothing() -> None:
    """Also on readings that no driver may give: a wrong number is allowed, undefined is not."""
    rng = np.random.default_rng(3)
    wild = np.array([2**31 - 1, -(2**31) + 1, MISSING, 0, 2**31 - 1], np.int64)
    rows = np.concatenate(
        [rng.integers(-1000, 1000, 500), rng.choice(wild, 700), np.full(300, 2**31 - 1)]
    ).astype(np.int32)[:, None]
    days = np.concatenate([np.arange(-5, 1490), [2**31 - 1, -(2**31), 0, 1, 2]]).astype(np.int32)
    when = np.stack([days, days // 3 * 5, np.arange(1500) * 57 % 86400], 1).astype(np.int32)
    when[::7, 1:] = MISSING
    inputs = [feature("a.x", op, 36 * SAMPLE_S) for op in (*WINDOWED, *COMPARED)]
    inputs += [feature("a.x", "last"), feature("site.kc", "value", channel=None)]
    inputs += [feature("site.root_depth", "value", channel=None)]
    inputs += [feature("site.stage", "one_hot", channel=None), feature("a.x", "one_hot")]
    inputs += [cyclic("time.hour"), cyclic("time.year")]
    the_app = app([channel("a.x")], {"m": inputs})
    source = emit_features(the_app)
    core = firmware_dir() / "core"
    program = hostcc.compile_executable(
        [source.source + shim(source) + _MAIN, *feature_files()],
        include=[core],
        headers={"app_features.h": source.header},
        name="features-sanitized",
        sanitize=True,
    )
    done = subprocess.run(
        [program, str(len(rows))],
        input=rows.tobytes() + when.tobytes(),
        capture_output=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr.decode()
    sane = np.frombuffer(done.stdout, np.int32).reshape(len(rows), -1)
    crop = (30, 40, 45, 30, 150, 1100, 700, 400, 250, 700)
    plain, _ = FeatureLibrary(the_app).run("m", rows, when, crop)
    assert np.array_equal(sane, plain)
