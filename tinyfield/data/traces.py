"""Writes a stretch of a generated season as a trace: CSV with units in the header.

``python -m tinyfield.data.traces apps/irrigation.yaml apps/traces/dry_week.csv --from-day 60``
"""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyfield.data.bed_world import BedWorld, unseen
from tinyfield.data.generators.bed import bed_of

if TYPE_CHECKING:
    from tinyfield.spec import App


def dry_spell(
    app: App, *, from_day: int, days: int, step_s: int = 1800, seed: int = 0, wet: float = 0.95
) -> str:
    """The app's readings over days without water, from soil that holds a share ``wet`` of what it
    can; rows every ``step_s`` seconds, local time, empty cells where a reading did not come."""
    bed = bed_of(app)
    weather, sensors = unseen(bed, 0, seed)
    world = BedWorld(app, weather, sensors, bed=bed)
    names = [c.name for c in app.channels]
    lines = [
        "# Generated: python -m tinyfield.data.traces"
        " (FAO-56 physics, stochastic weather, no water)",
        ",".join(["time", *(f"{c.name} [{c.unit}]" for c in app.channels)]),
    ]
    first = from_day * 86400
    start = datetime.combine(bed.planted, datetime.min.time())
    for t in range(0, first, app.sample_s):
        world.sample(t)
    world.column.wet(np.array([wet]))
    world.tank.truck()
    for t in range(first, first + days * 86400, app.sample_s):
        row = world.sample(t)
        if t % step_s:
            continue
        cells = []
        for c, name in zip(app.channels, names, strict=True):
            value = row[name]
            cells.append("" if np.isnan(value) else f"{value:.{max(-c.scale, 0)}f}")
        lines.append(",".join([(start + timedelta(seconds=t)).isoformat(), *cells]))
    return "\n".join(lines) + "\n"


def main() -> int:
    """The command line."""
    from tinyfield.spec import load_app

    parser = argparse.ArgumentParser(prog="python -m tinyfield.data.traces", description=__doc__)
    parser.add_argument("app", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--from-day", type=int, default=60, help="days after planting")
    parser.add_argument("--days", type=int, default=7)
    args = parser.parse_args()
    text = dry_spell(load_app(args.app), from_day=args.from_day, days=args.days)
    args.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
