"""The bed that an app waters: crop, soil, valve, tank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tinyfield.data.generators.fao56 import Growth
from tinyfield.data.generators.tank import TankPlan
from tinyfield.errors import DataError
from tinyfield.spec.crops import Crop, crops

if TYPE_CHECKING:
    from tinyfield.spec import App

SOILS: Mapping[str, tuple[float, float]] = {
    "sand": (0.12, 0.045),
    "loamy_sand": (0.15, 0.065),
    "sandy_loam": (0.23, 0.11),
    "loam": (0.25, 0.12),
    "silt_loam": (0.29, 0.15),
    "silt": (0.32, 0.17),
    "silt_clay_loam": (0.335, 0.205),
    "silty_clay": (0.36, 0.23),
    "clay": (0.36, 0.22),
}
"""Field capacity and wilting point in m3/m3: middles of FAO-56 table 19's ranges."""
DEFAULT_SOIL, DEFAULT_PLANT, DEFAULT_LATITUDE = "loam", "tomato", 33.1
DEFAULT_AREA_M2 = 4.0
VALVE_L_MIN = 6.0
"""Flow of the open valve. An app does not say it yet; measure yours with a bucket and a watch."""
DRIP_FW = 0.4
"""Share of the ground that drip lines wet (FAO-56 table 20: 0.3 to 0.4)."""


def growth_of(crop: Crop, override: Mapping[str, Any] | None = None) -> Growth:
    """A table row in the generator's units. ``override`` as in ``Series.site["crop"]``."""
    row = {k: getattr(crop, k) for k in ("stages", "kcb", "p", "root_mm")} | dict(override or {})
    ini, dev, mid, late = (float(x) for x in row["stages"])
    kcb_ini, kcb_mid, kcb_end = (x / 1000 for x in row["kcb"])
    first, last = (x / 1000 for x in row["root_mm"])
    return Growth(
        stages=(ini, dev, mid, late),
        kcb=(kcb_ini, kcb_mid, kcb_end),
        p=row["p"] / 1000,
        root=(first, last),
        height=crop.height_mm / 1000,
    )


@dataclass(frozen=True)
class Bed:
    """What the physics must know of the place; lengths in m, areas in m2, water in litres."""

    plant: str
    planted: date
    latitude: float
    growth: Growth
    fc: float
    wp: float
    area_m2: float
    flow_l_min: float = VALVE_L_MIN
    fw: float = DRIP_FW
    tank: TankPlan = field(default_factory=TankPlan)
    doses_s: tuple[float, ...] = (0.0, 480.0, 960.0)

    @property
    def mm_per_s(self) -> float:
        """Depth that the open valve gives in a second."""
        return self.flow_l_min / 60 / self.area_m2

    @property
    def doses_mm(self) -> tuple[float, ...]:
        """Depth that each class of the need brings, in the classes' order."""
        return tuple(s * self.mm_per_s for s in self.doses_s)


def bed_of(app: App, model: str | None = None) -> Bed:
    """The bed of an app, with this module's defaults where the app is silent.

    Raises DataError for a plant or a soil that the tables do not have.
    """
    site = app.site
    plant = (site.plant if site else None) or DEFAULT_PLANT
    table = crops()
    crop = (site.crop if site else None) or table.get(plant)
    if crop is None:
        raise DataError(f"no crop {plant!r} in the table", hint=f"Known: {', '.join(table)}.")
    soil = (site.soil if site and site.soil else DEFAULT_SOIL).replace(" ", "_")
    if soil not in SOILS:
        raise DataError(f"no soil {soil!r} in the table", hint=f"Known: {', '.join(SOILS)}.")
    fc, wp = SOILS[soil]
    latitude = site.latitude if site and site.latitude is not None else DEFAULT_LATITUDE
    return Bed(
        plant=plant,
        planted=(site.planted if site and site.planted else date(2026, 4, 20)),
        latitude=float(latitude),
        growth=growth_of(crop),
        fc=fc,
        wp=wp,
        area_m2=float(site.area_m2) if site and site.area_m2 else DEFAULT_AREA_M2,
        doses_s=doses(app, model),
    )


def doses(app: App, model: str | None = None) -> tuple[float, ...]:
    """Seconds that the app's rules open the valve for each class of the model, ascending.

    The classes are taken to be in the order of need, the first being none: its dose is 0 here
    even where a rule gives water when the model is not sure of it.
    """
    name = model or next(iter(app.models), None)
    if name is None or app.models[name].target is not None:
        return (0.0, 480.0, 960.0)
    out = dict.fromkeys(app.models[name].classes, 0.0)
    for decision in app.decisions.values():
        if decision.model != name:
            continue
        for action in decision.actions:
            if action.on and action.duration_s:
                for c in list(out)[1:] if action.label is None else [action.label]:
                    out[c] = max(out.get(c, 0.0), float(action.duration_s))
    seconds = [0.0, *(out[c] for c in app.models[name].classes[1:])]
    if any(b <= a for a, b in pairwise(seconds)):
        # No table of minutes to tell the classes apart: eight minutes more each.
        seconds = [480.0 * i for i in range(len(seconds))]
    return tuple(seconds)
