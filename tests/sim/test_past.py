"""Rules that read a channel's past: the decisions that the windows' own definition asks for, on
every virtual board."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.codegen.apps import MOVES
from tests.features.clockless import without_clock
from tests.features.test_windows import oracle
from tests.sim.conftest import Bench
from tests.sim.test_fast import Shaken
from tests.sim.test_neighbours import by_rule
from tinyfield import project
from tinyfield.features.bind import FeatureLibrary
from tinyfield.features.emit import emit_features
from tinyfield.features.scale import MISSING
from tinyfield.sim import WorldSource
from tinyfield.spec import App
from tinyfield.spec.features import parse_feature, range_of
from tinyfield.spec.unsure import Unsure

BOARDS = ("native", "qemu_m4", "simavr_uno")
SAMPLE_S = 600
SHARED = "soil.moisture mean 6 h"

# What is read, when it fires, when it ends (empty: when it no longer holds).
WINDOWED = {
    "mean": (SHARED, "> 30 %", ""),
    "fine": ("soil.moisture mean 50 min", ">= 30.25 %", "< 29.5 %"),
    "swing": ("soil.moisture range 2 h", "> 4.95 %", "< 2 %"),
    "least": ("soil.moisture min 400 min", "< 26 %", ""),
    "most": ("soil.moisture max 70 min", "<= 33 %", ""),
    "spread": ("soil.moisture std 6 h", "> 2.5 %", ""),
    "falls": ("soil.moisture slope 6 h", "< -0.75 %/h", "> 0.125 %/h"),
    "total": ("soil.moisture sum 2 h", "> 60.3 %*h", "< 58 %*h"),
    "was": ("soil.moisture lag 50 min", "< 27 %", "> 31 %"),
}
COMPARED = {
    "held": ("soil.moisture last", "> 28 %", ""),
    "changed": ("soil.moisture change 3 h", "!= 0 %", ""),
    "slow": ("soil.moisture ewma 12 h", "> 29.05 %", ""),
    "odd": ("soil.moisture deviation 12 h", "> 1.5 %", "< 0 %"),
    "usual": ("line.voltage relative 12 h", "> 1.1", "< 0.95"),
    "drier": ("soil.moisture minus tank.level", "< -5 %", ""),
}
RULES = "".join(
    f"  {name}: {{when: {text} {fires}" + (f", clear: {text} {ends}" if ends else "") + "}\n"
    for name, (text, fires, ends) in {**WINDOWED, **COMPARED}.items()
)
APP = f"""
app: bed
board: uno
sensors:
  soil: {{driver: capacitive_soil, pin: A0, calibrate: {{dry: 2300 mV, wet: 1050 mV}}}}
  tank: {{driver: hcsr04, trigger: 5, echo: 6, calibrate: {{empty: 80 cm, full: 10 cm}}}}
  line: {{driver: analog_voltage, pin: A1}}
sample: every 10 min
models:
  need:
    inputs: [soil.moisture last, {SHARED}]
    classes: [none, light, heavy]
    train: {{dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}}
    architecture: mlp
decisions:
{RULES}
  hourly: {{when: always, repeat: 1 h}}
  both: {{when: not soil.moisture mean 2 h > 30 % and soil.moisture range 2 h - 1 % > 2.5 %}}
reporting: {{link: serial, heartbeat: 6 h}}
"""
OPS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "!=": operator.ne}

Row = tuple[int | None, int | None, int | None]
"""Moisture and level in tenths of a percent, millivolts; None: no reading."""
Values = Sequence[Fraction | None]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(project.ensure_project(tmp_path_factory.mktemp("past")))
    made.app_file.write_text(APP, encoding="utf-8")
    return made.generate(*BOARDS)


def traced(rows: Sequence[Row], folder: Path) -> Path:
    lines = ["t,soil.moisture,tank.level,line.voltage"]
    for i, row in enumerate(rows):
        cells = ["" if v is None else f"{v / per}" for v, per in zip(row, (10, 10, 1), strict=True)]
        lines.append(",".join([str(i * SAMPLE_S), *cells]))
    path = folder / "trace.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def holds(text: str) -> Callable[[Fraction], bool]:
    """``> 30.25 %`` as a function of a value in that unit."""
    op, number = text.split()[:2]
    return lambda value: bool(OPS[op](value, Fraction(number)))


def events(
    values: Values, fires: Callable[[Fraction], bool], ends: Callable[[Fraction], bool] | None
) -> list[tuple[int, bool]]:
    """When a rule fires and ends; what is unknown does neither."""
    found, active = [], False
    for i, value in enumerate(values):
        if value is None:
            continue
        over = not fires(value) if ends is None else ends(value)
        if over if active else fires(value):
            active = not active
            found.append((i * SAMPLE_S, active))
    return found


def by_definition(text: str, soil: list[int | None]) -> Values:
    """A window's value at every sample, from all readings so far, in exact fractions."""
    _, op, number, unit = text.split()
    span = int(number) * {"min": 60, "h": 3600}[unit] // SAMPLE_S
    found = [oracle(op, span, soil[: i + 1]) for i in range(len(soil))]
    per = 1000 if op == "slope" else 10
    return [None if value is None else Fraction(value, per) for value in found]


def as_inputs(app: App, rows: Sequence[Row]) -> dict[str, Values]:
    """What a model's inputs of those texts would be, by rule; none outside of its range."""
    texts = {name: text for name, (text, _, _) in {**WINDOWED, **COMPARED}.items()}
    found = [
        parse_feature(text, app.channels, sample_s=SAMPLE_S, has_crop=False, unsure=Unsure())
        for text in texts.values()
    ]
    inputs = [feature for feature in found if feature is not None]
    model = app.models["need"].model_copy(update={"inputs": tuple(inputs)})
    library = FeatureLibrary(app.model_copy(update={"models": {"need": model}, "decisions": {}}))
    given = np.array([[MISSING if v is None else v for v in row] for row in rows], np.int32)
    out, _ = library.run("need", given, without_clock(np.zeros(len(rows), np.int32)), None)
    values: dict[str, Values] = {}
    for name, feature, column in zip(texts, inputs, out.T.tolist(), strict=True):
        low, high = range_of(feature, app.channels, SAMPLE_S)
        assert all(value == MISSING or low <= value <= high for value in column), feature.text
        step = Fraction(10) ** feature.scale
        values[name] = [None if value == MISSING else value * step for value in column]
    return values


def wanted(app: App, rows: Sequence[Row]) -> dict[str, list[tuple[int, bool]]]:
    """What every rule of the app decides."""
    soil = [row[0] for row in rows]
    values = as_inputs(app, rows)
    values |= {name: by_definition(text, soil) for name, (text, _, _) in WINDOWED.items()}
    found = {
        name: events(values[name], holds(fires), holds(ends) if ends else None)
        for name, (_, fires, ends) in {**WINDOWED, **COMPARED}.items()
    }
    mean, span = (by_definition(f"soil.moisture {op} 2 h", soil) for op in ("mean", "range"))
    both = [
        None if a is None or b is None else Fraction(a <= 30 and b - 1 > Fraction("2.5"))
        for a, b in zip(mean, span, strict=True)
    ]
    found["both"] = events(both, lambda value: value == 1, None)
    found["hourly"] = [(t, True) for t in range(0, len(rows) * SAMPLE_S, 3600)]
    return {name: one for name, one in found.items() if one}


def waves(samples: int, seed: int) -> list[Row]:
    """A soil that dries and is wetted, a tank and a line that waver, and gaps in all of them."""
    chance, rows = random.Random(seed), []
    for i in range(samples):
        jumps = 30 if i % 80 < 3 else 0
        level = 290 + 60 * math.sin(i / 25) + jumps + chance.randrange(-4, 5)
        gone = [chance.random() < (0.8 if i % 70 < 9 else 0.03) for _ in range(3)]
        made = round(level), 350 + chance.randrange(-60, 60), 900 + chance.randrange(-120, 300)
        rows.append(tuple(None if g else v for g, v in zip(gone, made, strict=True)))
    return rows  # type: ignore[return-value]


@pytest.mark.parametrize("board", BOARDS)
def test_every_board_decides_by_the_windows_definition(
    bed: Bench, board: str, tmp_path: Path
) -> None:
    rows = waves(400, 5)
    want = wanted(bed.app(), rows)
    assert want.keys() == {*WINDOWED, *COMPARED, "both", "hourly"}, (
        "each fires and ends in this trace"
    )
    assert all(len(one) >= 2 for one in want.values())
    assert by_rule(bed.sim(board, traced(rows, tmp_path))) == want


reading = st.one_of(st.none(), st.integers(180, 420))
rows_of = st.lists(
    st.tuples(reading, reading, st.one_of(st.none(), st.integers(0, 3000))), min_size=2, max_size=80
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=rows_of, calm=st.booleans())
def test_any_readings_and_gaps(bed: Bench, tmp_path: Path, rows: list[Row], calm: bool) -> None:
    """``calm``: each reading lasts, so that windows are full of readings near each other."""
    said = [row for row in rows for _ in range(4)] if calm else rows
    assert by_rule(bed.sim("native", traced(said, tmp_path))) == wanted(bed.app(), said)


def test_what_a_model_reads_too_is_kept_once(bed: Bench) -> None:
    """Rules that ask only for what the model's windows hold add no byte of state."""
    app = bed.app()
    rules = {name: one for name, one in app.decisions.items() if name in ("mean", "held")}
    both = app.model_copy(update={"decisions": rules})
    assert [feature.text for feature in both.past] == [SHARED, "soil.moisture last"]
    alone = app.model_copy(update={"decisions": {}})
    with_rules, without = emit_features(both), emit_features(alone)

    def state(header: str) -> str:
        return header[header.index("typedef struct") : header.index("} app_features_t")]

    assert state(with_rules.header) == state(without.header)
    assert "app_past" in with_rules.source and "app_past" not in without.source


FAST = MOVES.replace(
    "  tipped: {",
    "  shaken:\n"
    "    when: imu.accel norm std 1.28 s > 0.1 g\n"
    "    clear: imu.accel norm std 1.28 s < 0.05 g\n"
    "  fast: {when: imu.accel_z band 2..4 Hz 1.28 s > 0.15 g and imu.accel_x mean 2 min < 9 g}\n"
    "  tipped: {",
)


@pytest.fixture(scope="module")
def moves(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(project.ensure_project(tmp_path_factory.mktemp("moves")))
    made.app_file.write_text(FAST, encoding="utf-8")
    return made.generate(*BOARDS)


@pytest.mark.parametrize("board", ["native", "simavr_uno"])
def test_windows_of_frames_too(moves: Bench, board: str) -> None:
    """The world is shaken for 40 s of every 120."""
    found = by_rule(moves.sim(board, WorldSource(moves.app(), Shaken(), limit=240)))
    for rule in ("shaken", "fast"):
        assert [active for _, active in found[rule]] == [True, False] * 2, found[rule]
        for (start, _), (end, _) in zip(found[rule][::2], found[rule][1::2], strict=True):
            assert start % 120 - 40 in (0, 1) and end % 120 - 80 in (0, 1), (rule, found[rule])
