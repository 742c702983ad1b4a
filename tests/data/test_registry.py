"""Where the sets are looked for, and what is said when they are not there."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tinyfield import tables
from tinyfield.data import registry
from tinyfield.data.registry import DatasetFile
from tinyfield.errors import DataError


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINYFIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYFIELD_DATA", raising=False)


def test_every_set_says_what_it_is() -> None:
    entries = registry.entries()
    assert [e.name for e in entries] == [
        "anomaly_fan", "fao56_tables", "gas_mq", "har_geotec",
        "irrigation_maricopa", "pet_dog", "pollution_beijing", "soil_quebec",
    ]  # fmt: skip
    for e in entries:
        assert e.licence
        assert e.citation
        assert e.page.startswith("https://")
        assert all(len(f.sha256) == 64 for f in e.files)
        assert e.where is None
        assert e.as_json()["name"] == e.name


def test_the_checksums_are_of_the_real_files(shared: Path) -> None:
    for e in registry.entries(shared / "data"):
        assert e.place == "given"
        assert e.where is not None
        assert {f.name for f in e.files} <= {p.name for p in e.where.iterdir()}
        assert registry.check(e.name, e.where) == []


def test_a_missing_set_gives_command_and_page() -> None:
    with pytest.raises(DataError) as e:
        registry.find("irrigation_maricopa")
    assert "is not here" in e.value.message
    assert "export TINYFIELD_DATA=" in (e.value.hint or "")
    assert "https://github.com/kthorp/pyfao56" in (e.value.hint or "")
    with pytest.raises(DataError, match="is not here"):
        registry.get("irrigation_maricopa")


def test_did_you_mean() -> None:
    with pytest.raises(DataError) as e:
        registry.info("irigation_maricopa")
    assert e.value.hint == "Did you mean irrigation_maricopa?"


def test_search_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = tmp_path / "cache" / "data" / "soil_quebec"
    cached.mkdir(parents=True)
    (cached / "x.csv").write_text("a\n")
    assert registry.find("soil_quebec") == cached
    own = tmp_path / "own"
    (own / "soil_quebec").mkdir(parents=True)
    monkeypatch.setenv("TINYFIELD_DATA", str(own))
    assert registry.find("soil_quebec") == own / "soil_quebec"
    given = tmp_path / "given"
    given.mkdir()
    assert registry.find("soil_quebec", given) == given
    (given / "soil_quebec").mkdir()
    assert registry.find("soil_quebec", given) == given / "soil_quebec"
    with pytest.raises(DataError, match="no such folder"):
        registry.find("soil_quebec", tmp_path / "nothing")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_download_is_checked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pooch against a server of our own: right bytes are kept, wrong ones refused."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.csv").write_bytes(b"date,vwc\n")

    def handler(*args: object) -> Quiet:
        return Quiet(*args, directory=str(served))  # type: ignore[arg-type]

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/a.csv"
        good = hashlib.sha256(b"date,vwc\n").hexdigest()
        entry = registry.info("soil_quebec")

        def known(sha: str, address: str) -> None:
            changed = replace(entry, files=(DatasetFile("a.csv", sha, address),))
            monkeypatch.setattr(registry, "_known", lambda: {"soil_quebec": changed})

        known("0" * 64, url)
        with pytest.raises(DataError) as e:
            registry.get("soil_quebec")
        assert "tinyfield data get soil_quebec" in (e.value.hint or "")
        known(good, url.replace("a.csv", "gone.csv"))
        with pytest.raises(DataError):
            registry.get("soil_quebec")
        known(good, url)
        folder = registry.get("soil_quebec")
        assert (folder / "a.csv").read_bytes() == b"date,vwc\n"
        assert registry.get("soil_quebec") == folder
    finally:
        server.shutdown()
        server.server_close()


def test_a_set_is_told_to_people(tmp_path: Path) -> None:
    told: dict[Path | None, str] = {}
    for where in (None, tmp_path):
        with io.StringIO() as text:
            entry = registry.info("pet_dog", where)
            tables.dataset(entry, Console(file=text, width=400))
            told[where] = text.getvalue()
    assert "stand_in:    dog\n" in told[None]
    assert "where:       not on this machine\n" in told[None]
    assert f"where:       {tmp_path}\n" in told[tmp_path]
    assert "None" not in told[None] + told[tmp_path]
