"""C that is written whole, not planned from a graph: what trees and Bonsai become.

Their functions have a network's signature, ``<prefix>_invoke(arena, in0, out0)``: one input, the
features, and one output, int8 scores of scale 1/256 and zero point −128 as a softmax has them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.emit import Emitted
from tinyfield.compiler.ports import Port, c_type
from tinyfield.errors import UsageError

SCORE_SCALE = 1 / 256
SCORE_ZERO = -128
_PER_LINE = 96


@dataclass(frozen=True)
class Standalone:
    """The pieces of a program.

    Attributes:
        emitted: its C.
        given, result: the one input and the one output.
        arena_bytes: working memory that the caller lends.
        macs: multiply-accumulates of one inference.
        dump: what it computes, as text.
        example: one input that is typical, [1, …] or empty: what ``bench`` counts.
    """

    emitted: Emitted
    given: Port
    result: Port
    arena_bytes: int
    macs: int
    dump: str
    example: NDArray[Any]


def ports(inputs: int, dtype: str, scale: float, classes: int) -> tuple[Port, Port]:
    """The ports of a classifier of ``inputs`` features; of one class: of a regression."""
    given = Port("features", (1, inputs), dtype, scale, 0)
    if classes == 1:
        return given, Port("value", (1, 1), "int32", 1.0, 0)
    return given, Port("scores", (1, classes), "int8", SCORE_SCALE, SCORE_ZERO)


def check_prefix(prefix: str) -> None:
    """Refuses what cannot start a C name.

    Raises:
        UsageError: it cannot.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", prefix):
        raise UsageError(
            f"{prefix!r} cannot start a C name",
            hint="use lower-case letters, digits and _, beginning with a letter",
        )


def declarations(prefix: str, given: Port, result: Port, what: str) -> str:
    """The header's part of one model."""
    upper = prefix.upper()
    classes = f"{result.name} - 128 of {result.shape[1]} classes"
    gives = classes if result.dtype == "int8" else f"{result.name} {result.dtype}[1]"
    return (
        f"/* in0: {given.name} {given.dtype}[{given.shape[1]}], out0: {gives} */\n"
        f"#define {upper}_IN0_BYTES {given.bytes}u\n"
        f"#define {upper}_OUT0_BYTES {result.bytes}u\n"
        f"#define {upper}_ARENA_BYTES 4u\n"
        f"/* {what}: one inference. The arena is not used. TINY_E_ARGUMENT if in0 or out0 is "
        f"NULL. */\n{signature(prefix, given, result)};\n"
    )


def signature(prefix: str, given: Port, result: Port) -> str:
    """Of the model's function."""
    out = f"{result.c_type} *out0"
    return f"tiny_status_t {prefix}_invoke(uint8_t *arena, const {given.c_type} *in0, {out})"


def function(prefix: str, given: Port, result: Port, body: str) -> str:
    """The model's function around its statements."""
    return (
        f"{signature(prefix, given, result)}\n{{\n    (void)arena;\n"
        f"    if (in0 == NULL || out0 == NULL) {{\n        return TINY_E_ARGUMENT;\n    }}\n"
        f"    TINY_STEP(0);\n{body}    TINY_STEP(1);\n    return TINY_OK;\n}}\n"
    )


def constant(name: str, data: NDArray[Any] | Sequence[int], dtype: str) -> str:
    """A C array that stays in flash."""
    values = np.asarray(data, np.int64).ravel()
    limits = np.iinfo(dtype)
    if len(values) and (values.min() < limits.min or values.max() > limits.max):
        raise AssertionError(f"{name} does not fit {dtype}")
    lines, line = [], "   "
    for value in values.tolist():
        text = "INT32_MIN" if value == -(1 << 31) else str(value)
        if len(line) + len(text) > _PER_LINE:
            lines.append(line)
            line = "   "
        line += f" {text},"
    lines.append(line)
    body = "\n".join(lines).rstrip(",")
    return f"static const {c_type(dtype)} TINY_ROM {name}[{len(values)}] = {{\n{body}}};\n"


class Constants:
    """A model's constants in flash, as they are named one after another.

    Attributes:
        parts: their C, in order.
        size: bytes of them all.
    """

    def __init__(self, prefix: str) -> None:
        self.parts: list[str] = []
        self.size = 0
        self._prefix = prefix

    def add(self, hint: str, data: NDArray[Any], dtype: str) -> str:
        """Takes one more, and returns its C name."""
        name = f"{self._prefix}_{hint}"
        self.parts.append(constant(name, data, dtype))
        self.size += np.asarray(data).size * np.dtype(dtype).itemsize
        return name


def narrowest(data: NDArray[Any], *, unsigned: bool = False) -> str:
    """The smallest C type that holds every value."""
    names = ("uint8", "uint16") if unsigned else ("int8", "int16")
    for name in names:
        limits = np.iinfo(name)
        if data.size == 0 or (data.min() >= limits.min and data.max() <= limits.max):
            return name
    return "uint32" if unsigned else "int32"
