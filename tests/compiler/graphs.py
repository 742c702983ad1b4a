"""Random graphs of several operators: chains and branches with scales that fit together.

What single operators cannot show is what happens between them: memory plans, outputs over inputs,
rings of rows, views, fused activations, functions that layers share. A graph grows value by value;
each new operator (``growth.py``) reads a recent value or an old one, so that some values live long,
and whatever nobody has read in the end is an output.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.compiler.grower import Grower
from tests.compiler.growth import STEPS, WEIGHTS, classifier, convolution
from tests.compiler.operators.base import Random


def random_graph(random: Random, dtype: str = "int8", length: int | None = None) -> bytes:
    """A graph of about ``length`` operators (3 … 14); one input or two, some outputs."""
    return grow(random, dtype, length).build_model()


@dataclass(frozen=True)
class Grown:
    """A finished graph."""

    grower: Grower
    outputs: tuple[int, ...]

    def build_model(self) -> bytes:
        """The file."""
        inputs = [one.index for one in self.grower.inputs]
        return self.grower.build.build(inputs, list(self.outputs))


def grow(random: Random, dtype: str, length: int | None) -> Grown:
    """Grows a graph."""
    g = Grower(random, dtype)
    unit = 1.0 if g.narrow else 1 / 256
    for _ in range(1 if random.random() < 0.8 else 2):
        shape = (1, g.integer(3, 14), g.integer(2, 12), int(random.choice([1, 2, 3, 4, 5, 8])))
        g.value(shape, unit * 2.0 ** random.uniform(-7, -4), given=True)
    wanted = length or g.integer(3, 14)
    weight = np.array([WEIGHTS.get(one, 1.0) for one in STEPS])
    tries = 0
    while len(g.kinds) < wanted and tries < 20 * wanted:
        tries += 1
        STEPS[int(random.choice(len(STEPS), p=weight / weight.sum()))](g)
    if random.random() < 0.4:
        classifier(g)
    unread = [v.index for v in g.values if v.index not in g.read]
    given = {v.index for v in g.inputs}
    outputs = [index for index in unread if index not in given]
    # An input that nothing reads is allowed, a model that computes nothing is not.
    if not outputs:
        outputs = [convolution(g, g.inputs[0], 1, depthwise=False).index]
    return Grown(g, tuple(outputs))
