"""What codegen writes: golden texts, the same bytes every time, clear refusals."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.codegen.apps import (
    LOOKS_BACK,
    MOVES,
    SMALL,
    app_of,
    generated,
    native,
    programs_of,
    scales_of,
)
from tests.compiler.models import perceptron
from tinyfield.boards import load_boards
from tinyfield.codegen import generate, make_manifest, make_plan
from tinyfield.codegen.generate import FILES
from tinyfield.codegen.render import block_comment, comment
from tinyfield.compiler import compile_model
from tinyfield.errors import BudgetError, EnvironmentFault, ModelError, NotBuiltYetError, SpecError
from tinyfield.spec import App
from tinyfield.wire import Manifest

GOLDEN = Path(__file__).parent / "golden"


def app(tmp_path: Path, board: str = "simavr_uno", text: str = SMALL) -> App:
    return app_of(text, tmp_path, board)


@pytest.mark.parametrize("name", ["app.h", "app.c", "plan.txt", "manifest.json"])
def test_golden(tmp_path: Path, name: str) -> None:
    """A reviewer reads the difference; `TINYFIELD_GOLDEN=1 pytest` takes it over."""
    result = generated(app(tmp_path), tmp_path / "out")
    (tmp_path / "out" / "plan.txt").write_text(result.plan.dump(), encoding="utf-8")
    text = (tmp_path / "out" / name).read_text(encoding="utf-8")
    golden = GOLDEN / name
    if os.environ.get("TINYFIELD_GOLDEN") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_golden_of_a_history(tmp_path: Path) -> None:
    generated(app(tmp_path, text=LOOKS_BACK), tmp_path / "out")
    header = (tmp_path / "out" / "app.h").read_text(encoding="utf-8")
    source = (tmp_path / "out" / "app.c").read_text(encoding="utf-8")
    start, end = header.index("/* What models over time"), header.index("/* What the rules see")
    text = header[start:end] + source[source.index("/* --- models") : source.index("/* --- rules")]
    golden = GOLDEN / "history.c.txt"
    if os.environ.get("TINYFIELD_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_golden_of_a_fast_sensor(tmp_path: Path) -> None:
    """Bursts, windows of frames and what is told of them: signals, a spectrum, a jerk, a lag."""
    fast = "imu.accel_z {peak_frequency,level} 0.64 s", "imu.accel_y jerk rms 1.28 s"
    also = "imu.accel_x autocorrelation 0.1 s 1.28 s", "imu.accel tilt 1.28 s"
    more = "".join(f"      - {text}\n" for text in (*fast, *also))
    text = MOVES.replace("      - imu.accel_x last\n", f"      - imu.accel_x last\n{more}")
    assert text != MOVES
    generated(app(tmp_path, board="qemu_m4", text=text), tmp_path / "out")
    parts = {f.name: f.read_text(encoding="utf-8") for f in (tmp_path / "out").iterdir()}
    header, source = parts["app.h"], parts["app.c"]
    found = (
        header[header.index("/* Fast sensors:") : header.index("/* Switches the real")]
        + source[source.index("const app_fast_t") : source.index("/* --- actuators")]
        + parts["app_features.h"]
        + parts["app_features.c"]
    )
    golden = GOLDEN / "fast.c.txt"
    if os.environ.get("TINYFIELD_GOLDEN") == "1":
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_a_history_of_every_sixth_sample(tmp_path: Path) -> None:
    text = LOOKS_BACK.replace("history: 4", "hop: 6\n    history: 4")
    assert text != LOOKS_BACK
    generated(app(tmp_path, text=text), tmp_path / "out")
    assert "_wait, 6)" in (tmp_path / "out" / "app.c").read_text(encoding="utf-8")
    assert "_wait;" in (tmp_path / "out" / "app.h").read_text(encoding="utf-8")


def test_a_fixed_set_of_files_written_only_if_changed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = generated(app(tmp_path), out)
    assert {path.name for path in first.written} == set(FILES) == {p.name for p in out.iterdir()}
    stamps = {path: path.stat().st_mtime_ns for path in first.files}
    again = generated(app(tmp_path), out)
    assert again.written == ()
    assert {path: path.stat().st_mtime_ns for path in again.files} == stamps
    wetter = app(tmp_path, text=SMALL.replace("tank.level < 10 %", "tank.level < 12 %"))
    changed = {path.name for path in generated(wetter, out).written}
    assert changed == {"app.h", "app.c", "manifest.json"}  # app.h holds the manifest's hash


def test_no_time_and_no_path_in_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = generated(app(tmp_path / "a"), tmp_path / "a" / "out")
    two = generated(app(tmp_path / "b"), tmp_path / "b" / "out")
    for left, right in zip(one.files, two.files, strict=True):
        assert left.read_bytes() == right.read_bytes()
        assert str(tmp_path).encode() not in left.read_bytes()


def test_manifest_is_the_same_on_every_board_but_for_its_name(tmp_path: Path) -> None:
    hashes = set()
    for name, board in load_boards().items():
        if board.virtual or name == "uno":
            one = app(tmp_path, name)
            manifest = make_manifest(one, name, programs_of(one, board.target or "host"))
            hashes.add(manifest.hash)
            assert manifest.board == name
    assert len(hashes) == 1


def test_manifest_says_what_the_ids_mean(tmp_path: Path) -> None:
    result = generated(app(tmp_path), tmp_path / "out")
    text = (tmp_path / "out" / "manifest.json").read_text()
    manifest = Manifest.from_json(text)
    assert manifest == result.manifest
    assert json.loads(text)["wire_version"] == 1
    water, tank_low = manifest.rules
    assert water.labels == ("none", "light", "heavy")
    assert water.clauses == ("need != none", "confidence > 0.5", "tank.level > 15 %")
    assert manifest.action_text(0, "heavy") == "valve on for 8 min"
    assert (tank_low.labels, tank_low.severity) == (("off", "on"), "warning")


def test_a_user_text_cannot_leave_its_comment() -> None:
    assert "*/" not in comment("a */ b /* c")
    assert comment("two\nlines\\") == "two lines"
    assert comment("x" * 200).endswith("…") and len(comment("x" * 200)) == 80
    block = block_comment("water: " + " and ".join(["tank.level > 15 % */"] * 12))
    assert block.count("*/") == 1 and block.endswith(" */")
    assert all(len(line) <= 100 for line in block.splitlines()) and "\n * " in block


def test_boards_differ_in_ram_and_pins_alone(tmp_path: Path) -> None:
    texts = {}
    for name in ("uno", "simavr_uno", "qemu_m4"):
        board = load_boards()[name]
        generated(app(tmp_path, name), tmp_path / name, board)
        texts[name] = (tmp_path / name / "app.c").read_text()
    assert texts["uno"] == texts["simavr_uno"] == texts["qemu_m4"]


MINIMAL = """
app: watch
board: native
sensors:
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
sample: every 1 min
decisions:
  low: {when: tank.level < 10 %}
reporting: {link: serial, heartbeat: 6 h}
"""

RICH = """
app: rich
board: native
site: {plant: maize, planted: 2026-05-01}
sensors:
  air: {driver: bme280}
  air2: {driver: sht31}
  sun: {driver: bh1750}
sample: every 5 min
models:
  pest:
    inputs:
      - air.temperature max 12 h
      - air.humidity min 12 h
      - sun.illuminance std 6 h
      - site.stage one_hot
    classes: [calm, alarm]
    train: {dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}
    architecture: mlp
  mould:
    inputs: [air2.humidity mean 24 h, air2.temperature last]
    classes: [dry, damp, wet]
    train: {dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}
    architecture: mlp
actuators:
  fan: {driver: relay, pin: 7, max_on: 2 h, min_off: 5 min, safe: off, excludes: [heater]}
  heater: {driver: relay, pin: 8, active_low: true, max_on: 1 h, min_off: 1 min, safe: off}
decisions:
  spray:
    when: pest == alarm and confidence >= 0.8 or site.kc > 0.9 and not vent
    severity: critical
  vent:
    when: air.temperature - air2.temperature > 2 degC * 1.5 and (mould != dry or battery > 3.3 V)
    clear: air.temperature < 20 degC
    for: 3 samples
    do: fan on for 10 min
  warm: {when: air.temperature < 41 degF, repeat: 30 min, do: heater on}
reporting: {link: serial, heartbeat: 1 h}
"""


@pytest.mark.parametrize("text", [MINIMAL, RICH], ids=["minimal", "rich"])
def test_other_apps_compile_without_a_warning(tmp_path: Path, text: str) -> None:
    generated(app(tmp_path, "native", text), tmp_path / "out")
    native(tmp_path / "out", sanitize=False)


def sensors(count: int) -> str:
    one = "  t{}: {{driver: hcsr04, trigger: 5, echo: 6, calibrate: {{empty: 80 cm, full: 10 cm}}}}"
    return "\n".join(one.format(i) for i in range(count))


def many(what: str, count: int) -> str:
    """The minimal app with too many of something."""
    if what == "sensors":
        old = MINIMAL[MINIMAL.index("  tank:") : MINIMAL.index("sample:")]
        text = MINIMAL.replace(old, sensors(count) + "\n")
        return text.replace("tank.level", "t0.level")
    if what == "actuators":
        rows = "".join(
            f"  a{i}: {{driver: relay, pin: {i + 10}, max_on: 1 min, min_off: 1 s, safe: off}}\n"
            for i in range(count)
        )
        return MINIMAL.replace("decisions:", f"actuators:\n{rows}decisions:")
    if what == "decisions":
        rows = "".join(f"  r{i}: {{when: tank.level < {i % 90} %}}\n" for i in range(count))
        return MINIMAL.replace("reporting:", rows + "reporting:")
    clauses = " or ".join(f"tank.level < {i + 1} %" for i in range(count))
    return MINIMAL.replace("tank.level < 10 %", clauses)


@pytest.mark.parametrize(
    "what, most",
    [("sensors", 16), ("actuators", 8), ("decisions", 63), ("conditions|comparisons", 16)],
)
def test_more_than_a_node_holds_is_refused(tmp_path: Path, what: str, most: int) -> None:
    generated(app(tmp_path, "native", many(what, most)), tmp_path / "fits")
    with pytest.raises(SpecError, match=what) as caught:
        generated(app(tmp_path, "native", many(what, most + 1)), tmp_path / "out")
    assert "app.yaml:" in str(caught.value.message)
    assert not (tmp_path / "out").exists()


def test_a_link_that_no_node_speaks_yet(tmp_path: Path) -> None:
    text = MINIMAL.replace("native", "esp32dev").replace("5, echo: 6", "18, echo: 19")
    one = app(tmp_path, "esp32dev", text)
    mqtt = one.reporting.model_copy(update={"link": "mqtt"})
    with pytest.raises(NotBuiltYetError, match="mqtt") as caught:
        generated(
            one.model_copy(update={"reporting": mqtt}),
            tmp_path / "out",
            load_boards()["esp32dev"],
        )
    assert "serial" in str(caught.value.hint)


def test_a_node_id_that_the_wire_cannot_carry(tmp_path: Path) -> None:
    one = app(tmp_path, "native", MINIMAL).model_copy(update={"node": "a" * 17})
    with pytest.raises(SpecError, match="cannot name a node"):
        generated(one, tmp_path / "out")


def test_a_model_over_the_boards_ram_says_by_how_much(tmp_path: Path) -> None:
    one = app(tmp_path)
    wide = compile_model(
        perceptron(np.random.default_rng(1), [3, 1500, 3]), prefix="model_need", target="avr"
    )
    board = load_boards()["simavr_uno"]
    with pytest.raises(BudgetError) as caught:
        generate(one, board, {"need": wide}, scales_of(one), tmp_path / "out")
    over = wide.arena_bytes - (2048 - 256 - 560)
    assert f"{over} more" in caught.value.message and "app.yaml:" in caught.value.message


@pytest.mark.parametrize(
    "widths, last, match",
    [([4, 3], "SOFTMAX", "4 inputs"), ([3, 2], "SOFTMAX", "gives 2"), ([3, 3], None, "softmax")],
)
def test_a_network_that_is_not_the_apps(
    tmp_path: Path, widths: list[int], last: str | None, match: str
) -> None:
    one = app(tmp_path)
    program = compile_model(
        perceptron(np.random.default_rng(1), widths, last=last), prefix="model_need"
    )
    with pytest.raises(ModelError, match=match):
        generate(
            one, load_boards()["simavr_uno"], {"need": program}, scales_of(one), tmp_path / "out"
        )


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(EnvironmentFault) as caught:
        generated(app(tmp_path), blocked / "out")
    assert caught.value.hint


def test_the_verifier_finds_tables_that_do_not_fit_together(tmp_path: Path) -> None:
    one = app(tmp_path)
    plan = make_plan(one, load_boards()["simavr_uno"], programs_of(one), scales_of(one), 0)
    assert plan.verify() is plan
    with pytest.raises(ModelError, match="channels"):
        replace(plan, sensors=plan.sensors[:1]).verify()
    with pytest.raises(ModelError, match="actuator"):
        replace(plan, actuators=()).verify()
    with pytest.raises(ModelError, match="wrong row"):
        replace(plan, rules=tuple(reversed(plan.rules))).verify()
    with pytest.raises(ModelError, match="names model"):
        replace(plan, models=()).verify()


def test_windows_of_frames_that_do_not_fit_are_refused_with_their_line(tmp_path: Path) -> None:
    text = MOVES.replace("1.28 s", "5.12 s")
    with pytest.raises(BudgetError) as caught:
        generated(app(tmp_path, text=text), tmp_path / "out", load_boards()["uno"])
    assert "app.yaml:10:5: windows of frames" in caught.value.message
    assert "more than a node on Arduino Uno" in caught.value.message
    assert "the longest window is 256 frames" in (caught.value.hint or "")
    generated(app(tmp_path, text=MOVES), tmp_path / "out", load_boards()["uno"])
