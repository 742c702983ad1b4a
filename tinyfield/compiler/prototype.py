"""Reads a kernel's parameters from its header, so that its types stand in one place only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tinyfield.paths import firmware_dir


@dataclass(frozen=True)
class Parameter:
    """One parameter: ``declared`` is its whole declaration."""

    name: str
    declared: str

    @property
    def type(self) -> str:
        """Its type."""
        return self.declared.removesuffix(self.name).strip()


@cache
def parameters(header: str, kernel: str) -> tuple[Parameter, ...]:
    """A kernel's parameters, in order.

    Args:
        header: below ``firmware/core/nn``.
    """
    text = (firmware_dir() / "core" / "nn" / header).read_text(encoding="utf-8")
    found = re.search(rf"\bTINY_KERNEL void\s+{kernel}\(([^)]*)\)", text)
    if found is None:
        raise AssertionError(f"{header} has no kernel {kernel}")
    declared = [" ".join(part.split()) for part in found[1].split(",")]
    return tuple(Parameter(re.findall(r"\w+", part)[-1], part) for part in declared)
