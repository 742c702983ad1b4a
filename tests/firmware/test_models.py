"""A node's labels and scores against LiteRT on the same features: sense to decide, end to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.codegen.apps import app_of, native, scales_of
from tests.compiler.models import perceptron, reference
from tests.features.clockless import without_clock
from tests.firmware.host import MISSING, running
from tinyfield.boards import load_boards
from tinyfield.codegen import generate
from tinyfield.compiler import compile_model
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.site import crop_fields
from tinyfield.features.table import windows
from tinyfield.learn.scaler import quantize

# Every sample decides: the first fires, all others repeat.
APP = """
app: bed
board: native
site: {{plant: tomato, planted: 2026-04-20}}
sensors:
  soil: {{driver: capacitive_soil, pin: A0, calibrate: {{dry: 2300 mV, wet: 1050 mV}}}}
  tank: {{driver: hcsr04, trigger: 5, echo: 6, calibrate: {{empty: 80 cm, full: 10 cm}}}}
sample: every 10 min
models:
  need:
    inputs: [soil.moisture last, tank.level mean 2 h, soil.moisture slope 6 h, site.stage one_hot]
    classes: [{classes}]
    train: {{dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}}
    architecture: mlp
decisions:
  always: {{when: {when}, repeat: 10 min}}
reporting: {{link: serial, heartbeat: 6 h}}
"""


def text_of(classes: str) -> str:
    """The app with a rule that fires whenever the model could run."""
    when = " or ".join(f"need == {name}" for name in classes.split(", "))
    return APP.format(classes=classes, when=when)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "classes, widths, last",
    [
        ("a, b, c", [7, 8, 3], "SOFTMAX"),
        ("a, b", [7, 2], "SOFTMAX"),
        ("a, b", [7, 5, 1], "LOGISTIC"),
    ],
)
def test_labels_and_scores(
    tmp_path: Path, classes: str, widths: list[int], last: str, seed: int
) -> None:
    app = app_of(text_of(classes), tmp_path, "native")
    random = np.random.default_rng(seed)
    model = perceptron(random, widths, last=last)
    program = compile_model(model, prefix="model_need")
    scales = scales_of(app)
    generate(app, load_boards()["native"], {"need": program}, scales, tmp_path / "out")

    n = 150
    rows = np.stack([random.integers(0, 1000, n), random.integers(0, 1000, n)], 1).astype(np.int32)
    rows[random.random(rows.shape) < 0.05] = MISSING
    rows[60:64] = MISSING
    with running(native(tmp_path / "out"), tmp_path) as node:
        node.season([[int(x) for x in row] for row in rows])
        told = {t: (m.label, m.score) for t, m in node.decisions}

    assert app.site and app.site.crop
    when = without_clock((np.arange(n) * 600 // 86_400).astype(np.int32))
    inputs, valid = FeatureLibrary(app).run("need", rows, when, crop_fields(app.site.crop))
    scale = scales["need"][0]
    steps = (inputs.astype(np.int64) - scale.offset) * scale.mult
    rounded = np.sign(steps) * ((np.abs(steps) + (1 << (scale.shift - 1))) >> scale.shift)
    quantized = np.clip(rounded + scale.zero_point, -128, 127).astype(np.int8)
    (out,) = reference(model, [quantized[:, None, :]])
    share = out.reshape(n, -1).astype(int) + 128
    if last == "LOGISTIC":
        share = np.stack([255 - share[:, 0], share[:, 0]], 1)
        labels = (share[:, 1] >= 128).astype(int)
    else:
        labels = share.argmax(1)
    expected = {600 * i: (int(labels[i]), int(share[i, labels[i]])) for i in range(n) if valid[i]}
    assert 0 < sum(~valid) < n
    assert told == expected


def test_a_model_over_time_sees_no_row_from_before_a_gap(tmp_path: Path) -> None:
    """Rows without a gap, oldest first, the first one for those before it; samples that the node
    slept through are a gap too."""
    text = text_of("a, b, c").replace(
        "soil.moisture slope 6 h, site.stage one_hot]", "site.kc]\n    history: 5 samples"
    )
    app = app_of(text, tmp_path, "native")
    model = perceptron(np.random.default_rng(3), [15, 8, 3])
    program = compile_model(model, prefix="model_need")
    scales = scales_of(app)
    generate(app, load_boards()["native"], {"need": program}, scales, tmp_path / "out")
    n = 120
    rows = np.random.default_rng(4).integers(0, 1000, (n, 2)).astype(np.int32)
    rows[20:24] = MISSING  # more than `last` bridges
    rows[50, 0] = MISSING
    rows[70:75, 0] = MISSING
    with running(native(tmp_path / "out"), tmp_path) as node:
        node.season([[int(x) for x in row] for row in rows])
        told = {t: (m.label, m.score) for t, m in node.decisions}

    assert app.site and app.site.crop
    when = without_clock((np.arange(n) * 600 // 86_400).astype(np.int32))
    inputs, valid = FeatureLibrary(app).run("need", rows, when, crop_fields(app.site.crop))
    at = np.flatnonzero(valid)
    seen = windows(inputs, valid, at, 5)
    (out,) = reference(model, [quantize(seen, scales["need"])[:, None, :]])
    share = out.reshape(len(at), -1).astype(int) + 128
    expected = {600 * int(i): (int(s.argmax()), int(s.max())) for i, s in zip(at, share)}  # noqa: B905
    assert 0 < len(at) < n and 0 in at
    assert told == expected


def test_a_model_that_cannot_run_is_unknown(tmp_path: Path) -> None:
    """Its rule neither fires nor clears; one that fires for another reason says so."""
    text = text_of("a, b").replace(
        "when: need == a or need == b", "when: need == a or tank.level < 10 %"
    )
    app = app_of(text, tmp_path, "native")
    program = compile_model(perceptron(np.random.default_rng(1), [7, 2]), prefix="model_need")
    generate(app, load_boards()["native"], {"need": program}, scales_of(app), tmp_path / "out")
    with running(native(tmp_path / "out"), tmp_path) as node:
        node.season([(None, 500), (None, 500), (None, 50), (None, 500)])
        ((t, message),) = node.decisions
        assert t == 1200
        assert (message.label, message.score, message.why, message.active) == (255, 0, 0b10, True)


REFERENCES = """
app: bed
board: native
sensors:
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
sample: every 10 min
decisions:
  early: {when: low}
  low: {when: tank.level < 10 %}
  late: {when: low and not early}
reporting: {link: serial, heartbeat: 6 h}
"""


def test_a_rule_sees_earlier_rules_now_and_later_ones_a_sample_ago(tmp_path: Path) -> None:
    app = app_of(REFERENCES, tmp_path, "native")
    generate(app, load_boards()["native"], {}, {}, tmp_path / "out")
    with running(native(tmp_path / "out"), tmp_path) as node:
        node.season([(500,), (50,), (50,), (500,), (500,)])
        names = list(app.decisions)
        said = [(t // 600, names[m.rule or 0], m.active) for t, m in node.decisions]
        assert said == [
            (1, "low", True),
            (1, "late", True),
            (2, "early", True),
            (2, "late", False),
            (3, "low", False),
            (4, "early", False),
        ]
