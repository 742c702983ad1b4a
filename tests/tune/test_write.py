"""The chosen point in the app file: only what changes, all else to the byte."""

from __future__ import annotations

import difflib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tinyfield.errors import EnvironmentFault, UserError
from tinyfield.spec import load_app
from tinyfield.spec.architectures import ANOMALY
from tinyfield.tune.candidate import Candidate, written
from tinyfield.tune.space import SPACE, OneOf, Whole, space_of
from tinyfield.tune.write import write

optuna = pytest.importorskip("optuna")


@pytest.fixture
def app_file(root: Path, tmp_path: Path) -> Path:
    path = tmp_path / "app.yaml"
    text = (root / "apps/irrigation.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("tests:\n", "# tests:\n").replace("  dry week", "  # dry week"))
    return path


def candidate(path: Path, **params: Any) -> Candidate:
    """The app's own model with some parameters of the search changed."""
    app = load_app(path)
    space = space_of(app, app.models["need"])
    own = space.parameters(app.models["need"])
    assert own is not None
    return space.suggest(optuna.trial.FixedTrial({**own, **params}))


def changes(path: Path, made: Candidate) -> list[str]:
    """Lines removed and added by writing it."""
    before = path.read_text().splitlines()
    write(path, "need", made, load_app(path).models["need"])
    after = path.read_text().splitlines()
    lines = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def test_the_apps_own_model_changes_nothing(app_file: Path) -> None:
    own = candidate(app_file)
    model = load_app(app_file).models["need"]
    assert own.apply(model) == model
    assert changes(app_file, own) == []


def test_another_architecture(app_file: Path) -> None:
    made = candidate(
        app_file,
        **{"architecture": "forest", "forest trees": 6, "forest depth": 5, "forest min_leaf": "20"},
    )
    assert changes(app_file, made) == [
        "-    architecture: mlp",
        "-    hidden: [16, 12]",
        "+    architecture: forest",
        "+    trees: 6",
        "+    depth: 5",
        "+    min_leaf: 20",
    ]
    assert load_app(app_file).models["need"].options == {"trees": 6, "depth": 5, "min_leaf": 20}


def test_options_inputs_and_compression(app_file: Path) -> None:
    made = candidate(
        app_file,
        **{
            "mlp hidden": "[8]",
            "mlp compress prune": "0.25",
            "input soil.moisture min 72 h": "left out",
            "input site.kc": "left out",
            "input air.temperature mean 24 h": "air.temperature mean 12 h",
            "input soil.moisture mean 24 h": "soil.moisture mean 2 d",
        },
    )
    assert changes(app_file, made) == [
        "-      - soil.moisture mean 24 h",
        "-      - soil.moisture min 72 h",
        "+      - soil.moisture mean 2 d",
        "-      - air.temperature mean 24 h",
        "+      - air.temperature mean 12 h",
        "-      - site.kc                   # how much the plants drink at this age",
        "-    hidden: [16, 12]",
        "-    compress: {quantize: int8}",
        "+    hidden: [8]",
        "+    compress: {quantize: int8, prune: 25 %}",
    ]
    model = load_app(app_file).models["need"]
    assert model.compress.prune == Decimal("0.25") and model.hidden == (8,)


def test_a_file_in_a_form_of_its_own_keeps_it(app_file: Path) -> None:
    text = app_file.read_text()
    text = text.replace("app: irrigation", 'app:   "irrigation"   # mine')
    text = text.replace("{dry: 2300 mV, wet: 1050 mV}", "{ dry: 2300 mV,   wet: 1050 mV }")
    text = text.replace("      - ", "    - ").replace("    hidden: [16, 12]\n", "")
    app_file.write_text(text)
    assert changes(app_file, candidate(app_file, **{"mlp hidden": "[8, 8]"})) == [
        "+    hidden: [8, 8]"
    ]


def test_what_cannot_be_written_is_left_alone(app_file: Path) -> None:
    made = candidate(app_file, **{"mlp hidden": "[8]"})
    model = load_app(app_file).models["need"]
    text = app_file.read_text()
    with pytest.raises(UserError, match="not say what was chosen; nothing was written"):
        write(app_file, "need", replace(made, places=made.places[::-1]), model)
    assert app_file.read_text() == text and len(list(app_file.parent.iterdir())) == 1
    start, end = text.index("  need:"), text.index("actuators:")
    part = app_file.with_name("need.yaml")
    part.write_text("".join(line[4:] for line in text[start:end].splitlines(True)[1:]))
    app_file.write_text(text[:start] + "  need: !include need.yaml\n" + text[end:])
    with pytest.raises(UserError, match="stands in another file"):
        write(app_file, "need", made, load_app(app_file).models["need"])
    with pytest.raises((EnvironmentFault, FileNotFoundError)):
        write(app_file.with_name("none.yaml"), "need", made, model)


FAST = """
app: moves
board: uno
sensors:
  imu: {driver: adxl345, rate: 50 Hz, burst: 2.56 s}
sample: every 10 s
models:
  need:
    inputs:
      - imu.accel_{x,y,z} {mean,level} 1.28 s   # each axis
      - imu.accel_x autocorrelation 0.5 s 1.28 s
      - imu.accel_x last
    classes: [still, walking]
    train: {dataset: gas_mq, label: gait}
    architecture: gmm
    components: 4
decisions:
  moves: {when: need == walking}
reporting: {link: serial, heartbeat: 10 min}
"""


def test_windows_of_frames(tmp_path: Path) -> None:
    """Half and twice as long, as far as the burst reaches; braces stay where all change alike."""
    path = tmp_path / "app.yaml"
    path.write_text(FAST)
    app = load_app(path)
    space = space_of(app, app.models["need"])
    forms = {one[0].text: [form.text for form in one] for one in space.inputs}
    assert forms["imu.accel_y level 1.28 s"] == [
        "imu.accel_y level 1.28 s", "imu.accel_y level 0.64 s", "imu.accel_y level 2.56 s",
    ]  # fmt: skip
    assert forms["imu.accel_x autocorrelation 0.5 s 1.28 s"][1:] == [
        "imu.accel_x autocorrelation 0.5 s 0.64 s", "imu.accel_x autocorrelation 0.5 s 2.56 s",
    ]  # fmt: skip
    assert forms["imu.accel_x last"] == ["imu.accel_x last"]
    assert set(space.searched) >= set(ANOMALY)

    path.write_text(FAST.replace("burst: 2.56 s", "burst: 1.28 s"))
    app = load_app(path)
    short = space_of(app, app.models["need"]).inputs[0]
    assert [form.text for form in short][1:] == ["imu.accel_x mean 0.64 s"]

    path.write_text(FAST)
    axes = [f"imu.accel_{axis} {what}" for axis in "xyz" for what in ("mean", "level")]
    params = {f"input {one} 1.28 s": f"{one} 0.64 s" for one in axes}
    assert changes(path, candidate(path, **params)) == [
        "-      - imu.accel_{x,y,z} {mean,level} 1.28 s   # each axis",
        "+      - imu.accel_{x,y,z} {mean,level} 0.64 s   # each axis",
    ]
    path.write_text(FAST)
    like = "imu.accel_x autocorrelation 0.5 s"
    some = {
        "input imu.accel_x mean 1.28 s": "left out",
        "input imu.accel_z level 1.28 s": "imu.accel_z level 2.56 s",
        f"input {like} 1.28 s": f"{like} 2.56 s",
    }
    lines = changes(path, candidate(path, **some, **{"gmm components": 7}))
    assert [line.partition("#")[0].rstrip() for line in lines] == [
        "-      - imu.accel_{x,y,z} {mean,level} 1.28 s",
        "-      - imu.accel_x autocorrelation 0.5 s 1.28 s",
        "+      - imu.accel_x level 1.28 s",
        "+      - imu.accel_y mean 1.28 s",
        "+      - imu.accel_y level 1.28 s",
        "+      - imu.accel_z mean 1.28 s",
        "+      - imu.accel_z level 2.56 s",
        "+      - imu.accel_x autocorrelation 0.5 s 2.56 s",
        "-    components: 4",
        "+    components: 7",
    ]


def test_numbers_are_written_as_people_write_them() -> None:
    assert written("density", 0.3) == "30 %" and written("prune", Decimal("0.125")) == "12.5 %"
    assert written("density", 1.0) == "100 %" and written("hidden", (8, 4)) == [8, 4]
    assert written("trees", 6) == 6 and written("prune", "auto") == "auto"


@pytest.mark.parametrize("name", SPACE)
def test_all_that_is_searched_can_be_written(app_file: Path, name: str) -> None:
    """The ends of every choice, and each value, make a file that says just that."""
    if name in ANOMALY:
        text = app_file.read_text(encoding="utf-8")
        text = text.replace("[none, light, heavy]", "[none, heavy]").replace("light: 8 min, ", "")
        app_file.write_text(text, encoding="utf-8")
    for key, choice in SPACE[name].options.items():
        ends = (choice.low, choice.high) if isinstance(choice, Whole) else choice.values
        for value in ends[:: max(1, len(ends) - 1)]:
            base = {k: c.low if isinstance(c, Whole) else c.values[0] for k, c in
                    SPACE[name].options.items()}  # fmt: skip
            app = load_app(app_file)
            inputs = app.models["need"].inputs
            made = Candidate(
                name, tuple({**base, key: value}.items()), inputs, (), tuple(range(len(inputs)))
            )
            write(app_file, "need", made, app.models["need"])
            assert getattr(load_app(app_file).models["need"], key) == value
    for key, choice in SPACE[name].compress.items():
        assert isinstance(choice, OneOf) and None in choice.values, key
