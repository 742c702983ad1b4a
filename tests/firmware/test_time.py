"""A node that goes by the clock: its rules and models see the local time, once it is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np

from tests.codegen.apps import app_of, native, scales_of
from tests.compiler.models import perceptron, reference
from tests.firmware.host import SEASON_START, running
from tinyfield.boards import load_boards
from tinyfield.codegen import generate
from tinyfield.compiler import compile_model
from tinyfield.data.dataset import Series
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.table import times
from tinyfield.learn.scaler import quantize
from tinyfield.wire import Downlink, Kind, Message, encode_downlink

APP = """
app: lamp
board: native
site: {planted: 2026-04-20, utc_offset: 5 h 45 min}
sensors:
  air: {driver: bme280}
sample: every 10 min
models:
  need:
    inputs: [air.temperature last, time.hour cyclic, time.year cyclic]
    classes: [a, b, c]
    train: {dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}
    architecture: mlp
decisions:
  always: {when: need == a or need == b or need == c, repeat: 10 min}
  morning: {when: time.hour >= 7 and time.hour < 8.5, severity: info}
reporting: {link: serial, heartbeat: 1 h}
"""
OFFSET_S = 5 * 3600 + 45 * 60
SAMPLES = 300
SEED = 1


def answers(dated: bool) -> Callable[[Message, int], bytes]:
    """A gateway that has stored everything, with or without the date."""

    def answer(message: Message, t: int) -> bytes:
        epoch = SEASON_START + t if dated else None
        if message.kind is Kind.DECISION:
            return encode_downlink(Downlink(boot=message.boot, seq=message.seq, epoch=epoch))
        return encode_downlink(Downlink(epoch=epoch))

    return answer


def told(
    tmp_path: Path, dated: bool = True
) -> tuple[dict[int, tuple[int, int]], list[tuple[int, bool]]]:
    """Label and score of each sample, and when `morning` began and ended."""
    app = app_of(APP, tmp_path, "native")
    program = compile_model(perceptron(np.random.default_rng(SEED), [5, 3]), prefix="model_need")
    generate(app, load_boards()["native"], {"need": program}, scales_of(app), tmp_path / "out")
    with running(native(tmp_path / "out"), tmp_path, answers(dated)) as node:
        node.season([[20 * 100 + i, 500, 10_000] for i in range(SAMPLES)])
        labels = {t: (m.label or 0, m.score or 0) for t, m in node.decisions if m.rule == 0}
        return labels, [(t, bool((m.flags or 0) & 1)) for t, m in node.decisions if m.rule == 1]


def test_local_time_in_rules_and_models(tmp_path: Path) -> None:
    labels, _ = told(tmp_path)
    app = app_of(APP, tmp_path, "native")
    day = ((np.arange(SAMPLES) * 600 + OFFSET_S) // 86400).astype(np.int32)
    series = Series(
        "g", {}, 600, datetime(2026, 4, 20, 5, 45), {}, day, day.astype(np.int16), "measured"
    )
    rows = np.array([[20 * 100 + i, 500, 10_000] for i in range(SAMPLES)], np.int32)
    inputs, valid = FeatureLibrary(app).run("need", rows, times(series), None)
    assert valid.all()
    model = perceptron(np.random.default_rng(SEED), [5, 3])
    (out,) = reference(model, [quantize(inputs, scales_of(app)["need"])[:, None, :]])
    share = out.reshape(SAMPLES, -1).astype(int) + 128
    best = share.argmax(1)
    assert labels == {600 * i: (int(best[i]), int(share[i, best[i]])) for i in range(SAMPLES)}
    assert len({score for _, score in labels.values()}) > 1


def test_morning_is_from_seven_to_half_past_eight(tmp_path: Path) -> None:
    _, morning = told(tmp_path)
    seven = 4800  # the first sample from 7:00 on: the node woke up at 5:45
    assert [t for t, active in morning if active] == [seven + d * 86400 for d in (0, 1, 2)]


def test_without_a_date_it_is_never_morning_and_no_model_runs(tmp_path: Path) -> None:
    labels, morning = told(tmp_path, dated=False)
    assert (labels, morning) == ({}, [])
