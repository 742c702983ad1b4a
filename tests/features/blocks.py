"""Blocks of a fast channel as a C function over windows, written from the two tables alone."""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinyfield import hostcc
from tinyfield.compiler import targets
from tinyfield.features.bind import feature_files
from tinyfield.features.signals import (
    CALLS,
    HEADERS,
    JERK_CALL,
    SIGNAL_CALLS,
    STAGES,
    arguments,
    scaled,
)
from tinyfield.paths import firmware_dir
from tinyfield.spec.signals import SIGNALS, STATISTICS, Measure, Source, factor, jerk

RATE = Fraction(100)
CHANNEL = Source("g", -3, -32768, 32767, RATE, 1)


SECOND = {"gx": "y", "gy": "z", "gz": "x"}
"""What stands for a second vector here: the first one's parts in another order."""


@dataclass(frozen=True)
class Block:
    """One feature: ``text`` as in an app without source and window."""

    statistic: str
    signal: str | None = None
    jerk: bool = False
    given: tuple[Fraction, ...] = ()

    def source(self, n: int, rate: Fraction = RATE) -> Source:
        source = replace(CHANNEL, frames=n, rate=rate)
        if self.signal:
            source = SIGNALS[self.signal].source(source)
        return jerk(source) if self.jerk else source

    def measure(self, n: int, rate: Fraction = RATE) -> Measure:
        return STATISTICS[self.statistic].measure(self.source(n, rate))


def c_of(blocks: Sequence[Block], n: int, rate: Fraction = RATE) -> str:
    """``void run(x, y, z, out)``: each block over a window of n frames."""
    scratch = max([8, *(STAGES[s].scratch(n) for b in blocks if (s := CALLS[b.statistic].stage))])
    lines = [f'#include "{header}"' for header in HEADERS] + [
        f"static int16_t made[{n}];",
        f"static union {{ uint8_t bytes[{scratch}]; uint32_t aligned; }} space;",
        "#define work space.bytes",
        "void run(const int16_t *x, const int16_t *y, const int16_t *z, int32_t *out);",
        "void run(const int16_t *x, const int16_t *y, const int16_t *z, int32_t *out)",
        "{",
    ]
    for i, block in enumerate(blocks):
        call, statistic = CALLS[block.statistic], STATISTICS[block.statistic]
        words = {"x": "x", "y": "y", "z": "z", "n": str(n), "out": "made", "work": "work"} | SECOND
        if block.signal:
            lines.append(f"    {SIGNAL_CALLS[block.signal].format(**words)};")
            words["x"] = "made"
        if block.jerk:
            lines.append(f"    {JERK_CALL.format(**words)};")
            words["x"], words["n"] = "made", str(n - 1)
        if call.stage:
            words["work"] = f"({STAGES[call.stage].kind} *)work"
            lines.append(f"    {STAGES[call.stage].call.format(**words)};")
        source = block.source(n, rate)
        more = arguments(block.statistic, source, block.given)
        text = scaled(call.text.format(**words, **more), statistic, source)
        lines.append(f"    out[{i}] = {text};")
    return "\n".join([*lines, "    (void)x; (void)y; (void)z; (void)made; (void)space;", "}", ""])


def _one(statistic: str) -> str:
    """A statistic as a function of frames, their number and the numbers in its call."""
    call = CALLS[statistic]
    words = {word: word for word in ("x", "y", "z", "n", "work")} | {
        "lag": "(uint16_t)a",
        "first": "(uint16_t)a",
        "end": "(uint16_t)b",
        "ms_a_frame": "a, (uint32_t)b",
        "hertz": "a, (uint32_t)b",
    }
    lines = [
        "const int16_t *x, const int16_t *y, const int16_t *z, uint16_t n, int32_t a, int32_t b)",
    ]
    lines = [f"int32_t one_{statistic}({lines[0]};", f"int32_t one_{statistic}({lines[0]}", "{"]
    if call.stage:
        words["work"] = f"({STAGES[call.stage].kind} *)work"
        lines.append(f"    {STAGES[call.stage].call.format(**words)};")
    lines.append("    (void)x; (void)y; (void)z; (void)n; (void)a; (void)b;")
    return "\n".join([*lines, f"    return {call.text.format(**words)};", "}", ""])


@cache
def library() -> ctypes.CDLL:
    """Every statistic for any number of frames, compiled once, with UBSan."""
    scratch = max(stage.scratch(1024) for stage in STAGES.values())
    head = "".join(f'#include "{header}"\n' for header in HEADERS)
    head += f"static union {{ uint8_t bytes[{scratch}]; uint32_t aligned; }} space;\n"
    head += "#define work space.bytes\n"
    path = hostcc.compile_shared(
        [head + "".join(map(_one, CALLS)), *feature_files()],
        include=[firmware_dir() / "core"],
        flags=("-fsanitize=undefined", "-fno-sanitize-recover=all"),
        name="blocks",
    )
    return ctypes.CDLL(str(path))


def _at(array: NDArray[np.int16]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def run(block: Block, frames: NDArray[np.int16], rate: Fraction = RATE) -> int:
    """A block of one window, frames [3, n] or [n], or [6, n] with the second vector, on this PC."""
    n = frames.shape[-1]
    first = frames if frames.ndim == 1 else frames[:3]
    axes = [np.array(axis, np.int16) for axis in np.broadcast_to(first, (3, n))]
    second = [np.array(axis, np.int16) for axis in (frames[3:] if len(frames) == 6 else ())]
    c, source = library(), block.source(n, rate)
    if block.signal:
        text = SIGNAL_CALLS[block.signal]
        parts = dict(zip("xyz", map(_at, axes), strict=True))
        words = parts | {name: parts[part] for name, part in SECOND.items()}
        words |= dict(zip(SECOND, map(_at, second), strict=False))
        words |= {"n": ctypes.c_uint16(n), "out": _at(axes[0])}
        c[text.partition("(")[0]](*(words[word] for word in placeholders(text)))
    if block.jerk:
        c[JERK_CALL.partition("(")[0]](_at(axes[0]), ctypes.c_uint16(n), _at(axes[0]))
    more = arguments(block.statistic, source, block.given)
    asked = [word for word in placeholders(CALLS[block.statistic].text) if word in more]
    numbers = [int(v) for word in asked for v in more[word].split(", ")] + [0, 0]
    got = c["one_" + block.statistic](
        *map(_at, axes), ctypes.c_uint16(source.frames), *map(ctypes.c_int32, numbers[:2])
    )
    by = factor(STATISTICS[block.statistic], source)
    return got if by == 1 else int(c.tiny_scaled(got, by.numerator, by.denominator))


def value(block: Block, frames: NDArray[np.int16], rate: Fraction = RATE) -> float:
    """One block in its unit."""
    n = frames.shape[-1]
    measure = block.measure(n, rate)
    number = run(block, frames, rate)
    assert abs(number) <= measure.greatest, (block, number, measure)
    return number * 10.0**measure.scale


_MAIN = """
#include "host.h"
static int16_t in[3][{n}];
static int32_t results[{blocks}];
int main(void)
{{
    uint32_t windows;
    host_read(&windows, sizeof windows);
    for (; windows > 0; windows--) {{
        host_read(in, sizeof in);
        run(in[0], in[1], in[2], results);
        host_write(results, sizeof results);
    }}
    host_exit(0);
}}
"""


def run_on(
    target: str, blocks: Sequence[Block], frames: NDArray[np.int16], rate: Fraction = RATE
) -> NDArray[np.int32]:
    """The blocks of windows [w, 3, n] on an emulated target, or on this PC under sanitizers for
    ``sanitized``: [w, blocks]."""
    n = frames.shape[-1]
    text = c_of(blocks, n, rate) + _MAIN.format(n=n, blocks=len(blocks))
    given = len(frames).to_bytes(4, "little") + np.ascontiguousarray(frames, "<i2").tobytes()
    include = [firmware_dir() / "core"]
    if target == "sanitized":
        raw = _sanitized(text, given)
    else:
        one = targets.target(target)
        image = targets.build(one, [text, *feature_files()], name="blocks", include=include)
        raw = targets.execute(one, image, given, timeout_s=600.0)
    return np.frombuffer(raw, "<i4").reshape(len(frames), len(blocks))


def _sanitized(text: str, given: bytes) -> bytes:
    c = Path(targets.__file__).resolve().parent / "c"
    program = hostcc.compile_executable(
        [text, *feature_files(), c / "posix.c"],
        include=[firmware_dir() / "core", c],
        name="blocks-sanitized",
        sanitize=True,
    )
    done = subprocess.run([program], input=given, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def signals(n: int, seed: int = 0) -> dict[str, NDArray[np.int16]]:
    """Windows [3, n] of every kind: waves, noise, drift, blows, constants, both ends of int16."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / float(RATE)
    wave = np.array([a * np.sin(2 * np.pi * f * t + f) for a, f in ((9000, 2), (300, 5), (40, 11))])
    walk = np.cumsum(rng.normal(0, 40, (3, n)), 1)
    blow = rng.normal(0, 20, (3, n))
    blow[:, n // 2] = 20000
    kinds = {
        "wave": wave,
        "clipped": np.clip(6 * wave, -32768, 32767),
        "noise": rng.normal(0, 700, (3, n)),
        "faint": rng.integers(-1, 2, (3, n)),
        "gravity": np.array([[120], [-310], [940]]) + rng.normal(0, 30, (3, n)),
        "walk": walk,
        "blow": blow,
        "step": np.where(np.arange(n) < n // 2, -500, 1500) * np.ones((3, 1)),
        "constant": np.array([[1000], [-7], [0]]) * np.ones((1, n)),
        "zero": np.zeros((3, n)),
        "highest": np.full((3, n), 32767),
        "lowest": np.full((3, n), -32768),
        "ends": np.where(np.arange(n) % 2, 32767, -32768) * np.ones((3, 1)),
        "wild": rng.choice([-32768, -32767, -1, 0, 1, 32767], (3, n)),
        "uniform": rng.integers(-32768, 32768, (3, n)),
    }
    return {name: np.clip(np.round(x), -32768, 32767).astype(np.int16) for name, x in kinds.items()}


def placeholders(text: str) -> list[str]:
    """What stands in braces in a call, in order."""
    return re.findall(r"\{(\w+)\}", text)
