"""Operators that keep a state: LSTM and SVDF; and loops over time."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import ModelBuilder
from tests.compiler.operators.base import Family, Random, any_zero


def lstm(random: Random) -> bytes:
    """UNIDIRECTIONAL_SEQUENCE_LSTM with any of peepholes, normalization, projection, coupling."""
    build = ModelBuilder()
    peepholes, normalized, projected, coupled = (bool(n) for n in random.integers(2, size=4))
    cells, inputs, steps = (int(n) for n in random.integers(1, 9, 3))
    outputs = int(random.integers(1, cells + 1)) if projected else cells
    time_major = bool(random.integers(2))
    shape = (steps, 1) if time_major else (1, steps)
    in_scale, out_scale = (float(s) for s in 2.0 ** random.uniform(-8, -5, 2))
    in_zero, out_zero = any_zero(random), int(random.integers(-40, 41))
    gates = [gate for gate in range(4) if gate or not coupled]

    def weights(rows: int, columns: int) -> int:
        scale = float(2.0 ** random.uniform(-8, -4))
        return build.tensor(
            (rows, columns), scale=scale, data=random.integers(-127, 128, (rows, columns))
        )

    def vector(dtype: str, reach: int, scale: float) -> int:
        data = random.integers(-reach, reach + 1, cells)
        return build.tensor((cells,), dtype, scale=scale, data=data)

    places = [-1] * 24
    places[0] = build.tensor((*shape, inputs), scale=in_scale, zero=in_zero, name="input")
    for gate in gates:
        places[1 + gate] = weights(cells, inputs)
        places[5 + gate] = weights(cells, outputs)
        reach = 1 << int(random.integers(8, 16))
        places[12 + gate] = vector("int32", reach, in_scale / 100)
        if peepholes and gate != 2:
            scale = float(2.0 ** random.uniform(-17, -13))
            places[9 + min(gate, 2)] = vector("int16", 32767, scale)
        if normalized:
            places[20 + gate] = vector("int16", 32767, float(2.0 ** random.uniform(-16, -13)))
    hidden_scale, hidden_zero = out_scale, out_zero
    if projected:
        hidden_scale, hidden_zero = float(2.0 ** random.uniform(-8, -6)), any_zero(random)
        places[16] = weights(outputs, cells)
        if random.integers(2):
            data = random.integers(-2000, 2001, outputs)
            places[17] = build.tensor((outputs,), "int32", scale=0.001, data=data)
    places[18] = build.tensor((1, outputs), scale=out_scale, zero=out_zero, variable=True)
    cell_scale = float(2.0 ** -random.integers(9, 16))
    places[19] = build.tensor((1, cells), "int16", scale=cell_scale, variable=True)
    between = [
        build.tensor((0,), "int16", scale=float(2.0 ** random.uniform(-14, -9))) for _ in range(4)
    ]
    between.append(build.tensor((0,), scale=hidden_scale, zero=hidden_zero))
    out = build.tensor((*shape, outputs), scale=out_scale, zero=out_zero)
    build.op(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        places,
        [out],
        intermediates=between,
        fusedActivationFunction=schema.ActivationFunctionType.TANH,
        cellClip=float(random.choice([0.0, 0.5, 10.0])),
        projClip=float(random.choice([0.0, 0.3])),
        timeMajor=time_major,
    )
    return build.build([places[0]], [out])


def svdf(random: Random) -> bytes:
    """SVDF of any rank and memory."""
    build = ModelBuilder()
    inputs, units, rank, memory = (int(n) for n in random.integers(1, 7, 4))
    filters = units * rank
    in_scale, feature_scale, time_scale = (float(s) for s in 2.0 ** random.uniform(-8, -4, 3))
    state_scale = in_scale * feature_scale * 73 * 73 / random.uniform(4000, 12000)
    out_scale = state_scale * time_scale / 128 * random.uniform(40000, 160000)
    zero = any_zero(random)
    given = build.tensor((1, inputs), scale=in_scale, zero=zero)
    feature = random.integers(-127, 128, (filters, inputs))
    time = random.integers(-32767, 32768, (filters, memory)) // 128
    places = [
        given,
        build.tensor((filters, inputs), scale=feature_scale, data=feature),
        build.tensor((filters, memory), "int16", scale=time_scale / 128, data=time),
        -1,
        build.tensor((1, filters * memory), "int16", scale=state_scale, variable=True),
    ]
    if random.integers(2):
        data = random.integers(-100000, 100001, units)
        places[3] = build.tensor((units,), "int32", scale=state_scale * time_scale, data=data)
    out = build.tensor((1, units), scale=out_scale, zero=int(random.choice([-128, 0, 3])))
    build.op(
        "SVDF",
        places,
        [out],
        rank=rank,
        fusedActivationFunction=schema.ActivationFunctionType.RELU,
    )
    return build.build([given], [out])


def _cell(build: ModelBuilder, random: Random, x: int, h: int, width: int, units: int) -> int:
    """tanh(Wx + Uh) as the converter quantizes a simple recurrent cell."""
    parts = []
    for source, size in ((x, width), (h, units)):
        shape = (units, size)
        weights = build.tensor(shape, scale=0.02, data=random.integers(-127, 128, shape))
        parts.append(build.tensor((1, units), scale=0.05, zero=int(random.integers(-20, 21))))
        build.op("FULLY_CONNECTED", [source, weights, -1], [parts[-1]])
    both = build.tensor((1, units), scale=0.04, zero=7)
    build.op("ADD", parts, [both])
    out = build.tensor((1, units), scale=1 / 128, zero=0)
    build.op("TANH", [both], [out])
    return out


def loop(random: Random, *, steps: int | None = None) -> bytes:
    """WHILE as the converter makes of a recurrent layer: counters, GATHER, and a sequence whose
    places are written by cutting and joining."""
    build = ModelBuilder()
    steps = int(random.integers(0, 6)) if steps is None else steps
    length, width, units = max(steps, 1), int(random.integers(1, 5)), int(random.integers(1, 5))

    def scalar(graph: ModelBuilder, value: int | None = None, dtype: str = "int32") -> int:
        data = None if value is None else np.array(value)
        return graph.tensor((), dtype, scale=None, data=data)

    def vector(graph: ModelBuilder, *values: int) -> int:
        return graph.tensor((len(values),), "int32", scale=None, data=np.array(values))

    def variables(graph: ModelBuilder) -> list[int]:
        return [
            scalar(graph),
            graph.tensor((length, 1, units), scale=1 / 128, name="sequence"),
            graph.tensor((1, units), scale=1 / 128, name="state"),
            graph.tensor((length, 1, width), scale=0.03, zero=-5, name="x"),
        ]

    given = build.tensor((length, 1, width), scale=0.03, zero=-5, name="input")
    state = random.integers(-128, 128, (1, units))
    starts = [
        scalar(build, 0),
        build.tensor(
            (length, 1, units), scale=1 / 128, data=np.zeros((length, 1, units)), name="zeros"
        ),
        build.tensor((1, units), scale=1 / 128, data=state, name="first"),
        given,
    ]
    outs = variables(build)
    build.op("WHILE", starts, outs, condSubgraphIndex=1, bodySubgraphIndex=2)
    condition = ModelBuilder(build)
    seen = variables(condition)
    below = scalar(condition, dtype="bool")
    condition.op("LESS", [seen[0], scalar(condition, steps)], [below])
    build.subgraph(condition, seen, [below])

    body = ModelBuilder(build)
    counter, sequence, h, xs = variables(body)
    one = scalar(body, 1)
    following = scalar(body)
    body.op("ADD", [counter, one], [following])
    x = body.tensor((1, width), scale=0.03, zero=-5)
    body.op("GATHER", [xs, counter], [x], axis=0)
    new = _cell(body, random, x, h, width, units)
    cuts = []
    for count, before in ((counter, True), (following, False)):
        flat = body.tensor((1,), "int32", scale=None)
        body.op("RESHAPE", [count, vector(body, 1)], [flat])
        place = body.tensor((3,), "int32", scale=None)
        rest = vector(body, -1, -1) if before else vector(body, 0, 0)
        body.op("CONCATENATION", [flat, rest], [place], axis=0)
        ends = [vector(body, 0, 0, 0), place] if before else [place, vector(body, -1, -1, -1)]
        cuts.append(body.tensor((1, 1, units), scale=1 / 128, signature=(-1, -1, -1)))
        body.op("SLICE", [sequence, *ends], [cuts[-1]])
    row = body.tensor((1, 1, units), scale=1 / 128)
    body.op("RESHAPE", [new, vector(body, 1, 1, units)], [row])
    joined = body.tensor((length, 1, units), scale=1 / 128)
    body.op("CONCATENATION", [cuts[0], row, cuts[1]], [joined], axis=0)
    build.subgraph(body, [counter, sequence, h, xs], [following, joined, new, xs])
    return build.build([given], [outs[1], outs[2]])


FAMILIES: dict[str, Family] = {"UNIDIRECTIONAL_SEQUENCE_LSTM": lstm, "SVDF": svdf, "WHILE": loop}
