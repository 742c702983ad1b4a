"""Trains one network in a process of its own: ``python -m tinyfield.learn.worker DIR``.

TensorFlow takes seconds to import, talks on stderr from C++ and holds its threads; here it does
so where nobody sees it. DIR holds ``examples.npz`` and ``request.json``; the worker adds
``model.tflite`` and ``float.npy`` (class probabilities of ``x_test``), and prints a JSON line
``[stage, done, of, text]`` for each step.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np


def main(folder: Path) -> None:
    """Reads the request, trains, converts, writes the results."""
    from tinyfield.learn import convert, mlp

    # TensorFlow's converter prints to stdout; that goes with the rest of its talk.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def progress(stage: str, done: int, of: int, text: str) -> None:
        print(json.dumps([stage, done, of, text]), file=pipe, flush=True)

    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    progress("start", 0, 1, "loading TensorFlow")
    with np.load(folder / "examples.npz") as arrays:
        examples = mlp.Examples(
            arrays["x_train"], arrays["y_train"], arrays["x_valid"], arrays["y_valid"]
        )
        x_test = arrays["x_test"]
    seed = int(request["seed"])
    model = mlp.fit(
        examples,
        hidden=tuple(request["hidden"]),
        classes=int(request["classes"]),
        seed=seed,
        epochs=int(request["epochs"]),
        progress=progress,
    )
    progress("convert", 0, 1, "quantizing to int8")
    rows = convert.representative(examples.x_train, examples.y_train, seed)
    (folder / "model.tflite").write_bytes(convert.to_int8(model, rows))
    np.save(folder / "float.npy", mlp.predict(model, x_test))
    progress("convert", 1, 1, "done")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main(Path(sys.argv[1]))
