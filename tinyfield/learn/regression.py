"""How far a regression's numbers are from the truth, beside what knows nothing or only the last.

All errors are in the target's unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler import compile_model
from tinyfield.errors import ModelError
from tinyfield.learn import baselines
from tinyfield.learn.examine import notes_on
from tinyfield.learn.runner import answers
from tinyfield.learn.stages import Stage
from tinyfield.learn.value import value_scale, values

if TYPE_CHECKING:
    from tinyfield.features.table import FeatureTable
    from tinyfield.learn.result import Network
    from tinyfield.spec.app import Target

_RESAMPLES = 500
_POINTS = 600
Number = float


@dataclass(frozen=True)
class Errors:
    """How far some answers were off.

    Attributes:
        n, groups: rows, and the independent groups that they come from.
        mae, rmse: mean absolute and root mean square error.
        bias: mean of answer less truth.
        interval: 95 % of the MAE when whole groups are drawn again (percentile bootstrap); None
            with fewer than two groups.
        rmse_interval: the same of the RMSE.
    """

    n: int
    groups: int
    mae: float
    rmse: float
    bias: float
    interval: tuple[float, float] | None
    rmse_interval: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Errors:
        fields = dict(value)
        for name in ("interval", "rmse_interval"):
            if fields[name] is not None:
                fields[name] = tuple(fields[name])
        return cls(**fields)


def errors(
    truth: NDArray[Any],
    answer: NDArray[Any],
    group: Sequence[str] | NDArray[np.str_],
    *,
    step: float = 1.0,
    seed: int = 0,
) -> Errors:
    """Of answers [n] against the truth [n], both in steps of ``step``."""
    off = (np.asarray(answer, np.float64) - np.asarray(truth, np.float64)) * step
    names, index = np.unique(np.asarray(group), return_inverse=True)
    count = np.bincount(index, minlength=len(names)).astype(np.float64)
    size = np.bincount(index, np.abs(off), len(names))
    square = np.bincount(index, off**2, len(names))
    intervals: list[tuple[float, float] | None] = [None, None]
    if len(names) > 1:
        rng = np.random.default_rng(seed)
        draws = rng.integers(0, len(names), (_RESAMPLES, len(names)))
        rows = count[draws].sum(axis=1)
        for k, again in enumerate(
            (size[draws].sum(axis=1) / rows, np.sqrt(square[draws].sum(axis=1) / rows))
        ):
            low, high = np.percentile(again, (2.5, 97.5))
            intervals[k] = (round(float(low), 6), round(float(high), 6))
    n = max(1, len(off))
    return Errors(
        n=len(off),
        groups=len(names),
        mae=round(float(size.sum() / n), 6),
        rmse=round(float(np.sqrt(square.sum() / n)), 6),
        bias=round(float(off.sum() / n), 6),
        interval=intervals[0],
        rmse_interval=intervals[1],
    )


@dataclass(frozen=True)
class Fitted:
    """A regression's errors on the test split, in three columns, beside those of who learned
    nothing.

    Attributes:
        target, unit: what it gives.
        float, int8, device: as of ``Metrics``.
        mean: always the training rows' mean.
        persistence: the last target that was known at each row; None where none was.
        climatology: of a target of the future, the mean at that hour and month; else None.
        by_origin: ``device`` on the measured, driven and generated rows apart.
        compared: rows on which the reference and the generated C were compared byte for byte.
        apart: mean distance of the device's numbers from the trained model's.
        points: truth and the device's number, of some rows evenly chosen.
        notes, stages: as of ``Metrics``.
    """

    target: str
    unit: str
    float: Errors
    int8: Errors
    device: Errors
    mean: Errors
    persistence: Errors | None
    by_origin: dict[str, Errors]
    compared: int
    apart: Number
    points: tuple[tuple[Number, Number], ...]
    notes: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    climatology: Errors | None = None

    def baselines(self) -> dict[str, Errors]:
        """Those that there are, by name."""
        named = {name: getattr(self, name) for name in ("mean", "persistence", "climatology")}
        return {name: part for name, part in named.items() if part is not None}

    @property
    def drop(self) -> Number:
        """Mean absolute error gained from float to device."""
        return self.device.mae - self.float.mae

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {**vars(self), "points": [list(p) for p in self.points]}
        for name in ("float", "int8", "device", "mean", "persistence", "climatology"):
            part = getattr(self, name)
            found[name] = None if part is None else part.to_json()
        found["by_origin"] = {k: v.to_json() for k, v in self.by_origin.items()}
        found["notes"] = list(self.notes)
        found["stages"] = [stage.to_json() for stage in self.stages]
        return found

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Fitted:
        fields = dict(value)
        for name in ("float", "int8", "device", "mean", "persistence", "climatology"):
            fields[name] = None if fields[name] is None else Errors.from_json(fields[name])
        fields["by_origin"] = {k: Errors.from_json(v) for k, v in fields["by_origin"].items()}
        fields["points"] = tuple((a, b) for a, b in fields["points"])
        fields["notes"] = tuple(fields["notes"])
        fields["stages"] = tuple(map(Stage.from_json, fields["stages"]))
        return cls(**fields)


def numbers(network: Network, X: NDArray[np.int32], target: Target) -> NDArray[np.int32]:
    """What the generated C gives, in the target's steps [n], held against the reference."""
    result = compile_model(network.model).outputs[0]
    return values(answers(network.model, X, network.scaler), value_scale(result, target))


def judge_numbers(table: FeatureTable, network: Network) -> Fitted:
    """The three columns on the test split."""
    assert table.target is not None
    target, test, train = table.target, table.part("test"), table.learned
    said = numbers(network, test.X, target)
    rough = np.asarray(network.probabilities, np.float64)[:, 0]
    _check_near(table.model, network, said, rough, target)
    device = errors(test.y, said, test.group, step=target.step)
    some = np.unique(np.linspace(0, len(test) - 1, min(_POINTS, len(test))).astype(np.int64))
    digits = max(0, -target.scale)
    return Fitted(
        target=target.name,
        unit=target.unit,
        float=errors(test.y, rough, test.group, step=target.step),
        int8=device,
        device=device,
        **idle_errors(train, test, target.step),
        by_origin=by_origin(test, said, target),
        compared=len(test),
        apart=round(float(np.abs(said - rough).mean()) * target.step, 6),
        points=tuple(
            (round(float(test.y[i]) * target.step, digits), round(float(said[i]) * target.step,
                                                                  digits))
            for i in some
        ),
        notes=tuple(notes_on(table)),
        stages=network.stages,
    )  # fmt: skip


def idle_errors(learned: FeatureTable, rows: FeatureTable, step: float) -> dict[str, Any]:
    """Of a number's baselines on these rows, by name; None where there is none."""
    mean = float((learned if len(learned) else rows).y.mean())
    said = {
        "mean": np.full(len(rows), mean),
        "persistence": baselines.persistence(learned, rows),
        "climatology": baselines.climatology(learned, rows),
    }
    return {
        name: None if one is None else errors(rows.y, one, rows.group, step=step)
        for name, one in said.items()
    }


def by_origin(rows: FeatureTable, said: NDArray[np.int32], target: Target) -> dict[str, Errors]:
    """Errors on the measured, driven and generated rows apart."""
    return {
        o: errors(rows.y[m], said[m], rows.group[m], step=target.step)
        for o in ("measured", "driven", "generated")
        for m in (rows.origin == o,)
        if m.any()
    }


def _check_near(
    name: str,
    network: Network,
    said: NDArray[np.int32],
    rough: NDArray[np.float64],
    target: Target,
) -> None:
    """Raises ModelError if the integers are farther from the trained model than they promise."""
    inside = np.clip(rough, target.minimum, target.maximum)
    wrong = np.abs(said - inside) > network.resolution
    if wrong.any():
        raise ModelError(
            f"INTERNAL ERROR: model {name}: the generated C gives another number than the trained "
            f"model on {int(wrong.sum())} of {len(said)} test rows, first on row "
            f"{int(wrong.argmax())}. No figure of this model can be trusted",
            hint="this is a fault of tinyfield: please report it with the app and its data",
        )
