"""Text that is not YAML: read on behind each mistake, so that the others show in the same run.

The YAML reader stops at its first mistake. Here each is put in plain words (``yaml_causes``),
mended in memory in the likeliest way, and the text is read again; a line that cannot be mended
is left out. Mending never adds or removes a line, and what it moves within a line is kept in
``Source.shifts``, so every place shown is that of the user's own text.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tinyfield.spec.mark import Mark
from tinyfield.spec.nodes import Source
from tinyfield.spec.problems import Problems
from tinyfield.spec.yaml_causes import causes_of
from tinyfield.spec.yaml_lines import Cause

MAX_REPAIRS = 20


def compose(
    source: Source, problems: Problems, damaged: set[int], top: Collection[str] = ()
) -> Any:
    """The root of the reader's node tree, or None for an empty or hopeless text.

    Every syntax mistake becomes a problem; ``damaged`` gets the numbers of lines left out;
    ``top`` are keys that belong at the left edge.
    """
    lines = list(source.lines)
    reported: set[int] = set()
    for _ in range(MAX_REPAIRS):
        root, error = _read(lines)
        if error is None:
            return root
        cause, mended = _best(causes_of(error, lines, top), lines, error)
        number = cause.line
        if not reported & {number, *cause.lines}:
            mark = Mark(source.name, number, source.column(number, cause.column), cause.width)
            problems.add(mark, cause.message, hint=cause.hint, code="yaml", source=source)
        reported |= {number, *cause.lines}
        if cause.loses:
            damaged.add(number)
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
            if old.lstrip() != new.lstrip():
                source.mended.add(index + 1)
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


def _best(causes: list[Cause], lines: list[str], error: Any) -> tuple[Cause, list[str] | None]:
    """The cause whose mending lets the reader come furthest, with the fewest lines changed.

    The likeliest, unmended, if none gets past the mistake.
    """
    reached = (False, *_reach(error))
    tried = []
    for cause in causes:
        for candidate in cause.repairs:
            changed = sum(old != new for old, new in zip(lines, candidate, strict=True))
            if not changed:
                continue
            _, next_error = _read(candidate)
            far = (True, 0, 0) if next_error is None else (False, *_reach(next_error))
            if far > reached:
                tried.append((far, -changed, cause, candidate))
    if not tried:
        return causes[0], None
    _, _, cause, candidate = max(tried, key=lambda t: t[:2])
    return cause, candidate


def _reach(error: Any) -> tuple[int, int]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return (mark.line, mark.column) if mark else (0, 0)


def _victim(error: Any, lines: list[str], damaged: set[int]) -> int | None:
    """The line to leave out: the one the reader stopped at, or the last one before it."""
    number = min(_reach(error)[0] + 1, len(lines))
    while number > 0 and (number in damaged or not lines[number - 1].strip()):
        number -= 1
    return number or None
