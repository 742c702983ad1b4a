"""A place in a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """A span on one line of a file.

    Attributes:
        file: the path as the user gave it.
        line, column: of the first character, counted from 1.
        width: how many characters the caret underlines, at least 1.
    """

    file: str
    line: int
    column: int
    width: int = 1
