"""Bonsai to integer C. It knows neither YAML nor how it was trained."""

from __future__ import annotations

from tinyfield.compiler.bonsai.lower import lower
from tinyfield.compiler.bonsai.model import MAGIC, TANH, TANH_STEPS, Bonsai
from tinyfield.compiler.bonsai.reference import margins, outputs

__all__ = ["MAGIC", "TANH", "TANH_STEPS", "Bonsai", "lower", "margins", "outputs"]
