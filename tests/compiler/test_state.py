"""State between calls: streaming models, over several successive calls of one instance."""

from __future__ import annotations

import contextlib
import struct
import time
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.compiler.models import ModelBuilder, reference
from tests.compiler.operators import FAMILIES
from tests.compiler.operators.recurrent import loop
from tests.compiler.test_emulated import need
from tests.compiler.test_exact import agree
from tests.compiler.test_sanitized import run_sanitized
from tests.compiler.test_tflite import mutated
from tinyfield.compiler import check, compile_model, run
from tinyfield.compiler.host import run_host
from tinyfield.compiler.proof import test_inputs
from tinyfield.errors import ModelError, TinyfieldError

Random = np.random.Generator


def handle(build: ModelBuilder, name: str) -> int:
    """A VAR_HANDLE's output."""
    index = build.tensor((), "resource", scale=None, name=f"{name}/handle")
    build.op("VAR_HANDLE", [], [index], sharedName=name)
    return index


def first_values(build: ModelBuilder, values: dict[str, np.ndarray]) -> int:
    """A subgraph that assigns to each variable."""
    inner = ModelBuilder(build)
    for name, value in values.items():
        start = inner.tensor(value.shape, scale=0.1, data=value)
        inner.op("ASSIGN_VARIABLE", [handle(inner, name), start], [])
    return build.subgraph(inner, [], [])


def ints(build: ModelBuilder, *values: int) -> int:
    return build.tensor((len(values),), "int32", scale=None, data=np.array(values))


def streaming(random: Random, *, layers: int = 2, window: bool = True, width: int = 1) -> bytes:
    """Convolutions over windows in time, as streaming Keras layers are exported.

    Args:
        window: the last rows are kept; otherwise the first, which nothing can keep in place.
        width: of the rows; above 1, kernels are smaller than their windows.
    """
    build = ModelBuilder()
    build.op("CALL_ONCE", [], [], initSubgraphIndex=1)
    rows, channels = (int(n) for n in random.integers(1, 4, 2))
    rows += 4 if width > 1 else 0
    shape = (1, rows, width, channels)
    source = current = build.tensor(shape, scale=0.1, zero=-3, name="input")
    values = {}
    for layer in range(layers):
        kept = int(random.integers(1, 6))
        name, whole = f"state{layer}", rows + kept
        values[name] = random.integers(-128, 128, (1, kept, width, channels))
        variable = handle(build, name)
        quant = {"scale": 0.1, "zero": -3}
        before = build.tensor((1, kept, width, channels), **quant)
        build.op("READ_VARIABLE", [variable], [before])
        joined = build.tensor((1, whole, width, channels), **quant, name=f"window{layer}")
        build.op("CONCATENATION", [before, current], [joined], axis=1)
        after = build.tensor((1, kept, width, channels), **quant)
        first = ints(build, 0, -kept if window else 0, 0, 0)
        last = ints(build, 0, 0 if window else kept, 0, 0)
        build.op(
            "STRIDED_SLICE",
            [joined, first, last, ints(build, 1, 1, 1, 1)],
            [after],
            beginMask=13,
            endMask=15 if window else 13,
        )
        build.op("ASSIGN_VARIABLE", [variable, after], [])
        out_channels = int(random.integers(1, 4))
        seen = (whole, 1) if width == 1 else (int(random.integers(1, kept + 2)), 3)
        shape = (out_channels, *seen, channels)
        weights = build.tensor(shape, scale=0.01, data=random.integers(-127, 128, shape))
        bias = build.tensor((out_channels,), "int32", scale=0.001, data=np.zeros(out_channels))
        rows, channels = whole - seen[0] + 1, out_channels
        width -= seen[1] - 1
        shape = (1, rows, width, channels)
        current = build.tensor(shape, scale=0.1, zero=-3, name=f"layer{layer}")
        build.op(
            "CONV_2D",
            [joined, weights, bias],
            [current],
            padding=schema.Padding.VALID,
            strideH=1,
            strideW=1,
            dilationHFactor=1,
            dilationWFactor=1,
        )
    first_values(build, values)
    return build.build([source], [current])


def accumulator(*, read_again: bool) -> bytes:
    """A variable that is added to; its old value is an output too, or its new one."""
    build = ModelBuilder()
    build.op("CALL_ONCE", [], [], initSubgraphIndex=1)
    given = build.tensor((1, 5), scale=0.1, name="input")
    variable = handle(build, "sum")
    old = build.tensor((1, 5), scale=0.1, name="old")
    build.op("READ_VARIABLE", [variable], [old])
    new = build.tensor((1, 5), scale=0.1, name="new")
    build.op("ADD", [old, given], [new])
    build.op("ASSIGN_VARIABLE", [variable, new], [])
    out = old
    if read_again:
        out = build.tensor((1, 5), scale=0.1, name="again")
        build.op("READ_VARIABLE", [variable], [out])
    last = build.tensor((1, 5), scale=0.2, name="last")
    build.op("MUL", [out, given], [last])
    first_values(build, {"sum": np.array([[3, -4, 5, 0, 9]])})
    return build.build([given], [last, new])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("window", [True, False])
def test_streaming_layers(seed: int, window: bool) -> None:
    agree(streaming(np.random.default_rng(seed), window=window), seed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("optimize", ["speed", "size"])
def test_streaming_maps(seed: int, optimize: str) -> None:
    model = streaming(np.random.default_rng(seed), layers=3, width=20)
    program = compile_model(model, optimize=optimize)
    given = test_inputs(program, 12, seed)
    theirs = reference(model, [given["in0"]])[0]
    np.testing.assert_array_equal(run_host(program, given)["out0"], theirs)


@pytest.mark.parametrize("read_again", [True, False])
def test_a_variable_that_is_added_to(read_again: bool) -> None:
    agree(accumulator(read_again=read_again), 0)
    assert check(accumulator(read_again=read_again)).exact


def test_windows_are_kept_in_place() -> None:
    model = streaming(np.random.default_rng(1), layers=3)
    program = compile_model(model)
    windows = [slot for slot in program.plan.slots if "window" in slot.name]
    assert len(windows) == 3
    assert program.graph_dump.count("SHIFT") == 3
    assert "LOAD" not in program.graph_dump


def test_nodes_are_checked_over_successive_calls() -> None:
    result = check(streaming(np.random.default_rng(2)), calls=20)
    assert result.exact and result.nodes > 2


def test_state_is_clean_under_the_sanitizers() -> None:
    run_sanitized(streaming(np.random.default_rng(3)))
    run_sanitized(accumulator(read_again=True))


def test_the_wake_word(shared: Path) -> None:
    model = (shared / "models" / "mww_okay_nabu.tflite").read_bytes()
    golden = np.load(shared / "models" / "mww_okay_nabu.npz")
    ours = run(model, {"in0": golden["in0"]})["out0"]
    np.testing.assert_array_equal(ours, golden["out0"])
    assert check(model, calls=12).exact


def test_the_wake_words_memory_is_its_windows(shared: Path) -> None:
    program = compile_model((shared / "models" / "mww_okay_nabu.tflite").read_bytes())
    # Six windows, with the new rows, of 3,880 bytes; beside them one layer's output.
    assert program.arena_bytes <= 3880 + 64
    assert program.graph_dump.count("SHIFT") == 6
    assert "SPLIT" not in program.graph_dump


@pytest.mark.parametrize("name", ["cortex-m4", "rv32imc"])
def test_the_wake_word_on_a_processor(shared: Path, name: str) -> None:
    need(name)
    model = (shared / "models" / "mww_okay_nabu.tflite").read_bytes()
    golden = np.load(shared / "models" / "mww_okay_nabu.npz")
    ours = run(model, {"in0": golden["in0"]}, name)["out0"]
    np.testing.assert_array_equal(ours, golden["out0"])


def test_each_run_starts_anew() -> None:
    model = streaming(np.random.default_rng(5))
    given = test_inputs(compile_model(model), 6)
    one, other = run(model, given)["out0"], run(model, given)["out0"]
    np.testing.assert_array_equal(one, other)


def test_a_variable_that_never_changes() -> None:
    build = without_first_value()
    build.op("CALL_ONCE", [], [], initSubgraphIndex=1)
    build._ops.insert(0, build._ops.pop())
    first_values(build, {"nothing": np.array([[7, -8, 9]])})
    agree(build.build([0], [2]), 0)


def test_a_state_that_is_an_output() -> None:
    build = ModelBuilder()
    given = build.tensor((1, 2), scale=0.05, name="input")
    state = build.tensor((1, 6), "int16", scale=0.01, variable=True, name="state")
    features = build.tensor((2, 2), scale=0.02, data=np.array([[90, -3], [5, 70]]))
    time_weights = build.tensor((2, 3), "int16", scale=0.01, data=np.arange(6).reshape(2, 3))
    out = build.tensor((1, 2), scale=0.1, zero=-128)
    build.op(
        "SVDF",
        [given, features, time_weights, -1, state],
        [out],
        rank=1,
        fusedActivationFunction=schema.ActivationFunctionType.RELU,
    )
    agree(build.build([given], [state]), 0)


def without_first_value() -> ModelBuilder:
    build = ModelBuilder()
    given = build.tensor((1, 3), name="input")
    old, out = build.tensor((1, 3)), build.tensor((1, 3))
    build.op("READ_VARIABLE", [handle(build, "nothing")], [old])
    build.op("ADD", [old, given], [out])
    return build


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("none", "'nothing' is read before it has a value"),
        ("shape", r"starts as int8\[1, 4\] and is int8\[1, 3\]"),
        ("cycle", "calls subgraph 0, which is not there"),
        ("work", "only constants can be assigned"),
        ("late", "CALL_ONCE comes after it"),
    ],
)
def test_what_cannot_be_kept(change: str, message: str) -> None:
    build = without_first_value()
    if change == "shape":
        build.op("CALL_ONCE", [], [], initSubgraphIndex=1)
        first_values(build, {"nothing": np.zeros((1, 4))})
    elif change == "cycle":
        build.op("CALL_ONCE", [], [], initSubgraphIndex=0)
    elif change == "work":
        inner = ModelBuilder(build)
        one, other = inner.tensor((1, 3), data=np.ones((1, 3))), inner.tensor((1, 3))
        inner.op("RELU", [one], [other])
        build.subgraph(inner, [], [])
        build.op("CALL_ONCE", [], [], initSubgraphIndex=1)
    elif change == "late":
        build.op("CALL_ONCE", [], [], initSubgraphIndex=1)
        first_values(build, {"nothing": np.zeros((1, 3))})
    with pytest.raises(ModelError, match=message):
        compile_model(build.build([0], [2]))


@pytest.mark.parametrize("steps", [40, 100_000, -1])
def test_loops_are_written_out_as_far_as_that_is_sane(steps: int) -> None:
    model = loop(np.random.default_rng(1), steps=steps)
    if steps > 1000:
        with pytest.raises(ModelError, match="written out it would be over 4096 operators"):
            compile_model(model)
    else:
        dump = compile_model(model).graph_dump
        assert dump.count("TANH") == max(steps, 0)
        # The sequence is put together once, not in every pass.
        assert dump.count("CONCATENATION") <= 1 and "SLICE" not in dump


def nested(condition: int, body: int) -> bytes:
    """A loop whose graphs are given by number: 1 always holds, 2 asks the input, 3 loops itself."""
    build = ModelBuilder()
    given, out = build.tensor((1, 3), name="input"), build.tensor((1, 3), name="out")
    start = build.tensor((), "int32", scale=None, data=np.array(0))
    counter = build.tensor((), "int32", scale=None)
    build.op(
        "WHILE", [start, given], [counter, out], condSubgraphIndex=condition, bodySubgraphIndex=body
    )
    for kind in ("always", "unknown"):
        inner = ModelBuilder(build)
        count, value = inner.tensor((), "int32", scale=None), inner.tensor((1, 3))
        holds = inner.tensor((), "bool", scale=None)
        if kind == "always":
            inner.op("GREATER_EQUAL", [count, count], [holds])
        else:
            inner.op("LESS", [value, value], [holds])
        build.subgraph(inner, [count, value], [holds])
    inner = ModelBuilder(build)
    count, value = inner.tensor((), "int32", scale=None), inner.tensor((1, 3))
    after, last = inner.tensor((), "int32", scale=None), inner.tensor((1, 3))
    inner.op("WHILE", [count, value], [after, last], condSubgraphIndex=1, bodySubgraphIndex=3)
    build.subgraph(inner, [count, value], [after, last])
    inner = ModelBuilder(build)
    count, value = inner.tensor((), "int32", scale=None), inner.tensor((1, 3))
    build.subgraph(inner, [count, value], [count, value])
    return build.build([given], [out])


@pytest.mark.parametrize(
    ("condition", "body", "message"),
    [
        (1, 4, "over 4096 operators"),
        (1, 3, "nested without end"),
        (2, 4, "how often it runs is not known"),
        (9, 4, "subgraph 9 is not there"),
        (1, 0, "subgraph 0 is not there"),
        (3, 4, "does not fit"),
    ],
)
def test_loops_that_cannot_be_counted(condition: int, body: int, message: str) -> None:
    start = time.process_time()
    with pytest.raises(ModelError, match=message):
        compile_model(nested(condition, body))
    assert time.process_time() - start < 5, "processor time; 0.02 s on an idle desktop"


def branch(condition: bool | None) -> bytes:
    """IF: of a constant, or of an input."""
    build = ModelBuilder()
    given = build.tensor((1, 3), name="input")
    data = None if condition is None else np.array(condition)
    chooses = build.tensor((), "bool", scale=None, data=data, name="choice")
    out = build.tensor((1, 3), name="out")
    build.op("IF", [chooses, given], [out], thenSubgraphIndex=1, elseSubgraphIndex=2)
    for kind in ("TANH", "RELU"):
        inner = ModelBuilder(build)
        x, y = inner.tensor((1, 3)), inner.tensor((1, 3))
        inner.op(kind, [x], [y])
        build.subgraph(inner, [x], [y])
    return build.build([given] if condition is not None else [given, chooses], [out])


@pytest.mark.parametrize("condition", [True, False])
def test_a_constant_condition_chooses(condition: bool) -> None:
    program = compile_model(branch(condition))
    assert ("TANH" in program.graph_dump) == condition
    agree(branch(condition), 0)


def test_a_condition_at_run_time_is_refused() -> None:
    with pytest.raises(ModelError, match="node 0 IF 'out': only a constant condition"):
        compile_model(branch(None))


GRAPHS = {
    "streaming": streaming(np.random.default_rng(0), layers=1),
    "loop": loop(np.random.default_rng(0), steps=2),
    "nested": nested(1, 3),
    "lstm": FAMILIES["UNIDIRECTIONAL_SEQUENCE_LSTM"](np.random.default_rng(0)),
}


@pytest.mark.parametrize("name", sorted(GRAPHS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=6),
    st.none() | st.floats(0, 1),
)
def test_damaged_files_of_several_graphs(
    name: str, edits: list[tuple[int, int]], cut: float | None
) -> None:
    model = GRAPHS[name]
    with contextlib.suppress(TinyfieldError):
        changed = mutated(model, edits)
        compile_model(changed if cut is None else changed[: int(cut * len(changed))])


@pytest.mark.parametrize("name", sorted(GRAPHS))
@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 1 << 20),
    st.sampled_from([0, 1, 2, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 16]),
)
def test_absurd_numbers_in_several_graphs(name: str, place: int, value: int) -> None:
    model = GRAPHS[name]
    at = max(place % (len(model) - 4) & ~3, 8)
    with contextlib.suppress(TinyfieldError):
        compile_model(model[:at] + struct.pack("<I", value) + model[at + 4 :])


def changed(family: str, **facts: object) -> bytes:
    """A recurrent model whose first operator, input or weights are no longer what they were."""
    model = schema.ModelT.InitFromObj(
        schema.Model.GetRootAs(FAMILIES[family](np.random.default_rng(4)), 0)
    )
    graph = model.subgraphs[0]
    op, first = graph.operators[0], graph.tensors[graph.inputs[0]]
    for name, value in facts.items():
        if name == "dtype":
            first.type = value
        elif name == "batch":
            first.shape = [value, *first.shape[1:]]
        elif name == "intermediates":
            op.intermediates = value
        elif name == "variable":
            for index in op.inputs[-6:]:
                graph.tensors[index].isVariable = value
        else:
            setattr(op.builtinOptions, name, value)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"


@pytest.mark.parametrize(
    ("family", "facts", "message"),
    [
        (LSTM, {"dtype": schema.TensorType.INT16}, "no reference kernel for int16 activations"),
        (LSTM, {"dtype": schema.TensorType.FLOAT32}, "full-integer quantization"),
        (LSTM, {"fusedActivationFunction": 1}, "activation RELU: .* computes tanh only"),
        (LSTM, {"intermediates": []}, "its intermediate tensors, which hold scales"),
        (LSTM, {"variable": False}, "before anything has written it"),
        (LSTM, {"cellClip": -1.0}, "a clip below 0"),
        (LSTM, {"timeMajor": False, "batch": 2}, "a batch of 2"),
        ("SVDF", {"rank": 0}, "rank 0 of"),
        ("SVDF", {"fusedActivationFunction": 0}, "activation NONE: .* takes RELU only"),
        ("SVDF", {"batch": 3}, "a batch of 3"),
    ],
)
def test_what_recurrent_layers_must_be(family: str, facts: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        compile_model(changed(family, **facts))
