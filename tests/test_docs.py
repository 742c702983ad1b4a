"""The pages that are filled in from the code hold what the code holds."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tinyfield.compiler import TARGET_NAMES
from tinyfield.compiler.ops import KINDS
from tinyfield.compiler.schema import OPERATORS
from tinyfield.spec import load_app
from tinyfield.spec.faults import parse_fault
from tinyfield.spec.worlds import worlds


@pytest.fixture(scope="module")
def hook(root: Path) -> ModuleType:
    pytest.importorskip("mkdocs")
    spec = importlib.util.spec_from_file_location("reference_hook", root / "docs/reference_hook.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_compilers_page_is_filled_in(root: Path, hook: ModuleType) -> None:
    page = (root / "docs/reference/compiler.md").read_text(encoding="utf-8")
    whole = hook.on_page_markdown(page)
    assert "<!--" in page and "<!--" not in whole
    operators = whole.split("## Operators")[1].split("\n## ")[0]
    named = set(re.findall(r"`([A-Z0-9_]+)`", operators.split("\n\nOne error")[0]))
    assert set(KINDS) & set(OPERATORS) <= named
    targets = whole.split("## Targets")[1].split("\n## ")[0]
    assert {f"`{name}`" for name in TARGET_NAMES} <= set(re.findall(r"`[a-z0-9-]+`", targets))


def test_the_app_page_knows_every_input(hook: ModuleType) -> None:
    page = hook.app_page()
    for row in ("quantity last`", "quantity ewma 6 h`", "quantity minus sensor.other`", "site.kc`"):
        assert row in page
    for key in ("escalate.wait`", "level.steps`", "neighbours`", "totals.<name>.usual`"):
        assert key in page


def test_the_commands_page_knows_every_option(hook: ModuleType) -> None:
    page = hook.commands_page()
    for option in ("--dump-passes", "--optimize", "--prefix", "--layers", "--rounding"):
        assert option in page


def test_the_scenarios_page_knows_every_world_and_its_example_checks(
    root: Path, hook: ModuleType, tmp_path: Path
) -> None:
    page = (root / "docs/how-to/scenarios.md").read_text(encoding="utf-8")
    whole = hook.on_page_markdown(page)
    for world in worlds().values():
        assert f"**`{world.name}`**" in whole
        assert all(f"| `{state}` |" in whole for state in world.states)
    example = re.search(r"```yaml\n(tests:.*?)```", page, re.S)
    assert example is not None
    text = (root / "apps/irrigation.yaml").read_text(encoding="utf-8")
    app = tmp_path / "app.yaml"
    app.write_text(text[: text.index("\ntests:") + 1] + example[1], encoding="utf-8")
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces/dry_week.csv").touch()
    assert list(load_app(app).tests) == ["hot days", "the probe sticks", "dry week"]
    faults = page.split("## What goes wrong")[1].split("\n## ")[0]
    for fault in re.findall(r"^\| `([^`]+)` \|", faults, re.M):
        parse_fault(fault, channels=load_app(app).channels, total=0)


def test_the_fast_sensors_page_is_true(root: Path, hook: ModuleType, tmp_path: Path) -> None:
    page = (root / "docs/how-to/fast-sensors.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, re.S)
    train, augment = "    train: {dataset: gas_mq, label: x", re.search(r"augment: .*", examples[1])
    assert augment is not None
    app = tmp_path / "app.yaml"
    app.write_text(
        f"app: moves\nboard: qemu_m4\n{examples[0]}{train}, {augment[0]}}}\n"
        "decisions: {runs: {when: activity == running}}\nreporting: {link: serial}\n",
        encoding="utf-8",
    )
    assert len(load_app(app).models["activity"].inputs) == 9
    drivers = hook.drivers_page()
    for name, frames in re.findall(r"`(\w+)` (?:keeps )?(\d+)(?: frames)? \(0\.", page):
        assert f"## {name}" in drivers
        assert f"its FIFO keeps {frames} frames" in drivers.split(f"## {name}")[1].split("## ")[0]
