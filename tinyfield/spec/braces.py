"""Braces in an input, expanded as a shell does: ``imu.accel_{x,y,z} {mean,std} 2.56 s``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tinyfield.spec.mistake import Mistake

MOST = 256
"""Inputs that one line may stand for."""


@dataclass(frozen=True)
class Expanded:
    """One of the texts that a text with braces stands for.

    Attributes:
        text: without braces.
        places: of each character, where it stands in the text with braces.
    """

    text: str
    places: tuple[int, ...]

    def moved(self, mistake: Mistake) -> Mistake:
        """A mistake of this text, with its place in the text with braces."""
        if mistake.offset is None or not self.places:
            return mistake
        first = min(mistake.offset, len(self.places) - 1)
        last = min(first + max(1, mistake.width or 1), len(self.places)) - 1
        start, end = self.places[first], self.places[last] + 1
        if mistake.offset >= len(self.places):
            start, end = end, end + 1
        return Mistake(
            mistake.message,
            hint=mistake.hint,
            code=mistake.code,
            offset=start,
            width=max(1, end - start) if mistake.width is not None else None,
            built=mistake.built,
        )


def expand(text: str) -> tuple[Expanded, ...]:
    """Every text that ``text`` stands for, the last braces counting fastest; ``text`` alone where
    it has none.

    Mistake for braces that do not close, stand in one another or hold an empty place.
    """
    parts: list[list[tuple[str, int]]] = []
    at, count = 0, 1
    while at < len(text):
        start = text.find("{", at)
        if "}" in text[at : start if start >= 0 else None]:
            raise _mistake(text, text.index("}", at), "a '}' that closes nothing")
        if start < 0:
            parts.append([(text[at:], at)])
            break
        parts.append([(text[at:start], at)])
        end = text.find("}", start)
        if end < 0:
            raise _mistake(text, start, "a '{' that is not closed")
        if "{" in text[start + 1 : end]:
            raise _mistake(text, text.index("{", start + 1), "braces in braces")
        choices: list[tuple[str, int]] = []
        place = start + 1
        for choice in text[start + 1 : end].split(","):
            if not choice.strip():
                raise _mistake(text, place, "nothing between the commas")
            lead = len(choice) - len(choice.lstrip())
            choices.append((choice.strip(), place + lead))
            place += len(choice) + 1
        parts.append(choices)
        count *= len(choices)
        if count > MOST:
            raise Mistake(
                f"one line that stands for more than {MOST} inputs",
                hint="write fewer in the braces",
                code="range",
            )
        at = end + 1
    return tuple(_join(chosen) for chosen in _product(parts))


def _product(parts: list[list[tuple[str, int]]]) -> Iterator[list[tuple[str, int]]]:
    if not parts:
        yield []
        return
    for first in parts[0]:
        for rest in _product(parts[1:]):
            yield [first, *rest]


def _join(chosen: list[tuple[str, int]]) -> Expanded:
    text = "".join(piece for piece, _ in chosen)
    return Expanded(text, tuple(at + i for piece, at in chosen for i in range(len(piece))))


def _mistake(text: str, at: int, what: str) -> Mistake:
    return Mistake(
        what,
        hint="write it like 'imu.accel_{x,y,z} {mean,std} 2.56 s'",
        code="feature",
        offset=min(at, max(0, len(text) - 1)),
        width=1,
    )
