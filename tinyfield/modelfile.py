"""What the command line does with a bare model file: compile, run, bench. No app, no YAML."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyfield import compiler
from tinyfield.errors import BudgetError, DataError, EnvironmentFault, MissingToolError, UserError
from tinyfield.paths import firmware_dir

if TYPE_CHECKING:
    from tinyfield.compiler import CheckResult, Program

TARGETS = ("host", "cortex-m4", "rv32imc", "avr")
_AVR_FLASH = 32_256  # ATmega328P less its boot loader
_INCLUDE = re.compile(r'#include "([^"]+)"')


@dataclass(frozen=True)
class Compiled:
    """A model as C files, and whether it was proved exact (None: not asked)."""

    program: Program
    files: tuple[Path, ...]
    proof: CheckResult | None

    def as_json(self) -> dict[str, object]:
        """The result as plain values."""
        program = self.program
        return {
            "files": [str(f) for f in self.files],
            "arena_bytes": program.arena_bytes,
            "weights_bytes": program.weights_bytes,
            "macs": program.macs,
            "exact": None if self.proof is None else self.proof.exact,
            "difference": None
            if self.proof is None or self.proof.difference is None
            else str(self.proof.difference),
        }


def read_model(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        UserError: there is no such file.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None


def compile_file(
    path: Path, out: Path, *, target: str, check: bool, rounding: str = "litert"
) -> Compiled:
    """Write a model's C into ``out``, with the kernel headers that it includes.

    Args:
        check: hold every output of the host build against TFLite's reference kernels.

    Raises:
        ModelError: the model is damaged or has operators that are not supported (all listed).
        EnvironmentFault: ``out`` cannot be written.
    """
    tflite = read_model(path)
    program = compiler.compile_model(tflite, prefix="model", target=target, rounding=rounding)
    texts = {"model.c": program.source, "model.h": program.header}
    core = firmware_dir() / "core"
    todo = [core / name for text in texts.values() for name in _INCLUDE.findall(text)]
    todo.remove(core / "model.h")
    while todo:
        header = todo.pop().resolve()
        key = header.relative_to(core.resolve()).as_posix()
        if key not in texts:
            texts[key] = header.read_text(encoding="utf-8")
            for name in _INCLUDE.findall(texts[key]):
                beside = header.parent / name
                todo.append(beside if beside.is_file() else core / name)
    files = []
    try:
        for name, text in texts.items():
            file = out / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            files.append(file)
    except OSError as error:
        raise EnvironmentFault(f"{error.filename or out}: {error.strerror}") from None
    return Compiled(program, tuple(files), compiler.check(tflite) if check else None)


def run_file(path: Path, inputs: Path, outputs: Path, *, target: str) -> None:
    """Run a model's C over the arrays of an .npz, one call after the other.

    Raises:
        DataError: the .npz cannot be read, or its arrays are not the model's inputs.
    """
    try:
        with np.load(inputs) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, AttributeError) as error:
        raise DataError(
            f"{inputs}: {error}", hint="an .npz with in0 of shape [n, ...] is expected"
        ) from None
    results = compiler.run(read_model(path), arrays, target)
    try:
        with outputs.open("wb") as file:
            np.savez(file, **results)  # type: ignore[arg-type]
    except OSError as error:
        raise EnvironmentFault(f"{outputs}: {error.strerror}") from None


def _refuse_oversized(name: str, tflite: bytes, target: str) -> None:
    """An AVR's compiler says of a large table only that it is large."""
    if target != "avr":
        return
    size = compiler.compile_model(tflite, target=target).weights_bytes
    if size > _AVR_FLASH:
        raise BudgetError(
            f"{name}: {size:,} B of constants, {size - _AVR_FLASH:,} B more than an ATmega328P has",
            hint="choose a larger target",
        )


def bench(models: dict[str, bytes], targets: Sequence[str] | None) -> tuple[dict[str, object], ...]:
    """What one inference of each model costs on each target.

    Targets that were asked for must be measurable; without ``targets``, one whose tools are
    missing gets a row with the command that installs them.
    """
    from tinyfield.bench import measure

    rows: list[dict[str, object]] = []
    for name, tflite in models.items():
        for target in targets or TARGETS:
            try:
                _refuse_oversized(name, tflite, target)
                rows.append(measure(tflite, target, name=name).as_json())
            except (MissingToolError, BudgetError) as error:
                if targets:
                    raise
                why = error.install if isinstance(error, MissingToolError) else error.message
                rows.append({"model": name, "target": target, "missing": why})
    return tuple(rows)
