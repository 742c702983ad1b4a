"""The commands as a user types them, in processes of their own: output, exit codes, imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyfield import cli
from tinyfield.compiler import TARGET_NAMES

LOCAL = ("tinyfield", "_tinyfield", "_virtualenv", "_editable_impl_tinyfield", "_distutils_hack")


def tinyfield(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line; its exit code, stdout and stderr."""
    return subprocess.run(
        [sys.executable, "-m", "tinyfield", *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, timeout=900, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def imported(*arguments: str | Path) -> set[str]:
    """Top-level packages that a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tinyfield", *map(str, arguments)],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    names = (line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line)
    return {name.split(".")[0] for name in names}


def test_the_help_names_every_target() -> None:
    assert cli.TARGETS.replace(" or ", ", ").split(", ") == list(TARGET_NAMES)


def test_version_imports_nothing_of_third_parties() -> None:
    done = tinyfield("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("tinyfield ")
    strangers = {
        name
        for name in imported("--version")
        if name not in sys.stdlib_module_names and name not in LOCAL
    }
    # What the interpreter's own start imports (site, .pth files) is not the command's doing.
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "pass"], capture_output=True, text=True
    ).stderr
    strangers = {name for name in strangers if name not in bare and name != "imported package"}
    assert strangers == set()


@pytest.mark.parametrize("command", ["--version", "check"])
def test_quick_commands_import_nothing_heavy(root: Path, command: str) -> None:
    arguments = [command] if command != "check" else [command, root / "apps/irrigation.yaml"]
    assert imported(*arguments) & {"tensorflow", "keras", "numpy", "scipy", "pandas"} == set()


def test_check_accepts_the_flagship(root: Path) -> None:
    done = tinyfield("check", root / "apps/irrigation.yaml")
    assert done.returncode == 0, done.stderr
    assert "ok" in done.stdout


def test_check_says_every_mistake_and_exits_with_1(root: Path, tmp_path: Path) -> None:
    text = (root / "apps/irrigation.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        text.replace("driver: bme280", "driver: bme281").replace("pin: 7", "pin: 77"),
        encoding="utf-8",
    )
    done = tinyfield("check", broken)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "bme280" in done.stderr and "77" in done.stderr
    assert "Traceback" not in done.stderr

    scripted = tinyfield("check", broken, "--json")
    found = json.loads(scripted.stdout)
    assert scripted.returncode == 1
    errors = [entry for entry in found["diagnostics"] if entry["kind"] == "error"]
    assert len(errors) == 2
    assert all(entry["line"] > 1 and entry["hint"] for entry in errors)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check"], 2),
        (["chek", "x.yaml"], 2),
        (["check", "no-such-file.yaml"], 1),
        (["sim", "no-such-file.yaml"], 1),
        (["compile", "no-such-model.tflite", "-o", "out"], 1),
        (["data", "info", "irigation_maricopa"], 1),
        (["logs", "--port", "/dev/no-such-port"], 3),
        (["build", "apps/irrigation.yaml", "--board", "unno"], 1),
        (["report", "apps/irrigation.yaml", "--out", "no-such-folder/r.html"], 1),
        (["build", "apps/irrigation.yaml", "--out", "/proc/no-such-folder"], 3),
    ],
)
def test_exit_codes(root: Path, arguments: list[str], code: int) -> None:
    done = tinyfield(*arguments, cwd=root)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


@pytest.mark.parametrize("command", ["evaluate", "bench", "tune"])
def test_an_app_without_models_says_what_there_is_instead(root: Path, command: str) -> None:
    done = tinyfield(command, str(root / "apps/pet_feeder.yaml"))
    assert done.returncode == 1 and done.stdout == ""
    assert "pet_feeder.yaml has no models" in done.stderr and "cure:" in done.stderr


def test_schema_is_one_json_document() -> None:
    schema = json.loads(tinyfield("schema").stdout)
    assert {"app", "sensors", "decisions"} <= set(schema["properties"])


def test_data_list_and_info() -> None:
    entries = json.loads(tinyfield("data", "list", "--json").stdout)
    names = [entry["name"] for entry in entries]
    assert {"irrigation_maricopa", "soil_quebec", "fao56_tables"} <= set(names)
    told = tinyfield("data", "info", "irrigation_maricopa")
    assert told.returncode == 0
    assert "CC0" in told.stdout


def test_a_missing_set_without_network_says_what_to_do(tmp_path: Path) -> None:
    done = tinyfield(
        "data", "get", "soil_quebec",
        TINYFIELD_DATA=str(tmp_path), TINYFIELD_CACHE=str(tmp_path / "cache"),
        https_proxy="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9",
    )  # fmt: skip
    assert done.returncode in (1, 3)
    assert "Traceback" not in done.stderr
    assert "TINYFIELD_DATA" in done.stderr or "tinyfield data get" in done.stderr
    assert "http" in done.stderr


def test_doctor_lists_tools_with_their_cure(tmp_path: Path) -> None:
    listed = json.loads(tinyfield("doctor", "--json").stdout)
    findings = {f["name"]: f for f in listed}
    assert findings["Python"]["version"]
    assert "apt install" in findings["avr-gcc"]["install"]
    assert "bench and run on cortex-m55, from 6.2 on" in [f["needed_for"] for f in listed]
    bare = tinyfield("doctor", "--json", PATH=str(tmp_path))
    gone = {f["name"]: f for f in json.loads(bare.stdout)}
    assert gone["avr-gcc"]["version"] is None


def test_no_c_compiler_says_what_to_install(root: Path, tmp_path: Path) -> None:
    done = tinyfield(
        "sim", root / "apps/irrigation.yaml",
        PATH=str(tmp_path), TINYFIELD_CC="no-such-compiler", TINYFIELD_CACHE=str(tmp_path),
        TINYFIELD_DATA=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "no-such-compiler" in done.stderr
    assert "cure:" in done.stderr


def test_new_makes_a_project_that_checks(tmp_path: Path) -> None:
    made = tinyfield("new", tmp_path / "bed")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "bed/platformio.ini").is_file()
    assert (tmp_path / "bed/firmware/core/tiny.h").is_file()
    assert tinyfield("check", "apps/irrigation.yaml", cwd=tmp_path / "bed").returncode == 0
    again = tinyfield("new", tmp_path / "bed")
    assert again.returncode == 1
    assert "not empty" in again.stderr


def test_compile_run_and_bench_a_bare_model(shared: Path, tmp_path: Path) -> None:
    model = shared / "models/ad01_int8.tflite"
    done = tinyfield("compile", model, "-o", tmp_path / "c", "--check", "--json")
    result = json.loads(done.stdout)
    assert result["exact"] is True
    subprocess.run(
        ["cc", "-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-I.", "-c", "model.c",
         "-o", "model.o"],
        cwd=tmp_path / "c", check=True,
    )  # fmt: skip

    inputs = np.load(shared / "models/ad_in.npy")
    expected = np.load(shared / "models/ad_out_ref.npy")
    np.savez(tmp_path / "in.npz", in0=inputs)
    done = tinyfield(
        "run", model, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz"
    )
    assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / "out.npz")["out0"].reshape(expected.shape), expected)

    rows = json.loads(tinyfield("bench", model, "--target", "host", "--json").stdout)
    assert rows[0]["exact"] is True
    assert rows[0]["macs"] == 264_192


def test_a_damaged_model_is_refused(shared: Path, tmp_path: Path) -> None:
    whole = (shared / "models/ad01_int8.tflite").read_bytes()
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(whole[: len(whole) // 3])
    done = tinyfield("compile", cut, "-o", tmp_path / "c")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_wrong_arrays_are_refused(shared: Path, tmp_path: Path) -> None:
    model = shared / "models/ad01_int8.tflite"
    np.savez(tmp_path / "in.npz", in0=np.zeros((2, 3), np.int8))
    (tmp_path / "not.npz").write_text("no zip")
    for name in ("in.npz", "not.npz", "absent.npz"):
        done = tinyfield(
            "run", model, "--inputs", tmp_path / name, "--outputs", tmp_path / "out.npz"
        )
        assert done.returncode == 1, name
        assert "Traceback" not in done.stderr, name


@pytest.mark.slow
def test_the_fans_monitor_fits_its_budget_without_recordings_too(
    root: Path, tmp_path: Path
) -> None:
    done = tinyfield(
        "evaluate", root / "apps/machine_monitor.yaml", "--json",
        TINYFIELD_DATA=str(tmp_path), TINYFIELD_CACHE=str(tmp_path / "cache"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "NO REAL DATA" in done.stdout
