"""Judges a regression: its numbers beside the truth, and those of what learned nothing.

All errors are in the target's unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler import compile_model
from tinyfield.errors import ModelError
from tinyfield.learn import baselines
from tinyfield.learn.examine import notes_on
from tinyfield.learn.metrics import Errors, errors
from tinyfield.learn.result import Fitted, Network
from tinyfield.learn.runner import answers
from tinyfield.learn.value import value_scale, values

if TYPE_CHECKING:
    from tinyfield.features.table import FeatureTable
    from tinyfield.spec.app import Target

_POINTS = 600


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
