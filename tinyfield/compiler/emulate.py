"""Runs a compiled model on an emulated target, over arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler import targets
from tinyfield.compiler.host import Arrays, ordered, stacked
from tinyfield.compiler.ports import declaration
from tinyfield.paths import firmware_dir

if TYPE_CHECKING:
    from tinyfield.compiler import Program


def buffers(program: Program) -> str:
    """C that declares the caller's side of a model: arena, inputs and outputs."""
    upper = program.prefix.upper()
    lines = [
        f'#include "{program.prefix}.h"',
        '#include "host.h"',
        "",
        f"static uint8_t arena[{upper}_ARENA_BYTES] __attribute__((aligned(8)));",
    ]
    for kind, ports in (("in", program.inputs), ("out", program.outputs)):
        lines += [
            declaration(f"{kind}{number}", port, program.prefix)
            for number, port in enumerate(ports)
        ]
    return "\n".join(lines) + "\n"


def invoke(program: Program) -> str:
    """The C expression of one inference over :func:`buffers`."""
    names = [f"in{n}" for n in range(len(program.inputs))]
    names += [f"out{n}" for n in range(len(program.outputs))]
    return f"{program.prefix}_invoke({', '.join(['arena', *names])})"


def starts(program: Program) -> str:
    """C statements that bring the model to its start."""
    return f"    {program.prefix}_reset(arena);\n" if program.stateful else ""


def reads(program: Program) -> str:
    """C statements that fill the inputs from the host."""
    upper = program.prefix.upper()
    return "".join(
        f"    host_read(in{n}, {upper}_IN{n}_BYTES);\n" for n in range(len(program.inputs))
    )


def main_of(program: Program) -> str:
    """A C program that reads a count and that many calls' inputs, and writes their outputs."""
    writes = "".join(
        f"        host_write(out{n}, sizeof out{n});\n" for n in range(len(program.outputs))
    )
    return (
        f"{buffers(program)}\nint main(void)\n{{\n    uint32_t calls;\n"
        f"    host_read(&calls, sizeof calls);\n{starts(program)}"
        f"    for (; calls > 0; calls--) {{\n"
        + reads(program).replace("    host", "        host")
        + f"        if ({invoke(program)} != TINY_OK) {{\n            host_exit(6);\n        }}\n"
        f"{writes}    }}\n    host_exit(0);\n}}\n"
    )


def run_emulated(program: Program, inputs: Mapping[str, NDArray[Any]], name: str) -> Arrays:
    """Successive calls on an emulated target; ``in0 [n, …]`` → ``out0 [n, …]``.

    Raises:
        MissingToolError: the cross compiler or the emulator is not here.
        CompileError: among others when the model does not fit the processor.
        EmulationError: the program did not end well.
    """
    arrays = ordered(program, inputs)
    one = targets.target(name)
    image = targets.build(
        one,
        [program.source, main_of(program)],
        name=program.prefix,
        include=[firmware_dir() / "core"],
        headers={f"{program.prefix}.h": program.header},
    )
    given = packed(arrays)
    calls = int.from_bytes(given[:4], "little")
    raw = targets.execute(one, image, given, timeout_s=600.0)
    return unpacked(program, raw, calls)


def packed(arrays: list[NDArray[Any]]) -> bytes:
    """What :func:`main_of` reads."""
    calls = len(arrays[0]) if arrays else 1
    return calls.to_bytes(4, "little") + b"".join(
        np.ascontiguousarray(array[call]).tobytes() for call in range(calls) for array in arrays
    )


def unpacked(program: Program, raw: bytes, calls: int) -> Arrays:
    """The outputs in what :func:`main_of` wrote."""
    results = []
    place = 0
    for _ in range(calls):
        call = []
        for port in program.outputs:
            piece = np.frombuffer(raw, port.dtype, offset=place, count=int(np.prod(port.shape)))
            call.append(piece.reshape(port.shape))
            place += port.bytes
        results.append(call)
    return stacked(program, results)
