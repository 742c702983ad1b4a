"""TFLite's schema, as far as the reader needs it: operator names, types, option slots.

Source: tensorflow/lite/schema/schema.fbs, version 3. Operator codes are indices into
``OPERATORS``; an option's slot is its place in the schema's table.
"""

from __future__ import annotations

FILE_IDENTIFIER = b"TFL3"

_NAMES = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1
RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM
CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND
SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM
CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT
SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT
SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND
LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE
RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL
REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE
MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5
SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM
CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND
HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE
ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL
GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX
UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT
STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM
STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM
STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS
STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER
STABLEHLO_RSQRT STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER
STABLEHLO_COMPARE STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE
STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT
STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR
REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
"""
OPERATORS = tuple(_NAMES.split())

#: TensorType → numpy-like name, for the types that are told apart; the rest are refused by name.
TYPES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    5: "string",
    6: "bool",
    7: "int16",
    8: "complex64",
    9: "int8",
    10: "float64",
    12: "uint64",
    13: "resource",
    14: "variant",
    15: "uint32",
    16: "uint16",
    17: "int4",
}

ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
PADDINGS = ("SAME", "VALID")

_ACTIVATION = ("u8", 0)
_STRIDED = {"stride_w": (1, "i32", 1), "stride_h": (2, "i32", 1)}

#: Operator → attribute → (slot, kind, default); the kind ``text`` is a string.
OPTIONS: dict[str, dict[str, tuple[int, str, int | float | str]]] = {
    "CONV_2D": {
        "padding": (0, "u8", 0),
        **_STRIDED,
        "activation": (3, *_ACTIVATION),
        "dilation_w": (4, "i32", 1),
        "dilation_h": (5, "i32", 1),
    },
    "DEPTHWISE_CONV_2D": {
        "padding": (0, "u8", 0),
        **_STRIDED,
        "depth_multiplier": (3, "i32", 0),
        "activation": (4, *_ACTIVATION),
        "dilation_w": (5, "i32", 1),
        "dilation_h": (6, "i32", 1),
    },
    "AVERAGE_POOL_2D": {
        "padding": (0, "u8", 0),
        **_STRIDED,
        "filter_w": (3, "i32", 1),
        "filter_h": (4, "i32", 1),
        "activation": (5, *_ACTIVATION),
    },
    "FULLY_CONNECTED": {
        "activation": (0, *_ACTIVATION),
        "weights_format": (1, "u8", 0),
        "keep_num_dims": (2, "u8", 0),
    },
    "SOFTMAX": {"beta": (0, "f32", 0.0)},
    "ADD": {"activation": (0, *_ACTIVATION), "pot_scale_int16": (1, "u8", 1)},
    "SUB": {"activation": (0, *_ACTIVATION), "pot_scale_int16": (1, "u8", 1)},
    "MUL": {"activation": (0, *_ACTIVATION)},
    **{
        kind: {"keep_dims": (0, "u8", 0)}
        for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")
    },
    "CONCATENATION": {"axis": (0, "i32", 0), "activation": (1, *_ACTIVATION)},
    "LEAKY_RELU": {"alpha": (0, "f32", 0.0)},
    "PACK": {"count": (0, "i32", 0), "axis": (1, "i32", 0)},
    "UNPACK": {"count": (0, "i32", 0), "axis": (1, "i32", 0)},
    "GATHER": {"axis": (0, "i32", 0), "batch_dims": (1, "i32", 0)},
    "MIRROR_PAD": {"mode": (0, "u8", 0)},
    "SPACE_TO_DEPTH": {"block": (0, "i32", 0)},
    "DEPTH_TO_SPACE": {"block": (0, "i32", 0)},
    "RESIZE_BILINEAR": {"align_corners": (2, "u8", 0), "half_pixel_centers": (3, "u8", 0)},
    "RESIZE_NEAREST_NEIGHBOR": {"align_corners": (0, "u8", 0), "half_pixel_centers": (1, "u8", 0)},
    "BATCH_MATMUL": {"adjoint_a": (0, "u8", 0), "adjoint_b": (1, "u8", 0)},
    "CUMSUM": {"exclusive": (0, "u8", 0), "reverse": (1, "u8", 0)},
    "GELU": {"approximate": (0, "u8", 0)},
    "L2_NORMALIZATION": {"activation": (0, *_ACTIVATION)},
    "TRANSPOSE_CONV": {
        "padding": (0, "u8", 0),
        **_STRIDED,
        "activation": (3, *_ACTIVATION),
    },
    "SPLIT": {"count": (0, "i32", 0)},
    "SPLIT_V": {"count": (0, "i32", 0)},
    "STRIDED_SLICE": {
        "begin_mask": (0, "i32", 0),
        "end_mask": (1, "i32", 0),
        "ellipsis_mask": (2, "i32", 0),
        "new_axis_mask": (3, "i32", 0),
        "shrink_axis_mask": (4, "i32", 0),
        "offset": (5, "u8", 0),
    },
}
OPTIONS |= {
    "CALL_ONCE": {"init_subgraph": (0, "i32", 0)},
    "VAR_HANDLE": {"container": (0, "text", ""), "shared_name": (1, "text", "")},
    "IF": {"then_subgraph": (0, "i32", 0), "else_subgraph": (1, "i32", 0)},
    "WHILE": {"cond_subgraph": (0, "i32", 0), "body_subgraph": (1, "i32", 0)},
    "SVDF": {"rank": (0, "i32", 0), "activation": (1, *_ACTIVATION)},
    "UNIDIRECTIONAL_SEQUENCE_LSTM": {
        "activation": (0, *_ACTIVATION),
        "cell_clip": (1, "f32", 0.0),
        "proj_clip": (2, "f32", 0.0),
        "time_major": (3, "u8", 0),
        "diagonal_recurrent": (5, "u8", 0),
    },
}
OPTIONS["MAX_POOL_2D"] = OPTIONS["AVERAGE_POOL_2D"]
