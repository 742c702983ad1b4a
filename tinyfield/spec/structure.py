"""Sections at the wrong depth: valid YAML that says something else than was meant.

``site:`` with nothing below and ``plant:`` at the left edge behind it; or ``models:`` indented
into ``sensors:``. Each is reported once and put right, so that the rest is checked as meant.
"""

from __future__ import annotations

from collections.abc import Mapping

from tinyfield.spec.nodes import List, Map, Node, Scalar
from tinyfield.spec.problems import Problems

Keys = Mapping[str, frozenset[str] | None]
"""Top-level key to the keys below it: None for a plain value, empty for names of the user's."""


def straighten(root: Map, keys: Keys, problems: Problems) -> Map:
    """The tree with sections where they belong."""
    return _adopt(_lift(root, keys, problems), keys, problems)


def _adopt(root: Map, keys: Keys, problems: Problems) -> Map:
    """Unknown keys behind an empty section belong below it."""
    items: dict[str, Node] = {}
    parent: str | None = None
    adopted: dict[str, Node] = {}
    for name, node in root.items.items():
        if name in keys:
            parent = name if _empty(node) and keys[name] is not None else None
            items[name] = node
            adopted = {}
            continue
        below = keys.get(parent) if parent is not None else None
        if parent is None or below is None or (below and name not in below and not adopted):
            items[name] = node
            continue
        _move(node, parent)
        if not adopted:
            problems.at(
                node,
                f"{name!r} stands at the left edge, but belongs below {parent!r}",
                hint="put 2 spaces before this line and the others of its section",
                key=True,
                code="indentation",
            )
            items[parent] = _map_like(items[parent], adopted)
        adopted[name] = node
    root.items = items
    return root


def _lift(root: Map, keys: Keys, problems: Problems) -> Map:
    """Top-level sections that were indented into another one."""
    items: dict[str, Node] = {}
    for name, node in root.items.items():
        items[name] = node
        below = keys.get(name)
        if not isinstance(node, Map) or below is None or below:
            continue
        for key in [k for k in node.items if k in keys and k not in root.items]:
            inner = node.items[key]
            if keys[key] is not None and not isinstance(inner, Map):
                continue
            if isinstance(inner, Map) and "driver" in inner.items:
                continue
            problems.at(
                inner,
                f"{key!r} is a section of its own, not part of {name!r}",
                hint="move it to the left edge, with its lines",
                key=True,
                code="indentation",
            )
            del node.items[key]
            items[key] = inner
            inner.path = ""
            _move(inner, key)
    root.items = items
    return root


def _empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.data is None and not node.quoted


def _map_like(node: Node, items: dict[str, Node]) -> Map:
    return Map(
        source=node.source,
        line=node.line,
        column=node.column,
        end_line=node.end_line,
        end_column=node.end_column,
        path=node.path,
        key=node.key,
        items=items,
    )


def _move(node: Node, prefix: str) -> None:
    node.path = f"{prefix}.{node.path}" if node.path else prefix
    for name, child in node.children():
        child.path = name
        _move(child, node.path)
    if isinstance(node, List):
        for index, child in enumerate(node.items):
            child.path = f"{node.path}[{index}]"
