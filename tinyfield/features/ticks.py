"""Recordings cut into the app's samples: the frames that a node would have read at each.

A recording of another rate is resampled first, by SciPy's polyphase filter; a difference of one
percent and less is that of a sensor's own clock and is left alone. What a sample is labelled is
what most of the frames in the model's longest window say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.dataset import NO_LABEL, Recording
from tinyfield.errors import DataError
from tinyfield.features.scale import MISSING, to_scaled
from tinyfield.spec.frame_features import vectors

if TYPE_CHECKING:
    from tinyfield.spec import App
    from tinyfield.spec.app import Channel, Feature, Sensor

NO_FRAME = -(2**15)
"""No value in a frame (``TINY_NO_FRAME`` in C)."""
SAME_RATE = 0.01
"""Relative difference of two rates that a sensor's clock may explain."""
_LARGEST_FACTOR = 2000

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Ticks:
    """A recording as the node would have sampled it.

    Attributes:
        rows: [n, channels] scaled readings of slow channels, MISSING for the others.
        frames: for each fast sensor, [n, frames, channels] in its channels' scales.
        labels: class index of each sample, [n]; -1 where the truth is not asked for.
        clear: share of the frames in the label's window that are labelled so, [n], 0 to 1.
    """

    rows: NDArray[np.int32]
    frames: tuple[NDArray[np.int16], ...]
    labels: NDArray[np.int16]
    clear: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.labels)


def cut(
    app: App,
    inputs: Sequence[Feature],
    recording: Recording,
    where: str,
    *,
    hop_s: float | None = None,
    shift: float = 0.0,
    turn: NDArray[np.float64] | None = None,
) -> Ticks:
    """The samples of a recording.

    Args:
        app: gives the sensors and the sample period.
        inputs: the model's, whose longest window says how far back a label counts.
        recording: channel values in their units.
        where: data set and group, for messages.
        hop_s: seconds from one sample to the next (None: the app's sample period).
        shift: seconds of the recording to skip, for other phases of the samples.
        turn: a rotation matrix [3, 3] for every vector, as if the sensor were mounted otherwise.

    Raises:
        DataError: no fast sensor in the app, or a channel that an input needs is not there.
    """
    sensors = [sensor for sensor in app.sensors.values() if sensor.frames]
    if not sensors:
        raise DataError(
            f"{where}: a recording, and no sensor of the app is sampled fast",
            hint="give a sensor with a fast driver its 'rate:'",
        )
    _require(app, inputs, recording, where)
    if turn is not None:
        recording = turned(app, recording, turn)
    hop_s = app.sample_s if hop_s is None else hop_s
    starts = _starts(sensors, recording, hop_s, shift)
    frames = tuple(
        _bursts(app, s, recording, start) for s, start in zip(sensors, starts, strict=True)
    )
    back = max(
        (Fraction(f.frames.count) / app.channels[f.channel or 0].rate for f in inputs if f.frames),
        default=Fraction(sensors[0].frames * 1000, sensors[0].rate_mhz),
    )
    scale = recording.rate_hz / _rate(sensors[0], recording)
    ends: NDArray[np.float64] = (starts[0] + sensors[0].frames).astype(np.float64) * scale
    labels, clear = majority(recording.labels, ends, round(float(back) * recording.rate_hz))
    return Ticks(_rows(app, recording, ends), frames, labels, clear)


def majority(
    labels: NDArray[np.int16], ends: NDArray[np.float64], back: int
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """What most of the ``back`` frames before each of ``ends`` are labelled, and the share of them
    that are; -1 counts, too, and wins a tie, then the lower class."""
    classes = int(labels.max(initial=NO_LABEL)) + 2
    counts = np.zeros((len(labels) + 1, classes), dtype=np.int32)
    np.cumsum(labels[:, None] == np.arange(-1, classes - 1), axis=0, out=counts[1:])
    last = np.minimum(np.rint(ends).astype(np.int64), len(labels))
    first = np.maximum(last - max(1, back), 0)
    here = counts[last] - counts[first]
    found = np.argmax(here, axis=1)
    share = here[np.arange(len(found)), found] / np.maximum(last - first, 1)
    return (found - 1).astype(np.int16), share.astype(np.float32)


def _rate(sensor: Sensor, recording: Recording) -> float:
    """Frames a second of the recording once it is resampled for a sensor."""
    rate = sensor.rate_mhz / 1000
    return recording.rate_hz if abs(recording.rate_hz / rate - 1) <= SAME_RATE else rate


def hop(app: App, inputs: Sequence[Feature], history: int) -> float:
    """Seconds between two samples of a recording: the app's period, or, where a sample says nothing
    of another, the longest burst, so that no frame goes to waste."""
    alone = history == 1 and all(feature.frames for feature in inputs)
    bursts = [s.frames * 1000 / s.rate_mhz for s in app.sensors.values() if s.frames]
    return max(bursts) if alone and bursts else app.sample_s


def _starts(
    sensors: Sequence[Sensor], recording: Recording, hop_s: float, shift: float
) -> list[NDArray[np.int64]]:
    """For each sensor, the frame at which each sample begins; as many as all of them have."""
    found = []
    for sensor in sensors:
        nominal = sensor.rate_mhz / 1000
        have = _resampled_length(recording, sensor)
        first = round(shift * nominal)
        step = hop_s * nominal
        most = max(0, int((have - first - sensor.frames) // step) + 1) if have > first else 0
        found.append(first + np.rint(np.arange(most) * step).astype(np.int64))
    n = min(len(start) for start in found)
    return [start[:n] for start in found]


def _ratio(recording: Recording, sensor: Sensor) -> Fraction:
    nominal = sensor.rate_mhz / 1000
    if abs(recording.rate_hz / nominal - 1) <= SAME_RATE:
        return Fraction(1)
    return Fraction(nominal / recording.rate_hz).limit_denominator(_LARGEST_FACTOR)


def _resampled_length(recording: Recording, sensor: Sensor) -> int:
    ratio = _ratio(recording, sensor)
    return -(-len(recording) * ratio.numerator // ratio.denominator)


def _resampled(values: Floats, ratio: Fraction) -> NDArray[np.float64]:
    """At ``ratio`` times the rate; what is missing stays missing."""
    if ratio == 1:
        return values.astype(np.float64)
    from scipy.signal import resample_poly

    gone = np.isnan(values)
    if gone.all():
        return np.full(-(-len(values) * ratio.numerator // ratio.denominator), np.nan)
    at = np.arange(len(values))
    whole = np.interp(at, at[~gone], values[~gone].astype(np.float64)) if gone.any() else values
    made: NDArray[np.float64] = resample_poly(
        np.asarray(whole, dtype=np.float64), ratio.numerator, ratio.denominator, padtype="line"
    )
    if gone.any():
        nearest = np.minimum(np.rint(np.arange(len(made)) / float(ratio)), len(values) - 1)
        made = np.where(gone[nearest.astype(np.int64)], np.nan, made)
    return made


def to_frames(values: NDArray[np.float64], channel: Channel) -> NDArray[np.int16]:
    """Physical values as frames: held at the ends of the channel's range, as a sensor does; NaN
    becomes :data:`NO_FRAME`."""
    steps = values * 10.0**-channel.scale
    whole = np.copysign(np.floor(np.abs(steps) + 0.5 + 1e-9), steps)
    held = np.clip(whole, channel.minimum, channel.maximum)
    return np.where(np.isnan(held), NO_FRAME, held).astype(np.int16)


def _bursts(
    app: App, sensor: Sensor, recording: Recording, starts: NDArray[np.int64]
) -> NDArray[np.int16]:
    """A fast sensor's frames at each sample."""
    ratio, at = _ratio(recording, sensor), starts[:, None] + np.arange(sensor.frames)
    made = np.full((*at.shape, len(sensor.channels)), NO_FRAME, dtype=np.int16)
    for k, name in enumerate(sensor.channels):
        if name in recording.channels:
            values = _resampled(recording.channels[name], ratio)
            made[:, :, k] = to_frames(values, app.channels[app.channel_id(name)])[at]
    return made


def _rows(app: App, recording: Recording, ends: NDArray[np.float64]) -> NDArray[np.int32]:
    """Slow channels that were recorded, too: the latest value at each sample's end."""
    rows = np.full((len(ends), max(1, len(app.channels))), MISSING, dtype=np.int32)
    last = np.minimum(np.rint(ends).astype(np.int64), len(recording)) - 1
    for i, channel in enumerate(app.channels):
        if not channel.frames and channel.name in recording.channels:
            rows[:, i] = to_scaled(recording.channels[channel.name][last], channel)
    return rows


def turned(app: App, recording: Recording, turn: NDArray[np.float64]) -> Recording:
    """The recording of a sensor that is mounted otherwise: every vector rotated alike."""
    channels = dict(recording.channels)
    for ids in vectors(app.channels).values():
        names = [app.channels[i].name for i in ids]
        if all(name in channels for name in names):
            other = turn @ np.array([channels[name] for name in names], dtype=np.float64)
            channels |= {
                name: part.astype(np.float32) for name, part in zip(names, other, strict=True)
            }
    return replace(recording, channels=channels)


def _require(app: App, inputs: Sequence[Feature], recording: Recording, where: str) -> None:
    for feature in inputs:
        if feature.channel is None:
            continue
        frames = feature.frames
        ids = (*frames.channels, *frames.axis) if frames else (feature.channel,)
        for i in (*ids, *(() if feature.other is None else (feature.other,))):
            name = app.channels[i].name
            if name not in recording.channels:
                raise DataError(
                    f"{where}: `{feature.text}` needs {name}, which the data does not have",
                    hint="take that input out of the model or name another data set",
                )
