"""``models:`` what is learned, from what, how large, how good."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tinyfield.spec.sections.base import Section
from tinyfield.spec.sections.decisions import Samples
from tinyfield.spec.sections.fields import (
    Amount,
    Bytes,
    Kernel,
    Label,
    Micros,
    Refit,
    Score,
    ScoreOrAmount,
    Share,
    ShareOrAuto,
)


class AugmentSection(Section):
    """What else is made of each training recording; validation and test stay as they are."""

    rotate: Literal["random", "slightly", "no"] = Field(
        default="no",
        description="each copy as of a sensor mounted otherwise, every vector turned alike; "
        "random: any way round; slightly: by some 20 degrees about any axis",
    )
    shift: bool = Field(
        default=False, description="whether each copy's samples begin at another moment"
    )
    copies: Annotated[int, Field(ge=1, le=64)] = Field(
        default=4, description="copies of each recording, beside itself"
    )
    between: str | None = Field(
        default=None,
        description="a number known of each recording, such as its speed: inputs between those of "
        "neighbouring numbers, class by class, are learned from too",
        examples=["speed"],
    )


class TrainSection(Section):
    """Where the examples come from."""

    dataset: str = Field(description="a data set", examples=["irrigation_maricopa"])
    stand_in: str | None = Field(
        default=None, description="generator that stands in where the data set is missing"
    )
    label: str | None = Field(
        default=None, description="classes: the column to learn", examples=["need"]
    )
    split: str = Field(
        default="by group", description="what must not be in two parts", examples=["by plot"]
    )
    augment: AugmentSection | None = Field(
        default=None,
        description="copies of the training recordings that differ as they might in use",
        examples=["{rotate: random, copies: 4, shift: true}"],
    )
    refit: Refit = Field(
        default=False,
        description="whether the model, once the validation rows have settled what they choose, is "
        "fitted once more to the training and validation rows; all: and, once its test scores are "
        "known, to the test rows too",
    )


class CompressSection(Section):
    """How the trained model is made small."""

    quantize: Literal["int8", "16x8", "auto"] = Field(
        default="int8",
        description="weights of 8 bits and values of 8 or 16; auto: 16 where 8 lose too much",
    )
    prune: ShareOrAuto | None = Field(
        default=None,
        description="share of the weights to remove, by neurons and channels; auto: as many as "
        "accept.max_drop allows, and as budget.flash needs",
        examples=["50 %", "auto"],
    )
    share: Annotated[int, Field(ge=4, le=32)] | None = Field(
        default=None, description="most different weights that a layer may have"
    )
    sparse: Share | None = Field(
        default=None, description="with share: share of a layer's weights that are zero"
    )
    huffman: Literal["auto", "yes", "no"] = Field(
        default="auto", description="weights coded in flash; auto: where it pays"
    )


class BudgetSection(Section):
    """What the model may cost; the build fails above it."""

    flash: Bytes | None = Field(default=None, description="code and weights", examples=["8 KiB"])
    ram: Bytes | None = Field(default=None, description="working memory", examples=["512 B"])
    latency: Micros | None = Field(default=None, description="one inference", examples=["20 ms"])


class AcceptSection(Section):
    """What the model must reach on the test split; the build fails below it."""

    accuracy: Score | None = Field(default=None, description="share of right labels")
    macro_f1: Score | None = Field(default=None, description="mean F1 of the classes")
    auc: Score | None = Field(
        default=None,
        description="of a model of what is usual: how likely an anomaly scores above a normal row",
    )
    mae: Amount | None = Field(
        default=None, description="target: greatest mean absolute error", examples=["2 mm"]
    )
    rmse: Amount | None = Field(
        default=None, description="target: greatest root mean square error", examples=["3 mm"]
    )
    max_drop: ScoreOrAmount | None = Field(
        default=None,
        description="loss allowed from float to int8: of macro F1, or of a target's mean absolute "
        "error",
        examples=[0.02, "0.2 mm"],
    )


class TargetSection(Section):
    """The number that a model gives."""

    name: str = Field(
        description="a column of numbers in the data set, with the time ahead if it is of the "
        "future",
        examples=["need", "pm2_5 in 6 h"],
    )
    unit: str | None = Field(
        default=None, description="its unit, as the data set has it", examples=["mm"]
    )


class ModelSection(Section):
    """One model: a classifier, or a regression."""

    inputs: Annotated[list[str], Field(min_length=1, max_length=64)] = Field(
        description="features: 'sensor.quantity op window'", examples=["[soil.moisture last]"]
    )
    classes: Annotated[list[Label], Field(min_length=2, max_length=16)] | None = Field(
        default=None,
        description="labels, in the order of the data set's codes",
        examples=["[none, light, heavy]"],
    )
    target: TargetSection | None = Field(
        default=None,
        description="instead of 'classes': a number to give, which rules compare like a reading",
        examples=["{name: need, unit: mm}"],
    )
    train: TrainSection = Field(
        description="where the examples come from", examples=["{dataset: …, label: …}"]
    )
    architecture: str = Field(
        default="mlp", description="what is learned: a network, trees, Bonsai, what is usual"
    )
    hidden: Annotated[list[Annotated[int, Field(ge=1, le=1024)]], Field(max_length=8)] | None = (
        Field(
            default=None,
            description="mlp: units of each hidden layer (16); autoencoder: of each to the "
            "narrowest (4)",
            examples=["[16]"],
        )
    )
    l2: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None,
        description="mlp: how much large weights cost in training, by their squares, against "
        "learning few subjects by heart, in place of ending early; 0.001 to 0.01 (0)",
        examples=[0.005],
    )
    trees: Annotated[int, Field(ge=1, le=255)] | None = Field(
        default=None, description="forest: how many trees (10); gbt: how many rounds (20)"
    )
    depth: Annotated[int, Field(ge=1, le=20)] | None = Field(
        default=None,
        description="tree and forest: most comparisons to a leaf (8); gbt: the same (3); bonsai: "
        "how deep its tree is (2)",
    )
    min_leaf: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None, description="tree, forest and gbt: fewest training rows in a leaf (5)"
    )
    leaves: Annotated[int, Field(ge=2, le=255)] | None = Field(
        default=None, description="gbt: most leaves of a tree (31)"
    )
    ordered: bool | None = Field(
        default=None,
        description="gbt: the classes are steps of one quantity, in their order; one score tells "
        "them apart (false)",
    )
    projection: Annotated[int, Field(ge=1, le=64)] | None = Field(
        default=None, description="bonsai: dimensions that the inputs are projected to (10)"
    )
    density: Share | None = Field(
        default=None, description="bonsai: share of the projection that is not zero (30 %)"
    )
    history: Samples = Field(
        default=None,
        description="how many samples' inputs it looks at, as a number or a time (cnn, ds_cnn, "
        "tcn: 16, gru: 12, else 1)",
        examples=["12 samples"],
    )
    hop: Samples = Field(
        default=None,
        description="with history: every so many samples one enters it, as a number or a time (1)",
        examples=["6 samples"],
    )
    filters: Annotated[int, Field(ge=1, le=128)] | None = Field(
        default=None,
        description="channels of a convolution; cnn: of the first block, then twice as many each "
        "(8); ds_cnn (12); tcn (8)",
    )
    kernel: Kernel | None = Field(
        default=None,
        description="cnn, ds_cnn and tcn: samples that a convolution spans (3); cnn: or samples "
        "and neighbouring inputs, such as the bands of a spectrum",
        examples=["3", "[3, 3]"],
    )
    blocks: Annotated[int, Field(ge=1, le=8)] | None = Field(
        default=None, description="convolutions one after the other; cnn and ds_cnn (2); tcn (3)"
    )
    units: Annotated[int, Field(ge=1, le=128)] | None = Field(
        default=None, description="gru: size of its state (8)"
    )
    false_alarms: Share | None = Field(
        default=None,
        description="mahalanobis, autoencoder and gmm: share of the normal rows that may be called "
        "anomalies (1 %)",
    )
    components: Annotated[int, Field(ge=1, le=64)] | None = Field(
        default=None, description="gmm: how many Gaussians (8)"
    )
    covariance: Literal["full", "diagonal"] | None = Field(
        default=None,
        description="gmm: whether a Gaussian may lie across the inputs, or along each alone (full)",
    )
    keras: str | None = Field(
        default=None,
        description="instead of 'architecture': a Python file and its function from (input shape, "
        "classes) to an untrained Keras model",
        examples=["my_model.py:build"],
    )
    tflite: str | None = Field(
        default=None,
        description="instead of 'architecture': a trained int8 model",
        examples=["my_model.tflite"],
    )
    unknown: Share | None = Field(
        default=None,
        description="what is like nothing learned gets the label 'unknown'; share of the known "
        "rows that may get it too",
        examples=["1 %"],
    )
    compress: CompressSection | None = Field(
        default=None, description="how it is made small", examples=["{quantize: int8}"]
    )
    budget: BudgetSection | None = Field(
        default=None, description="what it may cost", examples=["{flash: 24 KiB, ram: 8 KiB}"]
    )
    accept: AcceptSection | None = Field(
        default=None,
        description="what it must reach",
        examples=["{macro_f1: 0.80, max_drop: 0.01}"],
    )
