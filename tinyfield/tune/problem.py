"""What a candidate is worth: trained, validated and measured, once for equal candidates."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyfield import learn
from tinyfield.paths import cache_dir
from tinyfield.spec.architectures import ANOMALY
from tinyfield.tune.candidate import Candidate
from tinyfield.tune.space import Space

if TYPE_CHECKING:
    from tinyfield.features.table import FeatureTable
    from tinyfield.spec import Model

EPOCHS = learn.EPOCHS
_TABLES = 4  # feature tables kept at a time


@dataclass(frozen=True)
class Outcome:
    """What a candidate is and costs.

    Attributes:
        scores: of the generated C on the validation split: ``macro_f1`` and ``accuracy``, or a
            regression's ``mae`` and ``rmse`` in the target's unit.
        flash, ram: bytes on the app's board (its twin), as for ``budget:``.
        count: instructions or cycles (``unit``) of one inference; None where nothing counts them.
        latency_us: of one inference; None if not known.
        rows: of the validation split.
    """

    scores: dict[str, float]
    flash: int
    ram: int
    count: int | None
    unit: str
    latency_us: int | None
    rows: int

    def over(self, model: Model) -> dict[str, float]:
        """How far past each limit of ``budget:``, as a part of it; negative within."""
        asked = {
            "flash": (self.flash, model.budget.flash_bytes),
            "ram": (self.ram, model.budget.ram_bytes),
            "latency": (self.latency_us, model.budget.latency_us),
        }
        return {
            name: value / most - 1
            for name, (value, most) in asked.items()
            if value is not None and most is not None
        }


@dataclass
class Problem:
    """The model to search for.

    Attributes:
        model: as the app has it, with the budget that holds on its board.
        space: what is searched.
        features: the labelled rows of a model with other inputs.
        measure: what a model costs on the board, given its file.
        identity: names the data, the board and the code that measures; equal problems share
            studies and outcomes.
        seed, epochs: of training.
    """

    model: Model
    space: Space
    features: Callable[[Model], FeatureTable]
    measure: Callable[[Model, bytes], learn.Cost]
    identity: str
    seed: int = 0
    epochs: int = EPOCHS
    _tables: dict[tuple[str, ...], FeatureTable] = field(default_factory=dict)

    def key(self) -> str:
        """Studies of this key can be gone on with."""
        limits = (self.model.budget, self.model.accept, self.model.classes, self.model.target)
        text = f"{self.identity} {self.space.key()} {self.seed} {self.epochs} {limits!r}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def table(self, model: Model) -> FeatureTable:
        """Its rows; the last few tables are kept."""
        inputs = (str(model.history), *(feature.text for feature in model.inputs))
        if inputs not in self._tables:
            while len(self._tables) >= _TABLES:
                del self._tables[next(iter(self._tables))]
            self._tables[inputs] = self.features(model)
        return self._tables[inputs]

    def evaluate(self, candidate: Candidate, progress: learn.Progress | None = None) -> Outcome:
        """Train, validate, compile and measure, or what that gave before.

        Raises:
            DataError, ModelError: this candidate cannot be had; others may.
            EnvironmentFault: nothing can be tried on this machine.
        """
        model = candidate.apply(self.model)
        path = self._path(model)
        known = _read(path)
        if known is not None:
            return known
        table = self.table(model)
        _, network, _ = learn.obtain(
            table, model, seed=self.seed, epochs=self.epochs, progress=progress
        )
        score = learn.valid_scores(table, network)
        gated = network.gate.model if network.gate else None
        cost = learn.whole_cost(
            model,
            self.measure(model, network.model),
            self.measure(model, gated) if gated else None,
        )
        outcome = Outcome(
            scores={name: float(getattr(score, name)) for name in quality(model)},
            flash=cost.flash_bytes,
            ram=cost.ram_bytes,
            count=cost.count,
            unit=cost.unit,
            latency_us=cost.latency_us,
            rows=score.n,
        )
        _write(path, outcome)
        return outcome

    def test(self, candidate: Candidate) -> learn.Metrics | learn.Fitted:
        """The candidate on the test split. To be asked once, of the chosen one."""
        model = candidate.apply(self.model)
        table = self.table(model)
        key, network, cached = learn.obtain(table, model, seed=self.seed, epochs=self.epochs)
        one_class = model.architecture in ANOMALY
        return learn.test_scores(
            key, table, network, cached=cached, one_class=one_class, unknown=model.unknown
        )

    def _path(self, model: Model) -> Path:
        what = {
            "problem": self.identity,
            "architecture": model.architecture,
            "options": model.options,
            "compress": str(model.compress),
            "accept": str(model.accept),
            "inputs": [feature.text for feature in model.inputs],
            "classes": model.classes,
            "target": str(model.target),
            "unknown": model.unknown,
            "seed": self.seed,
            "epochs": self.epochs,
            "code": learn.code_key(),
        }
        text = json.dumps(what, sort_keys=True, default=str)
        return cache_dir() / "tune" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def quality(model: Model) -> tuple[str, ...]:
    """The scores that its candidates have, the first to be asked for first."""
    return ("mae", "rmse") if model.target is not None else ("macro_f1", "accuracy")


def _read(path: Path) -> Outcome | None:
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Outcome(**value)
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, outcome: Outcome) -> None:
    """All or nothing; a full disk only costs the next measurement."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(outcome), file)
        Path(name).replace(path)
    except OSError:
        return
