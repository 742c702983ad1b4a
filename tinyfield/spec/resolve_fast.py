"""Fast sensors: whether their rate and burst suit the part and the sample period."""

from __future__ import annotations

from bisect import bisect
from fractions import Fraction

from tinyfield.spec.drivers import Fast
from tinyfield.spec.durations import duration_text
from tinyfield.spec.nodes import Node
from tinyfield.spec.problems import Problems
from tinyfield.spec.resolve_parts import Part, Sampling
from tinyfield.spec.sections.base import ok
from tinyfield.spec.sections.sensors import SensorSection
from tinyfield.spelling import listing

FRAMES_MOST = 65535
"""Frames a sample: what a node counts them with, and their sum still fits 32 bits."""


def sampling(
    part: Part, section: SensorSection, sample_s: int, problems: Problems
) -> Sampling | None:
    """Rate and frames of a part whose driver is fast; None with its mistakes reported."""
    fast = part.driver.fast
    if fast is None or not ok(section.rate) or not ok(section.burst):
        return None
    rate, burst = section.rate, section.burst
    if rate is None:
        if not part.node.thin:
            problems.at(
                part.node,
                f"'rate' is missing: how often a second {part.driver.name!r} measures",
                hint=f"add 'rate: {rate_text(_usual(fast))}'",
                key=True,
                code="missing",
            )
        return None
    before = len(problems.found)
    place = part.node.items["rate"]
    if rate not in fast.rates:
        _no_such_rate(part, fast, rate, place, problems)
    if sample_s <= 0 or len(problems.found) > before:
        return None
    span = Fraction(sample_s) if burst is None else burst
    place = part.node.items.get("burst", place)
    if burst is not None and burst > sample_s:
        problems.at(
            place,
            f"a burst of {span_text(burst)} is longer than the {duration_text(sample_s)} from "
            "sample to sample",
            hint="sample less often, or remove 'burst' so that the sensor never pauses",
            code="range",
        )
        return None
    frames = span * rate / 1000
    if frames.denominator != 1:
        lower = Fraction(int(frames) * 1000, rate)
        hint = f"take a burst of {span_text(lower)}, or another rate"
        problems.at(
            place,
            f"{span_text(span)} at {rate_text(rate)} is no whole number of frames",
            hint=hint if burst is not None and lower else "take another rate",
            code="window",
        )
        return None
    if not 2 <= frames <= FRAMES_MOST:
        cure = f"give 'burst', at most {span_text(Fraction(FRAMES_MOST * 1000, rate))}"
        problems.at(
            place,
            f"{int(frames)} frames a sample",
            hint=cure if frames > FRAMES_MOST else "measure longer, or at a higher rate",
            code="range",
        )
        return None
    return Sampling(rate_mhz=rate, frames=int(frames), continuous=burst is None)


def alike(parts: list[Part], problems: Problems) -> None:
    """Refuses fast sensors that do not measure over the same time: they are read in turns."""
    known = [(part, part.fast) for part in parts if part.fast is not None]
    for part, fast in known[1:]:
        first, other = known[0]
        if (fast.continuous, Fraction(fast.frames, fast.rate_mhz)) != (
            other.continuous,
            Fraction(other.frames, other.rate_mhz),
        ):
            place = part.node.items.get("burst", part.node)
            how = "never pauses" if other.continuous else "has a burst"
            given = first.node.items.get("burst")
            cure = "remove 'burst'" if given is None else f"write 'burst: {_said(given)}' here too"
            problems.at(
                place,
                f"{first.name!r} {how}, and {part.name!r} would not keep step with it",
                hint=cure,
                key="burst" not in part.node.items,
                code="range",
            )


def _said(node: Node) -> str:
    return str(getattr(node, "text", "…"))


def _usual(fast: Fast) -> int:
    """The rate nearest to 50 Hz, which is enough for how people and animals move."""
    return min(fast.rates, key=lambda rate: abs(rate - 50_000))


def _no_such_rate(part: Part, fast: Fast, rate: int, place: Node, problems: Problems) -> None:
    at = bisect(fast.rates, rate)
    near = [rate_text(r) for r in fast.rates[max(0, at - 1) : at + 1]]
    problems.at(
        place,
        f"{part.driver.name!r} cannot measure at {rate_text(rate)}",
        hint=f"write {listing(near, 2).replace(',', ' or')}; the data may have any rate",
        code="range",
    )


def rate_text(rate_mhz: int) -> str:
    """``12.5 Hz``."""
    return f"{rate_mhz / 1000:.3f}".rstrip("0").rstrip(".") + " Hz"


def span_text(seconds: Fraction) -> str:
    """``2.56 s``, ``5 min``; to the microsecond."""
    if seconds.denominator == 1:
        return duration_text(int(seconds))
    return f"{float(seconds):.6f}".rstrip("0").rstrip(".") + " s"
