"""From the true state to what the app's sensors say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.data.generators import et0 as sun
from tinyfield.data.generators import sensors
from tinyfield.data.generators.diurnal import Fine

if TYPE_CHECKING:
    from tinyfield.spec import Channel

Floats = NDArray[np.float64]


def observe(
    channels: Sequence[Channel],
    *,
    available: Floats,
    fine: Fine,
    level: Floats,
    awc_vwc: float,
    altitude: float,
    seed: int,
) -> dict[str, Floats]:
    """Channel name → readings [n] in its steps and range; NaN for what is not simulated.

    Args:
        available: water at the probe, % of the available water.
        level: of the tank, %.
        awc_vwc: available water of the soil, % by volume.
    """
    n = len(available)
    out = {}
    for i, channel in enumerate(channels):
        rng = _rng(seed, i)
        if channel.quantity == "moisture":
            values = available + soil_offset(i, fine, awc_vwc, seed)[:n]
            values = sensors.adc(values)
        elif channel.quantity == "temperature":
            values = fine.temperature[:n] + rng.normal(0, sensors.TEMPERATURE_NOISE, n)
        elif channel.quantity == "humidity":
            values = fine.humidity[:n] + rng.normal(0, sensors.HUMIDITY_NOISE, n)
        elif channel.quantity == "illuminance":
            values = fine.light[:n]
        elif channel.quantity == "level":
            values = level + rng.normal(0, sensors.LEVEL_NOISE, n)
        elif channel.quantity == "pressure":
            values = 10 * sun.pressure(altitude) + 4 * sensors.wander(rng, n, 2e5 / fine.period_s)
        else:
            values = np.full(n, np.nan)
        unit = 10.0**channel.scale
        steps = np.clip(np.round(values / unit), channel.minimum, channel.maximum)
        out[channel.name] = (steps + 0.0) * unit  # + 0.0: no negative zero
    return out


def _rng(seed: int, index: int) -> np.random.Generator:
    return np.random.default_rng([seed, index, 131])


def soil_offset(index: int, fine: Fine, awc_vwc: float, seed: int) -> Floats:
    """A soil probe's error over all of ``fine``'s steps, % of the available water."""
    rng = _rng(seed, index)
    return sensors.soil_error(rng, len(fine.et0), fine.period_s, awc_vwc)


def moisture(channel: Channel, percent: float) -> float:
    """One reading of a soil probe: through the converter, in the channel's steps and range."""
    return settle(channel, float(sensors.adc(np.array([percent]))[0]))


def settle(channel: Channel, value: float) -> float:
    """A value in the channel's steps and range."""
    unit = 10.0**channel.scale
    step = min(max(round(value / unit), channel.minimum), channel.maximum)
    return float(step * unit)
