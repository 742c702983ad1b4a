"""The water tank of a bed: rain from a roof, a truck once a week, the valve."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TankPlan:
    """Sizes in litres and m2; ``truck_days`` between fills, ``late`` the share of missed ones."""

    litres: float = 1000.0
    roof_m2: float = 12.0
    runoff: float = 0.8
    truck_days: int = 7
    late: float = 0.12


class Tank:
    """Water left, in litres; what comes in above the brim runs over."""

    def __init__(self, plan: TankPlan, share: float = 1.0) -> None:
        self.plan = plan
        self.litres = plan.litres * share
        self.filled = 0.0
        self.overflow = 0.0

    @property
    def level(self) -> float:
        """Filling level in %."""
        return 100 * self.litres / self.plan.litres

    def take(self, litres: float) -> float:
        """Takes what is there, at most ``litres``; returns what came."""
        got = min(litres, self.litres)
        self.litres -= got
        return got

    def add(self, litres: float) -> None:
        """Fills up to the brim."""
        room = self.plan.litres - self.litres
        self.filled += min(litres, room)
        self.overflow += max(litres - room, 0.0)
        self.litres += min(litres, room)

    def rain(self, mm: float) -> None:
        """Rain on the roof."""
        self.add(mm * self.plan.roof_m2 * self.plan.runoff)

    def truck(self) -> None:
        """The truck fills it."""
        self.add(self.plan.litres - self.litres)
