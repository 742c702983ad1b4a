"""A mixture of Gaussians to integer C. It knows neither YAML nor how it was fitted."""

from __future__ import annotations

from tinyfield.compiler.gmm.lower import lower
from tinyfield.compiler.gmm.model import MAGIC, STEPS, UNIT, Gmm
from tinyfield.compiler.gmm.reference import distances, outputs

__all__ = ["MAGIC", "STEPS", "UNIT", "Gmm", "distances", "lower", "outputs"]
