"""Writes ``firmware/generated/<env>/``: a fixed set of files, each only if its text changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinyfield.codegen.manifest import make_manifest
from tinyfield.codegen.plan import NodePlan, make_plan
from tinyfield.codegen.render import render_app
from tinyfield.compiler import Program, join
from tinyfield.errors import EnvironmentFault
from tinyfield.features import emit_features
from tinyfield.wire import Manifest

if TYPE_CHECKING:
    from tinyfield.boards import Board
    from tinyfield.learn.scaler import InputScale
    from tinyfield.spec.app import App

FILES = (
    "app.h",
    "app.c",
    "app_features.h",
    "app_features.c",
    "model.h",
    "model.c",
    "manifest.json",
)


@dataclass(frozen=True)
class Generated:
    """What was generated.

    Attributes:
        manifest: the names behind the ids.
        files: every file, written or already so.
        plan: the stage's value, for looking at (``plan.dump()``).
        written: those files whose text changed.
    """

    manifest: Manifest
    files: tuple[Path, ...]
    plan: NodePlan
    written: tuple[Path, ...]


def generate(
    app: App,
    board: Board,
    programs: Mapping[str, Program],
    scalers: Mapping[str, Sequence[InputScale]],
    out: Path,
) -> Generated:
    """Generates the C of ``app`` for ``board`` into ``out``.

    Args:
        programs: a compiled model for each of the app's models; its C prefix is ``model_<name>``.
            Beside it under ``gate_of(name)`` what tells the unknown; prefix ``gate_<name>``.
        scalers: per model, one scale for each int32 input.

    Raises:
        SpecError, NotBuiltYetError, ModelError, BudgetError: see ``make_plan``.
        EnvironmentFault: ``out`` cannot be written.
    """
    manifest = make_manifest(app, board.name, programs)
    plan = make_plan(app, board, programs, scalers, manifest.hash)
    texts = render_texts(app, plan, list(programs.values()), manifest)
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = tuple(out / name for name in FILES if _write(out / name, texts[name]))
    except OSError as error:
        raise EnvironmentFault(
            f"{error.filename or out}: {error.strerror}", hint="name another folder with --out DIR"
        ) from error
    return Generated(manifest, tuple(out / name for name in FILES), plan, written)


def render_texts(
    app: App, plan: NodePlan, programs: Sequence[Program], manifest: Manifest
) -> dict[str, str]:
    """Every generated file's text, by name."""
    features = emit_features(app)
    header, source = join(programs, "model")
    return {
        **render_app(plan),
        "app_features.h": features.header,
        "app_features.c": features.source,
        "model.h": header,
        "model.c": source,
        "manifest.json": manifest.to_json() + "\n",
    }


def _write(path: Path, text: str) -> bool:
    """Whether the file had another text. Line ends are \\n everywhere."""
    data = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == data:
        return False
    path.write_bytes(data)
    return True
