"""Whole files: the example, other boards, other nodes, includes and secrets."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tinyfield.boards import load_boards
from tinyfield.errors import NotBuiltYetError, SpecError
from tinyfield.spec import App, Diagnostic, load_app
from tinyfield.spec.expr import LabelTable, dump

EXAMPLE = Path(__file__).parent / "apps" / "irrigation.yaml"
APPS = Path(__file__).parents[2] / "apps"
NETWORK = "network: {wifi: !secret wifi, broker: !secret broker}\n"
SMALL = """\
app: small
board: uno
sensors:
  air: {driver: bme280}
sample: every 10 min
decisions:
  hot: {when: air.temperature > 30 degC}
"""


def write(folder: Path, text: str, name: str = "app.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(path: Path, **options: str) -> list[Diagnostic]:
    with pytest.raises(SpecError) as caught:
        load_app(path, **options)
    return [d for d in caught.value.diagnostics if isinstance(d, Diagnostic)]


@pytest.mark.parametrize("path", sorted(APPS.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_is_doubtful_about_an_app_of_ours(path: Path) -> None:
    assert load_app(path).warnings == ()


def test_the_example() -> None:
    app = load_app(EXAMPLE)
    assert (app.name, app.node, app.board, app.sample_s) == ("irrigation", "irrigation", "uno", 600)
    assert app.site is not None and app.site.crop is not None
    assert app.site.planted == datetime.date(2026, 4, 20)
    assert [c.name for c in app.channels] == [
        "soil.moisture", "air.temperature", "air.humidity", "air.pressure", "light.illuminance",
        "tank.level",
    ]  # fmt: skip
    assert app.channel_id("tank.level") == 5
    assert app.sensors["soil"].params == {"calibrate.dry": 2300, "calibrate.wet": 1050, "pin": 14}
    assert app.sensors["air"].params == {"address": 0x76}
    assert app.sensors["tank"].params["calibrate.empty"] == 800
    need = app.models["need"]
    assert need.width == 5 and need.classes == ("none", "light", "heavy")
    assert (need.budget.flash_bytes, need.budget.ram_bytes) == (8192, 512)
    assert need.budget.latency_us == 20_000
    assert (need.accept.macro_f1, need.accept.max_drop) == (0.8, 0.01)
    valve = app.actuators["valve"]
    assert (valve.max_on_s, valve.min_off_s, valve.safe) == (900, 1800, False)
    assert valve.params == {"active_low": 0, "pin": 7}
    water = app.decisions["water"]
    assert (water.for_samples, water.model) == (2, "need")
    assert [clause.text for clause in water.clauses] == [
        "need == heavy", "confidence > 0.7", "tank.level > 15 %",
    ]  # fmt: skip
    (action,) = water.actions
    assert action.text == "valve on for 8 min"
    low = app.decisions["tank_low"]
    assert low.clear is not None and dump(low.clear) == "(tank.level[5] %e-1 > 200)"
    assert low.severity == "warning" and low.actions == ()
    assert (app.reporting.link, app.reporting.heartbeat_s) == ("serial", 21600)
    assert app.power is not None and (app.power.battery_mah, app.power.solar_mw) == (2600, 500)
    (dry_week,) = app.tests.values()
    assert [(e.decision, e.least, e.most) for e in dry_week.expect] == [
        ("water", 3, None), ("tank_low", 0, 0),
    ]  # fmt: skip


def test_what_is_built_without_checks_passes_them() -> None:
    """``build`` trusts the resolvers; here pydantic has its say."""
    app = load_app(EXAMPLE)
    again = App(**dict(app))
    assert again == app
    for group in (app.sensors, app.models, app.actuators, app.decisions, app.tests):
        for part in group.values():
            assert type(part)(**dict(part)) == part
    others = (*app.channels, *app.models["need"].inputs, app.reporting, app.power, app.site)
    for other in others:
        assert other is not None and type(other)(**dict(other)) == other


def test_the_app_is_frozen() -> None:
    app = load_app(EXAMPLE)
    with pytest.raises(ValueError, match="frozen"):
        app.name = "other"


@pytest.mark.parametrize("board", ["native", "qemu_m4", "qemu_rv32", "simavr_uno", "uno"])
def test_virtual_boards_keep_the_apps_own_pins(board: str) -> None:
    app = load_app(EXAMPLE, board=board)
    assert app.board == board and app.own_board == "uno"
    assert app.sensors["soil"].params["pin"] == 14
    assert app.sensors["tank"].params["trigger"] == 5
    assert app.reporting.link == "serial"


def test_another_board_has_its_own_pins(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace(", reporting: {link: mqtt}", "")
    app = load_app(write(tmp_path, text), board="esp32dev")
    assert app.sensors["soil"].params["pin"] == 34
    assert app.sensors["tank"].params["trigger"] == 18
    assert app.actuators["valve"].params["pin"] == 23


def test_what_is_not_built_yet_waits_for_its_board() -> None:
    with pytest.raises(NotBuiltYetError, match="link 'mqtt'"):
        load_app(EXAMPLE, board="esp32dev")


def test_a_board_without_pins_is_told_so(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    text = "\n".join(
        line
        for line in text.splitlines()
        if "esp32dev" not in line
        and line != "boards:                             # what differs on another board"
    )
    text = text.replace("boards:\n", "")
    found = [d for d in mistakes(write(tmp_path, text), board="esp32dev") if d.kind == "error"]
    assert "esp32dev has no pin 'A0'" in found[0].message


def test_a_calibration_beyond_the_adc(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("dry: 2300 mV", "dry: 3.3 V")
    found = [d for d in mistakes(write(tmp_path, text)) if d.kind == "error"]
    assert [d.message for d in found] == ["esp32dev measures up to 3100 mV only"]


def test_nodes_have_ids(tmp_path: Path) -> None:
    assert load_app(EXAMPLE, node="bed-3").node == "bed-3"
    assert load_app(write(tmp_path, SMALL + "node: bed-4\n")).node == "bed-4"
    assert load_app(write(tmp_path, SMALL.replace("app: small", "app: my_bed"))).node == "my-bed"
    for bad in ("Bed 3", "bed_3", "", "-", "ä", "x" * 33):
        with pytest.raises(SpecError):
            load_app(EXAMPLE, node=bad)
    assert "bed-5" in (mistakes(write(tmp_path, SMALL + "node: Bed_5\n"))[0].hint or "")


def test_an_unknown_board_asked_for() -> None:
    with pytest.raises(SpecError, match="no board 'unoo'") as caught:
        load_app(EXAMPLE, board="unoo")
    assert caught.value.hint == "did you mean 'uno'?"


def test_where_says_the_place(tmp_path: Path) -> None:
    app = load_app(EXAMPLE)
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    line = next(i for i, text in enumerate(lines, 1) if "budget:" in text)
    assert app.where("models.need.budget.ram") == f"{EXAMPLE}:{line}:28"
    assert app.where("models.need.budget.nothing") == f"{EXAMPLE}:{line}:5"
    assert app.where("nothing.at.all") == str(EXAMPLE)


def test_includes_keep_their_own_marks(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    write(tmp_path, "driver: bme280\naddress: 0x99\n", "parts/air.yaml")
    write(tmp_path, "air: !include air.yaml\n", "parts/all.yaml")
    text = SMALL.replace("sensors:\n  air: {driver: bme280}", "sensors: !include parts/all.yaml")
    (only,) = mistakes(write(tmp_path, text))
    assert only.mark.file == str(tmp_path / "parts" / "air.yaml")
    assert (only.mark.line, only.mark.column, only.path) == (2, 10, "sensors.air.address")
    write(tmp_path, "driver: bme280\naddress: 0x77\n", "parts/air.yaml")
    assert load_app(tmp_path / "app.yaml").sensors["air"].params == {"address": 0x77}


def test_secrets_are_masked(tmp_path: Path) -> None:
    write(
        tmp_path,
        "wifi: {ssid: allotment, password: hunter2}\nbroker: mqtt://x:hunter3@h\n",
        "secrets.yaml",
    )
    app = load_app(
        write(tmp_path, SMALL + "network: {wifi: !secret wifi, broker: !secret broker}\n")
    )
    assert app.network is not None and app.network.wifi is not None
    assert app.network.wifi.password is not None and app.network.broker is not None
    assert app.network.wifi.password.get_secret_value() == "hunter2"
    assert app.network.broker.get_secret_value() == "mqtt://x:hunter3@h"
    for shown in (repr(app), str(app), app.dump(), app.model_dump_json(exclude={"warnings"})):
        assert "hunter" not in shown and "allotment" not in shown


def test_no_secrets_file_is_no_matter_while_nothing_needs_it(tmp_path: Path) -> None:
    app = load_app(write(tmp_path, SMALL + "network: {wifi: !secret wifi}\n"))
    assert app.network is not None and app.network.wifi is None


def test_a_broken_secrets_file_is_not_shown(tmp_path: Path) -> None:
    write(tmp_path, "wifi: {ssid: hunter2\nbroker: 'hunter3\n", "secrets.yaml")
    path = write(tmp_path, SMALL + "network: {wifi: !secret wifi}\n")
    found = mistakes(path)
    assert "secrets.yaml" in found[0].mark.file
    assert not any("hunter" in d.render() for d in found)


@pytest.mark.parametrize(
    ("old", "new", "path", "cause"),
    [
        ("app: small", "app: 3", "app", "cannot be a name"),
        ("every 10 min", "every 2 d", "sample", "out of range"),
        ("every 10 min", "", "sample", "nothing is written"),
        ("{driver: bme280}", "bme280", "sensors.air", "expected a section"),
        ("{driver: bme280}", "{address: 0x76}", "sensors.air", "'driver' is missing"),
        ("{driver: bme280}", "{driver: bme280, pin: 5}", "sensors.air.pin", "unknown key 'pin'"),
        ("{driver: bme280}", "{driver: relay, pin: 5}", "sensors.air.driver", "is an actuator"),
        ("{driver: bme280}", "{driver: bme280, address: 76}", "sensors.air.address", "cannot be"),
        ("{when: air", "{for: 0 samples, when: air", "decisions.hot.for", "out of range"),
        ("{when: air", "{for: 15 min, when: air", "decisions.hot.for", "whole number of samples"),
        ("{when: air", "{for: two, when: air", "decisions.hot.for", "does not begin"),
        ("{when: air", "{repeat: 1 min, when: air", "decisions.hot.repeat", "more often"),
        ("{when: air", "{do: 5, when: air", "decisions.hot.do", "expected an action"),
        ("{when: air", "{do: fan on, when: air", "decisions.hot.do", "no actuator 'fan'"),
        ("{when: air", "{do: {fan: {a: 3 min}}, when: air", "decisions.hot.do.fan", "there is no"),
        ("{when: air", "{do: report air, when: air", "decisions.hot.do", "no reading leaves"),
        ("{when: air", "{do: report battery, when: air", "decisions.hot.do", "takes nothing"),
        ("{when: air.temperature > 30 degC}", "{when: [a, b]}", "decisions.hot.when", "expected"),
        ("{when: air.temperature > 30 degC}", "{}", "decisions.hot", "'when' is missing"),
        ("board: uno", "board: uno\npower: {battery: 2 V}", "power.battery", "is a voltage"),
        ("board: uno", "board: uno\npower: {sleep: deeep}", "power.sleep", "not known"),
        ("board: uno", "board: uno\nsite: {latitude: 100}", "site.latitude", "out of range"),
        ("board: uno", "board: uno\nsite: {soil: lome}", "site.soil", "no soil"),
        ("board: uno", "board: uno\nsite: {plant: tomatoe}", "site.plant", "no plant"),
        ("board: uno", "board: uno\nreporting: {channels: [air]}", "reporting.channels", "unknown"),
        ("board: uno", "board: uno\nboards: {unoo: {}}", "boards.unoo", "no board"),
        ("board: uno", "board: uno\nboards: {uno: {pins: {air: 5}}}", "boards.uno.pins.air", "no"),
    ],
)  # fmt: skip
def test_one_wrong_thing_is_one_mistake(
    tmp_path: Path, old: str, new: str, path: str, cause: str
) -> None:
    assert old in SMALL
    (only,) = mistakes(write(tmp_path, SMALL.replace(old, new)))
    assert only.path == path
    assert cause in only.message


def test_per_class_actions(tmp_path: Path) -> None:
    table = "{valve: {light: 4 min, heavy: 8 min, none: off}}"
    text = EXAMPLE.read_text(encoding="utf-8").replace("valve on for 8 min", table)
    actions = load_app(write(tmp_path, text)).decisions["water"].actions
    assert [(a.label, a.text) for a in actions] == [
        ("light", "valve on for 4 min"), ("heavy", "valve on for 8 min"), ("none", "valve off"),
    ]  # fmt: skip


def test_exclusion_goes_both_ways(tmp_path: Path) -> None:
    text = SMALL + (
        "actuators:\n"
        "  a: {driver: relay, pin: 4, max_on: 5 min, excludes: [c]}\n"
        "  b: {driver: relay, pin: 5, max_on: 5 min}\n"
        "  c: {driver: relay, pin: 7, max_on: 5 min, excludes: [b]}\n"
    )
    actuators = load_app(write(tmp_path, text)).actuators
    assert [a.excludes for a in actuators.values()] == [("c",), ("c",), ("a", "b")]


def test_the_same_file_gives_the_same_dump() -> None:
    assert load_app(EXAMPLE).dump() == load_app(EXAMPLE).dump()


def test_files_that_are_none(tmp_path: Path) -> None:
    cases = {
        "missing.yaml": None,
        "binary.yaml": b"\x7fELF\x00\x01",
        "latin.yaml": "app: bäume\n".encode("latin-1"),
        "utf16.yaml": "app: x\n".encode("utf-16"),
        "bell.yaml": b"app: x\x07\n",
        "deep.yaml": b"a: " + b"[" * 500 + b"]" * 500,
        "laughs.yaml": b"a: &a [x, x]\n" + b"".join(
            b"%c: &%c [*%c, *%c, *%c, *%c]\n" % (98 + i, 98 + i, 97 + i, 97 + i, 97 + i, 97 + i)
            for i in range(12)
        ),
    }  # fmt: skip
    for name, data in cases.items():
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        found = mistakes(path)
        assert found and all(d.hint for d in found), name
    (folder,) = mistakes(tmp_path)
    assert "folder" in folder.message


def test_windows_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load_app(path).name == "small"


def test_every_board_takes_the_small_app(tmp_path: Path) -> None:
    for name in load_boards():
        assert load_app(write(tmp_path, SMALL), board=name).board == name


TOTALS = """
totals:
  dry: {time: soil.moisture < 20 % and not water, usual: 14 days, after: 3 days}
  light_sum: {sum: light.illuminance}
  drunk: {sum: {need: {none: 0, light: 3 L/h, heavy: 7.25 L/h}}}
  worked: {sum: {need: {none: 0, light: 1, heavy: 2}}}
  both: {sum: {tired: {yes: 0.25 L/h, no: {need: {none: 0, light: 3 L/h, heavy: 125 mL/min}}}}}
"""
TIRED = """  tired:
    inputs: [soil.moisture last]
    classes: ["yes", "no"]
    train: {dataset: irrigation_maricopa, stand_in: fao56, label: need}
"""


def counting(folder: Path, rule: str = "") -> App:
    text = EXAMPLE.read_text(encoding="utf-8").replace(NETWORK, "")
    text = text.replace(", reporting: {link: mqtt}", "")
    assert text.count("decisions:\n") == 1
    text = text.replace("decisions:\n", f"{TOTALS.lstrip()}decisions:\n{rule}")
    text = text.replace("\nmodels:\n", f"\nmodels:\n{TIRED}")
    return load_app(write(folder, text))


def test_totals_have_units_and_limits(tmp_path: Path) -> None:
    app = counting(tmp_path)
    found = {n: (t.unit, t.scale, t.per_s, t.minimum, t.maximum) for n, t in app.totals.items()}
    assert found == {
        "dry": ("s", 0, 1, 0, 86400),
        "light_sum": ("lux*h", 0, 3600, 0, 24 * 120000),
        "drunk": ("L", -2, 3600, 0, 24 * 725),
        "worked": ("h", 0, 3600, 0, 48),
        "both": ("L", -2, 3600, 0, 24 * 750),
    }
    rate = app.totals["both"].rate
    assert isinstance(rate, LabelTable) and rate.model == "tired" and rate.values == (25, 0)
    assert [(index, t.model, t.values) for index, t in rate.inner] == [(1, "need", (0, 300, 750))]
    dry = app.totals["dry"]
    assert (dry.over_days, dry.after_days) == (14, 3)
    assert (app.totals["drunk"].over_days, app.totals["drunk"].after_days) == (0, 0)


def test_no_total_may_leave_the_node(tmp_path: Path) -> None:
    app = counting(tmp_path, "  drier: {when: dry.today > 1.3 * dry.usual}\n")
    assert app.decisions["drier"].when.raw
