"""Scores the irrigation itself: litres, stress and drainage over seasons nobody has seen.

The weather is simulated (see ``generators/weather.py``), and so is the soil: this says how good a
way of watering is in the generator's world, not in a field. Beside the node stand

* a timer: the same depth at the same interval all season, at six in the morning;
* a threshold: the same probe as the node's; below the threshold a dose, then hours to sink in;
* FAO-56 with perfect knowledge: the true state and the coming day's weather, exactly the depth
  that keeps the crop out of stress until the next look, every six hours.

Timer and threshold are tuned on other seasons: of all settings whose stress stays within a day a
season, the one that takes least water; else the one with least stress. "In hindsight" is the
threshold tuned on the very seasons it is scored on: the most that any setting of it could do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.bed_world import START_SHARE, STRESSED, BedWorld, unseen
from tinyfield.data.dataset import World
from tinyfield.data.generators import sensors
from tinyfield.data.generators.batch import Batch, Record
from tinyfield.data.generators.bed import Bed, bed_of
from tinyfield.data.generators.channels import soil_offset
from tinyfield.data.generators.soil import Soil
from tinyfield.data.generators.weather import Weather

if TYPE_CHECKING:
    from tinyfield.spec import App

Floats = NDArray[np.float64]

LOOK_S = 6 * 3600
"""The node's rule repeats every six hours; the others look as often."""
ALLOWED_STRESS = 1.0
"""Days under stress a season that a tuned policy may have on the tuning seasons."""
TUNING, TUNING_SEASONS, TESTING = 200, 8, 1
"""Numbers of the first tuning season, of how many there are, of the first test season."""
TIMER_DAYS = (1, 2, 3)
TIMER_MM_DAY = tuple(np.arange(4.0, 14.5, 0.5).tolist())
THRESHOLDS = tuple(np.arange(50.0, 125.0, 5.0).tolist())
THRESHOLD_HOURS = (6, 12, 24)
"""Hours between looks: water needs time to reach the probe."""
THRESHOLD_MIN = (4.0, 6.0, 8.0, 12.0, 16.0)
"""Minutes of valve that a threshold controller may give."""
TUNE_STEP_S = 3600


@dataclass(frozen=True)
class PolicyRow:
    """Means over the seasons: litres from the valve and lost below the roots, days with Ks below
    0.99, the sum of 1 − Ks in days; ``each_litres`` and ``each_stress`` by season."""

    name: str
    setting: str
    litres: float
    stress_days: float
    deficit_days: float
    drained_litres: float
    each_litres: tuple[float, ...]
    each_stress: tuple[float, ...]


@dataclass(frozen=True)
class IrrigationTable:
    """The policies side by side; ``seasons`` names the weathers (all simulated)."""

    seasons: tuple[str, ...]
    area_m2: float
    rows: tuple[PolicyRow, ...]

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self) | {"simulated": True}

    def records(self) -> list[dict[str, Any]]:
        """Rows of plain values for a table."""
        return [
            {
                "way of watering": r.name,
                "litres": round(r.litres),
                "stress days": round(r.stress_days, 1),
                "1 − Ks, days": round(r.deficit_days, 2),
                "drained L": round(r.drained_litres),
                "setting": r.setting,
            }
            for r in self.rows
        ]

    def text(self) -> str:
        """A plain table."""
        lines = [
            f"SIMULATED weather and soil, {len(self.seasons)} unseen seasons, "
            f"{self.area_m2:g} m2: means a season",
            f"{'policy':24}{'litres':>9}{'stress days':>13}{'1-Ks days':>11}{'drained L':>11}"
            "  setting",
        ]
        lines += [
            f"{r.name:24}{r.litres:9.0f}{r.stress_days:13.1f}{r.deficit_days:11.2f}"
            f"{r.drained_litres:11.0f}  {r.setting}"
            for r in self.rows
        ]
        return "\n".join(lines)


@dataclass
class Field:
    """Seasons side by side, with the errors of each one's probe ([steps, n], % available)."""

    batch: Batch
    errors: Floats

    def reading(self, step: int) -> Floats:
        """What the probes say, %."""
        return sensors.adc(self.batch.column.available() + self.errors[step])


Policy = Callable[[Field, int], Floats]
"""Depth in mm to give from a step on, [n]; asked every six hours."""


@dataclass(frozen=True)
class Grid:
    """Settings to choose from; ``make`` gives each column of a field the setting of its index."""

    settings: tuple[str, ...]
    make: Callable[[NDArray[np.int64]], Policy]


def irrigation_table(
    app: App,
    run_node: Callable[[World], None] | None = None,
    *,
    seasons: int = 5,
    seed: int = 0,
    node_name: str = "node (its real firmware)",
) -> IrrigationTable:
    """Runs every policy over the same unseen seasons.

    Args:
        run_node: runs the firmware in closed loop on a world until its season ends
            (``tinyfield.sim``); None leaves the node out.
        seasons: how many, at least 1.
        seed: of weather and sensors.
    """
    bed = bed_of(app)
    numbers = range(TESTING, TESTING + seasons)
    made = [unseen(bed, k, seed) for k in numbers]
    field = _field(bed, made, app.sample_s)
    rows = []
    elsewhere = [unseen(bed, TUNING + k, seed) for k in range(TUNING_SEASONS)]
    for name, grid, tuned_on in (
        ("timer", timers(), elsewhere),
        ("moisture threshold", thresholds(bed), elsewhere),
        ("threshold in hindsight", thresholds(bed), made),
    ):
        best = _tuned(bed, grid, tuned_on)
        policy = grid.make(np.full(seasons, best))
        rows.append(_row(name, grid.settings[best], bed, field, policy))
    rows.append(_row("FAO-56, all known", "what is short, every 6 h", bed, field, perfect))
    if run_node is not None:
        summaries = []
        for weather, sensor_seed in made:
            world = BedWorld(app, weather, sensor_seed, bed=bed)
            run_node(world)
            summaries.append(world.summary())
        rows.append(_node_row(node_name, summaries))
    return IrrigationTable(tuple(f"generated-{k}" for k in numbers), bed.area_m2, tuple(rows))


def _field(bed: Bed, made: Sequence[tuple[Weather, int]], period_s: int, copies: int = 1) -> Field:
    """``copies`` of each season, setting by setting."""
    n = len(made) * copies
    batch = Batch(
        bed.growth,
        Soil.uniform(np.full(n, bed.fc), np.full(n, bed.wp)),
        [w for w, _ in made] * copies,
        period_s=period_s,
        seeds=[s for _, s in made] * copies,
        fw=bed.fw,
    )
    awc = 100 * (bed.fc - bed.wp)
    errors = [soil_offset(0, batch.fine[j], awc, s) for j, (_, s) in enumerate(made)]
    return Field(batch, np.tile(np.stack(errors, axis=1), (1, copies)))


def _run(field: Field, bed: Bed, policy: Policy) -> Record:
    """One season of every column; water flows at the valve's rate."""
    batch = field.batch
    batch.column.wet(np.full(batch.n, START_SHARE))
    rate, every = bed.mm_per_s * batch.period_s, LOOK_S // batch.period_s
    pending = np.zeros(batch.n)

    def water(step: int) -> Floats:
        nonlocal pending
        if step % every == 0:
            pending = pending + np.maximum(policy(field, step), 0.0)
        out: Floats = np.minimum(pending, rate)
        pending = pending - out
        return out

    return batch.run(water)


def perfect(field: Field, step: int) -> Floats:
    """The depth that keeps Dr within p·TAW until the next look, all being known; rain counts."""
    batch = field.batch
    ahead = min(step + LOOK_S // batch.period_s, batch.steps)
    day, col = batch.day, batch.column
    rate = col.stress(day) * day.kcb + col.evaporation_coefficient(day)
    dr = col.depletion(day) + rate * batch.et0[step:ahead].sum(axis=0)
    # A millimetre more for what evaporates from the surface that the dose itself wets.
    short = dr + 1.0 - day.raw - batch.rain[step:ahead].sum(axis=0)
    out: Floats = np.where(short > 0, short, 0.0)
    return out


def timers() -> Grid:
    """A depth every so many days at six in the morning."""
    grid = [(d, d * mm) for d in TIMER_DAYS for mm in TIMER_MM_DAY]
    days, depth = np.array([d for d, _ in grid]), np.array([mm for _, mm in grid])

    def make(which: NDArray[np.int64]) -> Policy:
        def policy(field: Field, step: int) -> Floats:
            day, left = divmod(step, field.batch.per_day)
            due = (day % days[which] == 0) & (left == field.batch.per_day // 4)
            out: Floats = np.where(due, depth[which], 0.0)
            return out

        return policy

    return Grid(tuple(f"{mm:.1f} mm every {d} d" for d, mm in grid), make)


def thresholds(bed: Bed) -> Grid:
    """A dose whenever the probe is below a threshold."""
    grid = [
        (x, m * 60 * bed.mm_per_s, h)
        for x in THRESHOLDS
        for m in THRESHOLD_MIN
        for h in THRESHOLD_HOURS
    ]
    below, depth, hours = (np.array(column) for column in zip(*grid, strict=True))

    def make(which: NDArray[np.int64]) -> Policy:
        def policy(field: Field, step: int) -> Floats:
            hour = step * field.batch.period_s // 3600
            due = (hour - 6) % hours[which] == 0
            dry = field.reading(step) < below[which]
            out: Floats = np.where(due & dry, depth[which], 0.0)
            return out

        return policy

    return Grid(tuple(f"{mm:g} mm below {x:g} %, each {h} h" for x, mm, h in grid), make)


def _tuned(bed: Bed, grid: Grid, made: Sequence[tuple[Weather, int]]) -> int:
    n, seasons = len(grid.settings), len(made)
    field = _field(bed, made, TUNE_STEP_S, copies=n)
    record = _run(field, bed, grid.make(np.repeat(np.arange(n), seasons)))
    stress = _stress(field.batch, record)[0].reshape(n, seasons).mean(axis=1)
    litres = record.irrigation.sum(axis=0).reshape(n, seasons).mean(axis=1)
    good = stress <= ALLOWED_STRESS
    return int(np.argmin(np.where(good, litres, np.inf)) if good.any() else stress.argmin())


def _stress(batch: Batch, record: Record) -> tuple[Floats, Floats]:
    """Days under stress and the sum of 1 − Ks, [n] each."""
    shape = (batch.days, batch.per_day, batch.n)
    demand = (record.kcb * batch.et0).reshape(shape)
    ks = (record.ks.reshape(shape) * demand).sum(axis=1) / np.maximum(demand.sum(axis=1), 1e-12)
    return (ks < STRESSED).sum(axis=0).astype(np.float64), (1 - ks).sum(axis=0)


def _row(name: str, setting: str, bed: Bed, field: Field, policy: Policy) -> PolicyRow:
    record = _run(field, bed, policy)
    stress, deficit = _stress(field.batch, record)
    litres = record.irrigation.sum(axis=0) * bed.area_m2
    return PolicyRow(
        name=name,
        setting=setting,
        litres=float(litres.mean()),
        stress_days=float(stress.mean()),
        deficit_days=float(deficit.mean()),
        drained_litres=float(record.drained.sum(axis=0).mean() * bed.area_m2),
        each_litres=tuple(litres.tolist()),
        each_stress=tuple(stress.tolist()),
    )


def _node_row(name: str, summaries: Sequence[dict[str, float]]) -> PolicyRow:
    def mean(key: str) -> float:
        return float(np.mean([s[key] for s in summaries]))

    return PolicyRow(
        name=name,
        setting="",
        litres=mean("litres"),
        stress_days=mean("stress_days"),
        deficit_days=mean("deficit_days"),
        drained_litres=mean("drained_litres"),
        each_litres=tuple(s["litres"] for s in summaries),
        each_stress=tuple(s["stress_days"] for s in summaries),
    )
