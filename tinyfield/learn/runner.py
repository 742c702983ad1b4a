"""An int8 model over many rows, twice: by LiteRT's reference kernels and by our generated C."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.compiler import compile_model
from tinyfield.errors import MissingToolError, ModelError
from tinyfield.learn.scaler import STEPS, InputScale, quantize
from tinyfield.paths import cache_dir, firmware_dir

_SHIM = """
#include "model.h"
int run(const int8_t *in, int8_t *out, int64_t n)
{
    static uint32_t arena[(MODEL_ARENA_BYTES + 3) / 4];
    for (int64_t i = 0; i < n; i++) {
        if (model_invoke((uint8_t *)arena, in + i * (int64_t)MODEL_IN0_BYTES,
                         out + i * (int64_t)MODEL_OUT0_BYTES) != TINY_OK) {
            return 1;
        }
    }
    return 0;
}
"""


def run_device(tflite: bytes, q: NDArray[np.int8]) -> NDArray[np.int8]:
    """The node's C on this PC: int8 [n, k] to int8 [n, classes].

    Raises:
        ModelError: the model cannot be compiled, or has other inputs.
        MissingToolError: no C compiler.
    """
    program = compile_model(tflite)
    width = int(np.prod(program.inputs[0].shape))
    if width != q.shape[1]:
        raise ModelError(f"the model has {width} inputs, the rows have {q.shape[1]}")
    path = hostcc.compile_shared(
        [program.source, _SHIM],
        include=[firmware_dir() / "core"],
        headers={"model.h": program.header},
        name="model",
    )
    q = np.ascontiguousarray(q)
    out = np.zeros((len(q), int(np.prod(program.outputs[0].shape))), dtype=np.int8)
    status = ctypes.CDLL(str(path)).run(
        q.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(len(q)),
    )  # fmt: skip
    if status != 0:
        raise ModelError("internal error: the generated C refused its own buffers")
    return out


def run_reference(tflite: bytes, q: NDArray[np.int8]) -> NDArray[np.int8]:
    """LiteRT's reference resolver: int8 [n, k] to int8 [n, classes].

    Raises:
        MissingToolError: ai-edge-litert is not installed.
        ModelError: the input tensor is not (1/127, 0), which ``tiny_quantize`` aims at.
    """
    try:
        from ai_edge_litert import interpreter as litert
    except ImportError as error:
        raise MissingToolError("ai-edge-litert", "pip install 'tinyfield[train]'") from error
    runner = litert.Interpreter(
        model_content=tflite,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
    )
    given, got = runner.get_input_details()[0], runner.get_output_details()[0]
    scale, zero = given["quantization"]
    if zero != 0 or abs(scale * STEPS - 1) > 1e-5:
        raise ModelError(
            f"internal error: the input tensor has scale {scale} and zero point {zero}, "
            f"not 1/{STEPS} and 0"
        )
    runner.resize_tensor_input(given["index"], [len(q), q.shape[1]])
    runner.allocate_tensors()
    runner.set_tensor(given["index"], q)
    runner.invoke()
    return np.array(runner.get_tensor(got["index"]), dtype=np.int8)


def answers(tflite: bytes, X: NDArray[np.int32], scaler: Sequence[InputScale]) -> NDArray[np.int8]:
    """The class scores (int8, score - 128) of int32 features [n, k], by both ways.

    Raises:
        ModelError: the two differ in any byte; the case is kept for the report.
    """
    q = quantize(X, scaler)
    device = run_device(tflite, q)
    check_agreement(tflite, q, run_reference(tflite, q), device)
    return device


def check_agreement(
    tflite: bytes, q: NDArray[np.int8], reference: NDArray[np.int8], device: NDArray[np.int8]
) -> None:
    """Raises ModelError, and keeps model and inputs, unless both outputs are equal to the byte."""
    differ = (reference != device).any(axis=1)
    if not differ.any():
        return
    first = int(differ.argmax())
    folder = cache_dir() / "disagreement"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.tflite").write_bytes(tflite)
    np.savez(folder / "rows.npz", inputs=q, reference=reference, device=device)
    raise ModelError(
        f"INTERNAL ERROR: the generated C and TFLite's reference kernels differ on "
        f"{int(differ.sum())} of {len(q)} rows; first row {first}: reference "
        f"{reference[first].tolist()}, generated C {device[first].tolist()}. "
        "No figure of this model can be trusted",
        hint=f"this is a fault of tinyfield: please report it with the files in {folder}",
    )
