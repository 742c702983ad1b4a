"""Trained models on disk, by the content of all that made them; a hit imports nothing that trains.

One folder a key under ``cache_dir()/models``: ``network.npz`` (model file, constants, the float
model's answers) and ``network.sha256``; scores lie beside it, named by the version of the code
that computed them. Anything that does not check out is a miss, never an error.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import tinyfield
from tinyfield.learn.known import Gate
from tinyfield.learn.result import Fitted, Metrics, Network
from tinyfield.learn.scaler import InputScale
from tinyfield.learn.stages import Stage
from tinyfield.paths import cache_dir, firmware_dir

_TRAINS = (
    "anomaly.py",
    "balance.py",
    "bonsai.py",
    "compress.py",
    "convert.py",
    "metrics.py",
    "fit.py",
    "gmm.py",
    "goal.py",
    "known.py",
    "patch.py",
    "ready.py",
    "prune.py",
    "refine.py",
    "scaler.py",
    "share.py",
    "stages.py",
    "train.py",
    "boosting.py",
    "trees.py",
    "twin.py",
    "worker.py",
)
_TRAINERS = ("tensorflow", "keras", "scikit-learn", "numpy")
_SCORES = (
    "anomaly.py",
    "baselines.py",
    "examine.py",
    "known.py",
    "metrics.py",
    "regression.py",
    "result.py",
    "runner.py",
    "stages.py",
    "train.py",
    "value.py",
)


def network_key(parts: dict[str, Any]) -> str:
    """Names a training: the caller's parts (data, spec, seed), code and package versions."""
    learn = Path(__file__).parent
    parts = {
        **parts,
        "code": _digest(
            [*(learn / name for name in _TRAINS), *sorted((learn / "networks").glob("*.py"))]
        ),
        "versions": {name: _version(name) for name in _TRAINERS},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


@cache
def scores_key() -> str:
    """Changes with everything between a model file and a score: compiler, kernels, LiteRT."""
    package, core = Path(tinyfield.__file__).parent, firmware_dir() / "core"
    files = [Path(__file__).parent / name for name in _SCORES]
    files += [*sorted((package / "compiler").rglob("*.py")), package / "hostcc.py"]
    files += [
        *sorted((core / "nn").rglob("*.[ch]")),
        core / "features" / "quantize.h",
        core / "value.h",
    ]
    text = _digest(files) + _version("ai-edge-litert")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def code_key() -> str:
    """Changes with everything between the rows and a score: what trains, and ``scores_key``."""
    trains = _digest(Path(__file__).parent / name for name in _TRAINS)
    versions = {name: _version(name) for name in _TRAINERS}
    return hashlib.sha256(f"{trains} {versions} {scores_key()}".encode()).hexdigest()[:16]


def load_network(key: str) -> Network | None:
    """The network of that key, or None."""
    folder = _folder(key)
    try:
        data = (folder / "network.npz").read_bytes()
        stated = (folder / "network.sha256").read_text(encoding="ascii")
        if hashlib.sha256(data).hexdigest() != stated:
            return None
        with np.load(io.BytesIO(data)) as arrays:
            return Network(
                model=arrays["model"].tobytes(),
                scaler=tuple(InputScale(*map(int, row)) for row in arrays["scaler"]),
                probabilities=arrays["probabilities"],
                resolution=float(arrays["resolution"]),
                stages=tuple(map(Stage.from_json, json.loads(str(arrays["stages"])))),
                gate=_gate(arrays),
                settled=arrays["settled"].tobytes(),
                shipped=arrays["shipped"].tobytes(),
            )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_network(key: str, network: Network) -> None:
    """Stores a network; a full or read-only disk only costs the next training."""
    rows = [(s.offset, s.mult, s.shift, s.zero_point) for s in network.scaler]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        model=np.frombuffer(network.model, dtype=np.uint8),
        scaler=np.array(rows, dtype=np.int64).reshape(-1, 4),
        probabilities=network.probabilities,
        resolution=network.resolution,
        stages=json.dumps([stage.to_json() for stage in network.stages]),
        settled=np.frombuffer(network.settled, dtype=np.uint8),
        shipped=np.frombuffer(network.shipped, dtype=np.uint8),
        **_gate_arrays(network.gate),
    )
    data = buffer.getvalue()
    _write(_folder(key) / "network.npz", data)
    _write(_folder(key) / "network.sha256", hashlib.sha256(data).hexdigest().encode())


def _gate(arrays: Mapping[str, Any]) -> Gate | None:
    if "gate" not in arrays:
        return None
    without = json.loads(str(arrays["gate_without"]))
    return Gate(
        arrays["gate"].tobytes(),
        tuple(InputScale(*map(int, row)) for row in arrays["gate_scaler"]),
        tuple(text.encode() for text in without),
    )


def _gate_arrays(gate: Gate | None) -> dict[str, Any]:
    if gate is None:
        return {}
    rows = [(s.offset, s.mult, s.shift, s.zero_point) for s in gate.scaler]
    return {
        "gate": np.frombuffer(gate.model, dtype=np.uint8),
        "gate_scaler": np.array(rows, dtype=np.int64).reshape(-1, 4),
        "gate_without": json.dumps([file.decode() for file in gate.without]),
    }


def load_metrics(key: str) -> Metrics | Fitted | None:
    """The scores of that network by today's code, or None."""
    try:
        text = (_folder(key) / f"scores-{scores_key()}.json").read_text(encoding="utf-8")
        value = json.loads(text)
        return Fitted.from_json(value) if "target" in value else Metrics.from_json(value)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save_metrics(key: str, metrics: Metrics | Fitted) -> None:
    """Stores scores beside their network."""
    text = json.dumps(metrics.to_json(), sort_keys=True)
    _write(_folder(key) / f"scores-{scores_key()}.json", text.encode())


def _folder(key: str) -> Path:
    return cache_dir() / "models" / key


def _write(path: Path, data: bytes) -> None:
    """All or nothing: readers in other processes see the old file or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        return


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
