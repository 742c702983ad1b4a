"""From series to the table that training sees."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from tests.features.apps import app, channel, feature, site
from tests.features.clockless import without_clock
from tinyfield import hostcc
from tinyfield.data.dataset import Dataset, Series, Split
from tinyfield.errors import DataError, SpecError
from tinyfield.features import compute, emit_features
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.table import entered, windows
from tinyfield.paths import firmware_dir

APP = app(
    [channel("soil.moisture", minimum=0), channel("air.temperature", -2, -4000, 8500)],
    {
        "need": [
            feature("soil.moisture", "last"),
            feature("soil.moisture", "mean", 3600),
            site("kc"),
            site("stage", "one_hot"),
        ],
        "other": [feature("soil.moisture", "max", 3600)],
    },
)


def series(group: str, n: int = 30, **changes: object) -> Series:
    rng = np.random.default_rng(len(group))
    labels = np.full(n, -1, np.int16)
    labels[::3] = np.arange(len(labels[::3])) % 2
    made = Series(
        group=group,
        site={"plant": "cotton"},
        period_s=600,
        t0=datetime(2026, 4, 20),
        channels={"soil.moisture": rng.uniform(10, 90, n), "air.temperature": np.full(n, np.nan)},
        day=np.arange(n, dtype=np.int32),
        labels=labels,
        origin="generated",
    )
    return replace(made, **changes)


def dataset(*some: Series) -> Dataset:
    parts: tuple[Split, ...] = ("train", "valid", "test")
    split = {s.group: parts[i % 3] for i, s in enumerate(some)}
    return Dataset("made", ("dry", "wet"), some, split, ("GENERATED: all of it.",))


def test_rows_are_the_labelled_samples() -> None:
    table = compute(APP, "need", dataset(series("a"), series("b"), series("c")))
    table.verify()
    assert table.X.shape == (30, 7) and table.X.dtype == np.int32
    assert table.names[3:] == tuple(f"site.stage one_hot = {i}" for i in range(4))
    assert table.group.tolist() == ["a"] * 10 + ["b"] * 10 + ["c"] * 10
    assert table.split.tolist() == ["train"] * 10 + ["valid"] * 10 + ["test"] * 10
    assert table.t.tolist() == [i * 1800 for i in range(10)] * 3
    assert table.y.tolist() == [0, 1] * 15
    physical = series("a").channels["soil.moisture"][::3]
    assert np.array_equal(table.X[:10, 0], np.floor(physical * 10 + 0.5).astype(np.int32))
    assert (table.X[:10, 2] == 150).all()  # cotton's Kcb on its first days
    assert compute(APP, "need", dataset(*map(series, "abc")), every_s=3600).X.shape == (15, 7)


def test_a_gap_drops_rows_and_is_counted() -> None:
    wet = series("a").channels["soil.moisture"].copy()
    wet[10:21] = np.nan
    gap = series("a", channels={"soil.moisture": wet})
    table = compute(APP, "need", dataset(gap, series("b"), series("c")))
    # `last` holds three samples; then, and until half an hour of readings is back, no value.
    assert table.dropped == 3
    assert table.t[:7].tolist() == [0, 1800, 3600, 5400, 7200, 12600 + 1800, 16200]


def test_windows_cross_no_gap_and_no_series() -> None:
    wet = np.arange(30.0)
    wet[10:15] = np.nan
    channels = {"soil.moisture": wet, "air.temperature": wet}
    one = app(
        list(APP.channels), {"need": [feature("soil.moisture", "last"), site("kc")]}, history=3
    )
    parts = [series(g, channels=channels, labels=np.zeros(30, np.int16)) for g in "abc"]
    table = compute(one, "need", dataset(*parts))
    # `last` holds three samples of the gap; the fourth and fifth have no value.
    samples = [i for i in range(30) if i not in (13, 14)]
    assert table.t.tolist() == [600 * i for i in samples] * 3
    assert table.history == 3 and table.X.shape == (84, 6) and table.names[0].endswith("last")
    wet_at = {i: table.X[samples.index(i), ::2].tolist() for i in samples}
    assert [wet_at[i] for i in (0, 1, 2)] == [[0, 0, 0], [0, 0, 10], [0, 10, 20]]
    assert [wet_at[i] for i in (15, 16, 17)] == [[150] * 3, [150, 150, 160], [150, 160, 170]]
    assert table.dropped == 6
    assert "3 samples each" in table.dump()


_NODE = """
#include "history.h"
/* One input a sample, negative: none. Gives the rows in the history after each, or -1 each. */
void live(const int32_t *x, int32_t n, int32_t history, int32_t hop, int32_t *out)
{
    int8_t rows[64] = {0};
    bool filled = false;
    uint16_t wait = 0;
    for (int32_t i = 0; i < n; i++) {
        if (hop == 1 || tiny_history_due(&wait, (uint16_t)hop)) {
            if (x[i] < 0) {
                filled = false;
            } else {
                *tiny_history_next(rows, (uint16_t)history, 1) = (int8_t)x[i];
                tiny_history_entered(rows, &filled, (uint16_t)history, 1);
            }
        }
        for (int32_t k = 0; k < history; k++) {
            out[i * history + k] = filled ? rows[k] : -1;
        }
    }
}
"""


@pytest.mark.parametrize(("history", "hop"), [(3, 1), (3, 4), (5, 2), (2, 1), (4, 7)])
def test_a_node_remembers_what_training_saw(history: int, hop: int) -> None:
    """The node's C over samples with gaps, against the windows that a model learns from."""
    library = ctypes.CDLL(
        str(hostcc.compile_shared([_NODE], include=[firmware_dir() / "core"], name="live"))
    )
    rng = np.random.default_rng(history * 10 + hop)
    x = rng.integers(0, 128, 200).astype(np.int32)
    x[rng.random(200) < 0.06] = -1
    out = np.empty((200, history), np.int32)
    library.live(
        x.ctypes.data_as(ctypes.c_void_p), 200, history, hop, out.ctypes.data_as(ctypes.c_void_p)
    )
    there = entered(x >= 0, hop)
    assert np.array_equal(there, out[:, 0] >= 0) and 0 < there.sum() < 200
    at = np.flatnonzero(there)
    assert np.array_equal(windows(x[:, None], x >= 0, at, history, hop), out[at])


def test_every_third_sample_enters_the_history() -> None:
    inputs = {"need": [feature("soil.moisture", "last")]}
    one = app(list(APP.channels), inputs, history=4, hop=3)
    wet = {"soil.moisture": np.arange(30.0), "air.temperature": np.zeros(30)}
    parts = [series(g, channels=wet, labels=np.zeros(30, np.int16)) for g in "abc"]
    table = compute(one, "need", dataset(*parts))
    assert table.X[9].tolist() == [0, 30, 60, 90] and table.t[9] == 9 * 600
    assert table.X[11].tolist() == [0, 30, 60, 90]  # until the next one enters
    assert table.X[12].tolist() == [30, 60, 90, 120]
    assert table.X[0].tolist() == [0, 0, 0, 0] and table.X[3].tolist() == [0, 0, 0, 30]
    assert table.dropped == 0


def test_dump_and_key() -> None:
    whole = dataset(series("a"), series("b"), series("c"))
    table = compute(APP, "need", whole)
    assert table.dump().splitlines()[:4] == [
        "features of need: 30 rows, 0 without a value",
        "  train: 10 (dry 5, wet 5)",
        "  valid: 10 (dry 5, wet 5)",
        "  test: 10 (dry 5, wet 5)",
    ]
    assert table.key() == compute(APP, "need", whole).key()
    assert table.key() != replace(table, y=1 - table.y).key()
    assert table.key() != replace(table, split=table.split[::-1]).key()


def test_what_the_data_lack_is_said() -> None:
    def bad(**changes: object) -> Dataset:
        return dataset(series("a", **changes), series("b"), series("c"))

    with pytest.raises(DataError, match=r"made, a: `soil.moisture last` needs soil.moisture"):
        compute(APP, "need", bad(channels={"air.temperature": np.zeros(30)}))
    with pytest.raises(DataError, match="sampled every 3600 s, the app every 600 s"):
        compute(APP, "need", bad(period_s=3600))
    with pytest.raises(DataError, match="no crop `cactus`"):
        compute(APP, "need", bad(site={"plant": "cactus"}))
    with pytest.raises(DataError, match="no usable row in the test split"):
        compute(APP, "need", dataset(series("a"), series("b"))).verify()
    empty = series("c", labels=np.full(30, -1, np.int16))
    with pytest.raises(DataError, match="no usable row in the test split"):
        compute(APP, "need", dataset(series("a"), series("b"), empty)).verify()


def test_data_without_a_neighbour_say_what_to_do() -> None:
    heard = channel("hall.active").model_copy(update={"told": True})
    near = app([heard], {"need": [feature("hall.active", "last")]})
    with pytest.raises(DataError, match=r"needs hall\.active") as caught:
        compute(near, "need", dataset(*map(series, "abc")))
    assert "a column hall.active of 0 and 1" in (caught.value.hint or "")
    spoken = [replace(one, channels={"hall.active": np.tile([1.0, 0.0, np.nan], 10)})
              for one in map(series, "abc")]  # fmt: skip
    table = compute(near, "need", dataset(*spoken))
    assert set(table.X[:, 0].tolist()) == {10}  # every third sample has a label


def test_crop_falls_back_to_the_apps_and_may_be_overridden() -> None:
    own = compute(APP, "need", dataset(*(series(g, site={}) for g in "abc")))
    assert (own.X[:, 2] == 150).all()
    fitted = {"plant": "cotton", "crop": {"kcb": [320, 900, 400]}}
    table = compute(APP, "need", dataset(*(series(g, site=fitted) for g in "abc")))
    assert (table.X[:, 2] == 320).all()


def test_windows_that_cannot_be() -> None:
    def emitted(source: str, op: str, window: int, **kind: int) -> object:
        return emit_features(app([channel("a.x", **kind)], {"m": [feature(source, op, window)]}))

    with pytest.raises(SpecError, match="shorter than one sample"):
        emitted("a.x", "mean", 300)
    with pytest.raises(SpecError, match="a slope needs two samples"):
        emitted("a.x", "slope", 600)
    with pytest.raises(SpecError, match="overflow the node's arithmetic"):
        emitted("a.x", "mean", 86400, maximum=2**31 - 1)
    with pytest.raises(SpecError, match="more than a window can hold"):
        emitted("a.x", "mean", 600 * 65026)


def test_generated_c_shares_what_can_be_shared(root: Path) -> None:
    """One ring a length, one set of buckets a channel and length, only the kinds that are read."""
    ops = ["mean", "slope", "sum", "max"]
    inputs = [feature("a.x", op, 86400) for op in ops] + [feature("b.x", "mean", 86400, channel=1)]
    source = emit_features(app([channel("a.x"), channel("b.x")], {"m": inputs, "n": inputs[:1]}))
    assert source.header.count("tiny_ring_t") == 1
    assert source.header.count("int32_t sums[12]") == 2
    assert source.header.count("int32_t maxima[12]") == 1
    assert "minima" not in source.header and "squares" not in source.header
    assert source.widths == {"m": 5, "n": 1}
    assert all(len(line) <= 100 for line in (source.header + source.source).splitlines())


def test_channels_of_like_names_stay_apart() -> None:
    channels = [channel("a_b.c"), channel("a.b_c")]
    inputs = [feature(c.name, "mean", 3600, channel=i) for i, c in enumerate(channels)]
    lib = FeatureLibrary(app(channels, {"m": inputs}))
    out, _ = lib.run(
        "m", np.array([[1, 5]] * 9, np.int32), without_clock(np.zeros(9, np.int32)), None
    )
    assert out[-1].tolist() == [1, 5]


def test_an_app_without_models_compiles() -> None:
    assert FeatureLibrary(app([], {})).source.widths == {}


def test_site_inputs_need_a_crop() -> None:
    lib = FeatureLibrary(app([], {"m": [site("p")]}))
    with pytest.raises(DataError, match="reads the site's crop"):
        lib.run("m", np.zeros((1, 1), np.int32), without_clock(np.zeros(1, np.int32)), None)
