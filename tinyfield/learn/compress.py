"""From a trained Keras network to the integers of a node, as small as is asked: prune, quantize,
train on if that cost too much, share weights. Every step is scored; none is believed.

Steps are chosen by the validation rows. The test rows are scored beside them, for the report. What
was chosen is a :class:`Recipe`, by which a network that was fitted to the validation rows too goes
the same way without asking them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.errors import ModelError
from tinyfield.learn.goal import goal_of
from tinyfield.learn.scaler import STEPS
from tinyfield.learn.stages import Stage

if TYPE_CHECKING:
    import keras

    from tinyfield.learn.fit import Examples
    from tinyfield.learn.twin import Twin

Progress = Callable[[str, int, int, str], None]

DROP = 0.01
"""Macro F1 that the integers may lose on the validation rows where the app does not say."""
DROP_VALUES = 0.02
"""The same of a number: part of the float network's mean error."""
PRUNE_STEPS = 4
AUTO_STEP = 0.2
"""Of the parameters that are left, a step of ``prune: auto``."""
AUTO_MOST = 12
RETRAIN_EPOCHS = 6
SHARE_EPOCHS = 16
SPARSE_STEPS = 4
"""Epochs over which weights become zero, a few more in each."""
_TEMPERATURES = np.geomspace(0.5, 4.0, 61)


@dataclass(frozen=True)
class Wish:
    """``compress:`` of an app's model.

    Attributes:
        quantize: ``int8``, ``16x8``, or ``auto``: int8, and 16x8 where even QAT is not enough.
        prune: share of the parameters to remove by neurons and channels, ``auto`` or None.
        share: most different weights of a layer, 4 to 32, or None.
        sparse: share of a shared layer's weights that are zero, or None.
        huffman: ``auto``, ``yes`` or ``no``: how the weights stand in flash; told, not trained.
        max_drop: macro F1 that may be lost, or of a number mean error gained, on the validation
            rows; None for what is usual.
        most: parameters that ``prune: auto`` may leave at most, whatever accuracy that costs.
    """

    quantize: str = "int8"
    prune: float | str | None = None
    share: int | None = None
    sparse: float | None = None
    huffman: str = "auto"
    max_drop: float | None = None
    most: int | None = None


@dataclass
class Recipe:
    """What the validation rows settled on the way.

    Attributes:
        pruned: of each pruning step that was kept, the share of the parameters that it took, and
            the epochs of training after it.
        form: what the file is: ``int8`` as the converter makes it, ``QAT``, ``16x8``.
        refined: epochs of each training as integers that was kept, in order: QAT, sparse, shared.
        temperature: of the last layer; None where it stays as the converter made it.
    """

    pruned: list[tuple[float, int]] = field(default_factory=list)
    form: str = "int8"
    refined: list[int] = field(default_factory=list)
    temperature: float | None = None


@dataclass(frozen=True)
class Compressed:
    """The integer model, and how it came about."""

    model: bytes
    stages: tuple[Stage, ...]
    recipe: Recipe


class Compressor:
    """One network on its way; ``run`` is the whole way."""

    def __init__(
        self,
        model: keras.Model,
        examples: Examples,
        test: tuple[NDArray[np.float32], NDArray[Any]],
        *,
        wish: Wish,
        classes: int,
        seed: int,
        progress: Progress,
        epochs: float = 1.0,
        recipe: Recipe | None = None,
    ) -> None:
        """``epochs`` scales how long is trained on; 1 is what serves most networks. With a
        ``recipe`` nothing is chosen any more: ``examples.x_train`` holds the validation rows."""
        from tinyfield.learn import convert, fit

        self._predict = fit.predict
        self._examples, self._test = examples, test
        self._wish, self._seed = wish, seed
        self._goal = goal = goal_of(classes, examples.y_train)
        self._progress, self._epochs = progress, epochs
        self._weight = goal.weights(examples.y_train)
        self._rows = convert.representative(examples.x_train, goal.strata(examples.y_train), seed)
        self._model = model
        self._teacher = fit.predict(model, examples.x_train)
        self.stages: list[Stage] = []
        self._settled, self._recipe, self._done = recipe, Recipe(), 0
        first = self._merit(self._float("float", ""))
        usual = DROP_VALUES * -first if goal.values else DROP
        self._drop = usual if wish.max_drop is None else wish.max_drop
        self._least = first - self._drop

    def run(self) -> Compressed:
        """Prunes, quantizes, trains on where it must, shares, calibrates."""
        if self._settled is not None:
            return self._again(self._settled)
        wish = self._wish
        if wish.prune is not None:
            self.prune(wish.prune)
        if wish.quantize == "16x8":
            return self._made(self._wide(), "16x8")
        file = self.quantize()
        if wish.share is not None:
            file = self.share(file, wish.share, wish.sparse or 0.0)
        last = self.stages[-1]
        if wish.quantize == "auto" and self._merit(last) < self._least:
            wide = self._wide()
            if self._merit(self.stages[-1]) > self._merit(last):
                self.stages = [_given_up(s) if s.device_bytes else s for s in self.stages[:-1]] + [
                    self.stages[-1]
                ]
                return self._made(wide, "16x8")
            self.stages[-1] = _given_up(self.stages[-1])
        self._coded(file)
        # What the converter alone made of a network is as calibrated as that network.
        file = self.calibrated(file) if len(self.stages) > 2 else file
        return self._made(file)

    def _made(self, file: bytes, form: str | None = None) -> Compressed:
        self._recipe.form = form or self._recipe.form
        return Compressed(file, tuple(self.stages), self._recipe)

    def _again(self, recipe: Recipe) -> Compressed:
        """The way that a recipe tells."""
        from tinyfield.learn import convert, twin
        from tinyfield.learn.patch import tempered

        self._recipe = recipe
        whole = self._model.count_params()
        for share, epochs in recipe.pruned:
            if not self._cut(share, whole):
                self._float("pruned", "nothing more could go")
            self._retrain(epochs)
            self._float("retrained", self.stages[-1].what)
        if recipe.form == "16x8":
            return self._made(self._wide())
        file = convert.to_int8(self._model, self._rows)
        if recipe.form == "int8":
            self._integer("int8", "after training", file)
        else:
            file = self._trained(file)
        if self._wish.share is not None:
            file = self.share(file, self._wish.share, self._wish.sparse or 0.0)
        self._coded(file)
        if recipe.temperature is not None:
            trained = twin.Twin(file)
            last = trained.last_dense()
            if last is not None:
                file = tempered(file, *last, recipe.temperature)
        return self._made(file)

    # -- pruning -----------------------------------------------------------------------------

    def prune(self, share: float | str) -> keras.Model:
        """Takes neurons and channels out in steps, and trains on after each.

        ``auto`` goes on as long as the retrained network loses no more than half of ``max_drop``:
        the other half is for the integers; and then, whatever it loses, until no more parameters
        are left than ``most``.
        """
        whole = self._model.count_params()
        if share == "auto":
            least = self._merit(self.stages[0]) - self._drop / 2
            for _ in range(AUTO_MOST):
                before = self._model
                self._prune_once(AUTO_STEP, whole, least)
                if self._model is before:
                    break
            while self._wish.most is not None and self._model.count_params() > self._wish.most:
                before = self._model
                over = 1 - self._wish.most / before.count_params()
                self._prune_once(min(AUTO_STEP, over), whole, None)
                if self._model is before:
                    break
            return self._model
        for step in range(PRUNE_STEPS):
            # As much of what is left each time: the first steps of a pruning are the cheap ones.
            left = self._model.count_params() / whole
            goal = (1 - float(share)) ** ((step + 1) / PRUNE_STEPS)
            self._prune_once(1 - goal / left, whole, None)
        return self._model

    def _prune_once(self, share: float, whole: int, least: float | None) -> None:
        if share <= 0:
            return
        old = self._model
        if not self._cut(share, whole):
            return
        epochs = self._retrain()
        after = self._float("retrained", self.stages[-1].what)
        if least is not None and self._merit(after) < least:
            self._model = old
            for place in (-1, -2):
                self.stages[place] = _given_up(self.stages[place])
            return
        self._recipe.pruned.append((share, epochs))

    def _cut(self, share: float, whole: int) -> bool:
        """Takes that share of what is left of the parameters out; False where nothing can go."""
        from tinyfield.learn import prune

        old, x, y = self._model, self._examples.x_train, self._examples.y_train
        found = prune.flow(old)
        ranks = prune.saliency(old, found, x, y, self._loss())
        gone = prune.shrink(old, share, ranks, found)
        if not gone:
            return False
        self._model = prune.without(old, found, gone)
        what = f"{1 - self._model.count_params() / whole:.0%} of the parameters gone"
        self._progress("prune", len(self.stages), 0, what)
        self._float("pruned", what)
        return True

    def _retrain(self, until: int | None = None) -> int:
        """A few epochs at a low rate; the best state on the validation rows stays, or that after
        ``until`` of them. Returns after how many it was."""
        import keras

        x, y = self._examples.x_train, self._examples.y_train
        epochs = self._for(RETRAIN_EPOCHS)
        steps = -(-len(y) // 64)
        model = self._model
        model.compile(
            keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, epochs * steps)),
            self._loss(),
        )
        order = np.random.default_rng(self._seed)
        best, best_at, kept = -np.inf, 0, model.get_weights()
        for epoch in range(epochs if until is None else until):
            shuffled = order.permutation(len(y))
            model.fit(
                x[shuffled], y[shuffled], sample_weight=self._weight[shuffled], batch_size=64,
                shuffle=False, verbose=0,
            )  # fmt: skip
            said = self._predict(model, self._examples.x_valid)
            value = self._goal.merit(self._goal.scores(self._examples.y_valid, said))
            self._progress("prune", epoch + 1, epochs, f"valid {self._goal.said(value)}")
            if value >= best or until is not None:
                best, best_at, kept = value, epoch + 1, model.get_weights()
        model.set_weights(kept)
        return best_at

    # -- integers ----------------------------------------------------------------------------

    def quantize(self) -> bytes:
        """int8 by the converter; where that loses too much, by quantization-aware training."""
        from tinyfield.learn import convert, twin

        self._progress("convert", 0, 1, "quantizing to int8")
        file = convert.to_int8(self._model, self._rows)
        first = self._integer("int8", "after training", file)
        if self._merit(first) >= self._least:
            return file
        missing = twin.unsupported(file)
        if missing:
            self._progress("convert", 1, 1, f"{', '.join(missing)} cannot be trained as integers")
            return file
        better, last = self._trained(file), self.stages[-1]
        if self._merit(last) < self._merit(first):
            self.stages[-1] = _given_up(last)
            self._recipe.refined.clear()
            return file
        self.stages[-2] = _given_up(first)
        self._recipe.form = "QAT"
        return better

    def _trained(self, file: bytes) -> bytes:
        """The int8 model after quantization-aware training."""
        from tinyfield.learn import refine, twin

        trained = twin.Twin(file)
        self._refine(trained, refine.EPOCHS, "QAT")
        better = trained.file()
        self._integer("QAT", "fake quantization", better)
        return better

    def share(self, file: bytes, levels: int, zeros: float = 0.0) -> bytes:
        """The int8 model with few different weights a layer, trained on with these.

        Raises:
            ModelError: the network has operators that cannot be trained as integers.
        """
        from tinyfield.learn import twin

        missing = twin.unsupported(file)
        if missing:
            raise ModelError(
                f"weights cannot be shared: {', '.join(missing)} cannot be trained as integers",
                hint="remove `compress.share`",
            )
        trained = twin.Twin(file)
        if zeros:
            for step in range(SPARSE_STEPS):
                trained.prune(zeros * (1 - (1 - (step + 1) / SPARSE_STEPS) ** 3))
                self._refine(trained, 2, "sparse")
        layers = trained.share(levels)
        if not layers:
            what = f"no layer has {twin.SHARED_LEAST} weights: nothing to share"
            self._progress("share", 1, 1, what)
            return file
        self._refine(trained, SHARE_EPOCHS, "share")
        made = trained.file()
        what = f"{levels} levels" + (f", {zeros:.0%} zeros" if zeros else "")
        self._integer("shared", what, made)
        return made

    def _coded(self, file: bytes) -> None:
        """Tells what the constants take in flash once they are coded, if that is less."""
        from tinyfield.compiler import compile_model

        shared = self._wish.share is not None
        last = next(stage for stage in reversed(self.stages) if stage.kept)
        coding = {"yes": "huffman", "no": "none"}.get(
            self._wish.huffman, "auto" if shared else "none"
        )
        device = compile_model(file, target="cortex-m4", coding=coding).weights_bytes
        if device < (last.device_bytes or 0):
            what = "Huffman" if coding == "huffman" else "Huffman or fixed bits"
            self.stages.append(replace(last, name="coded", what=what, device_bytes=device))

    def _refine(self, trained: Twin, epochs: int, stage: str) -> None:
        from tinyfield.learn import refine

        many = self._for(epochs)
        again = self._settled is not None
        best = refine.refine(
            trained,
            self._examples,
            self._teacher,
            self._weight,
            self._goal,
            seed=self._seed,
            epochs=many,
            until=self._recipe.refined[self._done] if again else None,
            told=lambda k, v: self._progress(stage, k + 1, many, f"valid {self._goal.said(v)}"),
        )
        if again:
            self._done += 1
        else:
            self._recipe.refined.append(best)

    def _wide(self) -> bytes:
        from tinyfield.learn import convert

        self._progress("convert", 0, 1, "quantizing to 16x8")
        file = convert.to_16x8(self._model, self._rows, values=self._goal.values)
        self._integer("16x8", "int16 values, int8 weights", file)
        return file

    def calibrated(self, file: bytes) -> bytes:
        """The file whose confidence is the likeliest on the validation rows; no label changes."""
        from tinyfield.learn import refine, twin

        if self._goal.values or twin.unsupported(file):
            return file
        trained = twin.Twin(file)
        last = trained.last_dense()
        if last is None:
            return file
        from tinyfield.learn.patch import tempered

        z = refine.logits(trained, self._examples.x_valid).astype(np.float64)
        y, rows = self._examples.y_valid, np.arange(len(z))

        def surprise(temperature: float) -> float:
            v = z / temperature
            top = v.max(axis=1, keepdims=True)
            return float(np.mean(top[:, 0] + np.log(np.exp(v - top).sum(axis=1)) - v[rows, y]))

        self._recipe.temperature = float(min(_TEMPERATURES, key=surprise))
        return tempered(file, *last, self._recipe.temperature)

    # -- scores ------------------------------------------------------------------------------

    def _for(self, epochs: int) -> int:
        return max(1, round(epochs * self._epochs))

    def _float(self, name: str, what: str) -> Stage:
        n = self._model.count_params()
        return self._add(name, what, lambda x: self._predict(self._model, x), n, 4 * n, None)

    def _integer(self, name: str, what: str, file: bytes) -> Stage:
        from tinyfield.compiler import compile_model
        from tinyfield.compiler.tflite import read
        from tinyfield.learn.runner import run_device

        constants = {i: t for i, t in read(file).tensors.items() if t.data is not None}
        program = compile_model(file, target="cortex-m4")
        device, result = program.weights_bytes, program.outputs[0]

        def said(x: NDArray[np.float32]) -> NDArray[Any]:
            q = np.clip(np.rint(x * STEPS), -STEPS - 1, STEPS).astype(np.int8)
            out = run_device(file, q.reshape(len(q), -1))
            if not self._goal.values:
                return out
            return (out.astype(np.float64) - result.zero_point) * result.scale

        n = sum(t.elements for t in constants.values())
        return self._add(name, what, said, n, sum(t.bytes for t in constants.values()), device)

    def _add(
        self,
        name: str,
        what: str,
        said: Callable[[NDArray[np.float32]], NDArray[Any]],
        parameters: int,
        weights: int,
        device: int | None,
    ) -> Stage:
        valid = self._goal.scores(self._examples.y_valid, said(self._examples.x_valid))
        test = self._goal.scores(self._test[1], said(self._test[0]))
        self.stages.append(Stage(name, what, valid, test, parameters, weights, device))
        return self.stages[-1]

    def _merit(self, stage: Stage) -> float:
        return self._goal.merit(stage.valid)

    def _loss(self) -> Callable[[Any, Any], Any]:
        """Of the network as it is now: one of numbers gives them in the target's unit."""
        return self._goal.loss(self._goal.spread)


def told(first: Sequence[Stage], again: Sequence[Stage]) -> tuple[Stage, ...]:
    """The steps of a refitted network, each with the validation scores that it was chosen by, and
    what was given up before: the validation rows can say nothing of a network that knows them.

    Args:
        first, again: steps before the refit, and of the refit by the former's recipe.
    """
    found: list[Stage] = []
    way = iter(stage for stage in again if stage.name != "coded")
    for stage in first:
        if not stage.kept:
            found.append(stage)
        elif stage.name != "coded":
            found.append(replace(next(way), valid=stage.valid))
    last = next(stage for stage in reversed(found) if stage.kept)
    found += [replace(stage, valid=last.valid) for stage in again if stage.name == "coded"]
    return tuple(found)


def _given_up(stage: Stage) -> Stage:
    return replace(stage, kept=False)
