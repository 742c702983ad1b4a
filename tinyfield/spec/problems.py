"""Collects every mistake of a run, with its place."""

from __future__ import annotations

from tinyfield.errors import NotBuiltYetError, SpecError
from tinyfield.spec.diagnostics import Diagnostic, Kind, ordered, render_all
from tinyfield.spec.mark import Mark
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import Node, Scalar, Source


class NotBuiltYetSpecError(SpecError, NotBuiltYetError):
    """The app file is right, but asks for something that nothing generates yet."""


class Problems:
    """The diagnostics of one run."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def at(
        self,
        node: Node,
        message: str,
        *,
        hint: str | None = None,
        code: str = "value",
        kind: Kind = "error",
        key: bool = False,
        offset: int | None = None,
        width: int | None = None,
        path: str | None = None,
        open_hint: bool = False,
    ) -> None:
        """A mistake at a node's value, or at its key, or inside its text.

        Of a secret's value nothing is said; ``open_hint`` marks a hint that holds none of it.
        """
        # An empty value has no place of its own.
        key = key or (isinstance(node, Scalar) and node.data is None and not node.text)
        place = node.key if key and node.key is not None else node
        if node.secret is not None and kind == "error":
            message = f"the secret {node.secret!r} does not fit here"
            hint = f"{hint} in secrets.yaml" if open_hint else "look at it in secrets.yaml"
            offset = None
        mark = place.mark(offset, width)
        self.add(
            mark,
            message,
            path=node.path if path is None else path,
            hint=hint,
            code=code,
            kind=kind,
            source=place.source,
        )

    def mistake(self, node: Node, mistake: Mistake, *, offset: int = 0) -> None:
        """A value parser's complaint; ``offset`` is where its text began in the node's."""
        where = None if mistake.offset is None else mistake.offset + offset
        self.at(
            node,
            mistake.message,
            hint=mistake.hint,
            code=mistake.code,
            kind="error" if mistake.built else "not built yet",
            offset=where,
            width=mistake.width,
        )

    def add(
        self,
        mark: Mark,
        message: str,
        *,
        path: str = "",
        hint: str | None = None,
        code: str = "value",
        kind: Kind = "error",
        source: Source | None = None,
    ) -> None:
        """A mistake at a place."""
        line = source.line(mark.line) if source else None
        self.found.append(Diagnostic(mark, path, message, hint, line, kind, code))

    def drop(self, node: Node, code: str) -> None:
        """Takes back what was said with that code of the node's line."""
        self.found = [
            d
            for d in self.found
            if (d.code, d.mark.file, d.mark.line) != (code, node.source.name, node.line)
        ]

    def nothing(self, name: str, message: str, hint: str) -> None:
        """A mistake of a whole file that has no line to show."""
        self.add(Mark(name, 1, 1), message, hint=hint, code="file")

    @property
    def wrong(self) -> bool:
        """Whether anything but warnings was found."""
        return any(d.kind != "warning" for d in self.found)

    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is allowed but worth a look."""
        return tuple(d for d in ordered(self.found) if d.kind == "warning")

    def error(self) -> SpecError:
        """The error that carries everything found."""
        found = ordered(self.found)
        kinds = {d.kind for d in found if d.kind != "warning"}
        cls = NotBuiltYetSpecError if kinds == {"not built yet"} else SpecError
        return cls(render_all(found), diagnostics=found)
