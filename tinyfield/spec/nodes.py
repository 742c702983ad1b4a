"""The YAML tree with the place of every key and value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinyfield.spec.mark import Mark


@dataclass(frozen=True, eq=False)
class Source:
    """A text file as read: the name the user gave, its lines without line ends.

    ``shifts`` tells, for lines mended in memory, where a mended column was in the user's text:
    line to (first mended column, difference). ``mended`` are lines that may have lost something.
    """

    name: str
    lines: tuple[str, ...]
    shifts: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    mended: set[int] = field(default_factory=set)

    def shift(self, number: int, old: str, new: str) -> None:
        """Notes that a line was mended from ``old`` to ``new``."""
        difference = len(new) - len(old)
        if not difference:
            return
        first = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
        if first is None:
            first = min(len(old), len(new))
        self.shifts.setdefault(number, []).append((first + 1, difference))

    def column(self, number: int, column: int) -> int:
        """The column in the user's text of a column in the mended text; both from 1."""
        for first, difference in reversed(self.shifts.get(number, [])):
            # What was put in stands at its place; all behind it moves back.
            if column >= first + max(0, difference):
                column -= difference
            elif column > first:
                column = first
        return column

    def line(self, number: int) -> str | None:
        """The text of a line counted from 1, or None."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else None


@dataclass(eq=False)
class Node:
    """A value in the file.

    Attributes:
        line, column: where it begins, from 1; ``end_line``, ``end_column``: just behind it.
        key: the key's own node when it is a mapping's value.
        path: dotted key path.
        secret: it came through ``!secret``: never show its text.
        damaged: a line inside it could not be read; do not complain of what is missing.
    """

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int
    path: str = ""
    key: Node | None = None
    secret: str | None = None
    damaged: bool = False

    @property
    def thin(self) -> bool:
        """Something of it may be lost: do not complain of what is missing in it."""
        return self.damaged or self.line in self.source.mended

    def mark(self, offset: int | None = None, width: int | None = None) -> Mark:
        """The span of the value, or of ``width`` characters at ``offset`` of its text."""
        if offset is not None:
            return self._inside(offset, width or 1)
        if self.end_line == self.line:
            length = self.end_column - self.column
        else:
            length = len((self.source.line(self.line) or "").rstrip()) - self.column + 1
        return Mark(self.source.name, self.line, self.column, max(1, length))

    def _inside(self, offset: int, width: int) -> Mark:  # noqa: ARG002 - a scalar's business
        return self.mark()

    def value(self) -> Any:
        """Plain Python: dict, list, str, int, float, bool, None."""
        raise NotImplementedError

    def children(self) -> Iterator[tuple[str, Node]]:
        """The nodes directly below with their keys or indices."""
        return iter(())


@dataclass(eq=False)
class Scalar(Node):
    """A single value; ``text`` as written (unquoted), ``data`` as YAML 1.2 reads it."""

    text: str = ""
    data: str | int | float | bool | None = None
    quoted: bool = False

    def value(self) -> Any:
        return self.data

    def _inside(self, offset: int, width: int) -> Mark:
        """Walks the source along with the text: quotes, folds and indents are stepped over."""
        line, column = self.line, self.column
        text = self.source.line(line) or ""
        style = text[column - 1 : column]
        if style in ("|", ">") and not self.quoted and self.text[:1] != style:
            line, column = line + 1, 1
        elif self.quoted:
            column += 1
        wanted = len(self.text[:offset].replace(" ", "").replace("\n", ""))
        while line <= self.end_line and (row := self.source.line(line)) is not None:
            for index in range(column - 1, len(row)):
                if row[index].isspace():
                    continue
                if wanted == 0:
                    return Mark(self.source.name, line, index + 1, max(1, width))
                wanted -= 1
            line, column = line + 1, 1
        return Mark(self.source.name, self.end_line, max(1, self.end_column), 1)


@dataclass(eq=False)
class Map(Node):
    """A mapping; the first of two equal keys is kept."""

    items: dict[str, Node] = field(default_factory=dict)

    def value(self) -> Any:
        return Marked(self)

    def children(self) -> Iterator[tuple[str, Node]]:
        return iter(self.items.items())


@dataclass(eq=False)
class List(Node):
    """A sequence."""

    items: list[Node] = field(default_factory=list)

    def value(self) -> Any:
        return [item.value() for item in self.items]

    def children(self) -> Iterator[tuple[str, Node]]:
        return ((str(i), item) for i, item in enumerate(self.items))


class Marked(dict[str, Any]):
    """A mapping's plain value that still knows its node."""

    def __init__(self, node: Map) -> None:
        super().__init__((key, item.value()) for key, item in node.items.items())
        self.node = node


def descend(node: Node, keys: Sequence[str | int]) -> Node:
    """The node as far down ``keys`` as the tree goes."""
    for key in keys:
        if isinstance(node, Map) and str(key) in node.items:
            node = node.items[str(key)]
        elif isinstance(node, List) and isinstance(key, int) and key < len(node.items):
            node = node.items[key]
        elif isinstance(node, (Map, List)):
            continue
        else:
            break
    return node
