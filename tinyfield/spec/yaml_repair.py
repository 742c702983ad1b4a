"""Text that is not YAML: read on behind each mistake, so that the others show in the same run.

The YAML reader stops at its first mistake. Here each is put in plain words (``yaml_causes``),
mended in memory in the likeliest way, and the text is read again; a line that cannot be mended
is left out. Mending never adds or removes a line, and what it moves within a line is kept in
``Source.shifts``, so every place shown is that of the user's own text.
"""

from __future__ import annotations

from typing import Any

from tinyfield.spec.mark import Mark
from tinyfield.spec.nodes import Source
from tinyfield.spec.problems import Problems
from tinyfield.spec.yaml_causes import Cause, cause_of

MAX_REPAIRS = 20


def compose(source: Source, problems: Problems, damaged: set[int]) -> Any:
    """The root of the reader's node tree, or None for an empty or hopeless text.

    Every syntax mistake becomes a problem; ``damaged`` gets the numbers of lines left out.
    """
    lines = list(source.lines)
    reported: set[int] = set()
    for _ in range(MAX_REPAIRS):
        root, error = _read(lines)
        if error is None:
            return root
        cause = cause_of(error, lines)
        number = cause.line
        if not reported & {number, *cause.lines}:
            mark = Mark(source.name, number, source.column(number, cause.column), cause.width)
            problems.add(mark, cause.message, hint=cause.hint, code="yaml", source=source)
        reported |= {number, *cause.lines}
        mended = _best(cause, lines, error)
        if mended is None:
            victim = _victim(error, lines, damaged)
            if victim is None:
                return None
            damaged.add(victim)
            lines[victim - 1] = ""
            continue
        for index, (old, new) in enumerate(zip(lines, mended, strict=True)):
            if old != new:
                source.shift(index + 1, old, new)
        lines = mended
    return None


def _read(lines: list[str]) -> tuple[Any, Any]:
    """The root, or the reader's error."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).compose("\n".join(lines) + "\n"), None
    except YAMLError as error:
        return None, error


def _best(cause: Cause, lines: list[str], error: Any) -> list[str] | None:
    """The mending that lets the reader come furthest; None if none gets past the mistake."""
    reached, best = _reach(error), None
    for candidate in cause.repairs:
        if candidate == lines:
            continue
        _, next_error = _read(candidate)
        if next_error is None:
            return candidate
        far = _reach(next_error)
        if far > reached:
            reached, best = far, candidate
    return best


def _reach(error: Any) -> tuple[int, int]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return (mark.line, mark.column) if mark else (0, 0)


def _victim(error: Any, lines: list[str], damaged: set[int]) -> int | None:
    """The line to leave out: the one the reader stopped at, or the last one before it."""
    number = min(_reach(error)[0] + 1, len(lines))
    while number > 0 and (number in damaged or not lines[number - 1].strip()):
        number -= 1
    return number or None
