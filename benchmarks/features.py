"""What each block of a fast channel costs, and how far it is from SciPy.

``python benchmarks/features.py [--frames 64 128 256]`` needs the cross compilers and emulators.

Instructions of a Cortex-M4 (``-O2``, under QEMU) and cycles of an Uno (``-Os``, under simavr) for
one window of a wave with noise. A stage is the work that the statistics under it share. Errors
are the greatest over 300 windows of waves, noise, blows and drift of every size, in the feature's
own unit, where a frame's step is 0.001; relative to SciPy's value where that is above 1.
"""

from __future__ import annotations

import argparse
import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.signal
import scipy.stats
from numpy.typing import NDArray
from rich.console import Console

from tinyfield import bench, hostcc
from tinyfield.features.bind import feature_files
from tinyfield.features.signals import (
    CALLS,
    HEADERS,
    JERK_CALL,
    SIGNAL_CALLS,
    STAGES,
    arguments,
)
from tinyfield.paths import firmware_dir
from tinyfield.spec.signals import STATISTICS, Source, band_bins, spectrum_size

RATE = Fraction(100)
GIVEN: dict[str, tuple[Fraction, ...]] = {
    "lag": (Fraction(7) / RATE,),
    "band": (Fraction(5), Fraction(20)),
}
SEEDS = 300

X = NDArray[Any]


def powers(x: X) -> X:
    """Mean squares that the bins of the one-sided spectrum bring."""
    points = spectrum_size(len(x))
    found: X = scipy.signal.periodogram(x, float(RATE), "hann", points, scaling="density")[1]
    return found * float(RATE) / points


def in_band(x: X) -> float:
    low, high = GIVEN["band"]
    bins = band_bins(low, high, source(len(x)))
    return float(powers(x)[bins.start : bins.stop].sum())


def entropy(x: X) -> float:
    p = powers(x)[1:]
    return float(scipy.stats.entropy(p, base=len(p)))


def centroid(x: X) -> float:
    p = powers(x)
    p[0] = 0
    return float(np.arange(len(p)) @ p / p.sum()) * 100 / spectrum_size(len(x))


def peak_amplitude(x: X) -> float:
    window = scipy.signal.get_window("hann", len(x))
    bins = np.abs(np.fft.rfft((x - x.mean()) * window, spectrum_size(len(x))))
    return float(bins[1:-1].max() * 2 / window.sum())


def autocorrelation(x: X) -> float:
    away = x - x.mean()
    return float(away[:-7] @ away[7:] / (away @ away))


def crossings(x: X) -> float:
    signs = np.sign(x)[np.sign(x) != 0]
    return float((signs[1:] != signs[:-1]).sum())


ORACLES: dict[str, Callable[[X], float]] = {
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
    "range": np.ptp,
    "std": np.std,
    "rms": lambda x: float(np.sqrt(np.mean(x**2))),
    "mean_abs": lambda x: float(np.mean(np.abs(x))),
    "level": lambda x: 20 * math.log10(100 * float(np.std(x))),
    "zero_crossings": crossings,
    "mean_crossings": lambda x: crossings(len(x) * x - x.sum()),
    "median": np.median,
    "iqr": scipy.stats.iqr,
    "skewness": scipy.stats.skew,
    "kurtosis": scipy.stats.kurtosis,
    "crest": lambda x: float(np.abs(x - x.mean()).max() / x.std()),
    "autocorrelation": autocorrelation,
    "band": lambda x: math.sqrt(in_band(x)),
    "band_share": lambda x: in_band(x) / float(powers(x)[1:].sum()),
    "entropy": entropy,
    "peak_amplitude": peak_amplitude,
    "centroid": centroid,
}
STEPPED = {name for name, statistic in STATISTICS.items() if statistic.steps}


def source(n: int) -> Source:
    return Source("g", -3, -32768, 32767, RATE, n)


@dataclass(frozen=True)
class Work:
    """A C statement, and the stage that must have been run before it."""

    text: str
    stage: str | None = None


def works(n: int) -> dict[str, Work]:
    """Everything that is counted, by name: signals, jerk, then each stage and what reads it."""
    words = dict.fromkeys(("x", "y", "z", "gx", "gy", "gz"), "x") | {"n": str(n), "out": "made"}
    found = {name: Work(text.format(**words)) for name, text in SIGNAL_CALLS.items()}
    found["jerk"] = Work(JERK_CALL.format(**words))
    for stage in (None, *STAGES):
        if stage is not None:
            words["work"] = f"({STAGES[stage].kind} *)work"
            found[f"stage {stage}"] = Work(STAGES[stage].call.format(**words))
        for name, call in CALLS.items():
            if call.stage == stage:
                given = next((GIVEN[k] for k in STATISTICS[name].takes if k in GIVEN), ())
                more = arguments(name, source(n), given)
                found[name] = Work(f"sink = {call.text.format(**words, **more)}", stage)
    return found


def program(n: int, work: Work) -> str:
    """C whose ``work()`` is one statement over a window that ``start()`` has filled."""
    scratch = max(2 * n, STAGES[work.stage].scratch(n) if work.stage else 0)
    if not work.stage and "work" in work.text:
        scratch = max(stage.scratch(n) for stage in STAGES.values())
    stage = ""
    if work.stage:
        kind = STAGES[work.stage].kind
        stage = STAGES[work.stage].call.format(x="x", n=n, work=f"({kind} *)work") + ";"
    includes = "".join(f'#include "{header}"\n' for header in HEADERS)
    return f"""{includes}
int16_t x[{n}];
union {{ uint8_t bytes[{scratch}]; int16_t frames[{n}]; uint32_t aligned; }} space;
#define work space.bytes
#define made space.frames
volatile int32_t sink;
void start(void);
void stage(void);
void run(void);
void stage(void)
{{
    {stage}
}}
void start(void)
{{
    uint32_t noise = 1;
    for (uint16_t i = 0; i < {n}; i++) {{
        noise = noise * 1664525U + 1013904223U;
        x[i] = (int16_t)(tiny_sine((uint16_t)(i * 2341U)) / 16 + (int16_t)(noise >> 24));
    }}
    stage();
}}
void run(void)
{{
    {work.text};
}}
"""


def cost(n: int, work: Work, target: str) -> int:
    """Instructions or cycles of one call."""
    found = bench.measure_c(
        [program(n, work), *feature_files()],
        "run",
        target,
        setup="start",
        flags=("-O2",) if target != "avr" else (),
    )
    return int(found.count or 0)


def example(seed: int, n: int) -> NDArray[np.int16]:
    """A wave, noise, drift or a blow, of a size between a few steps and the whole range."""
    rng = np.random.default_rng(seed)
    size = 2.0 ** rng.uniform(4, 14)
    t = np.arange(n)
    x = size * np.sin(t * rng.uniform(0.05, 3) + rng.uniform(0, 6))
    x += (0, 0.05, 0.5, 2)[seed % 4] * size * rng.normal(size=n)
    x += np.cumsum(rng.normal(size=n)) * size / 30 * (seed % 3 == 0)
    x[n // 3] += 3 * size * (seed % 5 == 0)
    frames: NDArray[np.int16] = np.clip(
        np.round(x + rng.uniform(-1, 1) * size), -32768, 32767
    ).astype(np.int16)
    return frames


def error(n: int, name: str, work: Work) -> float:
    """The greatest distance from the oracle."""
    path = hostcc.compile_shared(
        [program(n, work), *feature_files()], include=[firmware_dir() / "core"], name="block"
    )
    library = ctypes.CDLL(str(path))
    frames = (ctypes.c_int16 * n).in_dll(library, "x")
    sink = ctypes.c_int32.in_dll(library, "sink")
    measure = STATISTICS[name].measure(source(n))
    unit = 1e-3 if name in STEPPED else 1.0
    worst = 0.0
    for seed in range(SEEDS):
        x = example(seed, n)
        frames[:] = x.tolist()
        want = float(ORACLES[name](x.astype(float))) * unit
        library.stage()
        library.run()
        got = sink.value * 10.0**measure.scale
        worst = max(worst, abs(got - want) / max(1.0, abs(want)))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[64, 128, 256])
    sizes: list[int] = parser.parse_args().frames
    console = Console(width=140)
    head = [f"M4, {n}" for n in sizes] + [f"Uno, {n}" for n in sizes]
    console.print(f"| block | {' | '.join(head)} | error |", highlight=False)
    console.print("|---|" + "---|" * (len(head) + 1), highlight=False)
    for name in works(sizes[0]):
        counts = [
            f"{cost(n, works(n)[name], target):,}" for target in ("cortex-m4", "avr") for n in sizes
        ]
        far = f"{error(sizes[-1], name, works(sizes[-1])[name]):.1g}" if name in ORACLES else ""
        label = f"*{name}*" if name.startswith("stage") else f"`{name}`"
        console.print(f"| {label} | {' | '.join(counts)} | {far} |", highlight=False)


if __name__ == "__main__":
    main()
