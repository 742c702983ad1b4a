"""A YAML syntax mistake, and what its causes have in common: lines, words, indentations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

KEY = re.compile(r"\s*(?:- )?['\"]?([^\s:'\"{}\[\],][^:{}\[\],]*?)['\"]?\s*:(\s|$)")


@dataclass
class Cause:
    """A syntax mistake: place (from 1), cause, cure, and texts with it mended.

    ``lines`` are further lines with the very same mistake, mended along with it; ``loses`` says
    that mending leaves out what may have been names.
    """

    line: int
    column: int
    message: str
    hint: str
    width: int = 1
    repairs: list[list[str]] = field(default_factory=list)
    lines: tuple[int, ...] = ()
    loses: bool = False


def indent(text: str) -> int:
    """Spaces before the first character."""
    return len(text) - len(text.lstrip(" "))


def with_line(lines: list[str], number: int, text: str) -> list[str]:
    return [*lines[: number - 1], text, *lines[number:]]


def blank(text: str) -> bool:
    return not text.strip() or text.lstrip().startswith("#")


def above_line(lines: list[str], number: int) -> int | None:
    """The nearest line above that says something."""
    for candidate in range(number - 1, 0, -1):
        if not blank(lines[candidate - 1]):
            return candidate
    return None


def word_of(text: str) -> str:
    match = KEY.match(text)
    if match:
        return match.group(1)
    return (text.split() or [""])[0][:30]


def moved(lines: list[str], line: int, should: int) -> list[list[str]]:
    """The line at another indentation: with what hangs below it, and alone."""
    was = indent(lines[line - 1])
    alone = with_line(lines, line, " " * should + lines[line - 1].lstrip(" "))
    block = list(alone)
    for index in range(line, len(lines)):
        if blank(lines[index]):
            continue
        if indent(lines[index]) < was or (index > line and indent(lines[index]) == 0):
            break
        block[index] = " " * (indent(lines[index]) + should - was) + lines[index].lstrip(" ")
    return [block, alone]


def spaces(count: int) -> str:
    return "1 space" if count == 1 else f"{count} spaces" if count else "no spaces"


def shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
