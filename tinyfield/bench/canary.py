"""Painted memory around and inside the arena: does the program keep to its plan?

Guard bytes lie on both sides of the arena and of each output; the arena itself is painted too.
After an inference the guards must stand, the inputs must be what they were, and the highest arena
byte that was written tells how much of the plan is used. Two paints that differ in every bit are
tried, for a program may happen to write the paint's own value.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.bench.cost import Canaries
from tinyfield.compiler import targets
from tinyfield.compiler.ports import declaration
from tinyfield.paths import firmware_dir

if TYPE_CHECKING:
    from tinyfield.compiler import Program

_SHAPE = struct.Struct("<3I")


def canaries(
    program: Program, inputs: Mapping[str, NDArray[Any]], target: targets.Target
) -> Canaries:
    """What painted memory shows after one inference of each of ``inputs``' calls.

    Args:
        inputs: ``in0 [n, …]``, ….

    Raises:
        MissingToolError: the cross compiler or the emulator is not here.
        CompileError: the image does not fit; the guards need some RAM themselves.
    """
    image = targets.build(
        target,
        [program.source, _main(program, 16 if target.name == "avr" else 256)],
        name="canary",
        include=[firmware_dir() / "core"],
        headers={f"{program.prefix}.h": program.header},
    )
    names = [f"in{number}" for number in range(len(program.inputs))]
    calls = len(inputs[names[0]]) if names else 1
    given = calls.to_bytes(4, "little") + b"".join(
        np.ascontiguousarray(inputs[name][call]).tobytes()
        for call in range(calls)
        for name in names
    )
    raw = targets.execute(target, image, given, timeout_s=600.0)
    touched, broken, changed = _SHAPE.unpack(raw)
    return Canaries(touched, broken == 0 and changed == 0)


def _main(program: Program, guard: int) -> str:
    upper = program.prefix.upper()
    ports = [(f"in{n}", port) for n, port in enumerate(program.inputs)]
    outs = [(f"out{n}", port) for n, port in enumerate(program.outputs)]
    names = ", ".join(
        [
            "arena + GUARD",
            *(key for key, _ in ports),
            # The guarded outputs are bytes; they start where every element type may.
            *(f"({port.c_type} *)(void *)({key} + GUARD)" for key, port in outs),
        ]
    )
    reset = f"            {program.prefix}_reset(arena + GUARD);\n" if program.stateful else ""
    rooms = [("arena", f"{upper}_ARENA_BYTES")]
    rooms += [(key, f"{upper}_{key.upper()}_BYTES") for key, _ in outs]
    aligned = "__attribute__((aligned(16)))"
    buffers = [f"static uint8_t {key}[{size} + 2u * GUARD] {aligned};" for key, size in rooms]
    buffers += [declaration(key, port, program.prefix, "arena + GUARD") for key, port in ports]
    paints = "".join(f"            paint({key}, sizeof {key}, colour);\n" for key, _ in rooms)
    breaks = "".join(
        f"            broken += damage({key}, {size}, colour);\n" for key, size in rooms
    )
    reads = "".join(f"        host_read({key}, {upper}_{key.upper()}_BYTES);\n" for key, _ in ports)
    # An input within the arena is written over.
    own = [key for key, port in ports if port.offset is None]
    sums = " + ".join([f"sum({key}, sizeof {key})" for key in own] or ["0u"])
    return f"""\
#include "{program.prefix}.h"
#include "host.h"

#define GUARD {guard}u
{chr(10).join(buffers)}

static void paint(uint8_t *room, size_t size, uint8_t colour) {{
    for (size_t i = 0; i < size; i++) {{
        room[i] = colour;
    }}
}}

static uint32_t damage(const uint8_t *room, size_t size, uint8_t colour) {{
    uint32_t count = 0;
    for (size_t i = 0; i < GUARD; i++) {{
        count += (uint32_t)(room[i] != colour) + (uint32_t)(room[GUARD + size + i] != colour);
    }}
    return count;
}}

__attribute__((unused)) static uint32_t sum(const void *from, size_t size) {{
    const uint8_t *const bytes = (const uint8_t *)from;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) {{
        hash = (hash ^ bytes[i]) * 16777619u;
    }}
    return hash;
}}

int main(void) {{
    static const uint8_t colours[2] = {{0xa5u, 0x5au}};
    uint32_t calls, touched = 0, broken = 0, changed = 0;
    host_read(&calls, sizeof calls);
    for (; calls > 0; calls--) {{
{reads}        const uint32_t before = {sums};
        for (unsigned k = 0; k < 2; k++) {{
            const uint8_t colour = colours[k];
{paints}{reset}            if ({program.prefix}_invoke({names}) != TINY_OK) {{
                host_exit(6);
            }}
{breaks}            changed += (uint32_t)(before != {sums});
            for (uint32_t i = {upper}_ARENA_BYTES; i > touched; i--) {{
                if (arena[GUARD + i - 1u] != colour) {{
                    touched = i;
                }}
            }}
        }}
    }}
    const uint32_t figures[3] = {{touched, broken, changed}};
    host_write(figures, sizeof figures);
    host_exit(0);
}}
"""
