"""Fits how people move to recordings of them (see person.py of the generators).

Of each person and device: gravity seated and upright, the gait's stride frequency and harmonics by
least squares, how fast turns are, how long each activity lasts, and what is left of the frames in
each. People of the test split are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators.person import HARMONICS, STATES
from tinyfield.data.importers.har import AXES, Execution
from tinyfield.data.splits import by_block

PEOPLE = 8
STRIDES_HZ = np.arange(0.7, 1.25, 0.01)
_LEAST_S = 1.5
_SMOOTH_S = 0.25

Floats = NDArray[np.float64]


def fit_text(executions: Sequence[Execution]) -> str:
    """The table of :data:`PEOPLE` people, as TOML."""
    parts = by_block(sorted({e.subject for e in executions}), seed=0)
    known = [s for s in sorted(parts) if parts[s] == "train"][:PEOPLE]
    lines = [
        "# How people move (see person.py): a phone in the pocket, a watch on the wrist; g, dps,",
        "# Hz and seconds; gait: a harmonic each row, cosine then sine of x, y, z of both sensors.",
        "# Fitted to har_geotec (Matey-Sanz et al. 2023, CC BY 4.0).",
        "# Refit: python -m tinyfield.data.fit person --data DIR --write",
    ]
    for device in sorted({e.device for e in executions}):
        for subject in known:
            found = fit_person(
                [e for e in executions if (e.device, e.subject) == (device, subject)]
            )
            lines += ["", f"[[{device}]]"]
            for key, value in found.items():
                if value and isinstance(value[0], list):
                    lines += [f"{key} = [", *(f"    {row}," for row in value), "]"]
                else:
                    lines.append(f"{key} = {value}")
    return "\n".join(lines) + "\n"


def fit_person(executions: Sequence[Execution]) -> dict[str, list[float] | list[list[float]]]:
    """One person with one device; executions with it mounted otherwise than in the first do not
    count."""
    first = _mean(executions[0], "walking")
    same = [e for e in executions if float(_mean(e, "walking") @ first) > 0.5]
    seated = np.mean([_mean(e, "seated") for e in same], axis=0)
    upright = np.mean([_mean(e, "walking") for e in same], axis=0)
    strides, waves, rests = [], [], []
    for e in same:
        for part in _parts(e, "walking"):
            if part.shape[1] >= _LEAST_S * e.rate_hz:
                stride, wave, rest = _gait(part, e.rate_hz)
                strides.append(stride)
                waves.append(wave)
                rests.append(rest)
    turns = [part for e in same for part in _parts(e, "turning")]
    up = upright / np.linalg.norm(upright)
    rate = float(np.median([abs((up @ part[3:]).mean()) for part in turns]))
    wave = np.mean(waves, axis=0)
    return {
        "seated": _rounded(seated, 3),
        "upright": _rounded(upright, 3),
        "stride_hz": _rounded(np.array([np.median(strides), np.std(strides)]), 3),
        "turn_dps": _rounded(np.array([rate]), 0),
        "gait": [_rounded(row, 3) for row in np.hstack([wave.real, wave.imag])],
        "last_s": [
            [
                round(float(q), 2)
                for q in np.percentile(
                    [p.shape[1] / e.rate_hz for e in same for p in _parts(e, state)], (25, 75)
                )
            ]
            for state in STATES
        ],
        "rest": [
            _rounded(np.mean(rests, axis=0) if state == "walking" else _left(same, state), 3)
            for state in STATES
        ],
    }


def _parts(e: Execution, state: str) -> list[Floats]:
    """The stretches of a state, [6, n] each."""
    values = np.stack([e.axes[axis] for axis in AXES])
    at = np.flatnonzero(e.labels == STATES.index(state))
    runs = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
    return [values[:, run] for run in runs if len(run) > 1]


def _mean(e: Execution, state: str) -> Floats:
    """Mean acceleration in a state, [3]."""
    return np.asarray(np.hstack(_parts(e, state))[:3].mean(axis=1))


def _gait(part: Floats, rate: float) -> tuple[float, NDArray[np.complex128], Floats]:
    """Stride frequency, complex amplitudes [HARMONICS, 6] with the phase at which the axis that
    turns most turns most, and the rest's standard deviation [6]."""
    t = np.arange(part.shape[1]) / rate
    spread = part.std(axis=1, keepdims=True)
    best: tuple[float, float, Floats] | None = None
    for f in STRIDES_HZ:
        angle = 2 * np.pi * f * t
        basis = np.stack(
            [np.ones_like(t)]
            + [g(h * angle) for h in range(1, HARMONICS + 1) for g in (np.cos, np.sin)]
        )
        weights = np.linalg.lstsq(basis.T, part.T, rcond=None)[0]
        left = part - (basis.T @ weights).T
        error = float(np.square(left / spread).mean())
        if best is None or error < best[1]:
            best = float(f), error, np.vstack([weights, left.std(axis=1)])
    assert best is not None
    stride, _, found = best
    wave = found[1:-1:2] - 1j * found[2:-1:2]
    lead = 3 + int(np.abs(wave[0, 3:]).argmax())
    turn = np.exp(-1j * np.angle(wave[0, lead]) * np.arange(1, HARMONICS + 1))
    return stride, wave * turn[:, None], found[-1]


def _left(executions: Sequence[Execution], state: str) -> Floats:
    """What is left of a state's frames without their slow part, standard deviation [6]."""
    out = []
    for e in executions:
        n = max(3, round(_SMOOTH_S * e.rate_hz))
        for part in _parts(e, state):
            if part.shape[1] > 2 * n:
                slow = np.stack([np.convolve(row, np.ones(n) / n, "valid") for row in part])
                cut = part[:, n // 2 : n // 2 + slow.shape[1]]
                out.append((cut - slow).std(axis=1))
    return np.asarray(np.mean(out, axis=0))


def _rounded(values: Floats, digits: int) -> list[float]:
    return [round(float(v), digits) + 0.0 for v in values]
