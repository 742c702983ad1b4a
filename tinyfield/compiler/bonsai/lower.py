"""Bonsai as C: constants in flash, and three calls."""

from __future__ import annotations

import numpy as np

from tinyfield.compiler.bonsai.model import Bonsai
from tinyfield.compiler.emit import Emitted
from tinyfield.compiler.scores import margin_limit, margin_ratio
from tinyfield.compiler.standalone import (
    Constants,
    Standalone,
    check_prefix,
    declarations,
    function,
    ports,
)

INPUT_SCALE = 1 / 127


def lower(model: Bonsai, prefix: str) -> Standalone:
    """The C of a model.

    Raises:
        UsageError: the prefix cannot start a C name.
    """
    check_prefix(prefix)
    model.verify()
    given, result = ports(model.inputs, "int8", INPUT_SCALE, model.classes)
    constants = Constants(prefix)
    rom = constants.add

    bias, shift = rom("bias", model.bias, "int32"), rom("shift", model.shifts, "uint8")
    p, classes = model.projection, model.classes
    there = model.Z != 0
    if 2 * int(there.sum()) + p < model.Z.size:
        count = rom("count", there.sum(axis=1), "uint8")
        place = rom("place", np.nonzero(there)[1], "uint8")
        weight = rom("weight", model.Z[there], "int8")
        project = (
            f"    tiny_bonsai_project_sparse(in0, {count}, {place}, {weight}, {bias},\n"
            f"                               {shift}, {p}u, z);\n"
        )
    else:
        weight = rom("weight", model.Z, "int8")
        project = (
            f"    tiny_bonsai_project(in0, {model.inputs}u, {weight}, {bias}, {shift}, {p}u, z);\n"
        )
    nodes = rom("nodes", np.stack([model.W, model.V], axis=2), "int8")
    branches = rom("branches", model.T, "int8") if model.depth else nodes
    ratio = margin_ratio(model.octave)
    limit = margin_limit(ratio)
    body = (
        f"    int8_t z[{p}];\n    int32_t margin[{classes}];\n{project}"
        f"    tiny_bonsai_path(z, {p}u, {classes}u, {model.depth}u, {nodes}, {branches},\n"
        f"                     {model.w_shift}u, {model.v_shift}u, margin);\n"
        f"    tiny_scores_margins(margin, {classes}u, {limit}u, {ratio.mult}u, {ratio.shift}u, "
        f"out0);\n"
    )
    emitted = Emitted(
        declarations(prefix, given, result, "Bonsai"),
        "\n".join([*constants.parts, function(prefix, given, result, body)]),
        ("bonsai.h", "kernel.h", "scores.h"),
        constants.size + 128 + 16,  # with the tables of tanh and of powers of two
    )
    example = model.example.astype(np.int8).reshape(-1, 1, model.inputs)
    return Standalone(emitted, given, result, 4, model.macs, model.dump(), example)
