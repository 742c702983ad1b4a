"""Indentation: lines of YAML that belong to no level, or to another than they seem to."""

from __future__ import annotations

from collections.abc import Collection

from tinyfield.spec.yaml_lines import (
    Cause,
    above_line,
    blank,
    indent,
    moved,
    shortened,
    spaces,
    with_line,
    word_of,
)


def first_indented(lines: list[str]) -> Cause:
    number = next((n for n, text in enumerate(lines, 1) if not blank(text)), 1)
    text = lines[number - 1]
    return Cause(
        number,
        indent(text) + 1,
        f"{word_of(text)!r} is indented by {spaces(indent(text))}, but the keys below are not",
        "move it to the left edge",
        max(1, len(word_of(text))),
        moved(lines, number, 0),
    )


def block(line: int, column: int, lines: list[str], top: Collection[str]) -> list[Cause]:
    """A line that belongs to no level, or something left over behind a value."""
    text = lines[line - 1] if line <= len(lines) else ""
    char = text[column - 1 : column]
    if char in ("}", "]"):
        opening = "{" if char == "}" else "["
        mended = with_line(lines, line, text[: column - 1] + " " + text[column:])
        return [
            Cause(line, column, f"a {char!r} without its {opening!r}", "remove it", 1, [mended])
        ]
    if text[: column - 1].strip():
        rest = text[column - 1 :].strip()
        return [
            Cause(
                line,
                column,
                f"{shortened(rest)!r} is left over behind the value",
                "quote the whole value, or remove it",
                max(1, len(rest)),
                [with_line(lines, line, text[: column - 1].rstrip())],
                loses=True,
            )
        ]
    levels = _levels(lines, line)
    was = indent(text)
    if was in levels or not levels:
        kind = "a list" if text.lstrip().startswith("-") else "a 'key: value' line"
        other = "'key: value' lines" if kind == "a list" else "a list"
        message, hint = f"{kind} among {other}", "give it another level, or make them all alike"
        return [Cause(line, column, message, hint, max(1, len(text.strip())))]
    order = sorted(levels, key=lambda level: (abs(level - was), -level))
    if word_of(text) in top and 0 in levels:
        order = [0, *(level for level in order if level)]
    found = [_no_level(line, should, levels[should], lines) for should in order]
    if (deeper := _deeper_above(line, lines)) is not None:
        found.append(deeper)
    if (header := _header_too_deep(line, lines)) is not None:
        found.append(header)
    return found


def _no_level(line: int, should: int, like: int, lines: list[str]) -> Cause:
    text = lines[line - 1]
    return Cause(
        line,
        indent(text) + 1,
        f"{word_of(text)!r} is indented by {spaces(indent(text))}, which is no level here",
        f"indent it by {spaces(should)}, like {word_of(lines[like - 1])!r} in line {like}",
        max(1, len(word_of(text))),
        moved(lines, line, should),
    )


def _deeper_above(line: int, lines: list[str]) -> Cause | None:
    """The lines above may be the ones that are too deep: those down to this line's level."""
    was = indent(lines[line - 1])
    first = line
    for number in range(line - 1, 0, -1):
        if blank(lines[number - 1]):
            continue
        if indent(lines[number - 1]) <= was:
            break
        first = number
    if first == line:
        return None
    text = lines[first - 1]
    shift = was - indent(text)
    mended = list(lines)
    for index in range(first - 1, line - 1):
        if not blank(lines[index]):
            margin = max(0, indent(lines[index]) + shift)
            mended[index] = " " * margin + lines[index].lstrip(" ")
    return Cause(
        first,
        indent(text) + 1,
        f"{word_of(text)!r} is indented by {spaces(indent(text))}, unlike the lines below it",
        f"indent it by {spaces(was)}, like {word_of(lines[line - 1])!r} in line {line}",
        max(1, len(word_of(text))),
        [mended],
    )


def _header_too_deep(line: int, lines: list[str]) -> Cause | None:
    """``water:`` deeper than what hangs below it; the lines behind show its right level."""
    above = above_line(lines, line)
    was = indent(lines[line - 1])
    if above is None or not lines[above - 1].rstrip().endswith(":"):
        return None
    like = next(
        (
            n
            for n in range(line + 1, len(lines) + 1)
            if not blank(lines[n - 1]) and indent(lines[n - 1]) < was
        ),
        None,
    )
    if like is None:
        return None
    text, should = lines[above - 1], indent(lines[like - 1])
    return Cause(
        above,
        indent(text) + 1,
        f"{word_of(text)!r} is indented by {spaces(indent(text))}, deeper than the lines below it",
        f"indent it by {spaces(should)}, like {word_of(lines[like - 1])!r} in line {like}",
        max(1, len(word_of(text))),
        [with_line(lines, above, " " * should + text.lstrip(" "))],
    )


def _levels(lines: list[str], line: int) -> dict[int, int]:
    """Indentations open above a line, each with the line that shows it."""
    levels: dict[int, int] = {}
    for number in range(1, line):
        text = lines[number - 1]
        if blank(text):
            continue
        level = indent(text)
        levels = {k: v for k, v in levels.items() if k < level}
        levels[level] = number
    return levels
