"""An integer model over many rows, twice: by its reference and by the generated C.

A network's reference is LiteRT's kernels; trees' and Bonsai's is NumPy."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.compiler import Program, compile_model
from tinyfield.compiler.own import own_model, own_outputs
from tinyfield.errors import MissingToolError, ModelError
from tinyfield.learn.scaler import InputScale, quantize
from tinyfield.paths import cache_dir, firmware_dir

_SHIM = """
#include "model.h"
int run(const INPUT_T *in, OUTPUT_T *out, int64_t n)
{
    static uint32_t arena[(MODEL_ARENA_BYTES + 3) / 4];
    for (int64_t i = 0; i < n; i++) {
        if (model_invoke((uint8_t *)arena, in + i * (int64_t)(MODEL_IN0_BYTES / sizeof(INPUT_T)),
                         out + i * (int64_t)(MODEL_OUT0_BYTES / sizeof(OUTPUT_T))) != TINY_OK) {
            return 1;
        }
    }
    return 0;
}
"""


#: Models of this many multiply-accumulates are run by kernels for this PC's vectors, which compute
#: the same bytes several times as fast; smaller ones by the very lines that a node runs.
_VECTORS_FROM = 50_000


def run_device(model: bytes, q: NDArray[Any]) -> NDArray[Any]:
    """The node's C on this PC: inputs of the model's type [n, k] to int8 [n, classes], or to a
    number of the model's output type [n, 1].

    Raises:
        ModelError: the model cannot be compiled, or has other inputs.
        MissingToolError: no C compiler.
    """
    program = compile_model(model)
    width = int(np.prod(program.inputs[0].shape))
    if width != q.shape[1]:
        raise ModelError(f"the model has {width} inputs, the rows have {q.shape[1]}")
    path = hostcc.compile_shared(
        [program.source, _shim(program)],
        include=[firmware_dir() / "core"],
        headers={"model.h": program.header},
        name="model",
    )
    q = np.ascontiguousarray(q, dtype=program.inputs[0].dtype)
    result = program.outputs[0]
    out = np.zeros((len(q), int(np.prod(result.shape))), dtype=result.dtype)
    status = ctypes.CDLL(str(path)).run(
        q.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(len(q)),
    )  # fmt: skip
    if status != 0:
        raise ModelError("internal error: the generated C refused its own buffers")
    return out


def _shim(program: Program) -> str:
    types = (("INPUT_T", program.inputs[0]), ("OUTPUT_T", program.outputs[0]))
    text = _SHIM
    for name, port in types:
        text = text.replace(name, port.c_type)
    return text


def run_reference(model: bytes, q: NDArray[Any]) -> NDArray[Any]:
    """The model's reference: inputs [n, k] to what :func:`run_device` gives.

    Raises:
        MissingToolError: ai-edge-litert is not installed.
    """
    own = own_model(model)
    if own is not None:
        return own_outputs(own, {"in0": q})[:, 0]
    try:
        from ai_edge_litert import interpreter as litert
    except ImportError as error:
        raise MissingToolError("ai-edge-litert", "pip install 'tinyfield[train]'") from error
    runner = litert.Interpreter(
        model_content=model,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
    )
    given, got = runner.get_input_details()[0], runner.get_output_details()[0]
    if len(given["shape"]) > 2:
        # What such a network reshapes on its way is of one sample, and written so in its file.
        runner.allocate_tensors()
        out = np.empty((len(q), int(np.prod(got["shape"]))), got["dtype"])
        for row, result in zip(q.reshape(-1, 1, *given["shape"][1:]), out, strict=True):
            runner.set_tensor(given["index"], row)
            runner.invoke()
            result[:] = runner.get_tensor(got["index"]).reshape(-1)
        return out
    runner.resize_tensor_input(given["index"], [len(q), q.shape[1]])
    runner.allocate_tensors()
    runner.set_tensor(given["index"], q)
    runner.invoke()
    return np.array(runner.get_tensor(got["index"]))


def answers(model: bytes, X: NDArray[np.int32], scaler: Sequence[InputScale]) -> NDArray[Any]:
    """The class scores (int8, score - 128) of int32 features [n, k], or the numbers, by both ways.

    Args:
        scaler: empty where the model takes the features as they are.

    Raises:
        ModelError: the two differ in any byte; the case is kept for the report.
    """
    q: NDArray[Any] = quantize(X, scaler) if scaler else X
    device = run_device(model, q)
    check_agreement(model, q, run_reference(model, q), device)
    return device


def check_agreement(
    model: bytes, q: NDArray[Any], reference: NDArray[Any], device: NDArray[Any]
) -> None:
    """Raises ModelError, and keeps model and inputs, unless both outputs are equal to the byte."""
    differ = (reference != device).any(axis=1)
    if not differ.any():
        return
    first = int(differ.argmax())
    folder = cache_dir() / "disagreement"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bin").write_bytes(model)
    np.savez(folder / "rows.npz", inputs=q, reference=reference, device=device)
    raise ModelError(
        f"INTERNAL ERROR: the generated C and the model's reference differ on "
        f"{int(differ.sum())} of {len(q)} rows; first row {first}: reference "
        f"{reference[first].tolist()}, generated C {device[first].tolist()}. "
        "No figure of this model can be trusted",
        hint=f"this is a fault of tinyfield: please report it with the files in {folder}",
    )
