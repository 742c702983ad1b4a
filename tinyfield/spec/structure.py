"""Sections at the wrong depth: valid YAML that says something else than was meant.

``site:`` with nothing below and ``plant:`` at the left edge behind it; ``models:`` indented into
``sensors:``; a valve below ``models:`` because the line ``actuators:`` was lost. Each is reported
once and put right, so that the rest is checked as it is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinyfield.spec.nodes import List, Map, Node, Scalar
from tinyfield.spec.problems import Problems


@dataclass(frozen=True)
class Shape:
    """Which keys stand where.

    Attributes:
        top: keys at the left edge.
        below: sections of fixed keys, with those keys.
        items: sections of named things, with the keys that each thing has.
    """

    top: tuple[str, ...]
    below: Mapping[str, frozenset[str]]
    items: Mapping[str, frozenset[str]]


def straighten(root: Map, shape: Shape, problems: Problems) -> Map:
    """The tree with sections where they belong."""
    _adopt(root, shape, problems)
    _head(root, shape, problems)
    _lift(root, shape, problems)
    _sort(root, shape, problems)
    _name(root, shape, problems)
    return root


def _adopt(root: Map, shape: Shape, problems: Problems) -> None:
    """Unknown keys behind an empty section belong below it."""
    items: dict[str, Node] = {}
    parent: str | None = None
    adopted: dict[str, Node] = {}
    for name, node in root.items.items():
        if name in shape.top:
            section = name in shape.below or name in shape.items
            parent = name if section and _empty(node) else None
            items[name] = node
            adopted = {}
            continue
        fits = parent in shape.items or name in shape.below.get(parent or "", ()) or adopted
        if parent is None or not fits:
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


def _head(root: Map, shape: Shape, problems: Problems) -> None:
    """Things at the left edge that look like those of a section whose line is not there."""
    items: dict[str, Node] = {}
    for name, node in root.items.items():
        section = _belongs(node, "", shape) if isinstance(node, Map) else None
        if name in shape.top or section is None or section in root.items:
            items[name] = node
            continue
        if section not in items:
            # The reader may have stumbled over the same line: this says it better.
            problems.drop(node.key or node, "yaml")
            problems.at(
                node,
                f"{name!r} looks like one of the {section}, but the line '{section}:' is not there",
                hint=f"put '{section}:' above it, and 2 spaces before what belongs to it",
                key=True,
                code="indentation",
            )
            items[section] = _map_like(node, {})
            items[section].path = section
        moved = items[section]
        assert isinstance(moved, Map)
        moved.items[name] = node
        _move(node, section, name)
    root.items = items


def _lift(root: Map, shape: Shape, problems: Problems) -> None:
    """Top-level sections that were indented into another one."""
    items: dict[str, Node] = {}
    for name, node in root.items.items():
        items[name] = node
        if not isinstance(node, Map) or name not in shape.items:
            continue
        for key in [k for k in node.items if k in shape.top and k not in root.items]:
            if key not in node.items or not _own_section(key, node.items[key], name, shape):
                continue
            problems.at(
                node.items[key],
                f"{key!r} is a section of its own, not part of {name!r}",
                hint="move it to the left edge, with its lines",
                key=True,
                code="indentation",
            )
            inner = node.items.pop(key)
            if _empty(inner):
                # What stands behind it was meant to hang below it.
                order = list(node.items)
                behind = [k for k in order if _line(node.items[k]) > _line(inner)]
                inner = _map_like(inner, {k: node.items.pop(k) for k in behind})
                for child_key, child in inner.items.items():
                    _move(child, key, child_key)
            items[key] = inner
            _move(inner, "", key)
    root.items = items


def _own_section(key: str, inner: Node, name: str, shape: Shape) -> bool:
    """Whether a key inside section ``name`` is the top-level section of that name."""
    if key in shape.items[name]:
        return False
    if key not in shape.below and key not in shape.items:
        return True
    if _empty(inner):
        return key in shape.items
    return isinstance(inner, Map) and not inner.items.keys() & shape.items[name]


def _line(node: Node) -> int:
    return (node.key or node).line


def _sort(root: Map, shape: Shape, problems: Problems) -> None:
    """Things below the wrong section, because the line of the right one is not there."""
    for name in [n for n in root.items if n in shape.items]:
        section = root.items[name]
        if not isinstance(section, Map):
            continue
        target: str | None = None
        for key, node in list(section.items.items()):
            if not isinstance(node, Map):
                continue
            better = _belongs(node, name, shape)
            if better is None or (better != target and better in root.items):
                continue
            if better != target:
                problems.at(
                    node,
                    f"{key!r} below {name!r} looks like one of the {better}",
                    hint=f"put the line '{better}:' above it",
                    key=True,
                    code="indentation",
                )
                root.items[better] = _map_like(section, {})
                target = better
            moved = root.items[better]
            assert isinstance(moved, Map)
            moved.items[key] = section.items.pop(key)


def _belongs(node: Map, here: str, shape: Shape) -> str | None:
    """The section whose keys a thing has, if it clearly is another than this one."""
    keys = node.items.keys()

    def score(name: str) -> int:
        return len(keys & shape.items[name]) if name else 0

    best = max(shape.items, key=score)
    least = 2 if here else 1
    return best if score(best) >= least and score(here) == 0 else None


def _name(root: Map, shape: Shape, problems: Problems) -> None:
    """``inputs:`` directly below ``models:``: the line with the model's name is not there."""
    for name, known in shape.items.items():
        section = root.items.get(name)
        if not isinstance(section, Map):
            continue
        lost = {
            key: node
            for key, node in section.items.items()
            if key in known and not (isinstance(node, Map) and node.items.keys() & known)
        }
        if not lost:
            continue
        first, node = next(iter(lost.items()))
        problems.at(
            node,
            f"{first!r} stands directly below {name!r}, without a name",
            hint=f"put a line such as 'my_{name.removesuffix('s')}:' above it, and indent these "
            "lines below that",
            key=True,
            code="indentation",
        )
        section.items = {key: node for key, node in section.items.items() if key not in lost}
        section.damaged = True


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


def _move(node: Node, prefix: str, name: str | None = None) -> None:
    """Gives a tree its paths anew, below ``prefix``."""
    name = node.path if name is None else name
    node.path = f"{prefix}.{name}" if prefix else name
    for key, child in node.children():
        if isinstance(node, List):
            _move(child, "", f"{node.path}[{key}]")
        else:
            _move(child, node.path, key)
