"""The kernels for the M-profile vector extension: the same bytes as LiteRT's, under emulation and
through their portable bodies."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.batch import agree_in_one_image, programs
from tests.compiler.models import ModelBuilder
from tests.compiler.operators import FAMILIES
from tests.compiler.operators.base import Random, any_scale, any_zero, output_size
from tests.compiler.test_emulated import need
from tinyfield.compiler import run
from tinyfield.compiler.kernels import mve
from tinyfield.compiler.kernels.spec import ConvSpec, FullyConnectedSpec
from tinyfield.compiler.rounding import Once

TARGET = "cortex-m55"
#: Random layers of each kind that share one image.
LAYERS = 24


def any_channels(random: Random) -> int:
    """Below, at and above whole vectors."""
    return int(random.choice([1, 3, 4, 8, 15, 16, 17, 24, 32, 48]))


def layer(random: Random, kind: str) -> bytes:
    """One layer: ``pointwise``, ``conv``, ``depthwise`` or ``dense``."""
    build = ModelBuilder()
    k_h, k_w = (int(n) for n in random.integers(1, (6, 5)))
    s_h, s_w = (int(n) for n in random.integers(1, 4, 2))
    in_c, out_c = any_channels(random), int(random.integers(1, 22))
    if kind in ("pointwise", "dense"):
        k_h = k_w = s_h = s_w = 1
    if kind == "depthwise":
        k_h, k_w = (int(n) for n in random.choice([1, 2, 3, 3, 3, 5], 2))
        s_h, s_w = (int(n) for n in random.integers(1, 3, 2)) if random.random() < 0.5 else (1, 1)
        out_c = in_c
    height, width = (k_h + int(random.integers(0, 8)), k_w + int(random.integers(0, 10)))
    if random.random() < 0.2:
        height, width = k_h, k_w  # one pixel, or as many
    if kind == "dense":
        height, width = 1, int(random.integers(1, 4))
        in_c = int(random.integers(1, 90))
    padding = str(random.choice(["SAME", "VALID"]))
    products = k_h * k_w * (1 if kind == "depthwise" else in_c)
    source = any_scale(random)
    many = out_c if out_c > 1 and (kind != "dense" or random.random() < 0.5) else 1
    weight = any_scale(random) * np.exp2(random.uniform(-3, 0, many))
    target = source * float(weight.max()) * 73 * 73 * np.sqrt(products) / random.uniform(30, 150)
    if random.random() < 0.3:
        target = 2.0 ** np.round(np.log2(target))  # ties are frequent
    if kind != "dense" and random.random() < 0.1:
        target /= 2**16  # shifts to the left
    shape: tuple[int, ...] = (1, k_h, k_w, out_c)
    if kind != "depthwise":
        shape = (out_c, in_c) if kind == "dense" else (out_c, k_h, k_w, in_c)
    reach = int(73 * 73 * np.sqrt(products))
    relu = random.random() < 0.6
    zero = -128 if relu else any_zero(random)
    given_shape = (width, in_c) if kind == "dense" else (1, height, width, in_c)
    out_shape: tuple[int, ...] = (width, out_c)
    if kind != "dense":
        out_h, out_w = output_size(height, s_h, k_h, padding), output_size(width, s_w, k_w, padding)
        out_shape = (1, out_h, out_w, out_c)
    given = build.tensor(given_shape, scale=source, zero=any_zero(random))
    operands = [
        given,
        build.tensor(
            shape,
            scale=weight.tolist(),
            axis=3 if kind == "depthwise" else 0,
            data=random.integers(-127, 128, shape),
        ),
        build.tensor(
            (out_c,),
            "int32",
            scale=(source * weight).tolist() * (out_c // many),
            data=random.integers(-reach, reach + 1, out_c),
        ),
    ]
    out = build.tensor(out_shape, scale=float(target), zero=zero)
    options: dict[str, Any] = {
        "fusedActivationFunction": getattr(
            schema.ActivationFunctionType, "RELU" if relu else "NONE"
        )
    }
    if kind != "dense":
        options.update(padding=getattr(schema.Padding, padding), strideH=s_h, strideW=s_w)
        options.update(dilationHFactor=1, dilationWFactor=1)
    if kind == "depthwise":
        options["depthMultiplier"] = 1
    names = {"dense": "FULLY_CONNECTED", "depthwise": "DEPTHWISE_CONV_2D"}
    build.op(names.get(kind, "CONV_2D"), operands, [out], **options)
    return build.build([given], [out])


def pool(random: Random, kind: str) -> bytes:
    """A window over more channels than a vector has."""
    build = ModelBuilder()
    k_h, k_w, s_h, s_w = (int(n) for n in random.integers(1, 4, 4))
    height, width = (k_h + int(random.integers(0, 5)), k_w + int(random.integers(0, 5)))
    channels, zero = any_channels(random), any_zero(random)
    padding = str(random.choice(["SAME", "VALID"]))
    out_h, out_w = output_size(height, s_h, k_h, padding), output_size(width, s_w, k_w, padding)
    given = build.tensor((1, height, width, channels), zero=zero)
    out = build.tensor((1, out_h, out_w, channels), zero=zero)
    options = {"padding": getattr(schema.Padding, padding), "strideH": s_h, "strideW": s_w}
    activation = getattr(schema.ActivationFunctionType, str(random.choice(["NONE", "RELU6"])))
    options.update(filterHeight=k_h, filterWidth=k_w, fusedActivationFunction=activation)
    build.op(kind, [given], [out], **options)
    return build.build([given], [out])


@lru_cache(maxsize=1)
def layers() -> list[bytes]:
    made = [
        layer(np.random.default_rng(seed), kind)
        for kind in ("pointwise", "conv", "depthwise", "dense")
        for seed in range(LAYERS)
    ]
    made += [
        pool(np.random.default_rng(seed), kind)
        for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D")
        for seed in range(LAYERS // 4)
    ]
    return made + [
        FAMILIES[family](np.random.default_rng(seed))
        for family in (
            *("ADD", "SUB", "MUL", "CONV_2D", "DEPTHWISE_CONV_2D"),
            *("CONV_2D int16", "DEPTHWISE_CONV_2D int16", "FULLY_CONNECTED int16"),
        )
        for seed in range(LAYERS // 4)
    ]


def test_the_vector_bodies_on_the_processor() -> None:
    need(TARGET)
    ours = programs(layers(), TARGET)
    taken = [one.source.count("tiny_mve_") > 0 for one in ours]
    # A few have shapes or scales that only the portable kernels take.
    assert np.mean(taken) > 0.8
    agree_in_one_image(layers(), ours, TARGET)


@pytest.mark.parametrize(("pad", "taken"), [(2, True), (3, False)])
def test_windows_beside_the_image_are_left_to_others(pad: int, taken: bool) -> None:
    spec = ConvSpec(
        *(0, 1, True),
        *(4, 4, 2),
        *(4, 1, 2),
        *(3, 3),
        *(1, 1),
        *(1, 1),
        pad_top=1,
        pad_left=pad,
        weights=np.ones((3, 3, 2), np.int8),
        bias=np.zeros(2, np.int32),
        mult=np.full(2, 1 << 30, np.int32),
        shift=np.full(2, -3, np.int8),
        rounding=1,
        sums=((-1152, 1152),) * 2,
        pad=0,
        zero_point=0,
        low=-128,
        high=127,
        label="layer",
    )
    assert (mve.conv(spec) is not None) == taken


def test_the_portable_bodies_under_sanitizers() -> None:
    some = layers()[::3]
    agree_in_one_image(some, programs(some, TARGET), "host")


@pytest.mark.parametrize(("file", "data"), [("kws_ref_model", "kws"), ("ad01_int8", "ad")])
def test_mlperf_tiny(shared: Path, file: str, data: str) -> None:
    need(TARGET)
    folder = shared / "models"
    given = np.load(folder / f"{data}_in.npy")[:3]
    golden = np.load(folder / f"{data}_out_ref.npy")[:3]
    model = (folder / f"{file}.tflite").read_bytes()
    shape = programs([model], TARGET)[0].inputs[0].shape
    ours = run(model, {"in0": given.reshape(len(given), *shape)}, TARGET)["out0"]
    np.testing.assert_array_equal(ours.reshape(golden.shape), golden)


@pytest.mark.parametrize("seed", range(6))
def test_one_rounding_as_two(seed: int) -> None:
    """The form that is found agrees for every sum, not only where the proof looks."""
    random = np.random.default_rng(seed)
    once = Once(int(random.integers(1 << 30, 1 << 31)), int(random.integers(36, 43)))
    reach = 1 << int(random.integers(14, 19))
    spec = FullyConnectedSpec(
        *(0, 1, 1, np.zeros((1, 1), np.int8), np.zeros(1, np.int32)),
        *(np.array([once.mult], np.int32), np.array([once.shift], np.int8)),
        *(0, ((-reach, reach),), int(random.integers(-128, 128)), -128, 127, "layer"),
    )
    found = mve.once_as_vectors(spec)
    assert found is not None
    left, mult, shift = found
    x = np.arange(-reach, reach + 1, dtype=object)
    raised = np.clip(x * (1 << left), -(1 << 31), (1 << 31) - 1)
    first = (raised * int(mult[0]) + (1 << 30)) // (1 << 31)
    right = -int(shift[0])
    second = (first + ((1 << right) >> 1)) // (1 << right)
    expected = (x * once.mult + (1 << (once.shift - 1))) // (1 << once.shift)
    limits = -128 - spec.zero_point, 127 - spec.zero_point
    np.testing.assert_array_equal(np.clip(second, *limits), np.clip(expected, *limits))
