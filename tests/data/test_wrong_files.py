"""Folders that somebody else made: what is wrong with one is one error that names its file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.data.test_air import app_of
from tinyfield import data
from tinyfield.data.importers import dog, fan, mq
from tinyfield.errors import DataError

HEAD = "time,pm2_5,no2,temp_c,dewp_c,pres_hpa"
Lines = list[str]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYFIELD_DATA", raising=False)


def hours(name: str, n: int = 200) -> Lines:
    """A station's file."""
    rng = np.random.default_rng(list(name.encode()))
    start = datetime(2015, 6, 1)
    return [HEAD] + [
        f"{start + timedelta(hours=i):%Y-%m-%d %H:%M},{i % 200},30,{rng.uniform(9, 20):.1f},5.0,"
        f"{rng.uniform(990, 1030):.1f}"
        for i in range(n)
    ]


def without(*names: str) -> Callable[[Lines], Lines]:
    def edit(lines: Lines) -> Lines:
        keep = [i for i, name in enumerate(lines[0].split(",")) if name not in names]
        return [",".join(line.split(",")[i] for i in keep) for line in lines]

    return edit


def changed(name: str, value: Callable[[float], object], *, most: int = 10**6
            ) -> Callable[[Lines], Lines]:  # fmt: skip
    def edit(lines: Lines) -> Lines:
        at = lines[0].split(",").index(name)
        made = [lines[0]]
        for number, line in enumerate(lines[1:]):
            cells = line.split(",")
            if number < most:
                cells[at] = str(value(float(cells[at])))
            made.append(",".join(cells))
        return made

    return edit


WRONG: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "no pressure": (without("pres_hpa"), r"b\.csv: nothing for air\.pressure, which is an input of "
                    r"m: its column is missing or has no value \(a\.csv has it\)"),
    "never a pressure": (changed("pres_hpa", lambda _: "NA"), r"b\.csv: nothing for air\.pressure"),
    "kelvin": (changed("temp_c", lambda v: v + 273.15), r"b\.csv: column temp_c: 200 of 200 values "
               r"are not in degC, such as 2\d\d"),
    "pascal": (changed("pres_hpa", lambda v: v * 100), r"b\.csv: column pres_hpa: .*not in hPa"),
    "a code for nothing": (changed("pm2_5", lambda _: -9999), r"b\.csv: column pm2_5: .*-9999"),
    "infinite": (changed("no2", lambda _: "inf", most=1), r"b\.csv:2: column no2: 'inf' is no re"),
    "words": (changed("no2", lambda _: "high", most=3), r"b\.csv:2: column no2: 'high' is no num"),
    "two of a name": (lambda lines: [HEAD.replace("no2", "pm2_5"), *lines[1:]],
                      r"b\.csv:1: two columns are called 'pm2_5'"),
    "never a particle": (changed("pm2_5", lambda _: ""), r"b\.csv has no pm2_5"),
    "cut off": (lambda lines: [*lines, "2015-07-01 00:00,4"], r"b\.csv:202: 2 cells under 6"),
    "words behind a note": (lambda lines: ["# mine", "", *changed("no2", lambda _: "x")(lines)],
                            r"b\.csv:4: column no2: 'x' is no num"),
    "a quote in a cell": (lambda lines: [*lines[:3], lines[3] + '"x', *lines[4:]],
                          r"b\.csv:4: column pres_hpa: '.*x' is no number"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_with_a_station_names_its_file(tmp_path: Path, kind: str) -> None:
    edit, said = WRONG[kind]
    folder = tmp_path / "beijing"
    folder.mkdir()
    (folder / "a.csv").write_text("\n".join(hours("a")))
    (folder / "b.csv").write_text("\n".join(edit(hours("b"))))
    with pytest.raises(DataError, match=said):
        data.load(app_of(tmp_path), "m", data_dir=folder, held_out=True)


SAVED = {
    "as Excel does in Europe": lambda lines: "\r\n".join(
        line.replace(",", ";").replace(".", ",") for line in lines
    ).encode(),
    "with tabs": lambda lines: "\n".join(lines).replace(",", "\t").encode(),
    "with capitals": lambda lines: "\n".join([lines[0].upper(), *lines[1:]]).encode(),
    "in Latin-1": lambda lines: "\n".join(
        [lines[0] + ",°C", *(line + ",1" for line in lines[1:])]
    ).encode("latin-1"),
    "in UTF-16": lambda lines: "\n".join(lines).encode("utf-16"),
    "with nothing in it": lambda lines: b"",
}
TOLD = {
    "as Excel does in Europe": (r"b\.csv: semicolons stand between", "commas between the cells"),
    "with tabs": (r"b\.csv: tabs stand between", "commas between the cells"),
    "with capitals": (r"b\.csv: no column time, ", "Rename 'TIME' to 'time', 'PM2_5' to 'pm2_5'"),
    "in Latin-1": (r"b\.csv:1: not UTF-8 text", "Save it as CSV, UTF-8"),
    "in UTF-16": (r"b\.csv:1: not UTF-8 text", "Save it as CSV, UTF-8"),
    "with nothing in it": (r"b\.csv: the file is empty", "again"),
}


@pytest.mark.parametrize("kind", TOLD)
def test_how_other_programs_save_is_told(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "beijing"
    folder.mkdir()
    (folder / "b.csv").write_bytes(SAVED[kind](hours("b")))
    said, cure = TOLD[kind]
    with pytest.raises(DataError, match=said) as caught:
        data.load(app_of(tmp_path), "m", data_dir=folder, held_out=True)
    assert cure in str(caught.value.hint)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_end_as_they_like(tmp_path: Path, end: str, mark: bytes) -> None:
    folder = tmp_path / "beijing"
    folder.mkdir()
    (folder / "b.csv").write_bytes(mark + end.join(["# a note", "", *hours("b")]).encode())
    found = data.load(app_of(tmp_path), "m", data_dir=folder, held_out=True)
    assert [len(s) for s in found.series] == [200]


def test_rows_in_the_wrong_order_are_no_recordings_of_one_row(tmp_path: Path) -> None:
    for read, head, cells in (
        (fan.read_runs, "wconfid,pctid,i,x,y,z", "1,20,{i},0.5,0.5,0.7"),
        (dog.read_bouts, "label,i,ax,ay,az,gx,gy,gz", "lying,{i},0.5,0.5,0.7,1,2,3"),
        (mq.read_recordings, "gas,idx," + ",".join(mq.SENSORS), "NoGas,{i}" + ",206" * 7),
    ):
        lines = [cells.format(i=i) for i in range(60)]
        (tmp_path / "r.csv").write_text("\n".join([head, *lines]))
        assert len(read(tmp_path)) == 1
        (tmp_path / "r.csv").write_text("\n".join([head, *lines[::-1]]))
        with pytest.raises(DataError, match=r"r\.csv:3: column \w+ goes from 59 to 58, and 59 of"):
            read(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "beijing"
    (folder / "b.csv").mkdir(parents=True)  # as little to be read as one without permission
    with pytest.raises(DataError, match=r"b\.csv: cannot be read \(Is a directory\)") as caught:
        data.load(app_of(tmp_path), "m", data_dir=folder, held_out=True)
    assert caught.value.hint


def test_what_was_left_out_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "beijing"
    folder.mkdir()
    (folder / "a.csv").write_text("\n".join(hours("a")))
    (folder / "b.csv").write_text("\n".join(without("temp_c")(hours("b"))))
    (folder / "c.csv").write_text(HEAD + "\n")
    (folder / "d.csv").write_text("")
    (folder / "e.csv").write_text("\n".join(hours("e")).replace(",", ";"))
    (folder / "f.csv").write_text("\n".join([HEAD.upper(), *hours("f")[1:]]))
    (folder / "other.csv").write_text("what,else\n1,2\n")
    (folder / "yet_another.csv").write_text("what;else\n1;2\n")
    found = data.load(app_of(tmp_path), "m", data_dir=folder, held_out=True)
    told = [one for one in found.provenance if one.startswith("LEFT OUT")]
    assert [one.split(str(folder) + "/")[1] for one in told] == [
        "b.csv has no column temp_c, which the hours of a station needs.",
        "c.csv has the columns of the hours of a station but no rows.",
        "d.csv is empty.",
        "e.csv has semicolons between its cells, not commas.",
        "f.csv has no column time, pm2_5, temp_c, which the hours of a station needs.",
    ]
    assert {s.group for s in found.series} == {"2015/a"}


def test_a_few_hours_are_no_failure_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / "beijing"
    folder.mkdir()
    (folder / "a.csv").write_text("\n".join(hours("a", 4)))
    with pytest.raises(DataError, match="nothing labelled to test on"):
        data.load(app_of(tmp_path), "m", data_dir=folder, held_out=True)


def test_what_does_not_feel_the_earth_is_in_another_unit(tmp_path: Path) -> None:
    for read, head, cells in (
        (fan.read_runs, "wconfid,pctid,i,x,y,z", "1,20,{i},{a},{a},{a}"),
        (dog.read_bouts, "label,i,ax,ay,az,gx,gy,gz", "lying,{i},{a},{a},{a},1,2,3"),
    ):
        for unit, fine in ((1.0, True), (9.81, False), (1000.0, False), (0.001, False)):
            lines = [head] + [cells.format(i=i, a=0.57 * unit) for i in range(60)]
            (tmp_path / "r.csv").write_text("\n".join(lines))
            if fine:
                assert read(tmp_path)
                continue
            with pytest.raises(DataError, match=r"r\.csv: columns .*, and at rest it is 1 g"):
                read(tmp_path)


def test_counts_of_another_converter_are_told(tmp_path: Path) -> None:
    names = ",".join(mq.SENSORS)
    lines = [f"gas,idx,{names}"] + [f"NoGas,{i}" + ",2060" * 7 for i in range(60)]
    (tmp_path / "r.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"r\.csv: column mq2: 60 of 60 values are not in counts"):
        mq.read_recordings(tmp_path)
