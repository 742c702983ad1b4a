"""The user's own network: ``keras: my_model.py:build``, run in the worker process alone.

The function gets the input's shape, ([N, k] of a history, else [k]), and the number of classes,
and returns an untrained Keras model that ends in a softmax; for a ``target:`` it gets 0 classes,
and the model ends in one number.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyfield.errors import ModelError

if TYPE_CHECKING:
    import keras

_SIGN = "def {name}(input_shape, classes): … return keras.Model"


def build(options: Mapping[str, Any], shape: tuple[int, ...], classes: int) -> keras.Model:
    """What the function makes, checked.

    Args:
        options: ``source``, the file, and ``function``, its name there.

    Raises:
        ModelError: the file cannot be run, or what it makes is not what the app needs.
    """
    import keras

    path, name = Path(options["source"]), str(options["function"])
    where = f"{path.name}:{name}"
    function = getattr(_module(path), name, None)
    if not callable(function):
        raise ModelError(f"{path.name} has no function {name!r}", hint=_SIGN.format(name=name))
    try:
        model = function(shape, classes)
    except Exception as error:
        raise ModelError(f"{where} failed: {_place(error, path)}") from error
    if not isinstance(model, keras.Model):
        raise ModelError(
            f"{where} returned {type(model).__name__}, no Keras model",
            hint=_SIGN.format(name=name),
        )
    given, said = _shape(model.input_shape), _shape(model.output_shape)
    if given != shape:
        raise ModelError(
            f"{where}: the model's input is {_text(given)}, the app's is {_text(shape)}",
            hint="build it from the shape that the function gets",
        )
    if not classes and said != (1,):
        raise ModelError(
            f"{where}: the model's output is {_text(said)}, the app has one target",
            hint="end with Dense(1)",
        )
    if classes and said != (classes,):
        raise ModelError(
            f"{where}: the model's output is {_text(said)}, the app has {classes} classes",
            hint=f"end with Dense({classes}, activation='softmax')",
        )
    some = np.random.default_rng(0).uniform(-1, 1, (8, *shape)).astype(np.float32)
    shares = np.asarray(model.predict(some, verbose=0))
    if not classes and not np.isfinite(shares).all():
        raise ModelError(f"{where}: the model's output is no finite number", hint="look for NaN")
    if classes and not (np.isfinite(shares).all() and (np.abs(shares.sum(axis=1) - 1) < 1e-3).all()
            and shares.min() >= 0):  # fmt: skip
        raise ModelError(
            f"{where}: the model's outputs are no class probabilities",
            hint=f"end with Dense({classes}, activation='softmax')",
        )
    return model


def _module(path: Path) -> Any:
    """The file as a module; what lies beside it can be imported."""
    if not path.is_file():
        raise ModelError(f"{path} is not there", hint="the path counts from the app's folder")
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("own_network", path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path.name} is no Python file", hint="name a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ModelError(f"{path.name} cannot be run: {_place(error, path)}") from error
    return module


def _place(error: Exception, path: Path) -> str:
    """The error, and the line of the user's file that it came from."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else (lines or [None])[-1]
    return f"{f'line {line}: ' if line else ''}{type(error).__name__}: {error}"


def _shape(shape: Any) -> tuple[Any, ...]:
    """Without the batch; of several inputs or outputs, the shapes together."""
    if isinstance(shape, (list, dict)):
        return tuple(shape.values() if isinstance(shape, dict) else shape)
    return tuple(shape[1:])


def _text(shape: tuple[Any, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"
