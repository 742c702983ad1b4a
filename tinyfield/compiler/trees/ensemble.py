"""Decision trees as plain integer arrays: what training hands over, and nothing of who trained.

A model file of trees is this as JSON: readable, the same bytes for the same trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler import modeljson
from tinyfield.errors import ModelError

MAGIC = b'{"tinyfield": "trees"'
DTYPES = ("int8", "uint8", "int16", "int32")
CLASSES_MOST = 128
_VERSION = 1
_LEAF = -1


@dataclass(frozen=True)
class Ensemble:
    """Trees that vote, or whose leaves add up: to a class's margin, to a place on the scale of
    ordered classes, or to one number.

    Attributes:
        inputs: how many integer features there are.
        classes: how many classes; 1 of a regression, whose sum is its answer.
        dtype: of the features; every value of it is decided as the trained trees do.
        feature: of each node, −1 at a leaf, [nodes]. All trees' nodes lie in one array.
        threshold: x[feature] <= threshold goes left, [nodes].
        left, right: the children's places, always behind their parent's, [nodes].
        leaf: row of ``votes``, −1 inside, [nodes].
        roots: each tree's first node, [trees].
        votes: what a leaf adds, [leaves, classes] (``full`` > 0) or [leaves, 1].
        full: a leaf's votes add up to this, so that a class's share is its score (a forest);
            0 where sums are margins instead (boosted trees), of which the largest wins.
        adds_to: the class that a tree's leaves add to, [trees]; −1 with ``full`` > 0.
        bias: what the sums begin with, [classes].
        octave: so much less than the winner halves a class's score: of margins, or, of votes
            (``full`` > 0), octaves of them, the temperature; 0 where a class's share of the votes
            is its score.
        example: the features of one training row, of those that take the most comparisons.
        shift: of a regression: the sum counts 2^shift parts of a step of the answer.
        ordered: classes are steps of one quantity: all leaves add to one sum s, and the margin of
            class k is k·s + bias[k].
    """

    inputs: int
    classes: int
    dtype: str
    feature: NDArray[np.int32]
    threshold: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    leaf: NDArray[np.int32]
    roots: NDArray[np.int32]
    votes: NDArray[np.int32]
    full: int
    adds_to: NDArray[np.int32]
    bias: NDArray[np.int32]
    octave: float
    example: NDArray[np.int32]
    shift: int = 0
    ordered: bool = False

    @property
    def regression(self) -> bool:
        """One number is the answer."""
        return self.classes == 1

    @property
    def trees(self) -> int:
        """How many there are."""
        return len(self.roots)

    @property
    def depth(self) -> int:
        """Comparisons from a root to the farthest leaf."""
        deep = np.zeros(len(self.feature), np.int32)
        for node in range(len(self.feature) - 1, -1, -1):
            if self.feature[node] != _LEAF:
                deep[node] = 1 + max(deep[self.left[node]], deep[self.right[node]])
        return int(max(deep[self.roots], default=0))

    @property
    def inner(self) -> int:
        """Nodes that compare."""
        return int((self.feature != _LEAF).sum())

    def verify(self) -> Ensemble:
        """Checks that every index refers to what exists and that every sum fits.

        Raises:
            ModelError: it does not.
        """
        nodes = len(self.feature)
        if self.dtype not in DTYPES:
            raise ModelError(f"trees take features of {', '.join(DTYPES)}, not {self.dtype}")
        if not 1 <= self.classes <= CLASSES_MOST or not 1 <= self.inputs <= 255 or not self.trees:
            raise ModelError(
                f"{self.trees} trees of {self.inputs} features and {self.classes} classes",
                hint=f"at least one tree, at most 255 features and {CLASSES_MOST} classes",
            )
        for name in ("threshold", "left", "right", "leaf"):
            if len(getattr(self, name)) != nodes:
                raise ModelError(f"trees: {len(getattr(self, name))} of {name}, {nodes} nodes")
        inside = self.feature != _LEAF
        place = np.arange(nodes)
        for child in (self.left, self.right):
            if ((child <= place) | (child >= nodes))[inside].any():
                raise ModelError("trees: a child that is not behind its parent")
        if ((self.feature < _LEAF) | (self.feature >= self.inputs)).any():
            raise ModelError(f"trees: a feature outside the {self.inputs}")
        if ((self.roots < 0) | (self.roots >= nodes)).any() or len(self.adds_to) != self.trees:
            raise ModelError("trees: a root that is no node")
        if ((self.leaf < 0) | (self.leaf >= len(self.votes)))[~inside].any():
            raise ModelError("trees: a leaf without votes")
        limits = np.iinfo(self.dtype)
        low, high = self.threshold[inside], limits.max
        if ((low < limits.min) | (low >= high)).any():
            wrong = int(low[(low < limits.min) | (low >= high)][0])
            raise ModelError(
                f"a tree's threshold {wrong} is beyond the {self.dtype} features",
                hint="use a wider type of features, or a smaller scale",
            )
        self._verify_sums()
        return self

    def _verify_sums(self) -> None:
        width = self.classes if self.full else 1
        if self.votes.ndim != 2 or self.votes.shape[1] != width or len(self.bias) != self.classes:
            raise ModelError(f"trees: votes of shape {self.votes.shape}")
        if self.full:
            wrong = (self.votes < 0).any() or (self.votes.sum(axis=1) != self.full).any()
            if wrong or (self.adds_to != -1).any() or self.bias.any() or self.octave < 0:
                raise ModelError(f"trees: a leaf's votes do not add up to {self.full}")
        elif self.regression and (self.octave != 0 or not 0 <= self.shift <= 24):
            raise ModelError("trees: a sum of another scale than any")
        elif ((self.adds_to < 0) | (self.adds_to >= self.classes)).any() or (
            self.octave <= 0 and not self.regression
        ):
            raise ModelError("trees: a tree that adds to no class")
        if self.ordered and (self.full or self.regression or self.adds_to.any()):
            raise ModelError("trees: ordered classes have one sum")
        most = int(np.abs(self.votes).max(initial=0)) * self.trees
        most *= self.classes - 1 if self.ordered else 1
        if most + int(np.abs(self.bias).max(initial=0)) >= 1 << 30:
            raise ModelError(
                "the trees' sums do not fit 32 bits", hint="fewer trees, or coarser leaf values"
            )
        if len(self.example) not in (0, self.inputs):
            raise ModelError("trees: an example of another width")

    def dump(self) -> str:
        """The trees as text, one line a node."""
        lines = [
            f"{self.trees} trees, {self.inner} comparisons, depth {self.depth}, "
            f"{len(self.votes)} different leaves, features {self.dtype}"
        ]
        for number, root in enumerate(self.roots):
            lines.append(f"tree {number}")
            self._lines(int(root), 1, lines)
        return "\n".join(lines) + "\n"

    def _lines(self, node: int, depth: int, lines: list[str]) -> None:
        stack = [(node, depth, "")]
        while stack:
            at, deep, why = stack.pop()
            head = "  " * deep + why
            if self.feature[at] == _LEAF:
                lines.append(f"{head}votes {self.votes[self.leaf[at]].tolist()}")
                continue
            lines.append(f"{head}x[{self.feature[at]}] <= {self.threshold[at]}?")
            stack.append((int(self.right[at]), deep + 1, "no: "))
            stack.append((int(self.left[at]), deep + 1, "yes: "))

    def to_bytes(self) -> bytes:
        """The model file."""
        unsaid = {"shift": not self.regression, "ordered": not self.ordered}
        said = {name: value for name, value in vars(self).items() if not unsaid.get(name)}
        return modeljson.write("trees", _VERSION, said)

    @classmethod
    def from_bytes(cls, data: bytes) -> Ensemble:
        """Reads a model file.

        Raises:
            ModelError: damaged, or of another version.
        """

        def made(given: dict[str, Any]) -> Ensemble:
            width = int(given["classes"]) if given["full"] else 1
            given["votes"] = given["votes"].reshape(-1, width)
            return cls(**given).verify()

        return modeljson.read(data, "trees", _VERSION, "trees", made)
