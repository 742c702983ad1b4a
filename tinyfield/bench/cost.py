"""The figures of one run on one processor, and their JSON."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flash:
    """Bytes of flash beyond an empty image."""

    code: int
    data: int

    @property
    def total(self) -> int:
        """Both."""
        return self.code + self.data


@dataclass(frozen=True)
class Ram:
    """Bytes of RAM beyond an empty image; ``static`` holds the caller's input and output too."""

    arena: int
    stack: int
    static: int

    @property
    def total(self) -> int:
        """All three."""
        return self.arena + self.stack + self.static


@dataclass(frozen=True)
class Canaries:
    """What painted memory showed after inferences.

    Attributes:
        arena_touched: bytes up to the highest one that was written; the plan's size, if it is
            tight.
        intact: nothing was written outside the arena and the outputs.
    """

    arena_touched: int
    intact: bool


@dataclass(frozen=True)
class Layer:
    """One step of an inference.

    Attributes:
        step: its place in the plan; −1 for what is done between the steps.
        label: the node that it came from.
        kernel: the C function.
        count: instructions or cycles.
        macs: multiply-accumulates, 0 where there are none.
        bound: what no code for that processor is expected to go below (see ``bench.bound``).
    """

    step: int
    label: str
    kernel: str
    count: int
    macs: int
    bound: int

    @property
    def per_mac(self) -> float | None:
        """Counted work a multiply-accumulate."""
        return round(self.count / self.macs, 3) if self.macs else None

    def as_json(self) -> dict[str, object]:
        """One entry of ``layers``."""
        return {
            "step": self.step,
            "label": self.label,
            "kernel": self.kernel,
            "count": self.count,
            "macs": self.macs,
            "per_mac": self.per_mac,
            "bound": self.bound,
        }


@dataclass(frozen=True)
class Cost:
    """What one run of a workload costs on one target.

    Attributes:
        model: what it was called.
        target: the processor.
        count: instructions or cycles of one run; None on the host, where nothing is counted.
        unit: which of the two.
        cycles_estimate: cycles; exact where cycles are counted.
        macs: multiply-accumulates of one run, 0 if not a model.
        flash: None on the host.
        ram: None on the host.
        exact: the target's bytes were the reference's (the host's, without ai-edge-litert).
        canaries: None on the host, and for what is no model.
        layers: where the work goes, if that was asked for.
    """

    model: str
    target: str
    count: int | None
    unit: str
    cycles_estimate: int | None
    macs: int
    flash: Flash | None
    ram: Ram | None
    exact: bool
    canaries: Canaries | None = None
    layers: tuple[Layer, ...] | None = None

    def as_json(self) -> dict[str, object]:
        """The shape that ``tinyfield bench --json`` prints."""
        flash, ram, canaries = self.flash, self.ram, self.canaries
        result: dict[str, object] = {
            "model": self.model,
            "target": self.target,
            "count": self.count,
            "unit": self.unit,
            "cycles_estimate": self.cycles_estimate,
            "macs": self.macs,
            "flash": flash and {"code": flash.code, "data": flash.data, "total": flash.total},
            "ram": ram
            and {
                "arena": ram.arena,
                "stack": ram.stack,
                "static": ram.static,
                "total": ram.total,
            },
            "exact": self.exact,
            "canaries": canaries
            and {"arena_touched": canaries.arena_touched, "intact": canaries.intact},
        }
        if self.layers is not None:
            result["layers"] = [layer.as_json() for layer in self.layers]
        return result
