"""What to do about operators that are not supported, where there is something to say."""

from __future__ import annotations

_NO_INT8 = "TFLite itself has no int8 kernel for it"

#: Operator → complaint with its cure.
CURES = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": "not supported: use two UNIDIRECTIONAL_SEQUENCE_LSTM, one over "
    "the reversed input",
    "CONV_3D": f"{_NO_INT8}: use CONV_2D on slices along one axis",
    "CUMSUM": f"{_NO_INT8}: use a FULLY_CONNECTED of ones below the diagonal",
    "CUSTOM": "a custom operator is known to its own runtime only: replace it by built-in ones",
    "DIV": f"{_NO_INT8}: multiply by the reciprocal of a constant, or move it out of the model",
    "FLOOR_DIV": f"{_NO_INT8}: move it out of the model",
    "L2_POOL_2D": f"{_NO_INT8}: use AVERAGE_POOL_2D or MAX_POOL_2D",
    "LOCAL_RESPONSE_NORMALIZATION": f"{_NO_INT8}: use batch normalization, which costs nothing",
    "NON_MAX_SUPPRESSION_V4": "not supported: end the model before it and select the boxes in C",
    "NON_MAX_SUPPRESSION_V5": "not supported: end the model before it and select the boxes in C",
    "POW": f"{_NO_INT8}: multiply the tensor with itself",
    "SIN": f"{_NO_INT8} and it does not stand between DEQUANTIZE and QUANTIZE",
    "COS": f"{_NO_INT8} and it does not stand between DEQUANTIZE and QUANTIZE",
    "SQRT": "supported only between DEQUANTIZE and QUANTIZE",
    "SQUARE": f"{_NO_INT8}: multiply the tensor with itself",
    "TOPK_V2": "not supported: take ARG_MAX, or end the model before it",
}
