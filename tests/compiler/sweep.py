"""Thousands of random models against the reference: ``python -m tests.compiler.sweep``.

Half of the models are graphs of several operators (``graphs.py``), int8 and 16x8; the other half
are single operators, every family alike. Each is compiled in one of several ways
(``crowd.VARIANTS``). Prints a table; differences name family and seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from tests.compiler.crowd import Tally, compare, varied
from tests.compiler.graphs import random_graph
from tests.compiler.operators import FAMILIES
from tests.compiler.test_exact import random_perceptron

Make = Callable[[int], bytes]
_TOGETHER = 40


def makers() -> dict[str, Make]:
    """Family → a model for each seed; those of several operators first."""

    def graph(dtype: str) -> Make:
        return lambda seed: random_graph(np.random.default_rng(seed), dtype)

    def family(name: str) -> Make:
        return lambda seed: FAMILIES[name](np.random.default_rng(seed))

    return {
        **{f"graphs {dtype}": graph(dtype) for dtype in ("int8", "int16")},
        "perceptrons": random_perceptron,
        **{name: family(name) for name in sorted(FAMILIES)},
    }


def shares(names: list[str], count: int) -> dict[str, int]:
    """How many models of each family: half of all are graphs, two thirds of these int8."""
    several = [name for name in names if name.startswith("graphs")]
    single = [name for name in names if name not in several]
    graphs = count // 2 if single else count
    wanted = {name: graphs // 3 * (2 if name.endswith("int8") else 1) for name in several}
    if len(several) == 1:
        wanted = {several[0]: graphs}
    rest = count - sum(wanted.values())
    return {**wanted, **{name: -(-rest // len(single)) for name in single}}


def sweep(wanted: dict[str, int], first: int, calls: int) -> Tally:
    """Compares ``wanted`` models of each family and prints a row for each."""
    make = makers()
    total = Tally()
    print(f"{'family':32} {'graphs':>7} {'calls':>8} {'bytes':>12} {'differ':>7} {'s':>6}")
    for name, count in wanted.items():
        start, row = time.monotonic(), Tally()
        seeds = range(first, first + count)
        for place in range(0, count, _TOGETHER):
            cases = [
                varied(name, seed, make[name](seed)) for seed in seeds[place : place + _TOGETHER]
            ]
            row.add(compare(cases, calls))
        _print(name, row, time.monotonic() - start)
        total.add(row)
    _print("all", total, 0.0)
    return total


def _print(name: str, row: Tally, seconds: float) -> None:
    numbers = f"{row.graphs:7} {row.calls:8} {row.bytes:12} {len(row.findings):7} {seconds:6.1f}"
    print(f"{name:32} {numbers}", flush=True)
    if name != "all":
        for finding in row.findings:
            print(f"  {finding}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="models in all")
    parser.add_argument("--calls", type=int, default=8, help="inputs for each")
    parser.add_argument("--first", type=int, default=1000, help="the first seed")
    parser.add_argument("--family", action="append", help="only this one (repeatable)")
    options = parser.parse_args(arguments)
    names = options.family or list(makers())
    total = sweep(shares(names, options.count), options.first, options.calls)
    return 1 if total.findings else 0


if __name__ == "__main__":
    sys.exit(main())
