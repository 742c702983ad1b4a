"""The two data sets of ``compression.py``, as float32 inputs in [-1, 1] and class indices.

Features are computed here, with NumPy: this is a benchmark of compression, offline. What a node
computes is another matter.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Classes = NDArray[np.int64]

RATE = 16_000
FRAME, STEP, FFT = 640, 320, 1024
MELS, CEPSTRA = 40, 10


@dataclass(frozen=True)
class Split:
    """Rows for training, choosing and telling; no speaker or subject is in two of them."""

    x_train: Floats
    y_train: Classes
    x_valid: Floats
    y_valid: Classes
    x_test: Floats
    y_test: Classes
    classes: tuple[str, ...]


def keywords(folder: Path, seed: int = 0, copies: int = 2) -> Split:
    """``kws_arabic``: ten words and others, 24 speakers. 49 frames of 10 cepstra, as MLPerf Tiny.

    Training clips are there ``copies`` times more, shifted by up to 100 ms, with gain and noise.
    """
    import soundfile

    rows = list(csv.DictReader((folder / "index.csv").open(encoding="utf-8")))
    labels = sorted({row["label"] for row in rows})
    sound = {n: soundfile.read(folder / f"{n}.flac", dtype="float32")[0] for n in labels}
    clips = np.stack(
        [sound[r["label"]][int(r["clip"]) * RATE : (int(r["clip"]) + 1) * RATE] for r in rows]
    )
    y = np.array([labels.index(r["label"]) for r in rows], np.int64)
    speakers = sorted({r["speaker"] for r in rows})
    of = np.array([speakers.index(r["speaker"]) for r in rows])
    order = np.random.default_rng(seed).permutation(len(speakers))
    valid, test = np.isin(of, order[:5]), np.isin(of, order[5:11])
    train = ~valid & ~test
    rng = np.random.default_rng(seed + 1)
    more = [clips[train]]
    for _ in range(copies):
        shifted = np.stack([np.roll(c, rng.integers(-1600, 1601)) for c in clips[train]])
        gain = rng.uniform(0.4, 1.6, (len(shifted), 1)).astype(np.float32)
        hiss = rng.normal(0, 1, shifted.shape).astype(np.float32)
        loud = np.abs(shifted).mean(axis=1, keepdims=True) * rng.uniform(0, 0.3, (len(shifted), 1))
        more.append((shifted * gain + hiss * loud).astype(np.float32))
    features = [_cepstra(part) for part in (np.concatenate(more), clips[valid], clips[test])]
    low, high = np.percentile(features[0], (0.5, 99.5), axis=(0, 1))
    x = [_scaled(part, low, high)[..., None] for part in features]
    return Split(x[0], np.tile(y[train], copies + 1), x[1], y[valid], x[2], y[test], tuple(labels))


def _cepstra(clips: Floats) -> NDArray[np.float64]:
    """Mel cepstra [n, 49, 10] of clips [n, 16000]."""
    from scipy.fft import dct

    window = np.hanning(FRAME).astype(np.float32)
    mel = _mel()
    starts = np.arange(0, RATE - FRAME + 1, STEP)
    out = []
    for part in np.array_split(clips, max(1, len(clips) // 100)):
        frames = np.stack([part[:, s : s + FRAME] for s in starts], axis=1) * window
        power = np.abs(np.fft.rfft(frames, FFT)) ** 2
        out.append(dct(np.log(power @ mel.T + 1e-6), axis=-1, norm="ortho")[..., :CEPSTRA])
    return np.concatenate(out)


def _mel() -> NDArray[np.float64]:
    """Triangles [40, bins] even on the mel scale from 60 Hz to 7600 Hz."""
    hz = np.array([60.0, 7600.0])
    low, high = 2595 * np.log10(1 + hz / 700)
    edges = 700 * (10 ** (np.linspace(low, high, MELS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(FFT, 1 / RATE)
    up = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    down = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(np.minimum(up, down), 0.0)


def activities(folder: Path, seed: int = 0, window: int = 128, step: int = 64) -> Split:
    """``har_geotec``: a phone's accelerometer and gyroscope, five activities, 17 subjects.

    Windows of 1.28 s of one activity; 20 figures a channel: moments, extremes, mean change,
    crossings of the mean, and the energy in twelve bands.
    """
    with np.load(folder / "har_sp_dev.npz") as data:
        raw, label = data["x"] * data["scale"], data["label"].astype(np.int64)
        subject, execution = data["subject"], data["execution"]
        names = tuple(str(n) for n in data["labels"])
    run = np.flatnonzero(np.diff(execution.astype(int)) | np.diff(subject.astype(int))) + 1
    windows, y, who = [], [], []
    for part in np.split(np.arange(len(label)), run):
        for start in range(0, len(part) - window + 1, step):
            rows = part[start : start + window]
            counts = np.bincount(label[rows], minlength=len(names))
            if counts.max() >= 0.7 * window:
                windows.append(raw[rows])
                y.append(int(counts.argmax()))
                who.append(int(subject[rows[0]]))
    moments, target, of = _moments(np.stack(windows)), np.array(y, np.int64), np.array(who)
    order = np.random.default_rng(seed).permutation(np.unique(of))
    valid, test = np.isin(of, order[:4]), np.isin(of, order[4:9])
    train = ~valid & ~test
    low, high = np.percentile(moments[train], (0.5, 99.5), axis=0)
    x = _scaled(moments, low, high)
    return Split(x[train], target[train], x[valid], target[valid], x[test], target[test], names)


def _moments(w: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, 120] of windows [n, 128, 6]."""
    mean = w.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(w - mean, axis=1))[:, 1:49] ** 2
    bands = np.log(power.reshape(len(w), 12, 4, -1).sum(axis=2) + 1e-3)
    crossings = (np.diff(np.sign(w - mean), axis=1) != 0).mean(axis=1)
    parts: list[NDArray[Any]] = [
        mean[:, 0], w.std(axis=1), w.min(axis=1), w.max(axis=1), np.median(w, axis=1),
        np.abs(np.diff(w, axis=1)).mean(axis=1), crossings, np.ptp(w, axis=1),
        bands.reshape(len(w), -1),
    ]  # fmt: skip
    return np.concatenate(parts, axis=1)


def _scaled(x: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> Floats:
    """Each feature's middle 99 % of the training rows to [-1, 1], with a margin; the rest cut."""
    half = np.maximum((high - low) / 2, 1e-6) * 1.1
    scaled: Floats = np.clip((x - (low + high) / 2) / half, -1, 1).astype(np.float32)
    return scaled
