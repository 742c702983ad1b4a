"""har_geotec: acceleration and turn rate of people with a phone in the pocket and a watch on."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.importers.tables import check_gravity
from tinyfield.errors import DataError

NEEDED = ("x", "t_ms", "label", "labels", "subject", "execution", "scale")
AXES = ("accel_x", "accel_y", "accel_z", "gyro_x", "gyro_y", "gyro_z")
ACTIVITIES = ("seated", "standing_up", "walking", "turning", "sitting_down")
CLOCKS = {"phone": 102.4, "watch": 104.3}
"""Frames a second of the two devices' own clocks, which is how they are told apart where the file
does not name its ``device``: the stamps of every recording agree with one of them within 0.1 Hz."""
G = 9.80665
_CLOCK_HZ = 0.9
_SHORTEST = 100
_FASTEST = 1000.0  # frames a second


@dataclass(frozen=True)
class Execution:
    """One walk of one person: rises from a chair, walks, turns, walks back, turns, sits down.

    Attributes:
        subject: such as ``s07``.
        device: ``phone`` or ``watch``.
        rate_hz: frames a second.
        axes: :data:`AXES` → values [n]: acceleration in g, turn rate in degrees a second.
        labels: index into :data:`ACTIVITIES` of each frame, [n].
    """

    subject: str
    device: str
    number: int
    rate_hz: float
    axes: Mapping[str, NDArray[np.float64]]
    labels: NDArray[np.int16]


def read_executions(folder: Path) -> list[Execution]:
    """Every execution of every ``.npz`` in the folder that has the arrays.

    The stamps of a phone come in bunches, those of a watch jitter; the frames themselves are even,
    so that only their mean rate is taken from the stamps.

    Raises:
        DataError: no such file, arrays of different lengths, a label that is none, or a device
            that cannot be told.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder", hint="Give the folder that holds the files.")
    out: list[Execution] = []
    for path in sorted(folder.glob("*.npz")):
        arrays = _arrays(path)
        if all(name in arrays for name in NEEDED):
            out += _executions(path, arrays)
        elif sum(name in arrays for name in NEEDED) > len(NEEDED) // 2:
            missing = [name for name in NEEDED if name not in arrays]
            raise DataError(
                f"{path}: no array {', '.join(missing)} (needed are {', '.join(NEEDED)})",
                hint="Add it, or take the file out of the folder.",
            )
    if not out:
        raise DataError(
            f"{folder}: no .npz file with the arrays {', '.join(NEEDED)}",
            hint="Put one into the folder; its name does not matter.",
        )
    return out


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except OSError as e:
        raise DataError(f"{path}: cannot be read ({e})", hint="Fetch the file again.") from None
    except (ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile):
        # What NumPy says of these advises to trust a file that nobody knows.
        raise DataError(
            f"{path}: no archive of plain arrays",
            hint="Write it with numpy.savez, numbers and texts alone, or fetch it again.",
        ) from None


def _executions(path: Path, arrays: dict[str, NDArray[Any]]) -> list[Execution]:
    x, stamps = arrays["x"], arrays["t_ms"].astype(np.float64)
    if x.ndim != 2 or x.shape[1] != len(AXES) or arrays["scale"].shape != (len(AXES),):
        raise DataError(
            f"{path}: x must be [n, {len(AXES)}] and scale [{len(AXES)}]",
            hint="A row of x is a frame; scale times it is in m/s² and rad/s.",
        )
    for name in ("t_ms", "label", "subject", "execution"):
        if arrays[name].shape != (len(x),):
            raise DataError(
                f"{path}: {len(x)} frames, but {name} is {arrays[name].shape}",
                hint="Give it one value a frame.",
            )
    if not len(x):
        raise DataError(f"{path}: no frames in it", hint="Fetch the file again.")
    truth = _activities(path, arrays)
    values = x * arrays["scale"]
    if not np.isfinite(values).all():
        raise DataError(f"{path}: values that are no numbers", hint="Leave their executions out.")
    values[:, :3] /= G
    values[:, 3:] = np.degrees(values[:, 3:])
    subject, execution = arrays["subject"], arrays["execution"]
    breaks = np.flatnonzero((np.diff(subject.astype(np.int64)) != 0)
                            | (np.diff(execution.astype(np.int64)) != 0)) + 1  # fmt: skip
    edges = [(a, b) for a, b in pairwise([0, *breaks.tolist(), len(x)]) if b - a >= _SHORTEST]
    if not edges:
        raise DataError(f"{path}: no execution of {_SHORTEST} frames or more")
    rates = [_rate(stamps[a:b]) for a, b in edges]
    if not all(0 < rate < _FASTEST for rate in rates):
        raise DataError(
            f"{path}: t_ms: stamps that do not rise", hint="Give milliseconds since some moment."
        )
    check_gravity(path, [values[:, axis] for axis in range(3)], ("x",))
    device, rate = _device(path, arrays, rates)
    return [
        Execution(
            subject=f"s{int(subject[a]):02d}",
            device=device,
            number=int(execution[a]),
            rate_hz=rate,
            axes={axis: values[a:b, k] for k, axis in enumerate(AXES)},
            labels=truth[a:b],
        )
        for a, b in edges
    ]


def _activities(path: Path, arrays: dict[str, NDArray[Any]]) -> NDArray[np.int16]:
    names = [str(name).strip().lower() for name in arrays["labels"]]
    strange = [name for name in names if name not in ACTIVITIES]
    if strange:
        raise DataError(
            f"{path}: {strange[0]!r} is none of {', '.join(ACTIVITIES)}",
            hint="Rename the label in `labels`.",
        )
    label = arrays["label"].astype(np.int64)
    if label.min() < 0 or label.max() >= len(names):
        raise DataError(f"{path}: a label outside 0..{len(names) - 1}")
    return np.array([ACTIVITIES.index(name) for name in names], np.int16)[label]


def _rate(stamps: NDArray[np.float64]) -> float:
    """Frames a second, by the line through the stamps."""
    step = float(np.polyfit(np.arange(len(stamps)), stamps, 1)[0])
    return 1000 / step if step > 0 else 0.0


def _device(path: Path, arrays: dict[str, NDArray[Any]], rates: list[float]) -> tuple[str, float]:
    """The device and its rate, rounded to a tenth of a hertz."""
    rate = round(float(np.median(rates)), 1)
    if "device" in arrays:
        named = str(arrays["device"]).strip().lower()
        if named not in CLOCKS:
            raise DataError(f"{path}: device {named!r}", hint=f"Write one of {', '.join(CLOCKS)}.")
        return named, rate
    device = min(CLOCKS, key=lambda name: abs(CLOCKS[name] - rate))
    if abs(CLOCKS[device] - rate) > _CLOCK_HZ:
        raise DataError(
            f"{path}: {rate:g} frames a second are neither the phone's {CLOCKS['phone']} nor the "
            f"watch's {CLOCKS['watch']}",
            hint="Add an array `device` that holds 'phone' or 'watch'.",
        )
    return device, rate
