"""What training hands on: the integer model, its input constants, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tinyfield.learn.baselines import not_beaten
from tinyfield.learn.known import Caught, Gate
from tinyfield.learn.metrics import Errors, Score
from tinyfield.learn.scaler import InputScale
from tinyfield.learn.stages import Stage

Number = float  # inside the reports, `float` is a column


@dataclass(frozen=True)
class Metrics:
    """Scores on the test split, in three columns, beside a model that knows nothing.

    Attributes:
        float: the trained model, before it became integers.
        int8: the integer model by its reference: a network's through LiteRT's kernels, trees' and
            Bonsai's through NumPy.
        device: the generated C on this PC, from int32 features on; equal to ``int8`` byte for
            byte (a difference is an error, not a number).
        baseline: always the majority class of the rows learned from.
        persistence, climatology: of a label of the future, that nothing changes, and what was usual
            at that hour and month; None of one of its own time (``learn.baselines``).
        by_origin: ``device`` on the measured, driven and generated rows apart.
        calibration_error: of the device's confidence, 0 to 1.
        compared: rows on which int8 and device were compared byte for byte.
        agreement: share of the test rows on which the device says what the trained model says.
        notes: what a reader of the numbers must know.
        auc, auc_interval: of a model of the normal rows alone, area under the device's ROC curve,
            and 95 % of it when whole groups are drawn again.
        stages: what each step of a network's way to integers cost; of other models empty.
        unknown: of a model with a gate, shares of rows that are called unknown.
    """

    float: Score
    int8: Score
    device: Score
    baseline: Score
    by_origin: dict[str, Score]
    calibration_error: Number
    compared: int
    agreement: Number
    notes: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    auc: Number | None = None
    auc_interval: tuple[Number, Number] | None = None
    unknown: Caught | None = None
    persistence: Score | None = None
    climatology: Score | None = None

    def baselines(self) -> dict[str, Score]:
        """Those that there are, by name."""
        named = {"majority": self.baseline, "persistence": self.persistence,
                 "climatology": self.climatology}  # fmt: skip
        return {name: part for name, part in named.items() if part is not None}

    def unbeaten(self) -> list[str]:
        """Plain sentences on the baselines that the node's model does not beat on the test rows."""
        values = {name: part.macro_f1 for name, part in self.baselines().items()}
        return not_beaten(self.device.macro_f1, values, "macro F1")

    @property
    def drop(self) -> Number:
        """Macro F1 lost from float to device."""
        return self.float.macro_f1 - self.device.macro_f1

    def to_json(self) -> dict[str, Any]:
        return {
            "float": self.float.to_json(),
            "int8": self.int8.to_json(),
            "device": self.device.to_json(),
            "baseline": self.baseline.to_json(),
            "persistence": None if self.persistence is None else self.persistence.to_json(),
            "climatology": None if self.climatology is None else self.climatology.to_json(),
            "by_origin": {k: v.to_json() for k, v in self.by_origin.items()},
            "calibration_error": self.calibration_error,
            "compared": self.compared,
            "agreement": self.agreement,
            "notes": list(self.notes),
            "stages": [stage.to_json() for stage in self.stages],
            "auc": self.auc,
            "unknown": None if self.unknown is None else self.unknown.to_json(),
            "auc_interval": None if self.auc_interval is None else list(self.auc_interval),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Metrics:
        return cls(
            float=Score.from_json(value["float"]),
            int8=Score.from_json(value["int8"]),
            device=Score.from_json(value["device"]),
            baseline=Score.from_json(value["baseline"]),
            persistence=Score.from_json(value["persistence"]) if value["persistence"] else None,
            climatology=Score.from_json(value["climatology"]) if value["climatology"] else None,
            by_origin={k: Score.from_json(v) for k, v in value["by_origin"].items()},
            calibration_error=value["calibration_error"],
            compared=value["compared"],
            agreement=value["agreement"],
            notes=tuple(value["notes"]),
            stages=tuple(map(Stage.from_json, value["stages"])),
            auc=value["auc"],
            unknown=Caught.from_json(value["unknown"]) if value["unknown"] else None,
            auc_interval=None if (span := value["auc_interval"]) is None else (span[0], span[1]),
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

    def unbeaten(self) -> list[str]:
        """As of ``Metrics``."""
        values = {name: -part.mae for name, part in self.baselines().items()}
        return not_beaten(-self.device.mae, values, "mean error", self.unit)

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


@dataclass(frozen=True)
class Network:
    """A trained and converted model, before it is judged.

    Attributes:
        model: the model file: an int8 flatbuffer, or trees or Bonsai (``compiler.own``).
        scaler: one constant set an input; empty where the model takes the features as they are.
        probabilities: the float model's class probabilities on the table's test rows,
            [n, classes]; of a regression its numbers in the target's steps [n, 1].
        resolution: rows whose two best probabilities are farther apart must get the same label
            from the integers; 1 where nothing is promised. Of a regression: steps that the
            integers may be off; infinite where nothing is promised.
        stages: as of ``Metrics``.
        gate: what tells that a row is like none learned from; None where nothing does.
        settled: of a refit the model file of the training rows alone, by which all was settled.
        shipped: of a refit to all rows the model file that ships; ``model`` is the same fitted to
            all but the test rows, which can judge it.
    """

    model: bytes
    scaler: tuple[InputScale, ...]
    probabilities: Any
    resolution: float = 1.0
    stages: tuple[Stage, ...] = ()
    gate: Gate | None = None
    settled: bytes = b""
    shipped: bytes = b""

    @property
    def sent(self) -> bytes:
        """The model file that goes to the node."""
        return self.shipped or self.model

    @property
    def chosen(self) -> bytes:
        """The model file that the validation rows can judge: they are no part of it."""
        return self.settled or self.model


@dataclass(frozen=True)
class Trained:
    """A model ready for the compiler.

    Attributes:
        name: the model's name in the app.
        model: the model file; output scale 1/256, zero point -128, so that score = output + 128.
            A network's or Bonsai's input has scale 1/127 and zero point 0.
        scaler: from int32 features to the int8 input, one an input; empty for trees, which take
            the int32 features.
        classes: class names, in the order of the output; empty of a regression.
        report: scores on the test split, of ``judged``.
        groups: what it was trained and validated on; not to be tested on.
        key: names this training in the cache.
        cached: whether it came from there.
        gate: as of ``Network``.
        judged: of a refit to all rows the model file of all but the test rows; else the same as
            ``model``.
        also: groups that a refit to all rows learned from, and ``judged`` did not.
    """

    name: str
    model: bytes
    scaler: tuple[InputScale, ...]
    classes: tuple[str, ...]
    report: Metrics | Fitted
    groups: tuple[str, ...] = ()
    key: str = ""
    cached: bool = False
    gate: Gate | None = None
    judged: bytes = b""
    also: tuple[str, ...] = ()

    def before_tests(self) -> Trained:
        """What never saw the test rows: itself, unless a refit was to all rows."""
        return replace(self, model=self.judged or self.model, also=())
