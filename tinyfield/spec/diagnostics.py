"""What a mistake looks like: place, cause, the line with a caret, and the cure.

::

    irrigation.yaml:9:41: error: no unit 'mW' for a voltage [sensors.soil.calibrate.dry]
       9 |   soil: {driver: capacitive_soil, calibrate: {dry: 2300 mW, wet: 1050 mV}}
         |                                                    ^^^^^^^
      = did you mean 'mV'?

Four lines at most; the head has the form editors know from compilers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tinyfield.spec.mark import Mark

WIDTH = 100
Kind = Literal["error", "warning", "not built yet"]


@dataclass(frozen=True)
class Diagnostic:
    """One mistake.

    Attributes:
        kind: ``error``; ``warning`` (allowed); ``not built yet`` (valid, not generated so far).
        path: dotted key path, such as ``sensors.soil.pin``; may be empty.
        message: the cause, one line without a full stop.
        hint: the cure, one line.
        source: the line of the file; None where there is none to show.
        code: a short stable name of the kind of mistake, for scripts.
    """

    mark: Mark
    path: str
    message: str
    hint: str | None
    source: str | None = None
    kind: Kind = "error"
    code: str = "value"

    def render(self) -> str:
        """The text shown to people; at most four lines."""
        where = f"{self.mark.file}:{self.mark.line}:{self.mark.column}"
        tail = f" [{self.path}]" if self.path else ""
        lines = [f"{where}: {self.kind}: {_one_line(self.message)}{tail}"]
        if self.source is not None:
            number = str(self.mark.line).rjust(4)
            text, column, width = _window(self.source, self.mark.column, self.mark.width)
            lines.append(f"{number} | {text}")
            lines.append(f"{' ' * len(number)} | {' ' * (column - 1)}{'^' * width}")
        if self.hint:
            lines.append(f"     = {_one_line(self.hint)}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The same for scripts and editors; lines and columns from 1."""
        return {
            "file": self.mark.file,
            "line": self.mark.line,
            "column": self.mark.column,
            "end_column": self.mark.column + self.mark.width,
            "kind": self.kind,
            "code": self.code,
            "path": self.path,
            "message": self.message,
            "hint": self.hint,
        }


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file and place, each mistake once."""
    unique: dict[tuple[Mark, str], Diagnostic] = {}
    for one in diagnostics:
        unique.setdefault((one.mark, one.message), one)  # an alias repeats what stands once
    return tuple(sorted(unique.values(), key=lambda d: (d.mark.file, d.mark.line, d.mark.column)))


def render_all(diagnostics: Iterable[Diagnostic]) -> str:
    """Every diagnostic, one after the other."""
    return "\n".join(diagnostic.render() for diagnostic in diagnostics)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _window(source: str, column: int, width: int) -> tuple[str, int, int]:
    """The part of a long line around the caret: text, caret column, caret width."""
    text = "".join(
        "→" if c == "\t" else c if c.isprintable() else " " for c in source.rstrip("\r\n")
    )
    room = WIDTH - 8
    width = max(1, min(width, len(text) - column + 1))
    if len(text) <= room:
        return text, column, width
    start = max(0, min(column - 1 - room // 3, len(text) - room))
    cut = text[start : start + room]
    if start:
        cut = "…" + cut[1:]
    if start + room < len(text):
        cut = cut[:-1] + "…"
    column -= start
    return cut, column, max(1, min(width, room - column + 1))
