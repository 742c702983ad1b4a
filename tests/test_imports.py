"""Imports run one way only; the rooms' order is the one docs/architecture.md draws."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

# A room may import rooms of a lower rank, and itself.
RANK = {
    "errors": 0,
    "paths": 1,
    "spelling": 1,
    "tomlfile": 1,
    "outdir": 1,
    "spec": 2,
    "boards": 2,
    "wire": 2,
    "hostcc": 2,
    "data": 3,
    "features": 4,
    "compiler": 3,
    "bench": 4,
    "learn": 5,
    "estimate": 5,
    "codegen": 6,
    "project": 6,
    "pio": 6,
    "progress": 6,
    "tables": 10,
    "sim": 7,
    "report": 7,
    "doctor": 7,
    "logs": 7,
    "score": 8,
    "modelfile": 7,
    "measuring": 8,
    "cases": 8,
    "scenarios": 8,
    "failures": 9,
    "tune": 9,
    "pipeline": 9,
    "cli": 11,
    "__main__": 12,
}
# Pairs within a rank, or across ranks, that are settled one by one.
ALLOWED = {("spec", "boards")}
# The compiler knows neither YAML nor Keras; learning is handed what a candidate costs.
FORBIDDEN = {
    ("compiler", "spec"),
    ("compiler", "boards"),
    ("learn", "bench"),
    ("learn", "estimate"),
}


def _room(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "tinyfield" and len(parts) > 1 else None


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
            if node.module == "tinyfield":
                found |= {f"tinyfield.{alias.name}" for alias in node.names}
    return found


def back_edges(package: Path) -> list[str]:
    """Every import that runs against the order, as ``file: room → room``."""
    wrong = []
    for path in sorted(package.rglob("*.py")):
        own = path.relative_to(package).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for name in _imports(path):
            other = _room(name)
            if other is None or other == own or other.startswith("__version"):
                continue
            edge = (own, other)
            assert own in RANK and other in RANK, f"give {own} and {other} a rank in this test"
            if edge in FORBIDDEN or (RANK[other] >= RANK[own] and edge not in ALLOWED):
                wrong.append(f"{path.relative_to(package)}: {own} → {other}")
    return wrong


def test_imports_run_one_way(root: Path) -> None:
    assert back_edges(root / "tinyfield") == []


def test_the_gateway_knows_only_the_wire(root: Path) -> None:
    allowed = {"tinyfield", "tinyfield.wire", "tinyfield.errors"}
    for path in sorted((root / "gateway").rglob("*.py")):
        names = {n for n in _imports(path) if n.split(".")[0] == "tinyfield"}
        names = {n for n in names if not n.startswith(("tinyfield.wire.", "tinyfield.errors."))}
        assert names <= allowed, f"{path.name} imports {sorted(names - allowed)}"


def test_nothing_but_learning_imports_tensorflow(root: Path) -> None:
    for folder in ("tinyfield", "gateway"):
        for path in sorted((root / folder).rglob("*.py")):
            heavy = {n for n in _imports(path) if n.split(".")[0] in {"tensorflow", "keras"}}
            if heavy:
                assert "learn" in path.parts, f"{path} imports {sorted(heavy)}"


def test_a_back_edge_is_found(tmp_path: Path) -> None:
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "x.py").write_text("from tinyfield.learn import train\n")
    assert back_edges(tmp_path) == ["spec/x.py: spec → learn"]


@pytest.mark.parametrize("edge", sorted(ALLOWED))
def test_settled_pairs_are_still_needed(root: Path, edge: tuple[str, str]) -> None:
    own, other = edge
    files = (root / "tinyfield" / own).rglob("*.py")
    assert any(_room(n) == other for f in files for n in _imports(f))
