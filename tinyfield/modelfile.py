"""What the command line does with a bare model file: compile, run, bench. No app, no YAML."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyfield import compiler
from tinyfield.compiler import package
from tinyfield.compiler.calls import Rom
from tinyfield.compiler.dump import stages
from tinyfield.errors import (
    BudgetError,
    DataError,
    EnvironmentFault,
    MissingToolError,
    TinyfieldError,
    UsageError,
    UserError,
)
from tinyfield.hostcc import CompileError
from tinyfield.outdir import write_all

if TYPE_CHECKING:
    from tinyfield.compiler import CheckResult, Program
    from tinyfield.progress import Progress

_AVR_FLASH = 32_256  # ATmega328P less its boot loader
_AVR_RAM = 2048


@dataclass(frozen=True)
class Compiled:
    """A model as C files, and whether it was proved exact (None: not asked)."""

    program: Program
    files: tuple[Path, ...]
    proof: CheckResult | None
    code_bytes: int | None
    dump: tuple[tuple[str, str], ...] = ()

    @property
    def steps(self) -> tuple[dict[str, object], ...]:
        """One record a kernel call: step, label, kernel, MACs, bytes of constants."""
        return tuple(
            {
                "step": step,
                "label": call.label,
                "kernel": call.kernel,
                "macs": call.macs,
                "constants": sum(
                    part.data.nbytes for part in call.arguments if isinstance(part, Rom)
                ),
            }
            for step, call in enumerate(self.program.plan.calls)
        )

    def as_json(self) -> dict[str, object]:
        """The result as plain values."""
        program = self.program
        exact = None if self.proof is None else self.proof.exact
        difference = None if self.proof is None else self.proof.difference
        result: dict[str, object] = {
            "files": [str(f) for f in self.files],
            "sha256": program.sha256,
            "arena_bytes": program.arena_bytes,
            "weights_bytes": program.weights_bytes,
            "code_bytes": self.code_bytes,
            "macs": program.macs,
            "steps": list(self.steps),
            "exact": exact,
            "difference": None if difference is None else str(difference),
        }
        if self.dump:
            result["dump"] = dict(self.dump)
        return result


def read_model(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        UserError: there is no such file, or it is a folder.
    """
    if path.is_dir():
        saved = (path / "saved_model.pb").is_file()
        raise UserError(
            f"{path} is a folder" + (" (a SavedModel)" if saved else ""),
            hint="convert it with tf.lite.TFLiteConverter.from_saved_model and give the .tflite"
            if saved
            else "give a .tflite file",
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", hint="give a .tflite file") from None


def compile_file(
    path: Path,
    out: Path,
    *,
    target: str,
    check: bool,
    rounding: str = "litert",
    optimize: str | None = None,
    inputs: str = "caller",
    coding: str = "none",
    unpack: str | None = None,
    prefix: str = "model",
    dump: bool = False,
    dump_passes: bool = False,
    progress: Progress | None = None,
) -> Compiled:
    """Write a model's C into ``out``, with all that a project needs to take it.

    Args:
        check: hold every node of the host build, and the outputs on ``target``, against TFLite's
            reference kernels.
        dump: keep the text of each stage in ``Compiled.dump``.
        dump_passes: also the graph after each pass.

    Raises:
        ModelError: the model is damaged or has operators that are not supported (all listed).
        UsageError: no such target, rounding or prefix; or a check of ``tflm``'s rounding.
        UserError: ``out`` is a file.
        EnvironmentFault: ``out`` cannot be written; nothing is.
    """
    tell = _teller(progress)
    _refuse_prefix(prefix)
    if check and rounding != "litert":
        raise UsageError(
            "--check compares with LiteRT's kernels, which round as --rounding litert",
            hint="leave out --check or --rounding",
        )
    tflite = read_model(path)
    tell(f"compile {path.name} for {target}")
    program = compiler.compile_model(
        tflite,
        prefix=prefix,
        target=target,
        rounding=rounding,
        optimize=optimize,
        inputs=inputs,
        coding=coding,
        unpack=unpack,
    )
    texts = tuple(stages(tflite, program, each_pass=dump_passes)) if dump or dump_passes else ()
    tell("measure its code")
    code, measured_with = _code_bytes(program, target)
    proof = None
    if check:
        tell("compare with TFLite's reference kernels, node by node")
        proof = compiler.check(tflite, target=target, optimize=optimize)
    facts = package.Facts(path.name, target, rounding, code, measured_with)
    tell(f"write {out}")
    written = write_all(out, package.files(program, facts))
    return Compiled(program, written, proof, code, texts)


def _teller(progress: Progress | None) -> Callable[[str], None]:
    return (lambda _: None) if progress is None else progress.step


def _refuse_prefix(prefix: str) -> None:
    """Names that would hide a header of C's own, or that CMake keeps to itself."""
    if prefix in _TAKEN:
        raise UsageError(
            f"the prefix {prefix!r} is taken: it names a header of C, a file of the package or a "
            "target of CMake",
            hint="use another name",
        )


_WORDS = """tiny assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp
signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath
threads time uchar wchar wctype all clean help install package test"""
_TAKEN = frozenset(_WORDS.split())


def _code_bytes(program: Program, target: str) -> tuple[int | None, str]:
    """The code's size and what measured it; None on the host or without the cross compiler."""
    from tinyfield import bench

    if target == "host":
        return None, ""
    try:
        return bench.flash_of(program, target).code, bench.compiler_of(target)
    except (MissingToolError, CompileError):
        return None, ""


_WANTED = "an .npz with in0 of shape [n, ...] is expected"


def run_file(path: Path, inputs: Path, outputs: Path, *, target: str) -> None:
    """Run a model's C over the arrays of an .npz, one call after the other.

    Raises:
        DataError: the .npz cannot be read, or its arrays are not the model's inputs.
    """
    if inputs.is_file() and not zipfile.is_zipfile(inputs):
        raise DataError(f"{inputs} is no .npz file", hint=_WANTED)
    try:
        with np.load(inputs) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, AttributeError) as error:
        raise DataError(f"{inputs}: {error}", hint=_WANTED) from None
    results = compiler.run(read_model(path), arrays, target)
    try:
        with outputs.open("wb") as file:
            np.savez(file, **results)  # type: ignore[arg-type]
    except OSError as error:
        raise EnvironmentFault(f"{outputs}: {error.strerror}") from None


def bench(
    models: dict[str, bytes],
    targets: Sequence[str] | None,
    *,
    layers: bool = False,
    optimize: str | None = None,
    inputs: str = "caller",
    coding: str = "none",
    unpack: str | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, object], ...]:
    """What one inference of each model costs on each target (all of them if not told).

    Targets that were asked for must be measurable; without ``targets``, one whose tools are
    missing, or which the model does not fit, gets a row that says so under ``missing``.

    Args:
        layers: add what each step takes, under ``layers``.
    """
    from tinyfield.bench import measure

    tell = _teller(progress)
    rows: list[dict[str, object]] = []
    for name, tflite in models.items():
        for target in targets or compiler.TARGET_NAMES:
            tell(f"{name} on {target}")
            try:
                _refuse_oversized(name, tflite, target)
                cost = measure(
                    tflite,
                    target,
                    name=name,
                    layers=layers,
                    optimize=optimize,
                    inputs=inputs,
                    coding=coding,
                    unpack=unpack,
                )
                rows.append(cost.as_json())
            except (MissingToolError, BudgetError, CompileError) as error:
                why = _why_not(error)
                if targets or why is None:
                    raise
                rows.append({"model": name, "target": target, "missing": why})
    return tuple(rows)


def all_well(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Was every measured model exact, and did it keep to its memory?"""
    measured = [row for row in rows if "missing" not in row]
    return all(
        row["exact"] and (row["canaries"] is None or row["canaries"]["intact"]) for row in measured
    )


def _why_not(error: TinyfieldError) -> str | None:
    """Why a model was not measured, in few words; None for what should not be passed over."""
    if isinstance(error, MissingToolError):
        return error.install
    if isinstance(error, BudgetError):
        return error.message
    return "does not fit its memory" if _TOO_LARGE.search(error.message) else None


_TOO_LARGE = re.compile(r"too large|overflowed by|will not fit")


def _refuse_oversized(name: str, tflite: bytes, target: str) -> None:
    """An AVR's compiler says of a large table only that it is large, of RAM nothing at all."""
    if target != "avr":
        return
    program = compiler.compile_model(tflite, target=target)
    ram = program.arena_bytes + sum(port.bytes for port in (*program.inputs, *program.outputs))
    for size, limit, what in (
        (program.weights_bytes, _AVR_FLASH, "B of constants"),
        (ram, _AVR_RAM, "B of RAM"),
    ):
        if size > limit:
            raise BudgetError(
                f"{name}: {size:,} {what}, {size - limit:,} B more than an ATmega328P has",
                hint="choose a larger target",
            )
