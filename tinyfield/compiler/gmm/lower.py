"""A mixture as C: constants in flash, and two calls."""

from __future__ import annotations

import numpy as np

from tinyfield.compiler.emit import Emitted
from tinyfield.compiler.gmm.model import Gmm
from tinyfield.compiler.standalone import (
    Constants,
    Standalone,
    check_prefix,
    declarations,
    function,
    ports,
)

INPUT_SCALE = 1 / 127


def lower(model: Gmm, prefix: str) -> Standalone:
    """The C of a model.

    Raises:
        UsageError: the prefix cannot start a C name.
    """
    check_prefix(prefix)
    model.verify()
    given, result = ports(model.inputs, "int8", INPUT_SCALE, model.classes)
    constants = Constants(prefix)
    rom = constants.add

    weight = rom("weight", model.weights, "int16")
    bias, shift = rom("bias", model.bias, "int32"), rom("shift", model.shifts, "uint8")
    offset = rom("offset", model.offsets, "uint32")
    body = (
        f"    const uint32_t distance =\n"
        f"        tiny_gmm_distance(in0, {model.inputs}u, {model.components}u, "
        f"{'true' if model.full else 'false'},\n"
        f"                          {weight}, {bias}, {shift}, {offset});\n"
        f"    tiny_gmm_scores(distance, {model.threshold}u, out0);\n"
    )
    emitted = Emitted(
        declarations(prefix, given, result, "a mixture of Gaussians"),
        "\n".join([*constants.parts, function(prefix, given, result, body)]),
        ("gmm.h", "kernel.h"),
        constants.size,
    )
    example = model.example.astype(np.int8).reshape(-1, 1, model.inputs)
    return Standalone(emitted, given, result, 4, model.macs, model.dump(), example)
