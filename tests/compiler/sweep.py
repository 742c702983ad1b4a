"""Thousands of random models against the reference: ``python -m tests.compiler.sweep 200``.

The argument is how many models of each operator; failures name family and seed.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from tests.compiler.operators import FAMILIES
from tests.compiler.test_exact import agree, random_perceptron


def main(count: int, first: int = 1000) -> int:
    """Runs the sweep; the number of models that differ."""
    failures = 0
    for family in ("FULLY_CONNECTED", *FAMILIES):
        start = time.monotonic()
        for seed in range(first, first + count):
            random = np.random.default_rng(seed)
            model = FAMILIES[family](random) if family in FAMILIES else random_perceptron(seed)
            try:
                agree(model, seed)
            except Exception as error:
                failures += 1
                print(f"{family} seed {seed}: {type(error).__name__}: {str(error)[:600]}")
        print(f"{family}: {count} models, {time.monotonic() - start:.0f} s", flush=True)
    print(f"{failures} of {count * (len(FAMILIES) + 1)} models differ")
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 50) else 0)
