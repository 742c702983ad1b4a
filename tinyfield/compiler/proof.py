"""Proves that the generated C computes what LiteRT's reference kernels compute.

The oracle is ``ai-edge-litert`` with its BUILTIN_REF resolver (which is TFLite's own C++); it is
needed for checking only, never for compiling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.emulate import run_emulated
from tinyfield.compiler.host import Arrays, run_host
from tinyfield.compiler.own import own_model, own_outputs
from tinyfield.errors import MissingToolError, ModelError

if TYPE_CHECKING:
    from tinyfield.compiler import Program

_INSTALL = "pip install ai-edge-litert==2.3.0"


@dataclass(frozen=True)
class Difference:
    """The first node, in running order, whose output differs."""

    node: str
    tensor: str
    call: int
    element: int
    ours: int | float
    theirs: int | float
    count: int

    def __str__(self) -> str:
        return (
            f"{self.node}: output {self.tensor!r} differs in {self.count} values, first in call "
            f"{self.call} at element {self.element}: {self.ours}, the reference {self.theirs}"
        )


@dataclass(frozen=True)
class CheckResult:
    """The outcome of a check over ``calls`` inputs; ``difference`` is None if exact."""

    calls: int
    nodes: int
    difference: Difference | None

    @property
    def exact(self) -> bool:
        """No byte differed."""
        return self.difference is None


def test_inputs(program: Program, calls: int, seed: int = 0) -> Arrays:
    """Seeded inputs: all lowest, all highest, the two alternating, then random ones.

    Floats are normal numbers of several spreads.
    """
    random = np.random.default_rng(seed)
    arrays: Arrays = {}
    for number, port in enumerate(program.inputs):
        if port.dtype == "float32":
            arrays[f"in{number}"] = _floats(random, (calls, *port.shape))
            continue
        if port.dtype == "bool":
            arrays[f"in{number}"] = random.random((calls, *port.shape)) < 0.5
            continue
        limits = np.iinfo(port.dtype)
        data = random.integers(limits.min, limits.max + 1, (calls, *port.shape))
        data[:1], data[1:2] = limits.min, limits.max
        if calls > 2:
            flat = data[2].reshape(-1)
            flat[0::2], flat[1::2] = limits.min, limits.max
        arrays[f"in{number}"] = data.astype(port.dtype)
    return arrays


def _floats(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Normal numbers, call by call of a spread between 1/8 and 64; in the first call also zeros
    of both signs, likely ties of rounding, and numbers that saturate.

    None is so far out that the reference's conversion to int32 overflows, which is undefined.
    """
    spread = 2.0 ** random.uniform(-3, 6, (shape[0], *(1 for _ in shape[1:])))
    data = (random.normal(0.0, 1.0, shape) * spread).astype(np.float32)
    flat = data.reshape(-1)
    odd = np.array([0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1e3, -1e3], np.float32)
    flat[: len(odd)] = odd[: len(flat)]
    return data


# Pytest would take the function above for a test where it is imported.
test_inputs.__test__ = False  # type: ignore[attr-defined]


def reference_outputs(
    tflite: bytes, inputs: Mapping[str, NDArray[Any]], tensors: tuple[int, ...]
) -> list[NDArray[Any]]:
    """What the reference kernels give for successive calls: each tensor as [n, …].

    Of trees and Bonsai, which LiteRT does not know, it is what NumPy gives.

    Raises:
        MissingToolError: ai-edge-litert is not installed.
        ModelError: it refuses the model.
    """
    own = own_model(tflite)
    if own is not None:
        return [own_outputs(own, inputs)]
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise MissingToolError("ai-edge-litert", _INSTALL) from error
    try:
        interpreter = Interpreter(
            model_content=tflite,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
        )
        interpreter.allocate_tensors()
        places = [entry["index"] for entry in interpreter.get_input_details()]
        results: list[list[NDArray[Any]]] = [[] for _ in tensors]
        for call in zip(*(inputs[f"in{n}"] for n in range(len(places))), strict=True):
            for place, array in zip(places, call, strict=True):
                interpreter.set_tensor(place, array)
            interpreter.invoke()
            for result, tensor in zip(results, tensors, strict=True):
                result.append(interpreter.get_tensor(tensor))
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"the reference interpreter refuses the model: {error}") from error
    return [np.array(result) for result in results]


def against_reference(
    program: Program, tflite: bytes | None, inputs: Mapping[str, NDArray[Any]]
) -> Arrays:
    """The expected outputs: the reference's if it is installed and the file is here, else the
    host's."""
    if tflite is not None:
        try:
            found = reference_outputs(tflite, inputs, program.output_tensors)
        except MissingToolError:
            pass
        else:
            return {f"out{number}": array for number, array in enumerate(found)}
    return run_host(program, inputs)


def compare(
    program: Program, tflite: bytes, inputs: Mapping[str, NDArray[Any]], target: str = "host"
) -> Difference | None:
    """The first difference between a program and the reference, output by output.

    Args:
        program: compiled for ``target``; with ``expose_all`` every node's output can be seen.
    """
    here = target == "host"
    ours = run_host(program, inputs) if here else run_emulated(program, inputs, target)
    theirs = reference_outputs(tflite, inputs, program.output_tensors)
    for number, expected in enumerate(theirs):
        actual = ours[f"out{number}"].reshape(expected.shape)
        wrong = np.argwhere(actual.reshape(len(actual), -1) != expected.reshape(len(actual), -1))
        if len(wrong) > 0:
            call, element = (int(n) for n in wrong[0])
            return Difference(
                program.output_nodes[number],
                program.outputs[number].name,
                call,
                element,
                actual.reshape(len(actual), -1)[call, element].item(),
                expected.reshape(len(actual), -1)[call, element].item(),
                len(wrong),
            )
    return None
