"""``tinyfield compile`` as a user types it: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.compiler.models import perceptron
from tests.compiler.operators import FAMILIES
from tinyfield.compiler import compile_model
from tinyfield.compiler.formats import recognise
from tinyfield.compiler.tflite import read
from tinyfield.errors import EnvironmentFault, ModelError, UserError
from tinyfield.outdir import write_all

MLP = perceptron(np.random.default_rng(3), [20, 16, 3])
LARGE = perceptron(np.random.default_rng(4), [300, 200, 100])


def archive(*names: str) -> bytes:
    """A zip file with empty members, the same bytes at any time: they name a test."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as out:
        for name in names:
            out.writestr(zipfile.ZipInfo(name), "")
    return held.getvalue()


def tinyfield(*arguments: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tinyfield", *map(str, arguments)],
        capture_output=True, text=True, timeout=900, check=False, **more,
    )  # type: ignore[call-overload, no-any-return]  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "net.tflite"
    path.write_bytes(MLP)
    return path


def test_what_it_prints(model: Path, tmp_path: Path) -> None:
    done = tinyfield("compile", model, "-o", tmp_path / "c", "--check")
    assert done.returncode == 0, done.stderr
    for fact in ("tiny_fully_connected", "3 steps", "368 multiply-accumulates", "exact"):
        assert fact in done.stdout
    assert "compile net.tflite for host" in done.stderr  # progress
    assert "✓" not in done.stdout


def test_the_json_holds_everything(model: Path, tmp_path: Path) -> None:
    done = tinyfield("compile", model, "-o", tmp_path / "c", "--check", "--dump-passes", "--json")
    result = json.loads(done.stdout)
    assert result["exact"] is True and result["macs"] == 368
    assert sum(step["macs"] for step in result["steps"]) == 368
    assert sum(step["constants"] for step in result["steps"]) == result["weights_bytes"]
    assert all(Path(name).is_file() for name in result["files"])
    assert {"as read", "after the passes", "calls", "memory plan"} <= set(result["dump"])
    assert "FULLY_CONNECTED" in result["dump"]["as read"]
    assert "tiny_fully_connected(t0@in0+0" in result["dump"]["calls"]
    assert any(title.endswith("absorb_zero_point") for title in result["dump"])


def test_dump_on_the_terminal(tmp_path: Path) -> None:
    model = tmp_path / "block.tflite"
    model.write_bytes(FAMILIES["block"](np.random.default_rng(0)))
    done = tinyfield("compile", model, "-o", tmp_path / "c", "--dump")
    order = [done.stdout.index(text) for text in ("as read", "after the passes", "calls", "arena")]
    assert order == sorted(order)
    assert "after pass 1" not in done.stdout


def test_check_on_an_emulated_target(model: Path, tmp_path: Path) -> None:
    done = tinyfield("compile", model, "-o", tmp_path / "c", "--check", "--target", "cortex-m4",
                     "--optimize", "size", "--json")  # fmt: skip
    if done.returncode == 3:
        pytest.skip(done.stdout)
    assert json.loads(done.stdout)["exact"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rounding", "tflm", "--check"], "--check compares with LiteRT"),
        (["--rounding", "up"], "no rounding 'up'"),
        (["--target", "cortex-m9"], "no target 'cortex-m9'"),
        (["--optimize", "love"], "cannot optimize for 'love'"),
        (["--prefix", "9"], "cannot start a C name"),
        (["--prefix", "stdio"], "is taken"),
    ],
)
def test_wrong_options(arguments: list[str], message: str, model: Path, tmp_path: Path) -> None:
    done = tinyfield("compile", model, "-o", tmp_path / "c", *arguments)
    assert done.returncode == 2
    assert message in done.stderr and "cure:" in done.stderr
    assert not (tmp_path / "c").exists()


def test_a_file_in_the_way(model: Path, tmp_path: Path) -> None:
    for out in (model, model / "deeper"):
        done = tinyfield("compile", model, "-o", out)
        assert done.returncode == 1
        assert "is a file, not a folder" in done.stderr
    assert model.read_bytes() == MLP


def test_a_folder_for_a_model(tmp_path: Path) -> None:
    assert "is a folder" in tinyfield("compile", tmp_path, "-o", tmp_path / "c").stderr
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert "from_saved_model" in tinyfield("compile", tmp_path, "-o", tmp_path / "c").stderr


@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_nothing_half_written(there: bool, tmp_path: Path) -> None:
    model = tmp_path / "net.tflite"
    model.write_bytes(MLP)
    out = tmp_path / "deep" / "c"
    if there:
        assert tinyfield("compile", model, "-o", out).returncode == 0
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    model.write_bytes(LARGE)  # its weights need more room than there is
    before[model] = LARGE

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = tinyfield("compile", model, "-o", out, preexec_fn=limit)
    assert done.returncode == 3
    assert "nothing was written" in done.stderr and "Traceback" not in done.stderr
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before
    assert (tmp_path / "deep").exists() is there


def test_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "a").write_text("old")
    written = write_all(tmp_path, {"a": "new", "b/c": "inner"})
    assert [f.read_text() for f in written] == ["new", "inner"]
    assert sorted(f.name for f in tmp_path.iterdir()) == ["a", "b", "mine.txt"]
    with pytest.raises(UserError, match="is a file; a folder goes there"):
        write_all(tmp_path, {"a/b": ""})
    with pytest.raises(UserError, match="is a folder; a file goes there"):
        write_all(tmp_path, {"b": ""})
    with pytest.raises(EnvironmentFault, match="File name too long"):
        write_all(tmp_path / ("x" * 300), {"a": ""})
    with pytest.raises(EnvironmentFault):
        write_all(Path("/proc/nowhere"), {"a": ""})


@pytest.mark.parametrize(
    ("data", "what", "cure"),
    [
        (b"", "an empty file", "again"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "Keras", "TFLiteConverter"),
        (archive("metadata.json", "config.json", "model.weights.h5"), "a Keras model", "tf.int8"),
        (archive("net/data.pkl", "net/version"), "a PyTorch model", "ai-edge-torch"),
        (archive("dir/net.tflite"), "a zip archive", "dir/net.tflite"),
        (archive("readme.txt"), "without a .tflite file", "TFLiteConverter"),
        (archive("a" * 50)[:40], "damaged zip", "again"),
        (b"\x80\x02}q\x00.", "a Python pickle", "ai-edge-torch"),
        (b"\x08\x07\x12\x07pytorch\x1a\x052.1.0:\xd0\x01", "an ONNX model", "onnx2tf"),
        (b"\x08\x01\x12\xff\x01saved_model_schema_version\x08", "ONNX", "onnx2tf"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "git-lfs", "git lfs pull"),
        (b"\n\n<!DOCTYPE html><html>", "a web page", "raw"),
        (b"#include <x.h>\nconst unsigned char g_model[] = {0x1c, 0x00", "C source", ".tflite"),
        (b"\x1c\0\0\0TFL2" + bytes(40), "TFL2", "TFLiteConverter"),
        (b"\x1f\x8b\x08" + bytes(20), "gzip", "unpack"),
        (b'{"format": "layers-model"}', "JSON", "TensorFlow.js"),
        (bytes(500), "no kind that is known", ".tflite"),
    ],
)
def test_other_formats_are_recognised(data: bytes, what: str, cure: str) -> None:
    assert what in recognise(data)[0]
    with pytest.raises(ModelError) as caught:
        read(data)
    assert what in caught.value.message and cure in (caught.value.hint or "")


@pytest.mark.parametrize(
    "name", ["kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8", "mww_okay_nabu"]
)
def test_compiling_takes_seconds(name: str, shared: Path) -> None:
    """The best of a few: what else a machine does counts as the process's time on some."""
    data = (shared / f"models/{name}.tflite").read_bytes()

    def took(target: str) -> float:
        began = time.process_time()
        compile_model(data, target=target)
        return time.process_time() - began

    for target in ("host", "cortex-m4", "cortex-m55", "rv32imc"):
        assert any(took(target) < 5 for _ in range(3)), target
