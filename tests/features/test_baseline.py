"""Lags, slow averages and differences, against NumPy, and byte for byte on every processor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.conftest import absent
from tests.features.apps import COMPARED, WINDOWED, app, channel, feature
from tests.features.clockless import without_clock
from tinyfield.compiler import targets
from tinyfield.errors import MissingToolError, SpecError
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.emit import emit_features
from tinyfield.features.scale import MISSING
from tinyfield.paths import firmware_dir
from tinyfield.spec.app import App
from tinyfield.spec.buckets import ewma_samples, lag_shape

SAMPLE_S = 3600


def computed(the_app: App, rows: NDArray[np.int32]) -> NDArray[np.int32]:
    when = without_clock(np.zeros(len(rows), np.int32))
    return FeatureLibrary(the_app).run("m", rows, when, None)[0]


def averages(values: NDArray[np.int32], n: int) -> NDArray[np.float64]:
    """The definition, in float64: NaN before the first reading and after n without one."""
    level, seen, gap, out = 0.0, 0, 0, []
    for value in values.tolist():
        if value == MISSING:
            gap += 1
            seen = 0 if gap >= n else seen
        else:
            gap, seen = 0, min(seen + 1, n)
            level = value if seen == 1 else level + (value - level) / seen
        out.append(level if seen else np.nan)
    return np.array(out)


@pytest.mark.parametrize("n", [2, 24, 720, 65535])
def test_an_average_is_within_half_a_unit(n: int) -> None:
    """Half a unit of rounding, and n steps that each may be off by half of 1/65536."""
    rng = np.random.default_rng(n)
    values = np.cumsum(rng.normal(0, 9, 5000)).astype(np.int32) + np.int32(10**8)
    values[rng.random(5000) < 0.1] = MISSING
    values[1000:1030] = MISSING
    ops = [feature("a.x", op, n * SAMPLE_S) for op in ("ewma", "deviation", "relative")]
    wide = channel("a.x", minimum=-(2**30), maximum=2**30)
    out = computed(app([wide], {"m": ops}, SAMPLE_S), values[:, None])
    want = averages(values, n)
    there = out[:, 0] != MISSING
    assert np.array_equal(there, ~np.isnan(want))
    assert (~there[1000:1030]).any() == (n < 30)
    assert np.abs(out[there, 0] - want[there]).max() <= 0.5 + min(n, 5000) / 2**17 + 1e-6
    both = (out[:, 1] != MISSING) & (values != MISSING)
    assert np.array_equal(out[both, 1], values[both] - out[both, 0])
    shares = values[both] / np.maximum(out[both, 0], 1) * 1000
    assert np.abs(out[both, 2] - shares).max() <= 0.5 + 1e-6


def test_a_share_of_next_to_nothing_is_of_one_step() -> None:
    """A level that rounds to nothing divides nothing, and what passes 32 bits is held."""
    wide = channel("a.x", minimum=0, maximum=2**30)
    ops = [feature("a.x", "relative", 4 * SAMPLE_S), feature("a.x", "ewma", 4 * SAMPLE_S)]
    rows = np.array([0, 0, 0, 0, 1, MISSING, 2**30, 2**29], np.int32)[:, None]
    out = computed(app([wide], {"m": ops}, SAMPLE_S), rows)
    assert out[:6, 0].tolist() == [0, 0, 0, 0, 1000, 1000]
    assert out[6, 0] == round(2**30 * 1000 / out[6, 1])
    tall = computed(app([wide], {"m": ops}, SAMPLE_S), np.array([[0]] * 4 + [[2]], np.int32))
    assert tall[-1].tolist() == [2000, 1]


@settings(max_examples=100, deadline=None)
@given(
    n=st.sampled_from((2, 3, 7, 100, 4999, 65535)),  # each compiles its own library
    values=st.lists(st.integers(-(2**31) + 1, 2**31 - 1), min_size=1, max_size=30),
)
def test_an_average_lies_within_its_readings(n: int, values: list[int]) -> None:
    the_app = app([channel("a.x")], {"m": [feature("a.x", "ewma", n)]}, 1)
    out = computed(the_app, np.array(values, np.int32)[:, None])[:, 0].tolist()
    for i, got in enumerate(out):
        assert min(values[: i + 1]) <= got <= max(values[: i + 1])


@pytest.mark.parametrize("hours", [1, 6, 12])
def test_a_short_lag_is_that_sample(hours: int) -> None:
    values = np.random.default_rng(1).integers(-1000, 1000, 200).astype(np.int32)
    values[50] = MISSING
    ops = [feature("a.x", "lag", hours * 3600), feature("a.x", "change", hours * 3600)]
    out = computed(app([channel("a.x")], {"m": ops}, SAMPLE_S), values[:, None])
    assert (out[:hours] == MISSING).all()
    assert np.array_equal(out[hours:, 0], values[:-hours])
    known = (values[hours:] != MISSING) & (values[:-hours] != MISSING)
    assert np.array_equal(out[hours:, 1][known], (values[hours:] - values[:-hours])[known])
    assert out[50 + hours, 1] == MISSING


def test_a_long_lag_is_within_its_bucket() -> None:
    """A day's wave at ten minutes, a day ago: off by no more than the wave moves in two hours."""
    t = np.arange(1000)
    values = np.rint(900 * np.sin(2 * np.pi * t / 144)).astype(np.int32)
    the_app = app([channel("a.x")], {"m": [feature("a.x", "lag", 86400)]}, 600)
    out = computed(the_app, values[:, None])[:, 0]
    assert np.abs(out[156:] - values[12:-144]).max() <= 900 * 2 * np.pi * 11 / 144 / 2 + 1


def test_differences_of_channels() -> None:
    rows = np.array([[5, 70], [MISSING, 1], [2**31 - 1, -(2**31) + 1], [0, 2**31 - 1]], np.int32)
    one = feature("a.x", "minus").model_copy(update={"other": 1, "factors": (10, 1)})
    out = computed(app([channel("a.x"), channel("b.x")], {"m": [one]}), rows)
    # Held for a sample, then at the ends of int32.
    assert out[:, 0].tolist() == [50 - 70, 50 - 1, 2**31 - 1, -(2**31) + 1]
    never = np.full((3, 2), MISSING, np.int32)
    assert (computed(app([channel("a.x"), channel("b.x")], {"m": [one]}), never) == MISSING).all()


def test_what_cannot_be() -> None:
    with pytest.raises(SpecError, match="the average takes 2 to 65535"):
        ewma_samples(65536, 1)
    with pytest.raises(SpecError, match="more than a ring can hold"):
        lag_shape(255 * 255, 1)
    assert (lag_shape(6 * 3600, 600).buckets, lag_shape(6 * 3600, 600).size) == (13, 3)


def test_one_average_serves_both() -> None:
    inputs = [
        feature("a.x", op, 86400)
        for op in ("ewma", "deviation", "relative", "lag", "change", "range")
    ]
    source = emit_features(app([channel("a.x")], {"m": inputs}))
    assert source.header.count("tiny_ewma_t") == 1
    assert source.header.count("tiny_ring_t") == 2
    assert all(len(line) <= 100 for line in (source.header + source.source).splitlines())


_MAIN = """
#include "app_features.h"
#include "host.h"
int main(void)
{
    static app_features_t s;
    uint32_t n;
    host_read(&n, sizeof n);
    app_features_init(&s);
    for (; n > 0; n--) {
        int32_t row[APP_FEATURES_CHANNELS];
        int32_t out[APP_FEATURES_M];
        host_read(row, sizeof row);
        app_features_push(&s, row);
        (void)app_features_m(&s, NULL, 0, out);
        host_write(out, sizeof out);
    }
    host_exit(0);
}
"""


@pytest.mark.parametrize("name", ["avr", "cortex-m4", "rv32imc"])
def test_every_processor_gives_the_same_bytes(name: str) -> None:
    """All features of channels: readings of the range, then any int32 (wrong, but alike)."""
    rng = np.random.default_rng(5)
    rows = rng.integers(-1000, 1000, (160, 2)).astype(np.int32)
    rows[100:] = rng.integers(-(2**31), 2**31, (60, 2))
    rows[rng.random(rows.shape) < 0.1] = MISSING
    inputs = [feature("a.x", op, 14 * SAMPLE_S) for op in (*WINDOWED, *COMPARED)]
    inputs += [feature("b.x", "ewma", 40 * SAMPLE_S, channel=1), feature("b.x", "last", channel=1)]
    one = feature("a.x", "minus").model_copy(update={"other": 1, "factors": (1, 100)})
    the_app = app([channel("a.x"), channel("b.x")], {"m": [*inputs, one]}, SAMPLE_S)
    source = emit_features(the_app)
    core = firmware_dir() / "core"
    try:
        target = targets.target(name)
        image = targets.build(
            target,
            [source.source, *sorted((core / "features").glob("*.c")), _MAIN],
            name="features",
            include=[core],
            headers={"app_features.h": source.header},
        )
        given_bytes = len(rows).to_bytes(4, "little") + rows.tobytes()
        raw = targets.execute(target, image, given_bytes, timeout_s=600.0)
    except MissingToolError as error:
        absent(str(error))
    assert np.array_equal(np.frombuffer(raw, np.int32).reshape(len(rows), -1),
                          computed(the_app, rows))  # fmt: skip
