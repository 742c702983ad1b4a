"""What an operator's file provides, and what its checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tinyfield.compiler.calls import Call, Rows, Window
from tinyfield.compiler.graph import Graph, Op, Quant, Tensor
from tinyfield.compiler.kernels.spec import Wanted

#: Scales beyond this, either way, are taken for damage.
_LEAST_SCALE = 2.0**-40
LIMITS = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "int32": (-(1 << 31), (1 << 31) - 1),
}


@dataclass(frozen=True)
class Options:
    """What a compilation was asked for.

    Attributes:
        target: a name of ``targets.TARGETS``.
        rounding: ``litert`` (the contract) or ``tflm`` (fully-connected rounds twice).
        optimize: ``speed`` takes a processor's own kernels; ``size`` the portable bodies, each
            once.
        coding, unpack: how weights are coded, and when they are unpacked; see ``coding``.
    """

    target: str = "host"
    rounding: str = "litert"
    optimize: str = "speed"
    coding: str = "none"
    unpack: str = "layer"

    @property
    def wanted(self) -> Wanted:
        """What the choice of a kernel hangs on."""
        return Wanted(self.target, self.optimize, self.coding, self.unpack)


@dataclass(frozen=True)
class Kind:
    """One operator.

    Attributes:
        name: TFLite's name.
        check: complaints about an operator that the compiler cannot take, each with its cure.
        lower: the kernel calls for an operator that passed ``check`` and the passes.
    """

    name: str
    check: Callable[[Graph, Op], Iterator[str]]
    lower: Callable[[Graph, Op, Options], list[Call]]


def never_lowered(graph: Graph, op: Op, _options: Options) -> list[Call]:
    """For operators that a pass replaces before anything is lowered."""
    raise AssertionError(f"{graph.label(op)} should have been replaced")


def same_types(
    graph: Graph, op: Op, *, inputs: int = 1, types: tuple[str, ...] = ("int8",)
) -> Iterator[str]:
    """Complaints unless the first ``inputs`` inputs and the output are quantized ``types``."""
    if len(op.outputs) != 1:
        yield f"has {len(op.outputs)} outputs, one is expected: the file is damaged"
        return
    if len(op.inputs) < inputs or any(index < 0 for index in op.inputs[:inputs]):
        yield f"has {len(op.inputs)} inputs, {inputs} are needed: the file is damaged"
        return
    for tensor in (*(graph.input(op, place) for place in range(inputs)), graph.output(op)):
        yield from quantized(tensor, types)


def quantized(tensor: Tensor, types: tuple[str, ...] = ("int8",)) -> Iterator[str]:
    """Complaints unless a tensor has one of ``types`` with one scale for all of it."""
    what = f"tensor {tensor.name!r}"
    if tensor.dtype not in types:
        wanted = " or ".join(types)
        cure = f"only {wanted} is supported here"
        if tensor.dtype.startswith("float"):
            cure = (
                "convert with full-integer quantization "
                "(inference_input_type = inference_output_type = tf.int8)"
            )
        elif tensor.dtype == "uint8":
            cure = (
                "activations of uint8 are TensorFlow 1's quantization; convert with TensorFlow 2's "
                "to int8 (the model's inputs and outputs may stay uint8)"
            )
        yield f"{what} is {tensor.dtype}, not {wanted}: {cure}"
    elif 0 in tensor.shape:
        yield f"{what} is empty: {list(tensor.shape)}"
    elif tensor.quant is None:
        yield f"{what} is {tensor.dtype} without a scale: convert with full-integer quantization"
    else:
        yield from _one_scale(what, tensor.quant, LIMITS[tensor.dtype])


def _one_scale(what: str, quant: Quant, limits: tuple[int, int]) -> Iterator[str]:
    if quant.per_channel:
        yield f"{what} is an activation with a scale for each channel: only weights may have that"
    elif not _LEAST_SCALE <= quant.scale <= 1 / _LEAST_SCALE:
        yield f"{what} has the scale {quant.scale:g}, which no real quantization gives"
    elif not limits[0] <= quant.zero_point <= limits[1]:
        yield f"{what} has the zero point {quant.zero_point}, outside its type"


def sane(tensor: Tensor) -> bool:
    """Has a tensor one scale, and one that real quantization may give?"""
    quant = tensor.quant
    return (
        quant is not None
        and not quant.per_channel
        and _LEAST_SCALE <= quant.scale <= 1 / _LEAST_SCALE
    )


def one_type(graph: Graph, op: Op, places: tuple[int, ...] | None = None) -> Iterator[str]:
    """Complaints unless all inputs, or those at ``places``, have the output's type."""
    for place in range(len(op.inputs)) if places is None else places:
        if not graph.has_input(op, place):
            yield f"its input {place} is absent: the file is damaged"
            continue
        tensor = graph.input(op, place)
        if tensor.dtype != graph.output(op).dtype:
            yield f"tensor {tensor.name!r} is {tensor.dtype}, the output {graph.output(op).dtype}"


def check_zero_points(graph: Graph, op: Op, places: tuple[int, ...] = (0,)) -> Iterator[str]:
    """Complaints unless int16 inputs at ``places`` and an int16 output have the zero point 0."""
    for tensor in (*(graph.input(op, place) for place in places), graph.output(op)):
        if tensor.dtype == "int16" and tensor.quant is not None and tensor.q.zero_point != 0:
            yield (
                f"tensor {tensor.name!r} is int16 with the zero point {tensor.q.zero_point}; "
                "TFLite's int16 kernels take 0 only: convert the model anew"
            )


def rows_of(name: str, output: Tensor) -> Rows:
    """The count of an elementwise kernel's elements, which may run for some rows of an image."""
    rows = output.shape[1] if len(output.shape) == 4 and output.shape[0] == 1 else 1
    return Rows(name, rows, output.elements // rows)


def row_by_row(output: Tensor, inputs: tuple[int, ...]) -> dict[int, Window]:
    """For ``Call.windows`` of an elementwise kernel whose ``inputs`` have the output's shape."""
    rows = rows_of("", output).whole
    size = output.bytes // rows
    return {index: Window(rows, size, rows, size) for index in inputs}


def constant(graph: Graph, op: Op, place: int, what: str, dtype: str) -> Iterator[str]:
    """Complaints unless the input at ``place`` is a constant of ``dtype``."""
    if not graph.has_input(op, place):
        yield f"has no {what}: the file is damaged"
        return
    tensor = graph.input(op, place)
    if tensor.dtype != dtype:
        yield f"its {what} are {tensor.dtype}, not {dtype}: convert with full-integer quantization"
    elif tensor.data is None:
        yield f"its {what} are computed at run time: only constant {what} are supported"


def image_shapes(graph: Graph, op: Op, seen: tuple[int, int]) -> Iterator[str]:
    """Complaints unless input and output are [1, h, w, c] and fit window, stride and padding.

    Args:
        seen: height and width of what one output sees.
    """
    source, output = graph.input(op, 0), graph.output(op)
    if len(source.shape) != 4 or len(output.shape) != 4:
        yield f"input {list(source.shape)}, output {list(output.shape)}: four dimensions are needed"
        return
    if source.shape[0] != 1 or output.shape[0] != 1:
        yield f"a batch of {source.shape[0]}: convert the model with a batch of 1"
    for axis, size, name in ((1, seen[0], "h"), (2, seen[1], "w")):
        stride = op.integer(f"stride_{name}")
        if not 1 <= stride <= 32767 or size > 32767:
            yield f"stride {stride}, window {size}: the file is damaged"
            return
        length = source.shape[axis]
        same = op.text("padding") == "SAME"
        wanted = -(-length // stride) if same else -(-(length - size + 1) // stride)
        if output.shape[axis] != wanted:
            yield f"its output is {output.shape[axis]} along axis {axis}; {wanted} was expected"
