"""An app with a forest, a Bonsai and a tree of a number, the whole way: trained, built, and run on
two boards."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.test_flagship import tinyfield
from tests.sim.conftest import need
from tinyfield import project
from tinyfield.boards import load_boards

pytestmark = pytest.mark.slow

FOREST = "architecture: forest\n    trees: 4\n    depth: 4\n    min_leaf: 60\n    unknown: 1 %\n"
BONSAI = "architecture: bonsai\n    depth: 1\n    projection: 5\n"
NUMBER = "architecture: tree\n    depth: 4\n    min_leaf: 60\n"
RULE = """  strange: {when: need == unknown, for: 2 samples}
  thirsty_soon:
    when: missing_mm > 4 mm
    clear: missing_mm < 2 mm
"""
ACCEPT = "accept: {macro_f1: 0.6, max_drop: 0.02}"
BOARDS = ("native", "simavr_uno")


@pytest.fixture(scope="module")
def bed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flagship with two other models in place of its network."""
    for name in BOARDS:
        need(load_boards()[name])
    folder = project.ensure_project(tmp_path_factory.mktemp("learned"))
    shutil.copytree(root / "apps", folder / "apps")
    text = (folder / "apps/irrigation.yaml").read_text(encoding="utf-8")
    whole = re.search(r"^models:\n(  need:.*?)^actuators:", text, re.S | re.M)
    assert whole is not None
    network = re.compile(r"architecture: mlp\n +hidden: .*\n")
    block = re.sub(r"accept: .*", ACCEPT, whole[1])
    forest = network.sub(FOREST, block)
    bonsai = network.sub(BONSAI, block).replace("  need:", "  thirst:", 1)
    number = network.sub(NUMBER, whole[1]).replace("  need:", "  missing_mm:", 1)
    number = re.sub(r"accept: .*", "accept: {mae: 12 mm, max_drop: 0.1 mm}", number)
    number = re.sub(r"classes: .*", "target: {name: need, unit: mm}", number)
    number = number.replace("label: need, ", "")
    text = text.replace(whole[1], forest + bonsai + number)
    text = text.replace("  tank_low:\n", RULE + "  tank_low:\n", 1)
    (folder / "apps/learned.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(bed: Path) -> dict[str, object]:
    """What ``build --json`` printed."""
    boards = [word for name in BOARDS for word in ("--board", name)]
    done = tinyfield(bed, "build", "apps/learned.yaml", *boards, "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_all_are_trained_agree_and_fit_the_uno(built: dict[str, object]) -> None:
    models = built["models"]
    forest, bonsai = models["need"], models["thirst"]  # type: ignore[index]
    for scores in (forest, bonsai):
        assert scores["device"]["macro_f1"] > scores["baseline"]["macro_f1"] + 0.3
        assert scores["int8"] == scores["device"]  # byte for byte, or the build had stopped
    assert forest["agreement"] == 1.0  # every label is scikit-learn's
    assert bonsai["agreement"] > 0.97
    assert abs(bonsai["float"]["macro_f1"] - bonsai["device"]["macro_f1"]) < 0.01
    assert forest["unknown"]["rejected"] < 0.03
    assert forest["unknown"]["of"]["out of range"] > 0.95
    number = models["missing_mm"]  # type: ignore[index]
    assert number["unit"] == "mm" and number["int8"] == number["device"]
    assert number["device"]["mae"] < number["mean"]["mae"] * 0.7
    assert number["apart"] < 0.05  # half a step of 0.1 mm
    rows = {row["board"]: row for row in built["boards"]}  # type: ignore[attr-defined]
    uno = rows["simavr_uno"]
    assert uno["unit"] == "cycles" and uno["flash"] < 32_256 and uno["ram"] + uno["stack"] < 2048
    assert uno["count"] < 60_000  # all of them, less than the network alone


def test_two_boards_decide_alike(bed: Path, built: dict[str, object]) -> None:
    logs = set()
    for name in BOARDS:
        done = tinyfield(
            bed, "sim", "apps/learned.yaml", "--board", name,
            "--trace", "apps/traces/dry_week.csv", "--json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        logs.add(done.stdout)
    assert len(logs) == 1
    said = logs.pop()
    assert '"decision": "water"' in said and '"decision": "thirsty_soon"' in said
    assert "missing_mm > 4 mm" in said  # the clause, and no number


def test_a_gate_counts_in_the_cost_and_has_a_row_of_its_own(
    bed: Path, built: dict[str, object]
) -> None:
    done = tinyfield(bed, "bench", "apps/learned.yaml", "--target", "avr", "--json")
    assert done.returncode == 0, done.stderr
    counts = {row["model"]: row["count"] for row in json.loads(done.stdout)}
    assert counts["gate need"] > 1000
    rows = {row["board"]: row for row in built["boards"]}  # type: ignore[attr-defined]
    assert rows["simavr_uno"]["count"] == sum(counts.values())
