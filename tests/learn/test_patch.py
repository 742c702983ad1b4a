"""Patched files say what they were told to say, and nothing else in them moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfield.compiler import check
from tinyfield.compiler.tflite import read
from tinyfield.errors import ModelError
from tinyfield.learn.patch import Patch, patched, tempered
from tinyfield.learn.runner import run_device

pytest.importorskip("ai_edge_litert")
from tests.compiler.models import ModelBuilder

INPUTS, UNITS = 6, 4
WEIGHTS, BIAS, LOGITS = 1, 2, 3


def dense(
    rng: np.random.Generator, scales: list[float], *, shared: bool = False
) -> tuple[bytes, np.ndarray]:
    """FULLY_CONNECTED and SOFTMAX; and its weights."""
    build = ModelBuilder()
    w = rng.integers(-127, 128, (UNITS, INPUTS)).astype(np.int8)
    b = rng.integers(-3000, 3000, UNITS).astype(np.int32)
    x = build.tensor((1, INPUTS), scale=1 / 127)
    ws = build.tensor((UNITS, INPUTS), scale=scales, zero=[0] * UNITS, data=w)
    bs = build.tensor((UNITS,), "int32", scale=[s / 127 for s in scales], zero=[0] * UNITS, data=b)
    z = build.tensor((1, UNITS), scale=0.05, zero=3)
    p = build.tensor((1, UNITS), scale=1 / 256, zero=-128)
    build.op("FULLY_CONNECTED", [x, ws, bs], [z])
    build.op("SOFTMAX", [z], [p], beta=1.0)
    return build.build([x], [p]), w


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_only_what_is_named_changes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    file, old = dense(rng, rng.uniform(0.001, 0.02, UNITS).tolist())
    w = rng.integers(-127, 128, old.shape).astype(np.int8)
    scales = rng.uniform(0.001, 0.02, UNITS).astype(np.float32)
    made = patched(
        file,
        {WEIGHTS: Patch(w, scales), BIAS: Patch(scales=(scales / np.float32(127)))},
    )
    assert len(made) == len(file)
    before, after = read(file), read(made)
    assert np.array_equal(after.tensors[WEIGHTS].data, w)
    assert after.tensors[WEIGHTS].q.scales == tuple(float(s) for s in scales)
    assert np.array_equal(after.tensors[BIAS].data, before.tensors[BIAS].data)
    assert str(after.tensors[LOGITS]) == str(before.tensors[LOGITS])
    back = patched(
        made,
        {i: Patch(scales=np.array(before.tensors[i].q.scales, np.float32)) for i in (WEIGHTS, BIAS)}
        | {WEIGHTS: Patch(old, np.array(before.tensors[WEIGHTS].q.scales, np.float32))},
    )
    assert back == file
    result = check(made, calls=8)
    assert result.difference is None


def test_a_temperature_changes_no_logit() -> None:
    rng = np.random.default_rng(0)
    file, _ = dense(rng, [0.01, 0.004, 0.02, 0.008])
    cold = tempered(file, LOGITS, WEIGHTS, BIAS, 2.5)
    q = rng.integers(-128, 128, (200, INPUTS)).astype(np.int8)
    before, after = run_device(file, q), run_device(cold, q)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    p = (before.astype(float) + 128) / 256
    flat = np.exp(np.log(np.maximum(p, 1e-3)) / 2.5)
    flat /= flat.sum(axis=1, keepdims=True)
    sure = (p > 0.02).all(axis=1)
    assert sure.sum() > 10
    assert np.abs((after[sure].astype(float) + 128) / 256 - flat[sure]).max() < 0.03
    assert check(cold, calls=8).difference is None


def test_what_does_not_fit_is_refused() -> None:
    file, w = dense(np.random.default_rng(1), [0.01] * UNITS)
    with pytest.raises(ModelError, match="has no tensor 9; it has 5"):
        patched(file, {9: Patch(w)})
    with pytest.raises(ModelError, match="24 bytes; 20 cannot take their place"):
        patched(file, {WEIGHTS: Patch(w[:, :5])})
    with pytest.raises(ModelError, match="no constant of int16"):
        patched(file, {WEIGHTS: Patch(w.astype(np.int16))})
    with pytest.raises(ModelError, match="no constant of int8"):
        patched(file, {LOGITS: Patch(w)})
    with pytest.raises(ModelError, match="has 4 scales or zero points, not 1"):
        patched(file, {WEIGHTS: Patch(scales=np.ones(1, np.float32))})
    with pytest.raises(ModelError, match="not a TFLite model"):
        patched(b"no model at all", {})


def test_shared_bytes_are_not_changed_behind_anyones_back() -> None:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    file, w = dense(np.random.default_rng(1), [0.01] * UNITS)
    made = schema.ModelT.InitFromPackedBuf(file, 0)
    tensors = made.subgraphs[0].tensors
    tensors.append(tensors[WEIGHTS])
    builder = flatbuffers.Builder(1024)
    builder.Finish(made.Pack(builder), b"TFL3")
    both = bytes(builder.Output())
    with pytest.raises(ModelError, match="shares its bytes"):
        patched(both, {WEIGHTS: Patch(w)})
    with pytest.raises(ModelError, match="gets other ones"):
        patched(both, {WEIGHTS: Patch(w), len(tensors) - 1: Patch(-w)})
    assert patched(both, {WEIGHTS: Patch(w), len(tensors) - 1: Patch(w)}) == both
