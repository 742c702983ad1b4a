"""Random trees, Bonsai and mixtures, seeded, small and nasty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.bonsai import Bonsai
from tinyfield.compiler.gmm import Gmm
from tinyfield.compiler.trees import Ensemble


def ensemble(
    seed: int,
    *,
    trees: int = 3,
    depth: int = 4,
    inputs: int = 5,
    classes: int = 3,
    dtype: str = "int16",
    full: int = 204,
) -> Ensemble:
    """Trees with thresholds all over the type and near zero; ``full`` 0: margins."""
    rng = np.random.default_rng(seed)
    limits = np.iinfo(dtype)
    if full:
        votes = rng.multinomial(full, np.ones(classes) / classes, size=int(rng.integers(1, 5)))
        if rng.random() < 0.7:
            votes = np.concatenate([np.eye(classes, dtype=np.int64) * full, votes])
    else:
        votes = rng.integers(-500, 500, (9, 1))
    nodes: list[tuple[int, int, int, int, int]] = []

    def grow(left_over: int) -> int:
        at = len(nodes)
        nodes.append((-1, 0, 0, 0, int(rng.integers(len(votes)))))
        if left_over > 0 and rng.random() < 0.85:
            wide = rng.random() < 0.5
            low, high = (
                (limits.min, limits.max) if wide else (max(limits.min, -9), min(limits.max, 9))
            )
            feature, limit = int(rng.integers(inputs)), int(rng.integers(low, high))
            nodes[at] = (feature, limit, grow(left_over - 1), grow(left_over - 1), -1)
        return at

    roots = [grow(depth) for _ in range(trees)]
    table = np.array(nodes, np.int32)
    return Ensemble(
        inputs=inputs,
        classes=classes,
        dtype=dtype,
        feature=table[:, 0],
        threshold=table[:, 1],
        left=table[:, 2],
        right=table[:, 3],
        leaf=table[:, 4],
        roots=np.array(roots, np.int32),
        votes=votes.astype(np.int32),
        full=full,
        adds_to=np.array([-1 if full else t % classes for t in range(trees)], np.int32),
        bias=(np.zeros(classes) if full else rng.integers(-50, 50, classes)).astype(np.int32),
        octave=0.0 if full else float(rng.integers(1, 400)),
        example=np.zeros(inputs, np.int32),
    ).verify()


def rows(model: Ensemble, n: int, seed: int = 0) -> NDArray[np.integer]:
    """Features: the type's ends, values at and beside thresholds, small ones, random ones."""
    rng = np.random.default_rng(seed)
    limits = np.iinfo(model.dtype)
    X = rng.integers(limits.min, limits.max + 1, (n, model.inputs), dtype=np.int64)
    X[0], X[1] = limits.min, limits.max
    inside = model.threshold[model.feature >= 0].astype(np.int64)
    if len(inside):
        near = rng.choice(inside, (n // 2, model.inputs)) + rng.integers(-1, 2, (n // 2, 1))
        X[2 : 2 + n // 2] = near
    return np.clip(X, limits.min, limits.max).astype(model.dtype)


def bonsai(
    seed: int, *, depth: int = 2, projection: int = 6, inputs: int = 9, classes: int = 4,
    density: float = 0.4, extreme: bool = False,
) -> Bonsai:  # fmt: skip
    """Random weights; with ``extreme`` every weight at an end of its range."""
    rng = np.random.default_rng(seed)

    def weights(*shape: int) -> NDArray[np.int32]:
        if extreme:
            return rng.choice([-127, 127], shape).astype(np.int32)
        return rng.integers(-127, 128, shape).astype(np.int32)

    nodes, inner = (2 << depth) - 1, (1 << depth) - 1
    return Bonsai(
        depth=depth,
        Z=weights(projection, inputs) * (rng.random((projection, inputs)) < density),
        bias=rng.integers(-20_000, 20_000, projection).astype(np.int32),
        shifts=rng.integers(0 if extreme else 5, 11, projection).astype(np.int32),
        W=weights(nodes, classes, projection),
        V=weights(nodes, classes, projection),
        T=weights(inner, projection),
        w_shift=max(0, (projection * 127 * 128).bit_length() - 15),
        v_shift=int(rng.integers(0, 9)),
        octave=float(rng.integers(1000, 400_000)),
        example=np.zeros(inputs, np.int32),
    ).verify()


def gmm(
    seed: int, *, components: int = 3, inputs: int = 5, full: bool = True, extreme: bool = False
) -> Gmm:
    """Random weights; with ``extreme`` every weight at an end of its range."""
    rng = np.random.default_rng(seed)
    each = inputs * (inputs + 1) // 2 if full else inputs
    top = 32767 if extreme else 4000
    weights = rng.integers(-top, top + 1, (components, each))
    if extreme:
        weights = rng.choice([-top, top], (components, each))
    return Gmm(
        full=full,
        weights=weights.astype(np.int32),
        bias=rng.integers(-200_000, 200_000, (components, inputs)).astype(np.int32),
        shifts=rng.integers(0 if extreme else 6, 13, (components, inputs)).astype(np.int32),
        offsets=rng.integers(0, 1 << 24 if extreme else 400, components).astype(np.int32),
        threshold=int(rng.integers(1, 1 << 24 if extreme else 3000)),
        example=np.zeros(inputs, np.int32),
    ).verify()
