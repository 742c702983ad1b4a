"""What training sees: one row a labelled sample, the inputs exactly as the node computes them.

It is a little over 400 lines because series and recordings end in the one table, with one set of
checks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.dataset import NO_LABEL, SPLITS, Dataset, Origin, Recording, Series, Split
from tinyfield.data.generators.mounting import ROTATIONS
from tinyfield.errors import DataError
from tinyfield.features.between import between
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.scale import MISSING, to_scaled
from tinyfield.features.site import crop_fields
from tinyfield.features.ticks import SAME_RATE, Ticks, cut, hop
from tinyfield.spec.crops import Crop, crops

if TYPE_CHECKING:
    from tinyfield.spec import App, Feature
    from tinyfield.spec.app import Target


REFIT: Literal["refit"] = "refit"
"""Split of rows that only a refit learns from: copies of validation recordings."""

ALL: Literal["all"] = "all"
"""Split of rows that only a refit to all rows learns from: copies of test recordings."""

Refit = bool | Literal["all"]
"""Whether a model is fitted once more, and to what."""


def refits(asked: Refit) -> dict[str, tuple[str, ...]]:
    """Of each time that a model is fitted once more the split of the rows that are made for that
    alone, and all splits that it then learns from."""
    found: dict[str, tuple[str, ...]] = {}
    if asked:
        found[REFIT] = ("train", "valid", REFIT)
    if asked == "all":
        found[ALL] = (*found[REFIT], "test", ALL)
    return found


STRETCH = "@"
"""Before the number of a stretch of time, in a row's group."""

_COPIES = 0xC0
"""Tells the random numbers of copies from any others of the same seed."""


@dataclass(frozen=True)
class FeatureTable:
    """The labelled rows of a data set whose inputs all had a value.

    Attributes:
        model: the model whose inputs these are.
        names: the inputs' texts, [k]; a one-hot of width w appears as ``text = 0 … w-1``.
        classes: class names; ``y`` indexes them. Of a regression empty.
        X: int32 inputs [n, history · k], each in its feature's scale, the oldest sample first.
        y: class index [n]; of a regression the target's integer, in its scale.
        group: the group of each row, [n]; ``group@3`` where stretches of time count as groups.
        split: ``train``, ``valid`` or ``test`` of each row, :data:`REFIT` or :data:`ALL`, [n].
        origin: ``measured``, ``driven`` or ``generated`` of each row, [n].
        t: seconds since the start of the row's series or recording, [n].
        dropped: labelled rows left out because an input was missing.
        dataset: name of the data set.
        provenance: its sentences on what was measured and what generated.
        history: how many samples' inputs a row holds.
        before: the last label, or target, that is known at the row, MISSING where none is [n]: what
            persistence would say. None of classes that are of their own time.
        when: local time of each row, seconds since 2000 [n].
        dated: whether that is when it was, as in series; recordings begin at a made-up time.
        lead_s: how long after its row a label, or target, becomes known.
        target: the number that a regression is to give.
        amount: of ordered classes the quantity that they are steps of [n], where the data tell it.
        clear: of a row from a recording the share of the label's window that is labelled so, else
            1, [n]; less than 1 where one thing goes over into another.
        device: what each row was recorded with, where the data tell it, else empty [n].
        refit: whether the model is fitted once more, to training and validation rows, once the
            latter have settled what they choose; ``all``: and what is shipped once more to all
            rows, once the test rows have told how good that is.
    """

    model: str
    names: tuple[str, ...]
    classes: tuple[str, ...]
    X: NDArray[np.int32]
    y: NDArray[np.int16] | NDArray[np.int32]
    group: NDArray[np.str_]
    split: NDArray[np.str_]
    origin: NDArray[np.str_]
    t: NDArray[np.int64]
    dropped: int = 0
    dataset: str = ""
    provenance: tuple[str, ...] = ()
    history: int = 1
    before: NDArray[np.int32] | None = None
    when: NDArray[np.int64] | None = None
    lead_s: int = 0
    target: Target | None = None
    amount: NDArray[np.float64] | None = None
    clear: NDArray[np.float32] | None = None
    device: NDArray[np.str_] | None = None
    refit: Refit = False
    dated: bool = False

    def __len__(self) -> int:
        return len(self.y)

    def part(self, split: Split | Literal["refit", "all"]) -> FeatureTable:
        """The rows of one split."""
        return self.rows(self.split == split)

    @property
    def learned(self) -> FeatureTable:
        """The rows that the model which is scored is fitted to."""
        return self.rows(np.isin(self.split, refits(self.refit).get(REFIT, ("train",))))

    @property
    def judged(self) -> FeatureTable:
        """For who only wants scores: without what a refit to all rows takes further."""
        return replace(self.rows(self.split != ALL), refit=bool(self.refit))

    def rows(self, keep: NDArray[Any]) -> FeatureTable:
        """The rows that a mask or an index selects."""
        return replace(
            self,
            X=self.X[keep],
            y=self.y[keep],
            group=self.group[keep],
            split=self.split[keep],
            origin=self.origin[keep],
            t=self.t[keep],
            before=None if self.before is None else self.before[keep],
            when=None if self.when is None else self.when[keep],
            amount=None if self.amount is None else self.amount[keep],
            clear=None if self.clear is None else self.clear[keep],
            device=None if self.device is None else self.device[keep],
        )

    def verify(self, *, one_class: bool = False) -> None:
        """Checks what training relies on.

        Raises:
            DataError: shapes, a missing value, a label out of range, a group in two splits, an
                empty split, or one class only.
        """
        n, where = len(self.y), f"features of {self.model}"
        for name in ("X", "group", "split", "origin", "t"):
            if len(getattr(self, name)) != n:
                raise DataError(f"{where}: {len(getattr(self, name))} {name}, {n} labels")
        if self.X.ndim != 2 or self.X.shape[1] != len(self.names) * self.history:
            raise DataError(f"{where}: {self.X.shape} values for {len(self.names)} names")
        if n and (self.X == MISSING).any():
            missing = int((self.X == MISSING).any(axis=0).argmax())
            column = self.names[missing % len(self.names)]
            raise DataError(f"{where}: `{column}` has rows without a value")
        if n and self.classes and (self.y.min() < 0 or self.y.max() >= len(self.classes)):
            raise DataError(f"{where}: a label outside the {len(self.classes)} classes")
        for split in SPLITS:
            if not (self.split == split).any():
                raise DataError(
                    f"{where}: no usable row in the {split} split",
                    hint=f"{self.dropped} labelled rows had no value for some input; "
                    "look for sensors that the data does not have"
                    if self.dropped
                    else "add groups (plots, subjects, seasons) to the data set",
                )
        seen = np.unique(self.y[self.split == "train"])
        if len(seen) < 2 and not self.classes:
            raise DataError(
                f"{where}: the target is always the same in the training rows",
                hint="add data in which it changes",
            )
        if len(seen) < 2 and not one_class:
            raise DataError(
                f"{where}: the training rows hold one class only ({self.classes[int(seen[0])]})",
                hint="add data in which another class occurs",
            )
        self._verify_groups(where)

    def _verify_groups(self, where: str) -> None:
        places: dict[str, set[str]] = {}
        pairs = set(zip(self.group.tolist(), self.split.tolist(), strict=True))
        for group, split in pairs:
            if split not in (REFIT, ALL):
                places.setdefault(group, set()).add(split)
        for group in {group for group, split in pairs if split == REFIT}:
            if "test" in places.get(group, ()):
                places[group].add(REFIT)
        torn = sorted(group for group, splits in places.items() if len(splits) > 1)
        if torn:
            named = ", ".join(
                f"{group} ({' and '.join(sorted(places[group]))})" for group in torn[:3]
            )
            raise DataError(
                f"{where}: {len(torn)} of {len(places)} groups lie in two splits at once: {named}"
                + (" …" if len(torn) > 3 else "")
                + "; what is tested would have been trained on",
                hint="give every plot, subject or season to one split only",
            )

    def dump(self) -> str:
        """A short text for people and golden tests: rows a split, and each input's range."""
        lines = [f"features of {self.model}: {len(self)} rows, {self.dropped} without a value"]
        if self.history > 1:
            lines[0] += f", {self.history} samples each"
        for split in SPLITS:
            part = self.y[self.split == split]
            counts = np.bincount(part if self.classes else [], minlength=len(self.classes))
            text = ", ".join(f"{c} {n}" for c, n in zip(self.classes, counts, strict=True))
            if not self.classes:
                text = " … ".join(f"{v:.0f}" for v in np.percentile(part, (1, 50, 99)))
            lines.append(f"  {split}: {len(part)} ({text})")
        for i, name in enumerate(self.names):
            if len(self):
                low, mid, high = np.percentile(self.X[:, i :: len(self.names)], (1, 50, 99))
                lines.append(f"  [{i}] {name}: {low:.0f} … {mid:.0f} … {high:.0f}")
        return "\n".join(lines)

    def key(self) -> str:
        """SHA-256 of everything in it, in hex."""
        digest = hashlib.sha256()
        text = (self.model, self.names, self.classes, self.dropped, self.dataset, self.provenance,
                self.refit, self.lead_s)  # fmt: skip
        digest.update(repr((*text, self.history, self.target)).encode())
        more = [array for array in (self.before, self.when) if array is not None]
        for array in (self.X, self.y, self.t, *more):
            digest.update(np.ascontiguousarray(array).tobytes())
        if self.amount is not None:
            digest.update(np.ascontiguousarray(self.amount).tobytes())
        for words in (self.group, self.split, self.origin):
            digest.update("\0".join(words.tolist()).encode())
        return digest.hexdigest()


def compute(app: App, model: str, dataset: Dataset, *, every_s: int | None = None) -> FeatureTable:
    """Runs the generated C over every series and recording and keeps the labelled rows.

    Args:
        app: gives channels, sample period and the model's inputs; of the training split's
            recordings, the copies that ``train.augment`` asks for are run, too.
        model: name of the model.
        dataset: series at the app's sample period, recordings of any rate.
        every_s: keep at most one row each so many seconds of a series (None: all).

    Raises:
        DataError: a channel or a crop that the inputs need is not in the data, or another period.
    """
    library = FeatureLibrary(app)
    inputs, history = app.models[model].inputs, app.models[model].history
    _check_lengths(app, inputs, dataset)
    step = app.models[model].hop
    parts: list[dict[str, Any]] = []
    dropped = 0
    for run in _runs(app, model, dataset):
        crop = _crop(app, run.site, run.group)
        fields = None if crop is None else crop_fields(crop)
        X, valid = library.run(model, run.rows, run.when, fields, run.frames)
        there = valid if history == 1 else entered(valid, step)
        asked = run.labels != NO_LABEL
        if run.told is not None:
            asked &= run.told != MISSING
        if every_s is not None:
            asked &= np.arange(len(run.labels)) % max(1, every_s // app.sample_s) == 0
        keep = asked & there
        dropped += int((asked & ~there).sum())
        at = np.flatnonzero(keep)
        parts.append(
            {
                "X": windows(X, valid, at, history, step),
                "y": run.labels[keep].astype(np.int16) if run.told is None else run.told[keep],
                "t": at.astype(np.int64) * app.sample_s,
                "when": run.when[at, 1].astype(np.int64) * 86_400 + run.when[at, 2],
                "group": run.groups(at * app.sample_s),
                "split": np.full(len(at), run.split or dataset.split[run.group]),
                "origin": np.full(len(at), run.origin),
                "clear": np.ones(len(at), np.float32) if run.clear is None else run.clear[at],
                "device": np.full(len(at), str(run.site.get("device", ""))),
            }
        )
        if run.told is not None or dataset.lead_s:
            labels = run.labels.astype(np.int32)
            known = np.where(labels == NO_LABEL, np.int32(MISSING), labels)
            known = known if run.told is None else run.told
            parts[-1]["before"] = _before(known, dataset.lead_s // app.sample_s)[keep]
        if run.told is None and run.amount is not None:
            parts[-1]["amount"] = run.amount[keep]
    if not parts:
        raise DataError(f"{dataset.name}: no series in it")
    train = app.models[model].train
    if train.augment is not None and train.augment.between is not None:
        parts += between(parts, dataset, train.augment.between, refits(train.refit))
    joined = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    return FeatureTable(
        model=model,
        names=tuple(_names(inputs)),
        classes=dataset.classes,
        dropped=dropped,
        dataset=dataset.name,
        provenance=dataset.provenance,
        history=history,
        lead_s=dataset.lead_s,
        target=app.models[model].target,
        refit=train.refit,
        dated=not dataset.recordings,
        **joined,
    )


@dataclass(frozen=True)
class _Run:
    """One life of a node: what it samples, in order, and what is known of it; ``split`` where it is
    not its group's."""

    group: str
    origin: Origin
    site: Mapping[str, Any]
    rows: NDArray[np.int32]
    when: NDArray[np.int32]
    labels: NDArray[np.int16]
    frames: tuple[NDArray[np.int16], ...] | None = None
    told: NDArray[np.int32] | None = None
    amount: NDArray[np.float64] | None = None
    clear: NDArray[np.float32] | None = None
    split: str = ""
    stretch_s: int = 0

    def groups(self, t: NDArray[np.int64]) -> NDArray[np.str_]:
        """The group of each row, at seconds t [n]; its stretches are groups of their own."""
        if not self.stretch_s:
            return np.full(len(t), self.group)
        return np.array([f"{self.group}{STRETCH}{n}" for n in t // self.stretch_s], np.str_)


def _check_lengths(app: App, inputs: Sequence[Feature], dataset: Dataset) -> None:
    """Whether each split has a recording in which the longest window of frames finds room."""
    needed, text = max(
        (
            (float(f.frames.count / app.channels[f.channel or 0].rate), f.text)
            for f in inputs
            if f.frames
        ),
        default=(0.0, ""),
    )
    for split in SPLITS:
        lengths = [r.duration_s for r in dataset.recordings if dataset.split[r.group] == split]
        if lengths and max(lengths) * (1 + SAME_RATE) < needed:
            raise DataError(
                f"{dataset.name}: the longest {split} recording lasts {max(lengths):.3g} s, and "
                f"`{text}` is longer",
                hint="shorten the windows, or give longer recordings",
            )


def _runs(app: App, model: str, dataset: Dataset) -> Iterator[_Run]:
    """Every series, then every recording, a training one followed by its copies; so are those of
    the other splits where a refit will learn from them."""
    inputs, target = app.models[model].inputs, app.models[model].target
    train = app.models[model].train
    for s in dataset.series:
        rows = _rows(app, inputs, s, dataset.name)
        told = None if target is None else _told(s, target, dataset)
        amount = s.values if target is None else None
        yield _Run(
            s.group, s.origin, s.site, rows, times(s), s.labels, told=told, amount=amount,
            stretch_s=s.stretch_s,
        )  # fmt: skip
    for number, r in enumerate(dataset.recordings):
        where = f"{dataset.name}, {r.group}"
        hop_s = hop(app, inputs, app.models[model].history)
        if target is not None:
            raise DataError(f"{where}: no number to learn in a recording", hint="use classes")
        yield _recorded(app, r, cut(app, inputs, r, where, hop_s=hop_s))
        augment, split = train.augment, dataset.split[r.group]
        copied = _copied(train.refit).get(split)
        if augment is not None and copied is not None:
            for copy in range(augment.copies):
                rng = np.random.default_rng([number, copy, _COPIES])
                turn = None if augment.rotate == "no" else ROTATIONS[augment.rotate](rng)
                shift = float(rng.uniform(0, hop_s)) if augment.shift else 0.0
                made = cut(app, inputs, r, where, hop_s=hop_s, shift=shift, turn=turn)
                yield replace(_recorded(app, r, made), split=copied)


def _copied(refit: Refit) -> dict[str, str]:
    """The splits whose recordings are copied, and those that the copies belong to."""
    own = {"train": "train"}
    for split, splits in refits(refit).items():
        own |= {name: split for name in splits if name in SPLITS and name not in own}
    return own


def _recorded(app: App, r: Recording, ticks: Ticks) -> _Run:
    when = _clock(r.t0, len(ticks), app.sample_s, np.zeros(len(ticks), dtype=np.int32))
    return _Run(
        r.group, r.origin, r.site, ticks.rows, when, ticks.labels, ticks.frames, clear=ticks.clear
    )


def _told(series: Series, target: Target, dataset: Dataset) -> NDArray[np.int32]:
    """The target's integers [n], MISSING where it is not known or beyond its range."""
    if series.values is None:
        raise DataError(f"{dataset.name}, {series.group}: no number to learn", hint="use classes")
    return to_scaled(series.values, target)


def _before(told: NDArray[Any], lead: int) -> NDArray[np.int32]:
    """The last known of those that are ``lead`` samples old and older (one sample where they are
    of their own time)."""
    lead = max(1, lead)
    found = np.full(len(told), MISSING, np.int32)
    found[lead:] = told[:-lead]
    last = np.maximum.accumulate(np.where(found == MISSING, 0, np.arange(len(found))))
    return found[last]


def entered(valid: NDArray[np.bool_], hop: int = 1) -> NDArray[np.bool_]:
    """Where a node's history holds rows: where the latest of every ``hop``-th sample, which enter
    it, had inputs."""
    return np.repeat(valid[::hop], hop)[: len(valid)]


def windows(
    X: NDArray[np.int32],
    valid: NDArray[np.bool_],
    at: NDArray[np.int64],
    history: int,
    hop: int = 1,
) -> NDArray[np.int32]:
    """The inputs of the last ``history`` samples that entered it up to each of ``at``, oldest
    first: [len(at), history · k]. Before the first sample, or the first after a gap, stands that
    one, as ``tiny_history_entered`` of the node has it."""
    rows, number = X[::hop], np.arange(len(X[::hop]))
    first = np.maximum.accumulate(np.where(valid[::hop], 0, number + 1))
    newest = at[:, None] // hop
    back = np.maximum(newest + np.arange(1 - history, 1), first[newest])
    found: NDArray[np.int32] = rows[back].reshape(len(at), history * X.shape[1])
    return found


def scaled_rows(app: App, series: Series) -> NDArray[np.int32]:
    """The series as the node's rows: [n, channels] in channel order; a channel that the series
    does not have is missing throughout, and so is a fast one: a series has no frames."""
    rows = np.full((len(series), max(1, len(app.channels))), MISSING, dtype=np.int32)
    for i, channel in enumerate(app.channels):
        if channel.name in series.channels and not channel.frames:
            rows[:, i] = to_scaled(series.channels[channel.name], channel)
    return rows


def times(series: Series) -> NDArray[np.int32]:
    """What the node's clock says at each sample: [n, 3] days since planting, days since 1 January
    2000, second of the local day."""
    return _clock(series.t0, len(series), series.period_s, series.day)


def _clock(t0: datetime, n: int, period_s: int, day: NDArray[np.int32]) -> NDArray[np.int32]:
    since = int((t0 - datetime(2000, 1, 1)) / timedelta(seconds=1))
    at = since + np.arange(n, dtype=np.int64) * period_s
    return np.stack([day, at // 86400, at % 86400], axis=1).astype(np.int32)


def _rows(app: App, inputs: Sequence[Feature], series: Series, dataset: str) -> NDArray[np.int32]:
    where = f"{dataset}, {series.group}"
    if series.period_s != app.sample_s:
        raise DataError(
            f"{where}: sampled every {series.period_s} s, the app every {app.sample_s} s",
            hint="give data of the app's own period; buckets of windows depend on it",
        )
    for feature in inputs:
        if feature.channel is not None and feature.source not in series.channels:
            told = app.channels[feature.channel].told
            raise DataError(
                f"{where}: `{feature.text}` needs {feature.source}, which the data does not have",
                hint=f"give it as a column {feature.source} of 0 and 1, or ask the neighbour in a "
                "rule, which needs no data"
                if told
                else "take that input out of the model or name another data set",
            )
    return scaled_rows(app, series)


def _crop(app: App, site: Mapping[str, Any], group: str) -> Crop | None:
    plant = site.get("plant")
    if plant is None:
        return app.site.crop if app.site is not None else None
    table = crops()
    if plant not in table:
        raise DataError(f"{group}: no crop `{plant}` in the table")
    return replace(table[plant], **dict(site.get("crop") or {}))


def _names(inputs: Sequence[Feature]) -> Iterator[str]:
    for feature in inputs:
        yield from feature.names
