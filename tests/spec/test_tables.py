"""Boards, drivers and crops: the tables are complete, and agree with their sources."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tinyfield.boards import board, load_boards
from tinyfield.errors import SpecError
from tinyfield.paths import firmware_dir
from tinyfield.spec.crops import crops
from tinyfield.spec.drivers import driver, load_drivers
from tinyfield.spec.units import find_unit

FAO56 = {
    # ours: (tables 11 and 12, table 17, table 22, season in table 11)
    "tomato": ("tomato", "tomato", "tomato", "tomato", "apr may,mediterranean"),
    "cotton": ("cotton", "cotton", "cotton", "cotton", "apr,texas"),
    "maize": ("maize grain", "maize field grain corn 18% moisture",
              "maize field grain corn 18% moisture", "maize field grain corn",
              "apr,spain spring summer california"),
    "sweet_pepper": ("sweet peppers bell",) * 4 + ("apr jun,europe mediterranean",),
    "lettuce": ("lettuce",) * 4 + ("apr,mediterranean",),
    "potato": ("potato",) * 4 + ("apr,europe",),
    "bean": ("beans green",) * 4 + ("feb mar,california mediterranean",),
    "cucumber": ("cucumber", *("cucumber fresh market",) * 3, "june aug,arid region"),
    "onion": ("onion dry", *("onions dry",) * 3, "apr,mediterranean"),
    "carrot": ("carrots",) * 4 + ("feb mar,mediterranean",),
    "strawberry": (None, *("strawberries",) * 3, None),
    "grape": ("grapes", *("grapes wine",) * 3, "apr,mid latitudes wine"),
    "citrus": ("citrus", *("citrus no ground cover 70% canopy",) * 2, "citrus 70% canopy",
               "jan,mediterranean"),
    "turf": (None, *("turfgrass cool season",) * 3, None),
    "alfalfa": ("alfalfa first cutting cycle", "alfalfa hay individual cutting periods",
                "alfalfa hay individual cutting periods", "alfalfa for hay", "jan,california usa"),
    "wheat": ("barley oats wheat", *("spring wheat",) * 3, "mar apr,35-45 degrees latitude"),
    "soybean": ("soybeans",) * 4 + ("may,central usa",),
    "sunflower": ("sunflower",) * 4 + ("apr may,mediterranean california",),
    "cabbage": ("cabbage",) * 4 + ("sep,california desert usa",),
    "melon": ("sweet melons",) * 4 + ("may,mediterranean",),
}  # fmt: skip


def rows(folder: Path, table: int) -> list[dict[str, str]]:
    with (folder / f"table{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", FAO56)
def test_crops_are_those_of_fao56(name: str, shared: Path) -> None:
    folder = shared / "data" / "fao56_tables"
    crop = crops()[name]
    stages, single, basal, root, season = FAO56[name]
    if stages is not None:
        (found,) = [
            r for r in rows(folder, 11)
            if r["Crop"] == stages and f"{r['Plant Date']},{r['Region']}" == season
        ]  # fmt: skip
        assert crop.stages == tuple(int(found[k]) for k in ("Lini", "Ldev", "Lmid", "Llate"))
        assert crop.days == int(found["Total"])
    (found,) = [r for r in rows(folder, 12) if r["Crop"] == single]
    assert crop.kc == tuple(thousandths(found[k]) for k in ("Kcmini", "Kcmmid", "Kcmend"))
    assert crop.height_mm == thousandths(found["hmax"])
    (found,) = [r for r in rows(folder, 17) if r["Crop"] == basal]
    assert crop.kcb == tuple(thousandths(found[k]) for k in ("Kcbini", "Kcbmid", "Kcbend"))
    (found,) = [r for r in rows(folder, 22) if r["Crop"] == root]
    assert crop.root_range_mm == (thousandths(found["Zrmax1"]), thousandths(found["Zrmax2"]))
    assert crop.p == thousandths(found["pbase"])


def thousandths(text: str) -> int:
    return round(float(text) * 1000)


def test_every_crop_is_compared() -> None:
    assert set(FAO56) == set(crops())
    for crop in crops().values():
        assert crop.root_mm[0] <= crop.root_mm[1]
        assert all(days > 0 for days in crop.stages)


def test_boards_are_complete() -> None:
    boards = load_boards()
    assert set(boards) == {"native", "qemu_m4", "qemu_rv32", "simavr_uno", "uno", "esp32dev"}
    for name, found in boards.items():
        assert found.name == found.env == name
        assert found.virtual == (found.twin is None)
        assert found.twin is None or boards[found.twin].virtual
        assert bool(found.toolchain.apt) == found.virtual
        assert found.toolchain.install.startswith("apt install") == found.virtual
        assert found.flash_bytes > found.ram_bytes or found.virtual
        assert found.current is not None or found.virtual
        assert found.i2c is None or all(pin in found.pins for pin in found.i2c)
        for conflict in found.conflicts:
            assert set(conflict.pins) <= set(found.pins)
            assert all(conflict.function in found.pins[p].functions for p in conflict.pins)


def test_the_uno_is_an_atmega328p() -> None:
    uno = board("uno")
    assert (uno.flash_bytes, uno.ram_bytes, uno.eeprom_bytes) == (32256, 2048, 1024)
    assert [p for p in uno.pins.values() if "adc" in p.functions] == [
        uno.pins[f"A{k}"] for k in range(6)
    ]
    assert [p.number for p in uno.pins.values() if "pwm" in p.functions] == [3, 5, 6, 9, 10, 11]
    assert not uno.pins["0"].functions and not uno.pins["1"].functions
    for name in ("A0", "a0", "14", 14):
        assert uno.pin(name) is uno.pins["A0"]
    assert uno.pin("D7") is uno.pins["7"] and uno.pin("SDA") is uno.pins["A4"]
    assert uno.pin("20") is None and uno.pin("") is None
    assert board("simavr_uno").pins == uno.pins


def test_the_esp32_knows_its_odd_pins() -> None:
    esp32 = board("esp32dev")
    for n in (34, 35, 36, 39):
        assert "in" in esp32.pins[str(n)].functions and "out" not in esp32.pins[str(n)].functions
    for n in range(6, 12):
        assert not esp32.pins[str(n)].functions
    for n in (20, 24, 28, 29, 30, 31):
        assert esp32.pin(n) is None
    assert {p.name for p in esp32.pins.values() if p.strapping} == {"0", "2", "5", "12", "15"}
    (radio,) = esp32.conflicts
    assert set(radio.pins) == {"0", "2", "4", "12", "13", "14", "15", "25", "26", "27"}
    assert esp32.pin("GPIO34") is esp32.pins["34"]


def test_virtual_boards_take_any_pin() -> None:
    native = board("native")
    for name, number in (("A0", 0), ("GPIO34", 34), ("left", 0), (7, 7), ("P999", 255)):
        pin = native.pin(name)
        assert pin is not None and pin.number == number


def test_an_unknown_board_or_driver_has_a_near_one() -> None:
    with pytest.raises(SpecError) as caught:
        board("esp32")
    assert caught.value.hint == "did you mean 'esp32dev'?"
    with pytest.raises(SpecError) as other:
        driver("bme820")
    assert other.value.hint == "did you mean 'bme280'?"
    with pytest.raises(SpecError) as far:
        board("zzz")
    assert "native" in (far.value.hint or "")


def test_drivers_are_complete() -> None:
    drivers = load_drivers()
    assert {"capacitive_soil", "bme280", "bh1750", "hcsr04", "relay"} <= set(drivers)
    for name, found in drivers.items():
        assert found.name == name
        assert found.summary and found.datasheet
        assert (found.kind == "sensor") == bool(found.channels)
        known = {*found.params} | ({"address"} if found.bus == "i2c" else set())
        assert (found.c is None) == (found.bus == "link")
        if found.c is not None:
            reads = found.kind == "sensor" and found.fast is None
            assert (found.c.read is not None) == reads
            assert (found.kind == "actuator") == (found.c.write is not None)
            assert set(found.c.fields) <= known | ({"rate"} if found.fast else set())
        if found.fast is not None:
            assert found.c and found.c.begin and found.c.frames and found.c.rest
            assert found.fast.fifo > 1 and found.fast.rates == tuple(sorted(set(found.fast.rates)))
            assert all(-(2**15) < ch.minimum < ch.maximum < 2**15 for ch in found.channels)
        assert (found.bus == "i2c") == bool(found.addresses)
        assert found.address is None or found.address in found.addresses
        for channel in found.channels:
            assert channel.minimum < channel.maximum
            assert find_unit(channel.unit)
            assert abs(channel.minimum) < 2**31 and abs(channel.maximum) < 2**31
        for param in found.params.values():
            words = ("node", "name") if found.bus == "link" else ()
            assert param.kind in ("pin", "quantity", "bool", "int", "choice", *words)
            assert param.kind != "pin" or param.function in ("adc", "in", "out")
            assert param.kind != "quantity" or find_unit(param.unit)
            assert param.differs is None or param.differs in found.params
        assert (firmware_dir() / "drivers" / name / "driver.toml").is_file()


def test_data_sets_that_an_app_may_name_are_in_the_registry() -> None:
    from tinyfield.data.registry import entries
    from tinyfield.spec.known import DATASETS

    known = {entry if isinstance(entry, str) else entry.name for entry in entries()}
    assert set(DATASETS) <= known
