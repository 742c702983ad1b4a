"""What a model or any C workload costs on a processor: counted under emulation, never guessed.

Counts are of executed instructions (cycles on AVR), the same at every run; flash and RAM are
those of a linked image less those of the same image with nothing in it; the stack is measured by
a painted canary, and the arena's edges by another. Cycles are estimated from instructions by a
rule of thumb, and said to be so.
"""

from __future__ import annotations

from tinyfield.bench.cost import Canaries, Cost, Flash, Layer, Ram
from tinyfield.bench.measure import compiler_of, flash_of, measure, measure_c

__all__ = [
    "Canaries",
    "Cost",
    "Flash",
    "Layer",
    "Ram",
    "compiler_of",
    "flash_of",
    "measure",
    "measure_c",
]
