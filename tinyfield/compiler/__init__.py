"""The model compiler: any int8 or 16x8 ``.tflite`` to plain C11, byte for byte TFLite's reference.

Trees and Bonsai, in files of tinyfield's own, become programs of the same kind (``own``).
It knows neither YAML nor Keras. ``compile_model`` is the whole way: ``tflite.read`` → ``passes``
→ lowering (``ops``) → ``memory.plan`` → ``emit``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tinyfield.compiler import kernels
from tinyfield.compiler.calls import Call, constants_in_place
from tinyfield.compiler.coding import CODINGS, UNPACKINGS, coded
from tinyfield.compiler.emit import Emitted, emit, header_text, source_text
from tinyfield.compiler.emulate import run_emulated
from tinyfield.compiler.graph import Graph
from tinyfield.compiler.host import Arrays, HostModel, run_host
from tinyfield.compiler.inline import inline
from tinyfield.compiler.memory import Plan, plan
from tinyfield.compiler.ops import KINDS, Options, refuse_unsupported
from tinyfield.compiler.own import OwnModel, lower_own, own_model
from tinyfield.compiler.passes import copied_out, prepare, prune, run_passes
from tinyfield.compiler.ports import Port, port
from tinyfield.compiler.proof import CheckResult, Difference, compare, test_inputs
from tinyfield.compiler.targets import NAMES, target
from tinyfield.compiler.tflite import read
from tinyfield.errors import UsageError
from tinyfield.hostcc import CompileError

__all__ = [
    "TARGET_NAMES",
    "Arrays",
    "CheckResult",
    "Difference",
    "HostModel",
    "Port",
    "Program",
    "check",
    "compile_model",
    "join",
    "run",
]

#: What ``compile_model`` takes as a target.
TARGET_NAMES = NAMES
ROUNDINGS = ("litert", "tflm")
OPTIMIZE = ("speed", "size", "vectors")
INPUTS = ("caller", "arena")
#: Parts with so little flash that size is what is asked for.
_SMALL = ("avr",)
#: Where speed is asked for, layers run row by row only if a row has this many pixels: kernels
#: work on blocks of pixels, and a short row leaves many of them half full.
_CHAIN_PIXELS = 8
#: RV32's tiles take six pixels, and pack a row's inputs once for all rows of a map.
#: The DSP extension's take three, and two rows of depthwise outputs; where a map's rows are shorter
#: than twenty pixels, it is small.
_LONGER_ROWS = {"rv32imc": 40, "cortex-m4": 20, "cortex-m7": 20, "cortex-m33": 20}


@dataclass(frozen=True)
class Program:
    """A compiled model.

    Attributes:
        prefix: what its C names start with.
        header: ``<prefix>.h``, which declares ``<prefix>_invoke`` and the sizes.
        source: ``<prefix>.c``; needs the folder ``firmware/core`` on the include path.
        inputs: what the caller gives.
        outputs: what the caller gets.
        arena_bytes: working memory that the caller lends for each call.
        stateful: the arena keeps state from call to call, and ``<prefix>_reset`` starts it anew.
        macs: multiply-accumulates of one inference.
        weights_bytes: constants in flash.
        graph_dump: the graph after the passes, as text.
        plan_dump: the memory plan, as text.
        plan: the memory plan; ``memory.draw`` makes an SVG picture of it.
        parts: the C in pieces, for :func:`join`.
        sha256: of the model file, the same for every target.
        traffic: bytes that each step of the plan reads and writes, at least.
        output_tensors: the outputs' numbers in the model file.
        output_nodes: the nodes that compute them.
        example: one call's inputs that is typical, where the model file has one: ``in0`` [1, …].
    """

    prefix: str
    header: str
    source: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    arena_bytes: int
    stateful: bool
    macs: int
    weights_bytes: int
    graph_dump: str
    plan_dump: str
    plan: Plan
    parts: Emitted
    sha256: str
    traffic: tuple[int, ...]
    output_tensors: tuple[int, ...]
    output_nodes: tuple[str, ...]
    example: Arrays | None = None


def compile_model(
    tflite: bytes,
    *,
    prefix: str = "model",
    target: str = "host",
    rounding: str = "litert",
    optimize: str | None = None,
    inputs: str = "caller",
    coding: str = "none",
    unpack: str | None = None,
    expose_all: bool = False,
) -> Program:
    """Compiles a model to C.

    Args:
        tflite: the model file's bytes; a ``.tflite``, or trees or Bonsai (see ``own``).
        prefix: what every generated C name starts with.
        target: what it will run on (see ``tinyfield bench``); the bytes it computes are the same
            on each.
        rounding: ``litert`` for LiteRT's reference kernels, ``tflm`` for TFLite Micro's, which
            round a fully-connected layer twice.
        optimize: ``speed`` or ``size``, by default what the target is short of; or ``vectors``,
            for this PC alone: loops for its vector registers, with weights of 16 bits.
        inputs: ``caller``, or ``arena`` where the inputs are to lie in the arena, which is then
            large enough for them too but may take their place as they are read: less RAM in all.
        coding: ``none``; ``huffman`` or ``fixed`` to code the weights of layers that have few
            different ones, where that saves flash; ``auto`` for the smaller of the two, if it pays.
        unpack: when coded weights are unpacked: for each ``layer``, ``once``, or ``row`` by row
            (see ``coding``); by default what the target has room for.
        expose_all: every node's output is an output of the program (for checking).

    Raises:
        ModelError: not a model, damaged, or with operators that are not supported (all listed).
        UsageError: no such target or rounding, or a prefix that cannot start a C name.
    """
    _check_target(target)
    if rounding not in ROUNDINGS:
        raise UsageError(f"there is no rounding {rounding!r}", hint=f"use {' or '.join(ROUNDINGS)}")
    optimize = optimize or ("size" if target in _SMALL else "speed")
    if optimize not in OPTIMIZE:
        raise UsageError(f"cannot optimize for {optimize!r}", hint=f"use {', '.join(OPTIMIZE)}")
    if optimize == "vectors" and target != "host":
        raise UsageError(f"vectors are of no use on {target}", hint="use --optimize speed")
    if inputs not in INPUTS:
        raise UsageError(f"inputs cannot lie in {inputs!r}", hint=f"use {' or '.join(INPUTS)}")
    own = own_model(tflite)
    if own is not None:
        return _program(own, tflite, prefix, target, optimize)
    if coding not in CODINGS:
        raise UsageError(f"there is no coding {coding!r}", hint=f"use {', '.join(CODINGS)}")
    unpack = unpack or ("row" if target in _SMALL else "layer")
    if unpack not in UNPACKINGS:
        raise UsageError(f"cannot unpack by {unpack!r}", hint=f"use {', '.join(UNPACKINGS)}")
    if unpack != "row" and target in _SMALL and coding != "none":
        raise UsageError(f"{target} reads weights from flash only", hint="use unpack row")
    graph = read(tflite)
    known = set(graph.tensors)
    graph = prepare(inline(graph))
    refuse_unsupported(graph)
    graph = run_passes(graph)
    if expose_all:
        graph.outputs = _all_outputs(graph, known)
    else:
        graph = prune(graph)
    exposed = graph.outputs
    graph = copied_out(graph)
    options = Options(target, rounding, optimize, coding, unpack)
    calls = [
        kernels.refined(constants_in_place(graph, call), target, optimize)
        for op in graph.ops
        for call in KINDS[op.kind].lower(graph, op, options)
    ]
    starts: list[Call] = []
    if coding != "none" and unpack != "row":
        calls, starts = coded(graph, calls, coding, unpack)
    layout = plan(
        graph,
        calls,
        align=1 if target == "avr" else 4,
        rows_at_once=optimize == "speed",
        own_inputs=inputs == "arena",
        chain_pixels=1 if optimize == "size" else _LONGER_ROWS.get(target, _CHAIN_PIXELS),
    )
    parts = emit(graph, layout, prefix, optimize=optimize, starts=starts)
    writers = {index: graph.label(op) for op in graph.ops for index in op.outputs}
    return Program(
        prefix,
        header_text([parts], f"{prefix.upper()}_H"),
        source_text([parts], f"{prefix}.h"),
        tuple(port(graph.tensors[index], layout.places[index]) for index in graph.inputs),
        tuple(port(graph.tensors[index]) for index in graph.outputs),
        max(layout.arena_bytes, 4),
        bool(layout.persistent),
        sum(call.macs for call in layout.calls),
        parts.weights_bytes,
        graph.dump(),
        layout.dump(),
        layout,
        parts,
        hashlib.sha256(tflite).hexdigest(),
        tuple(_traffic(layout, call) for call in layout.calls),
        exposed,
        tuple(writers.get(index, "input") for index in exposed),
    )


def _program(own: OwnModel, file: bytes, prefix: str, target: str, optimize: str) -> Program:
    """The program of a model that is no graph: nothing to plan, one step."""
    made = lower_own(own, prefix, target, optimize)
    return Program(
        prefix=prefix,
        header=header_text([made.emitted], f"{prefix.upper()}_H"),
        source=source_text([made.emitted], f"{prefix}.h"),
        inputs=(made.given,),
        outputs=(made.result,),
        arena_bytes=made.arena_bytes,
        stateful=False,
        macs=made.macs,
        weights_bytes=made.emitted.weights_bytes,
        graph_dump=made.dump,
        plan_dump="",
        plan=Plan((), {}, (), {}, made.arena_bytes, 0),
        parts=made.emitted,
        sha256=hashlib.sha256(file).hexdigest(),
        traffic=(),
        output_tensors=(0,),
        output_nodes=("scores",),
        example={"in0": made.example} if len(made.example) else None,
    )


def join(programs: Sequence[Program], name: str = "model") -> tuple[str, str]:
    """Header and source that hold several models (prefixes must differ), as ``name``.h and .c."""
    parts = [program.parts for program in programs]
    return header_text(parts, f"{name.upper()}_H"), source_text(parts, f"{name}.h")


def run(
    tflite: bytes,
    inputs: Mapping[str, NDArray[Any]],
    target: str = "host",
    *,
    rounding: str = "litert",
) -> Arrays:
    """Runs the generated C: ``{"in0": [n, …], …}`` → ``{"out0": [n, …], …}``.

    The n calls follow one another in one instance.

    Args:
        target: ``host``, or a processor, which is then emulated.

    Raises:
        ModelError: the model cannot be compiled, or the arrays do not fit it.
        MissingToolError: a compiler or an emulator is not here.
    """
    program = compile_model(tflite, target=target, rounding=rounding)
    if target == "host":
        return run_host(program, inputs)
    return run_emulated(program, inputs, target)


def check(
    tflite: bytes,
    *,
    calls: int = 32,
    seed: int = 0,
    rounding: str = "litert",
    target: str = "host",
    optimize: str | None = None,
) -> CheckResult:
    """Compares the generated C with LiteRT's reference kernels, byte by byte.

    Every node's output is compared on the host, in a program that keeps them all. The outputs of
    the very program that ``compile_model`` gives are compared too, on ``target``, under emulation
    if need be; if they differ there, a program that keeps every node's output finds the first.

    Args:
        calls: how many inputs; the first are extremes, the rest random.

    Raises:
        ModelError: the model cannot be compiled.
        MissingToolError: ai-edge-litert, a compiler or an emulator is not here.
    """
    every = compile_model(tflite, rounding=rounding, optimize=optimize, expose_all=True)
    given = test_inputs(every, calls, seed)
    difference = compare(every, tflite, given)
    if difference is None:
        shipped = compile_model(tflite, target=target, rounding=rounding, optimize=optimize)
        if target != "host":
            given = {name: array[: max(calls // 4, 3)] for name, array in given.items()}
        difference = compare(shipped, tflite, given, target)
        if difference is not None and target != "host":
            shown = compile_model(
                tflite, target=target, rounding=rounding, optimize=optimize, expose_all=True
            )
            with suppress(CompileError):  # too large with every node's output kept
                difference = compare(shown, tflite, given, target) or difference
    return CheckResult(calls, len(every.outputs), difference)


#: Kernels that move some bytes of a tensor to some of another and touch no others.
_MOVERS = ("tiny_copy", "tiny_move", "tiny_shift")


def _traffic(layout: Plan, call: Call) -> int:
    read = sum(layout.tensors[index].bytes for index in set(call.reads()))
    written = sum(layout.tensors[index].bytes for index in set(call.writes()))
    return 2 * min(read, written) if call.kernel.startswith(_MOVERS) else read + written


def _check_target(name: str) -> None:
    if name not in NAMES:
        target(name)  # raises, with what was perhaps meant


def _all_outputs(graph: Graph, known: set[int]) -> tuple[int, ...]:
    """Every tensor that an operator writes, as far as the model's file knows it."""
    made = {index: None for op in graph.ops for index in op.outputs if index in known}
    return tuple(made | dict.fromkeys(graph.outputs))
