"""Keeps a made data set on disk under a key of everything that it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.dataset import Dataset, Recording, Series
from tinyfield.data.importers.tables import csv_files
from tinyfield.errors import DataError
from tinyfield.paths import cache_dir

if TYPE_CHECKING:
    from tinyfield.spec import App


def key(app: App, model: str, folder: Path | None, seed: int, held_out: bool) -> str:
    """Hash of the app's part in it, the files, this package's sources and the seed."""
    h = hashlib.sha256()
    m = app.models[model]
    site = app.site.model_dump(mode="json", exclude={"crop"}) if app.site else None
    crop = repr(app.site.crop) if app.site else None
    channels = [c.model_dump() for c in app.channels]
    rules = {n: [a.model_dump() for a in d.actions] for n, d in app.decisions.items()}
    what: list[Any] = [
        m.classes, str(m.target), m.train.model_dump(), site, crop, channels, rules, app.sample_s,
        seed, held_out,
    ]  # fmt: skip
    h.update(json.dumps(what, sort_keys=True, default=str).encode())
    here = Path(__file__).parent
    for source in sorted([*here.rglob("*.py"), *here.rglob("*.toml")]):
        h.update(source.read_bytes())
    for path in [*csv_files(folder), *sorted(folder.glob("*.npz"))] if folder else ():
        h.update(path.name.encode())
        try:
            h.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as e:
            raise DataError(
                f"{path}: cannot be read ({e.strerror})",
                hint="Let it be read, or take it out of the folder.",
            ) from None
    return h.hexdigest()


def _path(name: str) -> Path:
    return cache_dir() / "datasets" / f"{name[:32]}.npz"


def read(name: str, app: App) -> Dataset | None:
    """The kept data set, or None if there is none (or a damaged one)."""
    path = _path(name)
    if not path.is_file():
        return None
    units = {c.name: 10.0**c.scale for c in app.channels}
    try:
        with np.load(path) as kept:
            head = json.loads(bytes(kept["head"]).decode())
            series = []
            for i, s in enumerate(head["series"]):
                rows = kept[f"rows{i}"]
                gone = np.iinfo(np.int32).min
                channels = {
                    c: np.where(rows[:, k] == gone, np.nan, rows[:, k] * units[c])
                    for k, c in enumerate(s.pop("channels"))
                }
                site = dict(s.pop("site"))
                if "crop" in site:
                    site["crop"] = {
                        k: tuple(v) if isinstance(v, list) else v for k, v in site["crop"].items()
                    }
                series.append(
                    Series(
                        site=site,
                        t0=datetime.fromisoformat(s.pop("t0")),
                        channels=channels,
                        day=kept[f"day{i}"],
                        labels=kept[f"labels{i}"],
                        values=kept.get(f"values{i}"),
                        evidence=kept.get(f"evidence{i}"),
                        **s,
                    )
                )
            recordings = [
                Recording(
                    t0=datetime.fromisoformat(r.pop("t0")),
                    channels=dict(zip(r.pop("channels"), kept[f"frames{i}"], strict=True)),
                    labels=kept[f"truth{i}"],
                    **r,
                )
                for i, r in enumerate(head["recordings"])
            ]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return Dataset(
        name=head["name"],
        classes=tuple(head["classes"]),
        series=tuple(series),
        split=head["split"],
        provenance=tuple(head["provenance"]),
        recordings=tuple(recordings),
        lead_s=head["lead_s"],
    )


def write(name: str, dataset: Dataset, app: App) -> None:
    """Keeps it; a full or read-only disk is no error, only slower next time."""
    units = {c.name: 10.0**c.scale for c in app.channels}
    head: dict[str, Any] = {
        "name": dataset.name,
        "classes": dataset.classes,
        "split": dict(dataset.split),
        "provenance": dataset.provenance,
        "lead_s": dataset.lead_s,
        "series": [
            {
                "group": s.group,
                "site": dict(s.site),
                "period_s": s.period_s,
                "t0": s.t0.isoformat(),
                "channels": list(s.channels),
                "origin": s.origin,
                "stretch_s": s.stretch_s,
            }
            for s in dataset.series
        ],
        "recordings": [
            {
                "group": r.group,
                "site": dict(r.site),
                "rate_hz": r.rate_hz,
                "t0": r.t0.isoformat(),
                "channels": list(r.channels),
                "origin": r.origin,
            }
            for r in dataset.recordings
        ],
    }
    arrays: dict[str, NDArray[Any]] = {
        "head": np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    }
    for i, s in enumerate(dataset.series):
        rows = np.full((len(s), len(s.channels)), np.iinfo(np.int32).min, dtype=np.int32)
        for k, (c, values) in enumerate(s.channels.items()):
            ok = ~np.isnan(values)
            rows[ok, k] = np.round(values[ok] / units[c]).astype(np.int32)
        arrays[f"rows{i}"], arrays[f"day{i}"], arrays[f"labels{i}"] = rows, s.day, s.labels
        if s.values is not None:
            arrays[f"values{i}"] = s.values
        if s.evidence is not None:
            arrays[f"evidence{i}"] = s.evidence
    for i, r in enumerate(dataset.recordings):
        arrays[f"frames{i}"] = np.array([*r.channels.values()], dtype=np.float32)
        arrays[f"truth{i}"] = r.labels
    path = _path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, temporary = tempfile.mkstemp(dir=path.parent, suffix=".npz")
        with os.fdopen(fd, "wb") as f:
            np.savez_compressed(f, **arrays)  # type: ignore[arg-type]
        Path(temporary).replace(path)
    except OSError:
        return
