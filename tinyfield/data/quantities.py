"""A data set's quantities as an app's channels, by name and with their units converted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import DataError
from tinyfield.spec.units import find_unit, same_dimension

if TYPE_CHECKING:
    from tinyfield.spec import App


CONCENTRATION = "concentration"
"""The quantity of a sensor that is called after what it measures."""


def converted(values: NDArray[np.float64], unit: str, to: str, what: str) -> NDArray[np.float64]:
    """Values in another unit of the same dimension; DataError where it has another."""
    if not same_dimension(unit, to):
        raise DataError(
            f"{what} is in {to or 'no unit'}, the data in {unit or 'no unit'}",
            hint=f"Take a sensor that gives {unit or 'the raw reading'}.",
        )
    a, b = find_unit(unit), find_unit(to)
    if (a.factor, a.offset) == (b.factor, b.offset):
        return values
    return (values * float(a.factor) + float(a.offset - b.offset)) / float(b.factor)


def as_channels(
    app: App, quantities: Mapping[str, NDArray[np.float64]], units: Mapping[str, str]
) -> dict[str, NDArray[np.float64]]:
    """The app's channels that the data have: ``air.pm2_5`` is the quantity ``pm2_5``, and so is
    ``co.concentration`` the quantity ``co``.

    Raises:
        DataError: a channel whose unit is of another dimension than the data's.
    """
    out = {}
    for channel in app.channels:
        name = channel.sensor if channel.quantity == CONCENTRATION else channel.quantity
        if name in quantities:
            values = converted(quantities[name], units[name], channel.unit, channel.name)
            out[channel.name] = stepped(values, channel.scale)
    return out


def stepped(values: NDArray[np.float64], scale: int) -> NDArray[np.float64]:
    """Values as a channel of that scale can hold them."""
    unit = 10.0**scale
    return np.round(values / unit) * unit + 0.0  # never -0.0
