"""Every block: in both tables, the same bytes on every processor, clean under sanitizers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.conftest import absent
from tests.features.blocks import RATE, Block, placeholders, run, run_on, signals
from tinyfield.compiler import targets
from tinyfield.features.signals import CALLS, SIGNAL_CALLS, STAGES
from tinyfield.spec.signals import MOST_FRAMES, SIGNALS, STATISTICS, spectrum_size

GIVEN = {"lag": (Fraction(7) / RATE,), "band": (Fraction(10), Fraction(30))}


def every() -> list[Block]:
    """Each statistic of a channel, and a few of each signal and of their jerks."""
    blocks = []
    for name, statistic in STATISTICS.items():
        given = next((GIVEN[kind] for kind in statistic.takes if kind in GIVEN), ())
        blocks.append(Block(name, given=given))
        if statistic.of == "frames" and "channel" not in statistic.takes:
            blocks += [Block(name, signal="vertical", jerk=True, given=given)]
    blocks += [Block(name, signal=signal) for signal in SIGNALS for name in ("mean", "std", "max")]
    return blocks


def windows(n: int) -> np.ndarray:
    return np.array(list(signals(n, seed=n).values()))


def test_the_tables_name_the_same() -> None:
    assert CALLS.keys() == STATISTICS.keys()
    assert SIGNAL_CALLS.keys() == SIGNALS.keys()
    for name, call in CALLS.items():
        assert call.stage in (None, *STAGES)
        words = set(placeholders(call.text))
        assert ("work" in words) == (call.stage is not None), name
        assert ("lag" in words) == ("lag" in STATISTICS[name].takes), name
        assert ({"first", "end"} <= words) == ("band" in STATISTICS[name].takes), name
        assert ("z" in words) == (STATISTICS[name].of == "vector"), name
        assert ("y" in words) == ("z" in words or "channel" in STATISTICS[name].takes), name
        assert STATISTICS[name].says.strip() and not STATISTICS[name].says.endswith(".")


@pytest.mark.parametrize("n", (8, 64, 200, 256, MOST_FRAMES))
def test_no_block_passes_what_its_measure_says(n: int) -> None:
    """On every kind of signal, both ends of int16 among them; and all of it fits int32."""
    for block in every():
        measure = block.measure(n)
        assert measure.greatest < 2**31
        for frames in windows(n):
            assert abs(run(block, frames)) <= measure.greatest, (block, frames)


@pytest.mark.parametrize("n", (1, 2, 3, 4, 7))
def test_shorter_than_asked_is_defined_too(n: int) -> None:
    """A wrong number or none, never undefined behaviour: the library is under UBSan."""
    for block in every():
        if n > 1 or not block.jerk:
            for frames in windows(n):
                run(block, frames)


@pytest.mark.parametrize("n", (8, 100, 128, MOST_FRAMES))
def test_sanitizers_find_nothing(n: int) -> None:
    frames, blocks = windows(n), every()
    got = run_on("sanitized", blocks, frames)
    assert got.tolist() == [[run(block, x) for block in blocks] for x in frames]


@pytest.mark.parametrize("target", ["avr", "cortex-m4", "rv32imc"])
def test_the_same_bytes_everywhere(target: str) -> None:
    missing = targets.missing_tool(targets.target(target))
    if missing is not None:
        absent(f"{missing.message}: {missing.install}")
    sizes = (100,) if target == "avr" else (100, 1000)  # 2 KB of RAM
    for n in sizes:
        frames, blocks = windows(n), every()
        got = run_on(target, blocks, frames)
        for row, x in zip(got.tolist(), frames, strict=True):
            assert row == [run(block, x) for block in blocks]


def test_spectrum_sizes() -> None:
    assert [spectrum_size(n) for n in (2, 8, 9, 256, 257, 1024)] == [8, 8, 16, 256, 512, 1024]
