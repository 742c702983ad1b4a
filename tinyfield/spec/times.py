"""The time of day and of the year: inputs of models, and numbers in rules."""

from __future__ import annotations

from dataclasses import dataclass

from tinyfield.spec.app import Feature
from tinyfield.spec.frozen import build
from tinyfield.spec.mistake import Mistake
from tinyfield.spelling import listing, nearest

CYCLIC: dict[str, str] = {
    "time.hour": "hour of the local day",
    "time.year": "day of the year",
}
"""What goes round: as an input it is its sine and its cosine."""
CYCLIC_SCALE = -3
PARTS = ("sine", "cosine")


@dataclass(frozen=True)
class TimeSource:
    """A time that a rule can read: scale, greatest scaled integer, what it says."""

    scale: int
    maximum: int
    summary: str


TIMES: dict[str, TimeSource] = {
    "time.hour": TimeSource(-2, 2399, "hour of the local day, 0 to 23.99"),
}
"""No units: ``time.hour >= 7.5`` is half past seven."""


def time_feature(text: str, source: str, words: list[tuple[str, int]]) -> Feature:
    """``time.hour cyclic``. Mistake with the place in the text otherwise."""
    if len(words) == 2 and words[1][0] == "cyclic":
        return build(Feature)(
            text=text,
            source=source,
            op="cyclic",
            window_s=None,
            unit="",
            scale=CYCLIC_SCALE,
            width=len(PARTS),
            channel=None,
        )
    hint = f"write '{source} cyclic': a clock's end lies beside its beginning"
    if len(words) < 2:
        raise Mistake(
            f"{source} as what?", hint=hint, code="feature", offset=words[0][1], width=len(source)
        )
    word, at = words[2] if words[1][0] == "cyclic" else words[1]
    raise Mistake(
        f"{word!r} does not go with {source}",
        hint=hint,
        code="feature",
        offset=at,
        width=len(word),
    )


def unknown_time(source: str, at: int) -> Mistake:
    """Of a ``time.…`` that there is not."""
    near = nearest(source, CYCLIC)
    return Mistake(
        f"unknown {source!r}",
        hint=f"did you mean {near!r}?" if near else f"write one of {listing(CYCLIC)}",
        code="unknown",
        offset=at,
        width=len(source),
    )
