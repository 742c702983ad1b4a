"""Damaged models through the whole compiler: ``python -m tests.compiler.fuzz --count 20000``.

Each case is a good model that was damaged, by a recipe that follows from its number alone: bytes
flipped, words overwritten, pieces cut, moved or spliced; or, through the schema's own objects, a
file that is sound as a flatbuffer and absurd as a model (shapes, types, scales, indices,
options). It must end in a program or in one clean error, within limits of time and memory that
the kernel of the operating system holds the process to. What does not is kept as a file.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.compiler.models import perceptron
from tests.compiler.operators import FAMILIES

if TYPE_CHECKING:
    from tinyfield.compiler import Program

WORKER = (sys.executable, "-m", "tests.compiler.fuzz")
SECONDS = 20
#: Address space of a worker beyond what it has after its imports.
BYTES = 1 << 30
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "models"

_ABSURD = (0, 1, 2, 3, 4, 7, 16, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 1 << 20, 1 << 24,
           (1 << 31) - 1, 1 << 31, (1 << 32) - 1, (1 << 32) - 4, (1 << 32) - 128)  # fmt: skip
_SIGNED = (-(1 << 31), -32769, -129, -128, -2, -1, 0, 1, 2, 3, 5, 127, 128, 4096, 32768, 65537,
           1 << 24, (1 << 31) - 1)  # fmt: skip
_SCALES = (0.0, -1.0, 1e-45, 1e-30, 1e-10, 0.5, 1.0, 2.0, 1e10, 3e38,
           float("inf"), float("-inf"), float("nan"))  # fmt: skip

Random = np.random.Generator


def seeds() -> dict[str, bytes]:
    """The good models, small ones first; the developers' larger ones where they are."""
    random = np.random.default_rng(1)
    models = {name: FAMILIES[name](np.random.default_rng(2)) for name in sorted(FAMILIES)}
    models["mlp"] = perceptron(random, [3, 4, 2])
    models["mlp axis"] = perceptron(random, [5, 4, 3], per_channel=True, last="LOGISTIC")
    if SHARED.is_dir():
        models |= {path.stem: path.read_bytes() for path in sorted(SHARED.glob("*.tflite"))}
    return models


# --- damage to bytes ---------------------------------------------------------------------------


def _places(data: bytes, random: Random, count: int) -> list[int]:
    """Where to damage: anywhere, or (as often) near either end, where the tables lie."""
    size = len(data)
    near = min(size, 4096)
    return [
        int(place)
        for _ in range(count)
        for place in [
            random.choice(
                [random.integers(size), random.integers(near), size - 1 - random.integers(near)]
            )
        ]
    ]


def flip(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for place in _places(data, random, int(random.integers(1, 9))):
        changed[place] ^= 1 << int(random.integers(8))
    return bytes(changed)


def overwrite(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for place in _places(data, random, int(random.integers(1, 4))):
        width = int(random.choice([1, 2, 4]))
        at = min(place // width * width, len(data) - width)
        value = int(random.choice(_ABSURD)) & ((1 << 8 * width) - 1)
        changed[at : at + width] = value.to_bytes(width, "little")
    return bytes(changed)


def redirect(data: bytes, random: Random) -> bytes:
    """Makes offsets point elsewhere in the file, backwards too: shared parts and cycles."""
    changed = bytearray(data)
    for place in _places(data, random, int(random.integers(1, 4))):
        at = min(place & ~3, len(data) - 4) & ~3
        target = int(random.integers(len(data))) & ~3
        struct.pack_into("<I", changed, at, (target - at) & 0xFFFFFFFF)
    return bytes(changed)


def cut(data: bytes, random: Random) -> bytes:
    return data[: int(random.integers(len(data)))]


def move(data: bytes, random: Random) -> bytes:
    """A piece removed, doubled, zeroed or copied over another."""
    start, end = sorted(int(n) for n in random.integers(len(data), size=2))
    end = min(end, start + 4096)
    piece, way = data[start:end], int(random.integers(4))
    if way == 0:
        return data[:start] + data[end:]
    if way == 1:
        return data[:end] + piece + data[end:]
    if way == 2:
        return data[:start] + bytes(len(piece)) + data[end:]
    at = int(random.integers(len(data)))
    return data[:at] + piece + data[at + len(piece) :]


# --- damage to meaning -------------------------------------------------------------------------


def _pick(random: Random, things: Any) -> Any:
    return things[int(random.integers(len(things)))] if things is not None and len(things) else None


def _shape(model: Any, random: Random) -> None:
    tensor = _pick(random, model.subgraphs[0].tensors)
    shape = [int(n) for n in (tensor.shape if tensor.shape is not None else [])]
    way = int(random.integers(4))
    if way == 0 and shape:
        shape[int(random.integers(len(shape)))] = int(random.choice(_SIGNED))
    elif way == 1:
        shape.insert(int(random.integers(len(shape) + 1)), int(random.choice([0, 1, 2, 1 << 20])))
    elif way == 2 and shape:
        del shape[int(random.integers(len(shape)))]
    else:
        random.shuffle(shape)
    tensor.shape = shape


def _type(model: Any, random: Random) -> None:
    _pick(random, model.subgraphs[0].tensors).type = int(random.integers(20))


def _buffer(model: Any, random: Random) -> None:
    tensor = _pick(random, model.subgraphs[0].tensors)
    tensor.buffer = int(random.integers(len(model.buffers) + 2))


def _variable(model: Any, random: Random) -> None:
    tensor = _pick(random, model.subgraphs[0].tensors)
    tensor.isVariable = not tensor.isVariable


def _content(model: Any, random: Random) -> None:
    buffer = _pick(random, model.buffers)
    if buffer.data is None or len(buffer.data) == 0:
        buffer.data = random.integers(0, 256, int(random.integers(64))).astype(np.uint8)
        return
    data = np.array(buffer.data, np.uint8)
    if random.integers(2):
        # Numbers that indices, shapes and axes are made of.
        words = data[: len(data) // 4 * 4].view(np.int32)
        if len(words):
            words[int(random.integers(len(words)))] = int(random.choice(_SIGNED))
    else:
        data = data[: int(random.integers(len(data)))]
    buffer.data = data


def _quant(model: Any, random: Random) -> None:
    quant = _pick(random, model.subgraphs[0].tensors).quantization
    if quant is None:
        return
    way = int(random.integers(5))
    if way == 0 and quant.scale is not None and len(quant.scale):
        scales = [float(n) for n in quant.scale]
        scales[int(random.integers(len(scales)))] = float(random.choice(_SCALES))
        quant.scale = scales
    elif way == 1 and quant.zeroPoint is not None and len(quant.zeroPoint):
        zeros = [int(n) for n in quant.zeroPoint]
        zeros[int(random.integers(len(zeros)))] = int(random.choice([*_SIGNED, 1 << 62]))
        quant.zeroPoint = zeros
    elif way == 2:
        quant.scale, quant.zeroPoint = None, None
    elif way == 3:
        count = int(random.integers(1, 6))
        quant.scale, quant.zeroPoint = [0.1] * count, [0] * count
    else:
        quant.quantizedDimension = int(random.choice(_SIGNED))


def _wiring(model: Any, random: Random) -> None:
    graph = model.subgraphs[0]
    owner = graph if random.integers(4) == 0 else _pick(random, graph.operators)
    side = "inputs" if random.integers(2) else "outputs"
    given = getattr(owner, side) if owner is not None else None
    wires = [int(n) for n in (given if given is not None else [])]
    way = int(random.integers(4))
    if way == 0 and wires:
        wires[int(random.integers(len(wires)))] = int(random.integers(-2, len(graph.tensors) + 1))
    elif way == 1 and wires:
        del wires[int(random.integers(len(wires)))]
    elif way == 2:
        wires.append(int(random.integers(-1, len(graph.tensors))))
    else:
        wires = []
    if owner is not None:
        setattr(owner, side, wires)


def _options(model: Any, random: Random) -> None:
    op = _pick(random, model.subgraphs[0].operators)
    if op is None:
        return
    fields = vars(op.builtinOptions) if op.builtinOptions is not None else {}
    if not fields or random.integers(6) == 0:
        op.builtinOptions, op.builtinOptionsType = None, 0
        return
    name = _pick(random, sorted(fields))
    kind = type(fields[name])
    if kind is bool:
        setattr(op.builtinOptions, name, not fields[name])
    elif kind is float:
        setattr(op.builtinOptions, name, float(random.choice(_SCALES)))
    elif kind is int:
        small = int(random.integers(-2, 20))
        setattr(op.builtinOptions, name, int(random.choice([small, 127, -128, 100])))
        if name.lower().endswith(("w", "h", "factor")) or "stride" in name.lower():
            setattr(op.builtinOptions, name, int(random.choice(_SIGNED)))


def _operator(model: Any, random: Random) -> None:
    code = _pick(random, model.operatorCodes)
    code.builtinCode = int(random.integers(0, 160))
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def _shuffle(model: Any, random: Random) -> None:
    operators = model.subgraphs[0].operators
    way = int(random.integers(3))
    if way == 0:
        random.shuffle(operators)
    elif way == 1 and operators:
        operators.append(_pick(random, operators))
    elif operators:
        del operators[int(random.integers(len(operators)))]


MEANINGS: tuple[Callable[[Any, Random], None], ...] = (
    _shape, _shape, _type, _buffer, _variable, _content, _content, _quant, _quant, _wiring,
    _wiring, _options, _options, _operator, _shuffle,
)  # fmt: skip


def absurd(data: bytes, random: Random) -> bytes:
    """A sound flatbuffer of a model that makes no sense."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    for _ in range(int(random.choice([1, 1, 1, 2, 3]))):
        _pick(random, MEANINGS)(model, random)
    builder = flatbuffers.Builder(len(data) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


DAMAGES = (flip, overwrite, redirect, cut, move, absurd, absurd, absurd, absurd, absurd)


def case(number: int, models: dict[str, bytes]) -> tuple[str, bytes]:
    """A case by its number: what it is, and the file."""
    random = np.random.default_rng([7, number])
    names = list(models)
    # The small models are tried more: a case of them takes a few milliseconds.
    weights = np.array([1 / (2000 + len(models[name])) for name in names])
    name = str(random.choice(names, p=weights / weights.sum()))
    data = models[name]
    while True:
        damage = DAMAGES[int(random.integers(len(DAMAGES)))]
        try:
            return f"{name}, {damage.__name__}", damage(data, random)
        except (struct.error, OverflowError, TypeError, ValueError, AttributeError):
            continue  # the schema's own packer refuses; damage it in another way


# --- the compiler under limits -----------------------------------------------------------------


class TooSlowError(Exception):
    """A case did not end in its time."""


def _alarm(*_: object) -> None:
    raise TooSlowError(f"not done after {SECONDS} s of the processor")


def attempt(number: int, data: bytes) -> str:
    """Compiles one case for one target; ``ok``, or the kind of the clean error."""
    from tinyfield.compiler import TARGET_NAMES, compile_model, dump, package
    from tinyfield.errors import ModelError

    target = TARGET_NAMES[number % len(TARGET_NAMES)]
    optimize = "size" if number % 3 == 0 else "speed"
    rounding = "tflm" if number % 5 == 0 else "litert"
    try:
        program = compile_model(data, target=target, optimize=optimize, rounding=rounding)
        for _ in dump.stages(data, program, each_pass=True):
            pass
        package.files(program, package.Facts("case", target, rounding))
    except ModelError as error:
        if not error.message.strip() or len(error.message) > 20_000:
            raise AssertionError("an error that says nothing, or too much") from error
        return "refused"
    return _c_compiles(program, target) if number % 4 == 0 else "compiled"


def _c_compiles(program: Program, name: str) -> str:
    """Its C passes the target's compiler, where that is here."""
    from tinyfield.compiler import targets
    from tinyfield.hostcc import WARNINGS
    from tinyfield.paths import firmware_dir

    one = targets.TARGETS.get(name)
    compiler, flags = ("gcc", ()) if one is None else (one.compiler, one.flags)
    if shutil.which(compiler) is None:
        return "compiled"
    with tempfile.TemporaryDirectory(prefix="tinyfield-fuzz-") as folder:
        Path(folder, f"{program.prefix}.h").write_text(program.header)
        Path(folder, f"{program.prefix}.c").write_text(program.source)
        done = subprocess.run(
            [compiler, *flags, *WARNINGS, "-std=gnu11", "-O1", "-fsyntax-only",
             f"-I{firmware_dir() / 'core'}", f"{program.prefix}.c"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise AssertionError(f"{name}: {done.stderr[:1000]}")
    return "compiled, and its C too"


def work(first: int, count: int) -> Iterator[dict[str, object]]:
    """Cases one after another in this process, each within its limits."""
    from tinyfield.compiler import compile_model

    models = seeds()
    for data in list(models.values())[:2]:
        compile_model(data)  # so that the imports are not the first case's
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
    signal.signal(signal.SIGPROF, _alarm)
    for number in range(first, first + count):
        what, data = case(number, models)
        yield {"starts": number, "what": what}
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            outcome = attempt(number, data)
        except Exception:
            signal.setitimer(signal.ITIMER_PROF, 0)
            yield {"number": number, "what": what, "wrong": traceback.format_exc()[-1500:]}
        else:
            signal.setitimer(signal.ITIMER_PROF, 0)
            yield {"number": number, "outcome": outcome, "seconds": time.process_time() - began}


def run(
    first: int, count: int, keep: Path | None = None, worker: Sequence[str] = WORKER
) -> tuple[Counter[str], list[str], float]:
    """Cases in a process of their own, begun again behind a case that ends it.

    Args:
        first: the first case's number.
        count: how many cases.
        keep: a folder for the files that went wrong.
        worker: the command that does the work; ``--worker FIRST --count N`` is added.

    Returns:
        How many ended how; what went wrong; the longest case in seconds.
    """
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    longest, next_case, end = 0.0, first, first + count
    while next_case < end:
        command = [*worker, "--worker", str(next_case), "--count", str(end - next_case)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            what = "start"
            # An alarm reaches Python only; this one ends a loop within C, too.
            watch = threading.Timer(6 * SECONDS, process.kill)
            watch.start()
            for line in process.stdout:
                watch.cancel()
                watch = threading.Timer(6 * SECONDS, process.kill)
                watch.start()
                told = json.loads(line)
                if "starts" in told:
                    next_case, what = told["starts"], told["what"]
                    continue
                if "wrong" in told:
                    outcomes["wrong"] += 1
                    wrong.append(f"case {told['number']} ({told['what']}):\n{told['wrong']}")
                else:
                    outcomes[told["outcome"]] += 1
                    longest = max(longest, told["seconds"])
                next_case += 1
            watch.cancel()
            said = process.stderr.read()
        if process.returncode != 0:
            outcomes["died"] += 1
            wrong.append(f"case {next_case} ({what}) ended the process: {said[-1500:]}")
            next_case += 1
    if keep is not None and wrong:
        keep.mkdir(parents=True, exist_ok=True)
        models = seeds()
        for text in wrong:
            number = int(text.split()[1])
            (keep / f"{number}.tflite").write_bytes(case(number, models)[1])
    return outcomes, wrong, longest


def main() -> int:
    """The command line; exit code 1 if any case went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="how many cases")
    parser.add_argument("--first", type=int, default=0, help="the first case's number")
    parser.add_argument("--keep", type=Path, help="a folder for the files that went wrong")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker is not None:
        for told in work(given.worker, given.count):
            print(json.dumps(told), flush=True)
        return 0
    outcomes, wrong, longest = run(given.first, given.count, given.keep)
    for text in wrong:
        print(text)
    print(f"{given.count} damaged models: {dict(outcomes)}; the longest took {longest:.2f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
