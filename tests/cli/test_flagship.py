"""The irrigation app, the whole way: build, season, evaluation, its own tests, the demo.

One training for all tests here (the cache keeps it), in a project of their own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.conftest import need
from tinyfield import project
from tinyfield.boards import load_boards

pytestmark = pytest.mark.slow

BOARDS = ("native", "qemu_m4", "qemu_rv32", "uno")


@pytest.fixture(scope="module")
def bed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the flagship in it."""
    folder = project.ensure_project(tmp_path_factory.mktemp("bed"))
    shutil.copytree(root / "apps", folder / "apps")
    return folder


def tinyfield(bed: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in the project."""
    return subprocess.run(
        [sys.executable, "-m", "tinyfield", *arguments],
        capture_output=True, text=True, cwd=bed, timeout=900, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(bed: Path) -> dict[str, object]:
    """What ``build --json`` printed."""
    done = tinyfield(bed, "build", "apps/irrigation.yaml", "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_the_build_tells_scores_beside_the_baseline(built: dict[str, object]) -> None:
    scores = built["models"]["need"]  # type: ignore[index]
    device, baseline = scores["device"]["macro_f1"], scores["baseline"]["macro_f1"]
    assert device > baseline + 0.25
    assert abs(scores["float"]["macro_f1"] - device) < 0.02
    assert scores["int8"] == scores["device"]  # byte for byte, or the build had stopped
    told = " ".join(built["provenance"])  # type: ignore[arg-type]
    assert "GENERATED" in told


def test_the_build_measures_every_board_whose_tools_are_here(built: dict[str, object]) -> None:
    rows = {row["board"]: row for row in built["boards"]}  # type: ignore[attr-defined]
    for name in ("native", "qemu_m4", "qemu_rv32", "simavr_uno"):
        need(load_boards()[name])
        assert rows[name]["flash"] > 1000, rows[name]
    uno = rows["uno"]
    assert uno["measured_on"] == "simavr_uno"
    assert uno["unit"] == "cycles"
    assert uno["flash"] < 32_256
    assert uno["ram"] + uno["stack"] < 2048


def test_another_rule_needs_no_new_training(bed: Path, built: dict[str, object]) -> None:
    text = (bed / "apps/irrigation.yaml").read_text(encoding="utf-8")
    changed = bed / "apps/changed.yaml"
    changed.write_text(text.replace("tank.level < 20 %", "tank.level < 21 %"), encoding="utf-8")
    assert changed.read_text() != text
    # Training would need TensorFlow, and here it cannot be imported.
    for name in ("tensorflow", "keras", "sklearn", "optuna"):
        (bed / "poison" / name).mkdir(parents=True)
        (bed / "poison" / name / "__init__.py").write_text(f"raise SystemExit('{name} imported')\n")
    done = tinyfield(
        bed, "build", "apps/changed.yaml", "--board", "native", "--json",
        PYTHONPATH=str(bed / "poison"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["models"] == built["models"]


def test_a_season_is_the_same_to_the_byte_on_four_boards(
    bed: Path, built: dict[str, object]
) -> None:
    logs = {}
    for name in BOARDS:
        entry = load_boards()[name]
        need(load_boards()[entry.twin] if entry.twin else entry)
        done = tinyfield(bed, "sim", "apps/irrigation.yaml", "--board", name, "--json")
        assert done.returncode == 0, done.stderr
        logs[name] = done.stdout
    assert len(logs["native"].splitlines()) > 50
    digests = {hashlib.sha256(text.encode()).hexdigest() for text in logs.values()}
    assert len(digests) == 1, {name: len(text) for name, text in logs.items()}
    first = json.loads(logs["native"].splitlines()[0])
    assert list(first) == ["t", "decision", "label", "confidence", "action", "outcome", "why"]


def test_a_trace_is_the_same_to_the_byte_on_four_boards(
    bed: Path, built: dict[str, object]
) -> None:
    logs = set()
    for name in BOARDS:
        done = tinyfield(
            bed, "sim", "apps/irrigation.yaml", "--board", name,
            "--trace", "apps/traces/dry_week.csv", "--json",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        logs.add(done.stdout)
    assert len(logs) == 1
    assert logs.pop().strip()


def test_evaluate_scores_held_out_plots_in_another_folder(
    bed: Path, built: dict[str, object], shared: Path, tmp_path: Path
) -> None:
    """Nothing hangs on file names; the plots' names are new, so none was trained on."""
    import pandas as pd

    source = shared / "data/irrigation_maricopa"
    for n, file in enumerate(sorted(source.glob("*.csv"))):
        table = pd.read_csv(file)
        if "plot" in table:
            table = table[table["plot"].str.startswith("p02")]
            table["plot"] = "north-" + table["plot"]
        table.to_csv(tmp_path / f"part{n}.csv", index=False)
    done = tinyfield(bed, "evaluate", "apps/irrigation.yaml", "--data", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert {"metric", "value", "baseline", "n", "per_class", "confusion"} <= set(scores)
    assert scores["n"] > 500
    assert scores["value"] > scores["baseline"]
    assert sum(map(sum, scores["confusion"])) == scores["n"]
    rows = next(table for title, table in scores["tables"].items() if "irrigation" in title)
    stress = {row["way of watering"]: row["stress days"] for row in rows}
    litres = {row["way of watering"]: row["litres"] for row in rows}
    node = next(name for name in stress if name.startswith("node"))
    assert [row["way of watering"] for row in rows] == [
        "timer",
        "moisture threshold",
        "threshold in hindsight",
        "FAO-56, all known",
        node,
    ]
    assert stress[node] < 10
    assert litres[node] < 2 * litres["FAO-56, all known"]


def test_the_report_tells_of_this_build(
    bed: Path, built: dict[str, object], tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    done = tinyfield(
        bed, "report", "apps/irrigation.yaml", "--board", "native", "--out", str(file), "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"report": str(file)}
    page = file.read_text(encoding="utf-8")
    scores = built["models"]["need"]["device"]  # type: ignore[index]
    assert f"{scores['macro_f1']:.3f} [" in page
    assert all(f"{n:,}</td>" in page for row in scores["confusion"] for n in row)
    season = tinyfield(bed, "sim", "apps/irrigation.yaml", "--board", "native", "--json")
    assert f"{len(season.stdout.splitlines())} decisions, one by one" in page
    for sentence in built["provenance"]:  # type: ignore[attr-defined]
        mark, _, _ = sentence.partition(": ")
        assert mark not in {"MEASURED", "DRIVEN", "GENERATED"} or f">{mark.lower()}</span>" in page
    assert str(bed) not in page and str(tmp_path) not in page


def test_without_cross_compilers_the_build_says_what_to_install(
    bed: Path, built: dict[str, object], tmp_path: Path
) -> None:
    for name in ("cc", "gcc", "as", "ld", "ar", "ranlib", "size", "objcopy", "sh", "env", "git"):
        found = shutil.which(name)
        if found:
            (tmp_path / name).symlink_to(found)
    done = tinyfield(bed, "build", "apps/irrigation.yaml", "--json", PATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    rows = {row["board"]: row for row in json.loads(done.stdout)["boards"]}
    assert rows["native"]["flash"] > 1000
    for name, package in (
        ("qemu_m4", "gcc-arm-none-eabi"),
        ("qemu_rv32", "gcc-riscv64-unknown-elf"),
        ("simavr_uno", "gcc-avr"),
        ("uno", "gcc-avr"),
    ):
        assert rows[name]["flash"] is None
        assert "not measured" in rows[name]["note"] and package in rows[name]["note"]


def test_the_demo_ends_with_every_decision_stored(root: Path, built: dict[str, object]) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/demo.py", "--once"],
        capture_output=True, text=True, cwd=root, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "decisions made" in done.stdout
