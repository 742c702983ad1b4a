"""What a file is that is no TFLite model, and how to make one of it.

Told from the first bytes, never from the name: people rename files. Sources: the HDF5 file format
specification (its signature), PKWARE's APPNOTE (zip), the ONNX protobuf definition (field 1 of
ModelProto is ``ir_version``), the pickle protocol (PyTorch's older files), the git-lfs
specification (pointers).
"""

from __future__ import annotations

import io
import re
import zipfile

_CONVERT = (
    "convert it with tf.lite.TFLiteConverter and full-integer quantization "
    "(representative_dataset, inference_input_type = inference_output_type = tf.int8)"
)
_TORCH = "export it to TFLite with ai-edge-torch (litert-torch) and full-integer quantization"
_ONNX = "convert it to an int8 .tflite with onnx2tf (-oiqt) and give that"
#: (what the file begins with, what it is, the cure)
_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "a Keras model or weights in HDF5", _CONVERT),
    (b"version https://git-lfs", "a git-lfs pointer, not the file itself", "run: git lfs pull"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and give the .tflite file in it"),
    (b"\x80\x02", "a Python pickle (PyTorch's older format)", _TORCH),
    (b"\x93NUMPY", "a numpy array", "give the model; arrays go to tinyfield run --inputs"),
    (b"GGUF", "a GGUF language model", "no microcontroller holds one; give an int8 .tflite"),
    (b"\x7fELF", "a compiled program", "give the .tflite file that it was made from"),
    (b"{", "JSON text", "for TensorFlow.js, convert the original model: " + _CONVERT),
)
_WEB = re.compile(rb"\s*(<!doctype html|<html|<\?xml)", re.IGNORECASE)
_C_ARRAY = re.compile(rb"(unsigned char|uint8_t|alignas)[^;{]*\[[^;{]*\{", re.DOTALL)


def recognise(data: bytes) -> tuple[str, str]:
    """What ``data``, which is no TFLite model, seems to be, and the cure.

    Returns:
        A phrase that goes on with "this is", and an imperative sentence.
    """
    for magic, what, cure in _MAGIC:
        if data.startswith(magic):
            return what, cure
    if not data:
        return "an empty file", "convert or copy the model again"
    if data.startswith(b"PK\x03\x04"):
        return _archive(data)
    if data[4:7] == b"TFL":
        return f"a TFLite model of format {data[4:8]!r}; only 'TFL3' is known", _CONVERT
    if data[4:8] in (b"ET12", b"eh00"):
        return "an ExecuTorch program", _TORCH
    if _WEB.match(data):
        return "a web page", "download the file itself (on GitHub: the raw file)"
    if _C_ARRAY.search(data[:4096]):
        return "C source with a model as an array", "give the .tflite file that it was made from"
    if _is_onnx(data):
        return "an ONNX model", _ONNX
    if b"saved_model_schema_version" in data[:4096] or data[:1] == b"\x08" or data[:1] == b"\n":
        return "perhaps a protobuf (a SavedModel or a frozen graph)", _CONVERT
    return "of no kind that is known here", "give a .tflite file, as the TFLite converter writes it"


def _archive(data: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return "a damaged zip archive", "copy it again, unpack it and give the .tflite file in it"
    if "model.weights.h5" in names or "metadata.json" in names:
        return "a Keras model (.keras)", _CONVERT
    if any(name.endswith("data.pkl") for name in names):
        return "a PyTorch model", _TORCH
    inside = [name for name in names if name.endswith((".tflite", ".lite"))]
    if inside:
        return "a zip archive", f"unpack it and give {inside[0][:80]!r}"
    return "a zip archive without a .tflite file", _CONVERT


def _is_onnx(data: bytes) -> bool:
    # ModelProto: ir_version (field 1, varint, a small number), then producer_name (2),
    # producer_version (3), domain (4), model_version (5), graph (7) or opset_import (8).
    return (
        len(data) > 4
        and data[0] == 0x08
        and 1 <= data[1] <= 32
        and data[2] in (0x12, 0x1A, 0x22, 0x28, 0x3A, 0x42)
    )
