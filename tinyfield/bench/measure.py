"""Builds an image of a workload, runs it under emulation, and reads what it counted."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from tinyfield import hostcc
from tinyfield.bench.canary import canaries
from tinyfield.bench.cost import Canaries, Cost, Flash, Layer, Ram
from tinyfield.bench.elf import sizes
from tinyfield.bench.layers import layers_of
from tinyfield.compiler import Program, compile_model, targets
from tinyfield.compiler.emulate import buffers, invoke, reads, run_emulated, starts
from tinyfield.compiler.host import run_host
from tinyfield.compiler.proof import against_reference, test_inputs
from tinyfield.errors import MissingToolError
from tinyfield.paths import firmware_dir

_COUNT = Path(targets.__file__).resolve().parent / "c" / "count.c"
_NOTHING = "void bench_setup(void);\nvoid bench_run(void);\nvoid bench_setup(void)\n{\n}\n"
_EMPTY = _NOTHING + "void bench_run(void)\n{\n}\n"
_AIM = 40_000_000
_MOST_CALLS = 1000
_EXACT_CALLS = 8
_CANARY_CALLS = 3


def measure(
    model: Program | bytes,
    target: str,
    *,
    name: str = "model",
    layers: bool = False,
    optimize: str | None = None,
    inputs: str = "caller",
    coding: str = "none",
    unpack: str | None = None,
) -> Cost:
    """What one inference costs.

    Args:
        model: a compiled model, or a ``.tflite`` file's bytes.
        target: ``host`` or a name of ``compiler.targets.TARGETS``.
        name: for ``Cost.model``.
        layers: also what each step takes, as ``Cost.layers``.
        optimize, inputs, coding, unpack: as in ``compile_model``.

    Raises:
        ModelError: the model cannot be compiled.
        MissingToolError: a cross compiler or an emulator is not here; the hint installs it.
        CompileError: among others when the model does not fit the processor's flash or RAM.
    """
    program = (
        compile_model(
            model, target=target, optimize=optimize, inputs=inputs, coding=coding, unpack=unpack
        )
        if isinstance(model, bytes)
        else model
    )
    given = test_inputs(program, _EXACT_CALLS)
    tflite = model if isinstance(model, bytes) else None
    expected = against_reference(program, tflite, given)
    if target == "host":
        actual = run_host(program, given)
        exact = all(np.array_equal(actual[key], expected[key]) for key in expected)
        return Cost(name, target, None, "instructions", None, program.macs, None, None, exact)
    actual = run_emulated(program, given, target)
    exact = all(np.array_equal(actual[key], expected[key]) for key in expected)
    one = targets.target(target)
    # The last test input is a random one; the first are extremes. Trees bring a typical one.
    last = program.example or {key: array[-1:] for key, array in given.items()}
    data = b"".join(last[f"in{n}"].tobytes() for n in range(len(program.inputs)))
    work = _work(program)
    cost = _measured(
        one,
        [program.source, work],
        include=[firmware_dir() / "core"],
        headers={f"{program.prefix}.h": program.header},
        given=data,
        label=(name, program.macs, program.arena_bytes, exact),
    )
    found: Canaries | None = None
    with suppress(hostcc.CompileError):  # no room for the guards themselves
        found = canaries(program, {key: a[:_CANARY_CALLS] for key, a in given.items()}, one)
    shown: tuple[Layer, ...] | None = None
    if layers:
        shown = layers_of(program, one, work, data, cost.count or 0)
    return replace(cost, canaries=found, layers=shown)


def _work(program: Program) -> str:
    """C of the workload: ``bench_setup`` reads the inputs, ``bench_run`` is one inference."""
    return (
        f"{buffers(program)}void bench_run(void);\nvoid bench_setup(void);\n"
        f"void bench_setup(void)\n{{\n{starts(program)}{reads(program)}}}\n\n"
        f"void bench_run(void)\n{{\n    (void){invoke(program)};\n}}\n"
    )


def flash_of(program: Program, target: str) -> Flash:
    """The flash that a model takes on an emulated target; nothing is run.

    Raises:
        MissingToolError: the cross compiler is not here.
        CompileError: it does not fit.
    """
    one = targets.target(target)
    image = targets.build(
        one,
        [program.source, _work(program), _COUNT],
        name="bench",
        include=[firmware_dir() / "core"],
        headers={f"{program.prefix}.h": program.header},
    )
    empty = targets.build(one, [_EMPTY, _COUNT], name="empty")
    taken = sizes(image).less(sizes(empty))
    return Flash(taken.code, taken.data)


@functools.cache
def compiler_of(target: str) -> str:
    """The cross compiler's name, version and optimisation.

    Raises:
        MissingToolError: it is not here.
    """
    one = targets.target(target)
    found = shutil.which(one.compiler)
    if found is None:
        raise MissingToolError(one.compiler, one.compiler_apt)
    said = subprocess.run(
        [found, "-dumpfullversion", "-dumpversion"], capture_output=True, text=True, check=False
    )
    levels = [flag for flag in (*hostcc.FLAGS, *one.flags) if flag.startswith("-O")]
    return f"{one.compiler} {said.stdout.split()[0] if said.stdout else ''} {levels[-1]}"


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
