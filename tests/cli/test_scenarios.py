"""Every app's own tests, on this PC and on a Cortex-M4: `tinyfield test` as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.test_flagship import tinyfield
from tinyfield import project
from tinyfield.spec import load_app

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
APPS = sorted(path.name for path in (ROOT / "apps").glob("*.yaml"))
LEAST = 8
"""Scenarios that an app of ours has at least; its small variants for an Uno have some."""


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with every app in it."""
    made = project.ensure_project(tmp_path_factory.mktemp("scenarios"))
    shutil.copytree(root / "apps", made / "apps")
    return made


@pytest.mark.parametrize("name", APPS)
def test_the_apps_own_tests_pass(folder: Path, name: str) -> None:
    app = load_app(folder / "apps" / name)
    scenarios = app.tests
    assert len(scenarios) >= (1 if name.endswith("_uno.yaml") else LEAST)
    done = tinyfield(folder, "test", f"apps/{name}", "--json")
    results = json.loads(done.stdout)
    failed = [f"{r['test']} on {r['board']}: {r['misses']}" for r in results if not r["passed"]]
    assert done.returncode == 0 and not failed, failed
    boards = {result["board"] for result in results}
    if "qemu_m4" not in boards:
        assert "left out: qemu_m4" in done.stderr
        assert os.environ.get("TINYFIELD_CI") != "1", done.stderr
    assert boards <= {"native", "qemu_m4"} and "native" in boards
    assert len(results) == len(boards) * len(scenarios)
    silent = app.decisions.keys() - {rule for result in results for rule in result["fired"]}
    assert not silent, "rules that no scenario sees fire"


def test_a_failing_test_shows_what_was_decided(folder: Path) -> None:
    path = folder / "apps/irrigation.yaml"
    text = path.read_text(encoding="utf-8")
    wrong = folder / "apps/wrong.yaml"
    wrong.write_text(
        text.replace("expect: {water: at least 3, tank_low: never}", "expect: {water: never}"),
        encoding="utf-8",
    )
    done = tinyfield(folder, "test", "apps/wrong.yaml", "dry week", "--board", "native")
    assert done.returncode == 1
    assert "FAILED" in done.stdout and "0 passed, 1 failed" in done.stdout
    assert "water: 8 times, expected never" in done.stdout
    assert "valve on for" in done.stdout and "because need != none" in done.stdout
    scene = tinyfield(
        folder, "sim", "apps/irrigation.yaml", "--board", "native", "--json",
        "--scene", "a flat battery",
    )  # fmt: skip
    made = [json.loads(line) for line in scene.stdout.splitlines()]
    assert [(d["decision"], d["label"]) for d in made if d["decision"] == "battery_low"] == [
        ("battery_low", "on"), ("battery_low", "off"),
    ]  # fmt: skip


def test_a_name_that_is_none(folder: Path) -> None:
    done = tinyfield(folder, "test", "apps/irrigation.yaml", "dry weak")
    assert done.returncode == 1 and "did you mean 'dry week'?" in done.stderr
