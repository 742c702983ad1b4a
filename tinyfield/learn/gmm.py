"""A mixture of Gaussians over the usual rows: fitted by expectation-maximization, made integers.

Dempster, Laird and Rubin (1977), by scikit-learn. What usual rows have in common changes with how
the machine is run (its speed, its load); a Gaussian each for several such regions follows that,
where a single one (``mahalanobis``) would call everything between them usual.

A row's distance is E = min over the components of (offset + squared Mahalanobis distance), which
is -2 log of the likeliest component's density up to a constant, and its share of anomaly
E / (E + threshold). The threshold is the quantile of E over the usual validation rows, by the
integers, that leaves the asked share of false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.gmm import STEPS, UNIT, Gmm, distances
from tinyfield.compiler.gmm.model import FARTHEST
from tinyfield.errors import ModelError
from tinyfield.learn.scaler import STEPS as INPUT_STEPS

Floats = NDArray[np.floating[Any]]

ROWS_LEAST = 5
"""Training rows a component, an input: with fewer its covariance is not known."""
_RIDGE = 0.003
"""Added to every variance, as a share of the input's own: a region in which nothing varied is
still as wide as a twentieth of the spread of all."""
_STARTS = 3
_ROUNDS = 200
_WEIGHT_MOST = (1 << 15) - 1
_SUM_MOST = (1 << 31) - 1
_SHIFT_MOST = 24


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture over inputs in [-1, 1].

    Attributes:
        full: whether covariances are full, else diagonal.
        means: [components, inputs].
        white: inverse Cholesky factors, lower triangular: |white (x - mean)|² is the squared
            Mahalanobis distance, [components, inputs, inputs].
        offsets: what a component's distance begins with, 0 for the densest, [components].
        threshold: of the distance.
    """

    full: bool
    means: Floats
    white: Floats
    offsets: Floats
    threshold: float = 1.0

    def distances(self, x: Floats) -> Floats:
        """E [n] of rows [n, inputs]."""
        away = np.einsum("kij,nkj->nki", self.white, x[:, None] - self.means)
        return np.asarray((self.offsets + (away**2).sum(axis=2)).min(axis=1))

    def probabilities(self, x: Floats) -> Floats:
        """Shares of usual and of not usual, [n, 2]."""
        far = self.distances(x)
        share = far / (far + self.threshold)
        return np.stack([1 - share, share], axis=1)


def fit(x: Floats, *, components: int, covariance: str, seed: int) -> Mixture:
    """The mixture of usual rows.

    Args:
        x: [n, inputs], in [-1, 1].
        covariance: ``full`` or ``diagonal``.

    Raises:
        ModelError: too few rows for so many components.
    """
    from sklearn.mixture import GaussianMixture

    full = covariance == "full"
    least = ROWS_LEAST * components * (x.shape[1] if full else 1)
    if len(x) < least:
        raise ModelError(
            f"{len(x)} usual rows are too few for {components} Gaussians of {x.shape[1]} inputs",
            hint=f"record at least {least}, or lower `components`"
            + (", or write 'covariance: diagonal'" if full else ""),
        )
    # What int8 rounds off an input varies too.
    spread = np.hypot(x.std(axis=0, dtype=np.float64), 1 / (INPUT_STEPS * np.sqrt(12)))
    mixture = GaussianMixture(
        components,
        covariance_type="full" if full else "diag",
        reg_covar=_RIDGE,
        n_init=_STARTS,
        max_iter=_ROUNDS,
        random_state=seed,
    ).fit(x / spread)
    root = mixture.precisions_cholesky_  # upper: |(x - mean) @ root|² of a full one
    white = root.transpose(0, 2, 1) if full else np.stack([np.diag(row) for row in root])
    density = np.log(mixture.weights_) + np.log(white.diagonal(axis1=1, axis2=2)).sum(axis=1)
    return Mixture(full, mixture.means_ * spread, white / spread, 2 * (density.max() - density))


def convert(mixture: Mixture, x: Floats, valid: Floats, false_alarms: float) -> Gmm:
    """The mixture as integers, with its threshold.

    Args:
        x: training rows, for the example.
        valid: usual rows of the validation split.
        false_alarms: share of them that may be called anomalies.
    """
    return _from(model := _integers(mixture, x), _first(model, valid, false_alarms))


def convert_again(mixture: Mixture, x: Floats, made: Gmm, before: Floats, rate: float) -> Gmm:
    """A mixture that was fitted to the validation rows too, as integers. Its threshold is as far
    beyond the distance that a share of its own rows are beyond as the validation rows put the first
    one's: distances are logarithms of density, counted from the densest component, so what stays is
    a ratio of densities.

    Rows that nobody learned from are, if anything, in denser places of a mixture that saw more of
    their kind, so the rate of false alarms is kept; the validation rows themselves, once learned
    from, could not say.

    Args:
        x: the rows that it was fitted to.
        made: the mixture of the training rows alone.
        before: those rows.
        rate: that share, the rate of false alarms that was asked.
    """
    model = _integers(mixture, x)
    return _from(model, _first(model, x, rate) + made.threshold - _first(made, before, rate))


def _first(model: Gmm, x: Floats, rate: float) -> int:
    """The least threshold beyond which no more than that share of the rows are."""
    far = np.sort(distances(model, quantized(x)))[::-1]
    return int(far[int(rate * len(far))]) + 1


def _from(model: Gmm, threshold: int) -> Gmm:
    return replace(model, threshold=int(np.clip(threshold, 1, FARTHEST))).verify()


def _integers(mixture: Mixture, x: Floats) -> Gmm:
    """Without its threshold."""
    white = mixture.white * STEPS / INPUT_STEPS  # of a quantization step of the input
    bias = -np.einsum("kij,kj->ki", mixture.white, mixture.means) * STEPS
    most = np.abs(white).max(axis=2)
    sums = np.abs(white).sum(axis=2) * (INPUT_STEPS + 1) + np.abs(bias)
    by_weight = np.floor(np.log2(_WEIGHT_MOST / np.maximum(most, 1e-9)))
    by_sum = np.floor(np.log2(_SUM_MOST / np.maximum(sums, 1e-9))) - 1
    shifts = np.clip(np.minimum(by_weight, by_sum), 0, _SHIFT_MOST).astype(np.int64)
    scale = np.exp2(shifts)
    rows = np.rint(white * scale[:, :, None]).astype(np.int64)
    n = rows.shape[1]
    at = np.tril_indices(n) if mixture.full else np.diag_indices(n)
    # Half a step more: shifting right rounds down.
    start = np.rint(bias * scale).astype(np.int64) + (1 << shifts >> 1)
    return Gmm(
        full=mixture.full,
        weights=rows[:, at[0], at[1]].astype(np.int32),
        bias=start.astype(np.int32),
        shifts=shifts.astype(np.int32),
        offsets=np.minimum(np.rint(mixture.offsets * UNIT), FARTHEST).astype(np.int32),
        threshold=1,
        example=quantized(x[:1])[0].astype(np.int32),
    ).verify()


def quantized(x: Floats) -> NDArray[np.int8]:
    """Inputs in [-1, 1] as the node has them."""
    return np.clip(np.rint(x * INPUT_STEPS), -INPUT_STEPS - 1, INPUT_STEPS).astype(np.int8)


def with_threshold(mixture: Mixture, model: Gmm) -> Mixture:
    """The float mixture with the threshold of its integers."""
    return replace(mixture, threshold=model.threshold / UNIT)
