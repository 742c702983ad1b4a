"""Data: series with labels for training, worlds for the sim, and the registry of public sets.

::

    folder of CSVs ─importers→ plots ─┐
    climates.toml ─weather→ seasons ──┴─generators→ Series ─splits→ Dataset
"""

from __future__ import annotations

from tinyfield.data.bed_world import world
from tinyfield.data.dataset import NO_LABEL, Dataset, Recording, Series, Split, World
from tinyfield.data.loading import load
from tinyfield.data.score import IrrigationTable, irrigation_table
from tinyfield.data.validate import validation_table

__all__ = [
    "NO_LABEL",
    "Dataset",
    "IrrigationTable",
    "Recording",
    "Series",
    "Split",
    "World",
    "irrigation_table",
    "load",
    "validation_table",
    "world",
]
