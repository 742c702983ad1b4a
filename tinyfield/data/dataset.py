"""What the data room hands on: series of channel values with labels, and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import DataError

Split = Literal["train", "valid", "test"]
Origin = Literal["measured", "driven", "generated"]

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
NO_LABEL = -1


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
        labels: class index [n]; -1 where the truth is not asked for.
        origin: ``measured`` (real sensors), ``driven`` (physics driven by real weather and real
            water, tied to real probes) or ``generated`` (no measurement in it).
    """

    group: str
    site: Mapping[str, Any]
    period_s: int
    t0: datetime
    channels: Mapping[str, NDArray[np.float64]]
    day: NDArray[np.int32]
    labels: NDArray[np.int16]
    origin: Origin

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True)
class Dataset:
    """Series, the split of their groups, and what is true of them.

    Attributes:
        name: the set's name, such as ``irrigation_maricopa``.
        classes: the label's class names; a label is an index into them.
        series: every series; one group may have several.
        split: group → ``train``, ``valid`` or ``test``.
        provenance: plain sentences for the build to print: what was measured, what generated.
    """

    name: str
    classes: tuple[str, ...]
    series: tuple[Series, ...]
    split: Mapping[str, Split]
    provenance: tuple[str, ...]

    def part(self, split: Split, origin: Origin | None = None) -> tuple[Series, ...]:
        """The series of one split, of one origin if given."""
        return tuple(
            s
            for s in self.series
            if self.split[s.group] == split and (origin is None or s.origin == origin)
        )

    def shares(self, split: Split | None = None) -> dict[str, float]:
        """Share of each class among the labelled samples (of one split), 0 to 1."""
        counts = np.zeros(len(self.classes), dtype=np.int64)
        for s in self.series:
            if split is None or self.split[s.group] == split:
                counts += np.bincount(s.labels[s.labels >= 0], minlength=len(self.classes))
        total = max(int(counts.sum()), 1)
        return {c: float(n) / total for c, n in zip(self.classes, counts, strict=True)}

    def verify(self) -> None:
        """Checks shapes, ranges and the split. Raises DataError naming set, group and column."""
        if not self.series:
            raise DataError(f"{self.name}: no series in it", hint="Give a folder that has data.")
        names: set[str] | None = None
        for s in self.series:
            where = f"{self.name}: {s.group}"
            if names is not None and set(s.channels) != names:
                raise DataError(f"{where}: other channels than the series before it")
            names = set(s.channels)
            for name, values in s.channels.items():
                if values.shape != s.day.shape:
                    raise DataError(
                        f"{where}: {name} has {len(values)} values, the days {len(s.day)}"
                    )
                if np.isinf(values).any():
                    raise DataError(f"{where}: {name} has an infinite value")
            if s.labels.shape != s.day.shape:
                raise DataError(f"{where}: {len(s.labels)} labels, {len(s.day)} samples")
            if s.labels.min(initial=0) < NO_LABEL or s.labels.max(initial=0) >= len(self.classes):
                raise DataError(f"{where}: a label outside 0..{len(self.classes) - 1}")
            if s.group not in self.split:
                raise DataError(f"{where}: in no split")
            if s.period_s <= 0:
                raise DataError(f"{where}: period_s must be positive, it is {s.period_s}")
        if any(not any(s.labels.max(initial=-1) >= 0 for s in self.part(p)) for p in ("test",)):
            raise DataError(
                f"{self.name}: nothing labelled to test on",
                hint="At least one plot must be in the test split.",
            )

    def require_classes(self) -> None:
        """Raises DataError if the training labels hold one class only."""
        shares = self.shares("train")
        seen = [c for c, share in shares.items() if share > 0]
        if len(seen) < 2:
            raise DataError(
                f"{self.name}: the training labels are all {seen[0] if seen else 'missing'!r}",
                hint="Add plots or seasons in which another class occurs.",
            )

    def dump(self) -> str:
        """A short text for people and golden tests."""
        lines = [f"dataset {self.name}: {len(self.series)} series, classes {list(self.classes)}"]
        lines += [f"  {sentence}" for sentence in self.provenance]
        for split in SPLITS:
            part = self.part(split)
            rows = sum(int((s.labels >= 0).sum()) for s in part)
            share = " ".join(f"{c} {v:.0%}" for c, v in self.shares(split).items())
            lines.append(f"  {split}: {len(part)} series, {rows} labelled ({share})")
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

        text([self.name, self.classes, dict(self.split), self.provenance])
        for s in self.series:
            text([s.group, dict(s.site), s.period_s, s.t0.isoformat(), s.origin])
            for name, values in sorted(s.channels.items()):
                h.update(name.encode())
                h.update(np.ascontiguousarray(values).tobytes())
            h.update(s.day.tobytes())
            h.update(s.labels.tobytes())
        return h.hexdigest()


class World(Protocol):
    """A closed loop for the sim: it answers the node's sensors and feels its actuators."""

    days: int

    def sample(self, t: int) -> dict[str, float]:
        """Channel name → physical value at virtual second ``t`` (never going back); NaN = none."""
        ...

    def actuate(self, t: int, actuator: str, on: bool) -> None:
        """The node switched an actuator at virtual second ``t``."""
        ...

    def summary(self) -> dict[str, float]:
        """Figures of the season so far, such as litres used and days under stress."""
        ...
