"""Where the work of an inference goes: instructions (cycles on AVR) of each step.

The generated C marks each step with ``TINY_STEP(n)``, which is nothing in a product. In the
profile build a mark reads the counter and adds what was done since the last mark to the step that
ended. Two things make the figures exact although a tick of SysTick is 40 instructions and a mark
is work itself: inferences are started at every phase of a tick, over which the error of whole
ticks averages out; and the mark's own cost, measured between marks that follow one another, is
taken off as often as the step was marked. What remains is that the C compiler may allot registers
a little differently around a mark, hundredths of a percent in models of some size: tables show
the sum beside the whole.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from tinyfield.bench.bound import bound
from tinyfield.bench.cost import Layer
from tinyfield.compiler import targets
from tinyfield.paths import firmware_dir

if TYPE_CHECKING:
    from tinyfield.compiler import Program

_C = Path(targets.__file__).resolve().parent / "c"
_AIM = 400_000_000
#: Phases of a tick that inferences start at, by how many there is time for.
_PHASES = (40, 20, 10, 8, 5, 4, 2, 1)
#: The label of what is done before the first step and between the marks.
ENTRY = "entry"


def layers_of(
    program: Program, target: targets.Target, work: str, given: bytes, count: int
) -> tuple[Layer, ...]:
    """What each step of an inference takes.

    Args:
        work: C that defines ``bench_setup`` and ``bench_run`` over ``program``.
        given: what ``bench_setup`` reads.
        count: the whole inference's work without marks; decides how many times it is run.

    Raises:
        MissingToolError: the cross compiler or the emulator is not here.
        CompileError: the image does not fit; the profile needs 8 bytes of RAM a step.
    """
    calls = program.plan.calls
    image = targets.build(
        target,
        ['#include "profile.h"\n' + program.source, work, _C / "profile.c"],
        name="profile",
        include=[firmware_dir() / "core", _C],
        headers={f"{program.prefix}.h": program.header},
        flags=[f"-DPROFILE_STEPS={len(calls)}"],
    )
    phases = next((n for n in _PHASES if n * count <= _AIM), 1)
    if target.name in ("avr", "rv32imc"):
        phases = 1  # their counters count one by one
    raw = targets.execute(
        target, image, struct.pack("<I", phases) + given, counted=True, timeout_s=600.0
    )
    quarters, marks, ticks, *rest = struct.unpack(f"<{len(raw) // 4}I", raw)
    unit = quarters / 4
    own = ticks * unit / marks
    layers: list[Layer] = []
    for step in range(len(calls) + 1):
        spent, hits = rest[2 * step], rest[2 * step + 1]
        taken = max(round((spent * unit - hits * own) / phases), 0)
        if step == len(calls):
            layers.insert(0, Layer(-1, ENTRY, "", taken, 0, 0))
            break
        call = calls[step]
        least = bound(target.name, call.macs, program.traffic[step])
        layers.append(Layer(step, call.label, call.kernel, taken, call.macs, least))
    return tuple(layers)
