"""The files that a user's own module is made of: itself, and what it imports from beside it."""

from __future__ import annotations

import ast
from pathlib import Path


def sources_of(path: Path) -> tuple[Path, ...]:
    """The module, then every module below its folder that it imports, however far on.

    What is imported by a name made up at run time, or read as data, is not seen. A file that is no
    Python is not looked into: training will say so.
    """
    root = path.parent
    found: dict[Path, None] = {}
    todo = [path]
    while todo:
        one = todo.pop()
        if one in found:
            continue
        found[one] = None
        try:
            tree = ast.parse(one.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError):
            continue
        for name in _names(tree, one, root):
            todo += _files(root, name)
    return (path, *sorted(set(found) - {path}))


def _names(tree: ast.AST, path: Path, root: Path) -> list[str]:
    """Dotted names that the module may import, from the root on."""
    names: list[str] = []
    package = path.parent.relative_to(root).parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names.append(base)
            # What is imported may be a module of a package as well as a name in it.
            names += [f"{base}.{alias.name}".lstrip(".") for alias in node.names]
    return [name for name in names if name]


def _files(root: Path, name: str) -> list[Path]:
    """The files of a dotted name and of the packages above it, those that are there."""
    parts = name.split(".")
    tried: list[Path] = []
    for count in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:count])
        tried += [place / "__init__.py", place.with_suffix(".py")]
    return [path for path in tried if path.is_file()]
