"""``2 samples``, or a time that is a whole number of samples."""

from __future__ import annotations

import re

from tinyfield.spec.durations import duration_text, parse_seconds
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.nodes import Node
from tinyfield.spec.problems import Problems
from tinyfield.spec.sections.base import spelled


def read_samples(node: Node | None, sample_s: int, problems: Problems, *, most: int) -> int:
    """A number of samples, 1 to ``most``; 1 where nothing is written or a mistake is reported."""
    if node is None:
        return 1
    value = node.value()
    match = re.fullmatch(r"\s*(\d{1,9})\s*(samples?)?\s*", str(value))
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise Mistake(
                f"expected a number of samples, got {spelled(node)}",
                code="type",
                hint="write '2 samples' or '20 min'",
            )
        if match:
            count = int(match[1])
        elif isinstance(value, str) and re.match(r"\s*[\d.]+\s*samp", value):
            raise Mistake(
                f"{value!r} is no number of samples", hint="write '2 samples'", code="unit"
            )
        else:
            seconds = parse_seconds(value)
            if sample_s <= 0:
                return 1
            if seconds % sample_s:
                raise Mistake(
                    f"{value} is no whole number of samples of every {duration_text(sample_s)}",
                    hint=f"write {duration_text(-(-seconds // sample_s) * sample_s)}",
                    code="window",
                )
            count = seconds // sample_s
        if not 1 <= count <= most:
            raise Mistake(
                f"{value} is out of range", code="range", hint=f"write 1 to {most} samples"
            )
    except Mistake as mistake:
        problems.mistake(node, mistake)
        return 1
    return count
