"""A crop of the table as the C's ``tiny_crop_t``."""

from __future__ import annotations

from tinyfield.spec.crops import Crop

CROP_FIELDS = (
    "l_ini", "l_dev", "l_mid", "l_late",
    "kc_ini", "kc_mid", "kc_end", "p", "zr_ini", "zr_max",
)  # fmt: skip
"""Members of ``tiny_crop_t`` (firmware/core/features/site.h), in order."""


def crop_fields(crop: Crop) -> tuple[int, ...]:
    """Values of :data:`CROP_FIELDS`: days, thousandths (basal Kcb, p), mm."""
    return (*crop.stages, *crop.kcb, crop.p, *crop.root_mm)
