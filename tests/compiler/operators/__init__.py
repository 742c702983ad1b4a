"""Random small models, one function a family: a seeded generator in, a ``.tflite`` file out."""

from __future__ import annotations

from tests.compiler.operators import (
    converted,
    dense,
    elementwise,
    images,
    layout,
    networks,
    recurrent,
    reduce,
    whole,
    windows,
)
from tests.compiler.operators.base import Family

FAMILIES: dict[str, Family] = {
    **windows.FAMILIES,
    **dense.FAMILIES,
    **elementwise.FAMILIES,
    **reduce.FAMILIES,
    **layout.FAMILIES,
    **networks.FAMILIES,
    **images.FAMILIES,
    **recurrent.FAMILIES,
    **converted.FAMILIES,
    **whole.FAMILIES,
}
