"""What the data room hands on: series of channel values with labels, and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import DataError

Split = Literal["train", "valid", "test"]
Origin = Literal["measured", "driven", "generated"]

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
NO_LABEL = -1


class LabelError(DataError):
    """An app asks a data set for a label that it does not have."""


@dataclass(frozen=True)
class Series:
    """One plot (or person, or machine) through one stretch of time, evenly sampled.

    Attributes:
        group: what must not be torn apart by a split, such as ``2018/p04-2``.
        site: facts of the place; ``plant`` names a crop of the bundled table, ``crop`` may hold
            what differs from it there (``stages``, ``kcb``, ``p``, ``root_mm``: see
            :class:`tinyfield.spec.crops.Crop`).
        period_s: seconds between samples.
        t0: local time of the first sample.
        channels: channel name → values [n] in the channel's unit; NaN where there is no reading.
        day: whole days since planting, [n].
        labels: class index [n]; -1 where the truth is not asked for. 0 where a number is asked for.
        origin: ``measured`` (real sensors), ``driven`` (physics driven by real weather and real
            water, tied to real probes) or ``generated`` (no measurement in it).
        values: for a regression the number to give [n], in the target's unit, NaN where it is not
            known; also where it is not asked for, if it is known there. For classes that are steps
            of one quantity, where that is known: the quantity, in a scale in which equal distances
            weigh alike.
        stretch_s: where few groups are all there is, the seconds after which rows of one count as
            independent for a score's interval; 0: never.
        evidence: of a driven series a hash of the measurements that each sample hangs on, [n]: its
            channels tell nothing, as their noise is drawn for its name.
    """

    group: str
    site: Mapping[str, Any]
    period_s: int
    t0: datetime
    channels: Mapping[str, NDArray[np.float64]]
    day: NDArray[np.int32]
    labels: NDArray[np.int16]
    origin: Origin
    values: NDArray[np.float64] | None = None
    stretch_s: int = 0
    evidence: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True)
class Recording:
    """One stretch of fast-sampled channels (an accelerometer's, say) without a gap.

    Attributes:
        group: what must not be torn apart by a split, such as ``subject-07``.
        site: facts of the place or of whoever wears the sensor.
        rate_hz: frames a second, above 0; it need not be the app's rate.
        t0: local time of the first frame.
        channels: channel name → values [n frames] in the channel's unit; NaN where there is none.
        labels: class index of each frame, [n frames]; -1 where the truth is not asked for.
        origin: as of a :class:`Series`.
    """

    group: str
    site: Mapping[str, Any]
    rate_hz: float
    t0: datetime
    channels: Mapping[str, NDArray[np.float32]]
    labels: NDArray[np.int16]
    origin: Origin

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to one period after the last."""
        return len(self) / self.rate_hz


Source: TypeAlias = Series | Recording
"""Anything that a group of a data set may hold."""


@dataclass(frozen=True)
class Dataset:
    """Series and recordings, the split of their groups, and what is true of them.

    Attributes:
        name: the set's name, such as ``irrigation_maricopa``.
        classes: the label's class names; a label is an index into them. Of a regression empty.
        series: every series; one group may have several.
        split: group → ``train``, ``valid`` or ``test``.
        provenance: plain sentences for the build to print: what was measured, what generated.
        recordings: what was sampled fast; a set has series, recordings or both.
        lead_s: how long after its sample a label or a number becomes known; 0: it is of its own
            time.
    """

    name: str
    classes: tuple[str, ...]
    series: tuple[Series, ...]
    split: Mapping[str, Split]
    provenance: tuple[str, ...]
    recordings: tuple[Recording, ...] = ()
    lead_s: int = 0

    @property
    def sources(self) -> tuple[Source, ...]:
        """The series, then the recordings."""
        return (*self.series, *self.recordings)

    def part(self, split: Split, origin: Origin | None = None) -> tuple[Source, ...]:
        """The series and recordings of one split, of one origin if given."""
        return tuple(
            s
            for s in self.sources
            if self.split[s.group] == split and (origin is None or s.origin == origin)
        )

    def shares(self, split: Split | None = None) -> dict[str, float]:
        """Share of each class among the labelled samples or, of recordings, the labelled time
        (of one split), 0 to 1."""
        counts = np.zeros(len(self.classes), dtype=np.float64)
        for s in self.sources if self.classes else ():
            if split is None or self.split[s.group] == split:
                weight = 1 / s.rate_hz if isinstance(s, Recording) else 1
                counts += weight * np.bincount(s.labels[s.labels >= 0], minlength=len(self.classes))
        total = float(counts.sum()) or 1.0
        return {c: float(n) / total for c, n in zip(self.classes, counts, strict=True)}

    def verify(self) -> None:
        """Checks shapes, ranges and the split. Raises DataError naming set, group and column."""
        if not self.sources:
            raise DataError(f"{self.name}: no series in it", hint="Give a folder that has data.")
        names: dict[type, set[str]] = {}
        for s in self.sources:
            where = f"{self.name}: {s.group}"
            if names.setdefault(type(s), set(s.channels)) != set(s.channels):
                kind = "recording" if isinstance(s, Recording) else "series"
                raise DataError(f"{where}: other channels than the {kind} before it")
            self._verify_values(s, where)
            most = max(1, len(self.classes))
            if s.labels.min(initial=0) < NO_LABEL or s.labels.max(initial=0) >= most:
                raise DataError(f"{where}: a label outside 0..{len(self.classes) - 1}")
            numbers = None if isinstance(s, Recording) else s.values
            if numbers is not None and numbers.shape != s.labels.shape:
                raise DataError(f"{where}: {len(numbers)} values, {len(s.labels)} samples")
            evidence = None if isinstance(s, Recording) else s.evidence
            if evidence is not None and evidence.shape != s.labels.shape:
                raise DataError(f"{where}: evidence of {len(evidence)} of {len(s.labels)} samples")
            if not self.classes and numbers is None:
                raise DataError(f"{where}: neither classes nor values to learn")
            if s.group not in self.split:
                raise DataError(f"{where}: in no split")
        if not any(s.labels.max(initial=-1) >= 0 for s in self.part("test")):
            raise DataError(
                f"{self.name}: nothing labelled to test on",
                hint="At least one plot must be in the test split.",
            )

    @staticmethod
    def _verify_values(s: Source, where: str) -> None:
        if isinstance(s, Recording):
            shape, against, unit = s.labels.shape, "the labels", "frames"
            if not (s.rate_hz > 0 and np.isfinite(s.rate_hz)):
                raise DataError(f"{where}: rate_hz must be positive, it is {s.rate_hz}")
            if not s.channels:
                raise DataError(f"{where}: a recording without a channel")
        else:
            shape, against, unit = s.day.shape, "the days", "samples"
            if s.period_s <= 0:
                raise DataError(f"{where}: period_s must be positive, it is {s.period_s}")
        if len(shape) != 1 or s.labels.shape != shape:
            raise DataError(f"{where}: {len(s.labels)} labels, {shape} {unit}")
        for name, values in s.channels.items():
            if values.shape != shape:
                raise DataError(f"{where}: {name} has {len(values)} values, {against} {shape[0]}")
            if np.isinf(values).any():
                raise DataError(f"{where}: {name} has an infinite value")

    def require_classes(self) -> None:
        """Raises DataError if the training labels hold one class only, or no value."""
        if not self.classes:
            known = [
                s.values[s.labels >= 0]
                for s in self.series
                if self.split[s.group] == "train" and s.values is not None
            ]
            if not any(np.isfinite(v).any() for v in known):
                raise DataError(
                    f"{self.name}: no value to learn from in the training split",
                    hint="Add plots or seasons in which it is known.",
                )
            return
        shares = self.shares("train")
        seen = [c for c, share in shares.items() if share > 0]
        if len(seen) < 2:
            raise DataError(
                f"{self.name}: the training labels are all {seen[0] if seen else 'missing'!r}",
                hint="Add plots or seasons in which another class occurs.",
            )

    def dump(self) -> str:
        """A short text for people and golden tests."""
        lines = [f"dataset {self.name}: {_count(self.sources)}, classes {list(self.classes)}"]
        lines += [f"  {sentence}" for sentence in self.provenance]
        for split in SPLITS:
            part = self.part(split)
            share = " ".join(f"{c} {v:.0%}" for c, v in self.shares(split).items())
            lines.append(f"  {split}: {_count(part)}, {_labelled(part)} labelled ({share})")
            for origin in ("measured", "driven", "generated"):
                some = [s for s in part if s.origin == origin]
                if some:
                    lines.append(f"    {origin}: " + ", ".join(s.group for s in some))
        return "\n".join(lines)

    def key(self) -> str:
        """SHA-256 of everything in it, in hex."""
        h = hashlib.sha256()

        def text(value: object) -> None:
            h.update(json.dumps(value, sort_keys=True, default=str).encode())

        text([self.name, self.classes, dict(self.split), self.provenance, self.lead_s])
        for s in self.series:
            text([s.group, dict(s.site), s.period_s, s.t0.isoformat(), s.origin])
            for name, values in sorted(s.channels.items()):
                h.update(name.encode())
                h.update(np.ascontiguousarray(values).tobytes())
            h.update(s.day.tobytes())
            h.update(s.labels.tobytes())
            for more in (s.values, s.evidence):
                h.update(b"" if more is None else more.tobytes())
        for r in self.recordings:
            text([r.group, dict(r.site), r.rate_hz, r.t0.isoformat(), r.origin])
            for name, frames in sorted(r.channels.items()):
                h.update(name.encode())
                h.update(np.ascontiguousarray(frames).tobytes())
            h.update(r.labels.tobytes())
        return h.hexdigest()


def _count(sources: tuple[Source, ...]) -> str:
    """``3 series``, ``24 recordings`` or both."""
    recordings = sum(isinstance(s, Recording) for s in sources)
    counts = ((len(sources) - recordings, "series"), (recordings, "recordings"))
    return " and ".join(f"{n} {what}" for n, what in counts if n) or "0 series"


def _labelled(sources: tuple[Source, ...]) -> str:
    """Labelled samples of the series, labelled minutes of the recordings."""
    series = [s for s in sources if isinstance(s, Series)]
    recorded = [r for r in sources if isinstance(r, Recording)]
    samples = str(sum(int((s.labels >= 0).sum()) for s in series))
    minutes = sum(float((r.labels >= 0).sum()) / r.rate_hz for r in recorded) / 60
    return " and ".join(
        text
        for text, has in ((samples, series or not recorded), (f"{minutes:.1f} min", recorded))
        if has
    )


class World(Protocol):
    """A closed loop for the sim: it answers the node's sensors and feels its actuators.

    A world for an app with a fast sensor has one method more::

        def burst(self, t: int, frames: int, rate_hz: float) -> dict[str, NDArray[np.float64]]:
            '''Channel name → the ``frames`` frames that end at virtual second ``t``, oldest first
            (frame i is that of t - (frames - i) / rate_hz), in the channel's unit; NaN = none.'''
    """

    @property
    def days(self) -> float:
        """How long it goes on."""
        ...

    def sample(self, t: int) -> dict[str, float]:
        """Channel name → physical value at virtual second ``t`` (never going back); NaN = none."""
        ...

    def actuate(self, t: int, actuator: str, on: bool) -> None:
        """The node switched an actuator at virtual second ``t``."""
        ...

    def summary(self) -> dict[str, float]:
        """Figures of the season so far, such as litres used and days under stress."""
        ...
