"""Facts about Keras networks, found in the process that has TensorFlow (see twice.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tinyfield.compiler.tflite import read
from tinyfield.learn.goal import Goal

CLASSES = 3


def write_facts(folder: Path) -> None:
    """``facts.json``: what pruned networks are worth, and how near the twins are."""
    facts: dict[str, Any] = {}
    for name, model in (("chain", _chain()), ("graph", _graph())):
        facts[name] = _pruned(model)
    facts["twin"] = _twin(folder)
    facts["gru"] = _gru()
    facts["networks"] = {name: _over_time(name) for name in ("cnn", "cnn_2d", "ds_cnn", "tcn")}
    facts["wide"] = _wide(folder)
    (folder / "facts.json").write_text(json.dumps(facts))


def _chain() -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((12, 6, 1), name="in"),
            layers.Conv2D(12, 3, strides=2, padding="same", use_bias=False, name="c0"),
            layers.BatchNormalization(name="n0"),
            layers.ReLU(name="r0"),
            layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="d1"),
            layers.BatchNormalization(name="n1"),
            layers.ReLU(name="r1"),
            layers.Conv2D(16, 1, activation="relu", name="c1"),
            layers.MaxPooling2D(2, name="p"),
            layers.Flatten(name="f"),
            layers.Dense(14, activation="relu", name="h"),
            layers.Dense(CLASSES, activation="softmax", name="out"),
        ],
        name="chain",
    )


def _graph() -> Any:
    """A residual sum, a concatenation, a reshape, and a GRU that nothing may be taken from."""
    import keras

    layers = keras.layers
    x = keras.Input((10, 3), name="in")
    a = layers.Conv1D(8, 3, padding="same", name="a")(x)
    b = layers.Conv1D(8, 1, name="b")(x)
    s = layers.ReLU(name="r")(layers.Add(name="s")([a, b]))
    c = layers.Conv1D(6, 1, activation="relu", name="c")(s)
    k = layers.Concatenate(name="k")([s, c])
    q = layers.Conv2D(10, 1, activation="relu", name="q")(layers.Reshape((10, 1, 14), name="w")(k))
    g = layers.GRU(5, name="g")(layers.Reshape((10, 10), name="v")(q))
    d = layers.Dense(9, activation="relu", name="d")(g)
    return keras.Model(x, layers.Dense(CLASSES, activation="softmax", name="out")(d), name="graph")


def _pruned(model: Any) -> dict[str, Any]:
    """Takes half out, and sets the same units to zero in the whole model: both must agree."""
    from tinyfield.learn import fit, prune

    rng = np.random.default_rng(3)
    x = rng.normal(size=(64, *model.input_shape[1:])).astype(np.float32)
    y = rng.integers(0, CLASSES, 64)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    found = prune.flow(model)
    # One unit that the loss cannot depend on: nobody reads it.
    head = model.get_layer("out")
    kernel, bias = head.get_weights()
    kernel[4] = 0
    head.set_weights([kernel, bias])
    ranks = prune.saliency(model, found, x, y, Goal(CLASSES).loss())
    dead = int(found.given["out"][4])
    gone = prune.shrink(model, 0.5, ranks, found)
    small = prune.without(model, found, gone)
    for layer in model.layers:
        weights = layer.get_weights()
        if type(layer).__name__ in ("Dense", "Conv1D", "Conv2D"):
            weights[0][..., np.isin(found.given[layer.name], list(gone)), :] = 0
            layer.set_weights(weights)
    return {
        "before": model.count_params(),
        "after": small.count_params(),
        "counted": prune.parameters(model, found, gone),
        "apart": float(np.abs(fit.predict(model, x) - fit.predict(small, x)).max()),
        "dead": ranks[dead],
        "dead_gone": dead in gone,
        "units": len(ranks),
        "widths": {layer.name: int(layer.output.shape[-1]) for layer in small.layers},
    }


def _twin(folder: Path) -> dict[str, Any]:
    """A convolutional network: converted, as its twin, and shared, against the generated C."""
    import tensorflow as tf

    from tinyfield.learn import convert
    from tinyfield.learn.runner import run_device
    from tinyfield.learn.twin import Twin, unsupported

    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, (200, 12, 6, 1)).astype(np.float32)
    rows = convert.representative(x, rng.integers(0, CLASSES, 200), 0)
    file = convert.to_int8(_chain(), rows)
    twin = Twin(file)
    q = np.clip(np.rint(x * 127), -128, 127).astype(np.int8).reshape(200, -1)

    def apart(file: bytes) -> float:
        device = (run_device(file, q).astype(float) + 128) / 256
        return float(np.abs(tf.nn.softmax(twin.logits(x)).numpy() - device).max())

    facts: dict[str, Any] = {
        "unsupported": unsupported(file),
        **_compared(file, twin.file()),
        "apart": apart(file),
    }
    twin.prune(0.6, least=100)
    facts["layers"] = twin.share(6, least=100)
    (folder / "shared.tflite").write_bytes(twin.file())
    facts["shared_apart"] = apart(twin.file())
    return facts


def _gru() -> dict[str, Any]:
    """A recurrent network, whose steps share their weights: twin and generated C, also shared."""
    import tensorflow as tf

    from tinyfield.learn import convert
    from tinyfield.learn.networks import NETWORKS
    from tinyfield.learn.runner import run_device
    from tinyfield.learn.twin import Twin, unsupported

    rng = np.random.default_rng(8)
    x = rng.uniform(-1, 1, (120, 6, 4)).astype(np.float32)
    y = rng.integers(0, CLASSES, 120)
    model = NETWORKS["gru"]({"units": 8}, (6, 4), CLASSES)
    model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
    file = convert.to_int8(model, convert.representative(x, y, 0))
    twin = Twin(file)
    q = np.clip(np.rint(x * 127), -128, 127).astype(np.int8).reshape(120, -1)

    def apart(made: bytes) -> float:
        device = (run_device(made, q).astype(float) + 128) / 256
        return float(np.abs(tf.nn.softmax(twin.logits(x)).numpy() - device).max())

    found = {"unsupported": unsupported(file), "layers": len(twin.layers), "apart": apart(file)}
    found["biases"] = sum(len(layer.biases) for layer in twin.layers.values())
    found["shared"] = twin.share(6, least=40)
    made = twin.file()
    found["shared_apart"] = apart(made)
    constants = [t for t in read(made).tensors.values() if t.data is not None and t.elements >= 40]
    found["levels"] = [len(np.unique(t.data)) for t in constants]
    return found


def _over_time(name: str) -> dict[str, Any]:
    """An architecture with a third of it gone and its weights shared: twin and generated C."""
    import tensorflow as tf

    from tinyfield.learn import convert, prune
    from tinyfield.learn.networks import NETWORKS
    from tinyfield.learn.runner import run_device
    from tinyfield.learn.twin import Twin
    from tinyfield.spec.architectures import OPTIONS

    rng = np.random.default_rng(6)
    x = rng.uniform(-1, 1, (120, 16, 4)).astype(np.float32)
    y = rng.integers(0, CLASSES, 120)
    kind = name.removesuffix("_2d")
    options = {**OPTIONS[kind], **({"kernel": (3, 3)} if kind != name else {})}
    model = NETWORKS[kind](options, (16, 4), CLASSES)
    found = prune.flow(model)
    gone = prune.shrink(
        model, 0.33, prune.saliency(model, found, x, y, Goal(CLASSES).loss()), found
    )
    small = prune.without(model, found, gone)
    twin = Twin(convert.to_int8(small, convert.representative(x, y, 0)))
    layers = twin.share(6, least=40)
    q = np.clip(np.rint(x * 127), -128, 127).astype(np.int8).reshape(120, -1)
    device = (run_device(twin.file(), q).astype(float) + 128) / 256
    apart = float(np.abs(tf.nn.softmax(twin.logits(x)).numpy() - device).max())
    left = small.count_params() / model.count_params()
    return {"left": left, "layers": layers, "apart": apart}


def _compared(before: bytes, after: bytes) -> dict[str, Any]:
    """How many constants differ, and the scales by how much, between two files."""
    one, two = read(before).tensors, read(after).tensors
    pairs = [(a, two[i]) for i, a in one.items() if a.quant is not None]
    return {
        "other_integers": sum(
            int((a.data != b.data).sum()) for a, b in pairs if a.data is not None
        ),
        "other_scales": max(
            float(np.abs(np.divide(a.q.scales, b.q.scales) - 1).max()) for a, b in pairs
        ),
    }


def _wide(folder: Path) -> dict[str, Any]:
    from tinyfield.learn import convert, fit

    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (300, 12, 6, 1)).astype(np.float32)
    model = _chain()
    file = convert.to_16x8(model, convert.representative(x, rng.integers(0, CLASSES, 300), 0))
    (folder / "wide.tflite").write_bytes(file)
    np.savez(folder / "wide.npz", x=x, p=fit.predict(model, np.rint(x * 127) / np.float32(127)))
    return {}
