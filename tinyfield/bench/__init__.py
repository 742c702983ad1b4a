"""What a model or any C workload costs on a processor: counted under emulation, never guessed.

Counts are of executed instructions (cycles on AVR), the same at every run; flash and RAM are
those of a linked image less those of the same image with nothing in it; the stack is measured by
a painted canary. Cycles are estimated from instructions by a rule of thumb, and said to be so.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinyfield import hostcc
from tinyfield.bench.elf import sizes
from tinyfield.compiler import Program, compile_model, targets
from tinyfield.compiler.emulate import buffers, invoke, reads, run_emulated, starts
from tinyfield.compiler.proof import against_reference, test_inputs
from tinyfield.paths import firmware_dir

__all__ = ["Cost", "Flash", "Ram", "measure", "measure_c"]

_COUNT = Path(targets.__file__).resolve().parent / "c" / "count.c"
_NOTHING = "void bench_setup(void);\nvoid bench_run(void);\nvoid bench_setup(void)\n{\n}\n"
_EMPTY = _NOTHING + "void bench_run(void)\n{\n}\n"
_AIM = 40_000_000
_MOST_CALLS = 1000
_EXACT_CALLS = 8


@dataclass(frozen=True)
class Flash:
    """Bytes of flash beyond an empty image."""

    code: int
    data: int

    @property
    def total(self) -> int:
        """Both."""
        return self.code + self.data


@dataclass(frozen=True)
class Ram:
    """Bytes of RAM beyond an empty image; ``static`` holds the caller's input and output too."""

    arena: int
    stack: int
    static: int

    @property
    def total(self) -> int:
        """All three."""
        return self.arena + self.stack + self.static


@dataclass(frozen=True)
class Cost:
    """What one run of a workload costs on one target.

    Attributes:
        model: what it was called.
        target: the processor.
        count: instructions or cycles of one run; None on the host, where nothing is counted.
        unit: which of the two.
        cycles_estimate: cycles; exact where cycles are counted.
        macs: multiply-accumulates of one run, 0 if not a model.
        flash: None on the host.
        ram: None on the host.
        exact: the target's bytes were the reference's (the host's, without ai-edge-litert).
    """

    model: str
    target: str
    count: int | None
    unit: str
    cycles_estimate: int | None
    macs: int
    flash: Flash | None
    ram: Ram | None
    exact: bool

    def as_json(self) -> dict[str, object]:
        """The shape that ``tinyfield bench --json`` prints."""
        flash, ram = self.flash, self.ram
        return {
            "model": self.model,
            "target": self.target,
            "count": self.count,
            "unit": self.unit,
            "cycles_estimate": self.cycles_estimate,
            "macs": self.macs,
            "flash": flash and {"code": flash.code, "data": flash.data, "total": flash.total},
            "ram": ram
            and {
                "arena": ram.arena,
                "stack": ram.stack,
                "static": ram.static,
                "total": ram.total,
            },
            "exact": self.exact,
        }


def measure(model: Program | bytes, target: str, *, name: str = "model") -> Cost:
    """What one inference costs.

    Args:
        model: a compiled model, or a ``.tflite`` file's bytes.
        target: ``host`` or a name of ``compiler.targets.TARGETS``.
        name: for ``Cost.model``.

    Raises:
        ModelError: the model cannot be compiled.
        MissingToolError: a cross compiler or an emulator is not here; the hint installs it.
        CompileError: among others when the model does not fit the processor's flash or RAM.
    """
    program = compile_model(model, target=target) if isinstance(model, bytes) else model
    given = test_inputs(program, _EXACT_CALLS)
    tflite = model if isinstance(model, bytes) else None
    expected = against_reference(program, tflite, given)
    if target == "host":
        return Cost(name, target, None, "instructions", None, program.macs, None, None, True)
    actual = run_emulated(program, given, target)
    exact = all(np.array_equal(actual[key], expected[key]) for key in expected)
    run = (
        f"void bench_run(void);\nvoid bench_setup(void);\n"
        f"void bench_setup(void)\n{{\n{starts(program)}{reads(program)}}}\n\n"
        f"void bench_run(void)\n{{\n    (void){invoke(program)};\n}}\n"
    )
    # The last test input is a random one; the first are extremes.
    data = b"".join(given[f"in{n}"][-1].tobytes() for n in range(len(program.inputs)))
    return _measured(
        targets.target(target),
        [program.source, buffers(program) + run],
        include=[firmware_dir() / "core"],
        headers={f"{program.prefix}.h": program.header},
        given=data,
        label=(name, program.macs, program.arena_bytes, exact),
    )


def measure_c(
    sources: Sequence[hostcc.Source],
    entry: str,
    target: str,
    *,
    setup: str | None = None,
    name: str | None = None,
    include: Sequence[Path] = (),
    headers: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
) -> Cost:
    """What one call of a C function costs: ``void entry(void)``, of external linkage.

    Args:
        sources: C files or texts, without ``main``.
        entry: the function that is counted; called many times in a row, after one call whose
            stack is measured.
        setup: a function of the same type that is called once before, and not counted.
        include: folders for ``#include "…"``, beside ``firmware/core``.

    Raises:
        MissingToolError: a cross compiler or an emulator is not here.
        CompileError: the sources do not compile, or do not fit.
        UsageError: no such target, or ``host``, where nothing is counted.
    """
    calls = f"void {entry}(void);\n" + (f"void {setup}(void);\n" if setup else "")
    shim = (
        f"{calls}void bench_setup(void);\nvoid bench_run(void);\n"
        f"void bench_setup(void)\n{{\n" + (f"    {setup}();\n" if setup else "") + "}\n\n"
        f"void bench_run(void)\n{{\n    {entry}();\n}}\n"
    )
    return _measured(
        targets.target(target),
        [*sources, shim],
        include=[*include, firmware_dir() / "core"],
        headers=headers or {},
        given=b"",
        label=(name or entry, 0, 0, True),
        flags=flags,
    )


def _measured(
    one: targets.Target,
    sources: Sequence[hostcc.Source],
    *,
    include: Sequence[Path],
    headers: Mapping[str, str],
    given: bytes,
    label: tuple[str, int, int, bool],
    flags: Sequence[str] = (),
) -> Cost:
    name, macs, arena, exact = label
    image = targets.build(
        one,
        [*sources, _COUNT],
        name="bench",
        include=include,
        headers=headers,
        flags=flags,
    )
    empty = targets.build(one, [_EMPTY, _COUNT], name="empty", flags=flags)
    taken = sizes(image).less(sizes(empty))
    stack, once = _count(one, image, given, 1)
    calls = max(1, min(_MOST_CALLS, _AIM // max(once, 1)))
    count = once if one.unit == "cycles" or calls == 1 else _count(one, image, given, calls)[1]
    bare, _ = _count(one, empty, b"", 1)
    return Cost(
        name,
        one.name,
        count,
        one.unit,
        round(count * one.cycles_per_count),
        macs,
        Flash(taken.code, taken.data),
        Ram(arena, max(stack - bare, 0), max(taken.static - arena, 0)),
        exact,
    )


def _count(one: targets.Target, image: Path, given: bytes, calls: int) -> tuple[int, int]:
    """Stack bytes of one call, and the work of one call as the mean of ``calls``."""
    raw = targets.execute(
        one, image, struct.pack("<I", calls) + given, counted=True, timeout_s=600.0
    )
    stack, quarters, idle, busy = struct.unpack("<4I", raw)
    return stack, round((busy - idle) * quarters / 4 / calls)
