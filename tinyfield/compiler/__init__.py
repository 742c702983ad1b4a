"""The model compiler: any int8 ``.tflite`` model to plain C11, byte for byte TFLite's reference.

It knows neither YAML nor Keras. ``compile_model`` is the whole way: ``tflite.read`` → ``passes``
→ lowering (``ops``) → ``memory.plan`` → ``emit``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tinyfield.compiler.emit import Emitted, Port, emit, header_text, port, source_text
from tinyfield.compiler.memory import plan
from tinyfield.compiler.ops import KINDS, Options, refuse_unsupported
from tinyfield.compiler.passes import run_passes
from tinyfield.compiler.tflite import read
from tinyfield.errors import ModelError

__all__ = ["Port", "Program", "compile_model", "join"]


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
        macs: multiply-accumulates of one inference.
        weights_bytes: constants in flash.
        graph_dump: the graph after the passes, as text.
        plan_dump: the memory plan, as text.
        parts: the C in pieces, for :func:`join`.
        sha256: of the model file, the same for every target.
    """

    prefix: str
    header: str
    source: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    arena_bytes: int
    macs: int
    weights_bytes: int
    graph_dump: str
    plan_dump: str
    parts: Emitted
    sha256: str


def compile_model(
    tflite: bytes, *, prefix: str = "model", target: str = "host", rounding: str = "litert"
) -> Program:
    """Compiles a model to C.

    Args:
        tflite: the model file's bytes.
        prefix: what every generated C name starts with.
        target: what it will run on (see ``tinyfield bench``); the bytes it computes are the same
            on each.
        rounding: ``litert`` for LiteRT's reference kernels, ``tflm`` for TFLite Micro's, which
            round a fully-connected layer twice.

    Raises:
        ModelError: not a model, damaged, or with operators that are not supported (all listed).
    """
    if rounding not in ("litert", "tflm"):
        raise ModelError(f"rounding {rounding!r} is unknown", hint="use litert or tflm")
    graph = read(tflite)
    refuse_unsupported(graph)
    graph = run_passes(graph)
    options = Options(target, rounding)
    calls = [KINDS[op.kind].lower(graph, op, options) for op in graph.ops]
    layout = plan(graph, calls, align=1 if target == "avr" else 4)
    parts = emit(graph, layout, prefix)
    return Program(
        prefix,
        header_text([parts], f"{prefix.upper()}_H"),
        source_text([parts], f"{prefix}.h"),
        tuple(port(graph.tensors[index]) for index in graph.inputs),
        tuple(port(graph.tensors[index]) for index in graph.outputs),
        max(layout.arena_bytes, 4),
        sum(call.macs for call in layout.calls),
        parts.weights_bytes,
        graph.dump(),
        layout.dump(),
        parts,
        hashlib.sha256(tflite).hexdigest(),
    )


def join(programs: Sequence[Program], name: str = "model") -> tuple[str, str]:
    """Header and source that hold several models (prefixes must differ), as ``name``.h and .c."""
    parts = [program.parts for program in programs]
    return header_text(parts, f"{name.upper()}_H"), source_text(parts, f"{name}.h")
