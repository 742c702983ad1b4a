"""The directory that ``tinyfield compile`` writes, taken as its users take it: built, and run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.compiler.models import perceptron
from tests.compiler.operators import FAMILIES
from tests.conftest import absent
from tinyfield import modelfile
from tinyfield.compiler import compile_model, targets
from tinyfield.compiler.ctext import brief, comment
from tinyfield.compiler.host import run_host
from tinyfield.errors import UsageError
from tinyfield.hostcc import CompileError
from tinyfield.pio import process

STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2", "-I."]
MODELS = {
    "mlp": perceptron(np.random.default_rng(3), [20, 16, 3]),
    **{
        name: FAMILIES[name](np.random.default_rng(5))
        for name in ("block", "SVDF", "CONV_2D int16", "QUANTIZE float32")
    },
}
ARDUINO = Path("/usr/share/arduino/hardware/arduino/avr")


def compiled(folder: Path, name: str, target: str = "host", prefix: str = "model") -> Path:
    model = folder / f"{name}.tflite"
    model.write_bytes(MODELS[name])
    out = folder / "made by tinyfield"
    modelfile.compile_file(model, out, target=target, check=False, prefix=prefix)
    return out


def tool(name: str) -> str:
    return shutil.which(name) or absent(f"{name} is not installed")


def call(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def numbers(said: str) -> list[float]:
    return [float(line) for line in said.split()]


def from_zeros(name: str) -> list[float]:
    """What the example must print: the outputs of all-zero inputs."""
    program = compile_model(MODELS[name])
    inputs = {
        f"in{n}": np.zeros((1, *port.shape), port.dtype) for n, port in enumerate(program.inputs)
    }
    return [float(f"{value:.9g}") for value in run_host(program, inputs)["out0"].ravel()]


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_it_compiles_as_c_and_as_cpp(compiler: str, name: str, tmp_path: Path) -> None:
    out = compiled(tmp_path, name)
    for language in ("c11", "gnu17", "c++11", "c++20"):
        kind = "c++" if "++" in language else "c"
        call(tool(compiler), "-x", kind, f"-std={language}", *STRICT, "-c", "model.c",
             "-o", "model.o", cwd=out)  # fmt: skip
        call(tool(compiler), "-x", kind, f"-std={language}", *STRICT, "-fsyntax-only",
             "examples/plain/main.c", cwd=out)  # fmt: skip


@pytest.mark.parametrize("name", ["mlp", "block"])
@pytest.mark.parametrize("target", sorted(targets.TARGETS))
def test_it_compiles_for_every_target(target: str, name: str, tmp_path: Path) -> None:
    one = targets.target(target)
    out = compiled(tmp_path, name, target)
    for language in ("gnu11", "gnu++11"):
        kind = "c++" if "++" in language else "c"
        call(tool(one.compiler), *one.flags, "-x", kind, f"-std={language}", *STRICT,
             "-c", "model.c", "-o", "model.o", cwd=out)  # fmt: skip


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_cmake_project_builds_and_its_example_runs(name: str, tmp_path: Path) -> None:
    out = compiled(tmp_path, name, prefix="net")
    flags = " ".join(STRICT[:-1])
    call(tool("cmake"), "-S", out, "-B", tmp_path / "b", f"-DCMAKE_C_FLAGS={flags}", cwd=tmp_path)
    call(tool("cmake"), "--build", tmp_path / "b", cwd=tmp_path)
    said = call(tmp_path / "b/net_example", cwd=tmp_path)
    assert numbers(said) == from_zeros(name)


HOSTS = {
    "add_subdirectory": """
project(outer C CXX)
add_subdirectory("${PACKAGE}" package)
add_executable(app main.cpp)
target_link_libraries(app PRIVATE model)
""",
    # What Zephyr and ESP-IDF define before they read a module's or a component's file.
    "zephyr": """
project(outer C CXX)
function(zephyr_library_named name)
  add_library(${name} STATIC)
  set(CURRENT ${name} PARENT_SCOPE)
endfunction()
macro(zephyr_library_sources)
  target_sources(${CURRENT} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${ARGN})
endmacro()
macro(zephyr_include_directories)
  target_include_directories(${CURRENT} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/${ARGN})
endmacro()
add_subdirectory("${PACKAGE}" package)
add_executable(app main.cpp)
target_link_libraries(app PRIVATE model)
""",
    "esp_idf": """
project(outer C CXX)
set(ESP_PLATFORM 1)
function(idf_component_register)
  cmake_parse_arguments(ARG "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
  add_library(component STATIC ${ARG_SRCS})
  target_include_directories(component PUBLIC ${ARG_INCLUDE_DIRS})
endfunction()
add_subdirectory("${PACKAGE}" package)
add_executable(app main.cpp)
target_link_libraries(app PRIVATE component)
""",
}


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_it_is_part_of_a_larger_project(host: str, tmp_path: Path) -> None:
    out = compiled(tmp_path, "mlp")
    text = f'cmake_minimum_required(VERSION 3.13)\nset(PACKAGE "{out}")\n{HOSTS[host]}'
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "CMakeLists.txt").write_text(text)
    shutil.copy(out / "examples/plain/main.c", outer / "main.cpp")
    call(tool("cmake"), "-S", outer, "-B", tmp_path / "b", cwd=tmp_path)
    call(tool("cmake"), "--build", tmp_path / "b", cwd=tmp_path)
    said = call(tmp_path / "b/app", cwd=tmp_path)
    assert numbers(said) == from_zeros("mlp")


def test_it_is_a_library_of_a_platformio_project(root: Path, tmp_path: Path) -> None:
    out = compiled(tmp_path, "block", prefix="net")
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    shutil.copytree(out, project / "lib/net")
    shutil.copy(out / "examples/plain/main.c", project / "src")
    (project / "platformio.ini").write_text(
        f"[env:pc]\nplatform = symlink://{root}/firmware/platforms/native\n"
        "build_flags = -Wall -Wextra -Wconversion -Werror\n"
    )
    done = subprocess.run(
        [*process.command(), "run"], cwd=project, capture_output=True, text=True, timeout=900,
        env={**process.prepare_core(), "PLATFORMIO_CORE_DIR": str(tmp_path / "core")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = call(project / ".pio/build/pc/firmware.elf", cwd=project)
    assert numbers(said) == from_zeros("block")


def test_arduinos_example_compiles(tmp_path: Path) -> None:
    out = compiled(tmp_path, "mlp", "avr")
    if not ARDUINO.is_dir():
        absent("arduino-core-avr is not installed")
    # As the Arduino builder does: the sketch is C++ that begins with Arduino.h.
    call(tool("avr-g++"), "-mmcu=atmega328p", "-DF_CPU=16000000L", "-DARDUINO=10800",
         "-std=gnu++11", "-Os", "-Wall", "-Wextra", "-DDECIMAL_DIG=__DECIMAL_DIG__",
         f"-I{ARDUINO / 'cores/arduino'}", f"-I{ARDUINO / 'variants/standard'}", f"-I{out}",
         "-include", "Arduino.h", "-x", "c++", "-c", "examples/arduino/arduino.ino",
         "-o", "sketch.o", cwd=out)  # fmt: skip


def test_the_manifests_name_what_is_there(tmp_path: Path) -> None:
    out = compiled(tmp_path, "block", prefix="net")
    manifest = json.loads((out / "library.json").read_text())
    assert (out / manifest["headers"]).is_file()
    for example in manifest["examples"]:
        assert all((out / example["base"] / name).is_file() for name in example["files"])
    lines = (out / "library.properties").read_text().splitlines()
    properties = dict(line.split("=", 1) for line in lines)
    assert (properties["name"], properties["includes"]) == ("net", "net.h")
    assert "cmake: ." in (out / "zephyr/module.yml").read_text()


def test_only_what_is_needed_and_the_same_every_time(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = compiled(tmp_path / "a", "mlp"), compiled(tmp_path / "b", "mlp")
    files = {str(f.relative_to(one)): f.read_bytes() for f in one.rglob("*") if f.is_file()}
    again = {str(f.relative_to(two)): f.read_bytes() for f in two.rglob("*") if f.is_file()}
    assert files == again
    assert "nn/fully_connected.h" in files and "nn/conv_2d.h" not in files
    assert not [name for name in files if name.startswith(".")]
    assert b"/tmp" not in b"".join(files.values())


def test_the_header_says_what_a_caller_needs(tmp_path: Path) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        absent("arm-none-eabi-gcc is not installed")
    text = (compiled(tmp_path, "mlp", "cortex-m4") / "model.h").read_text()
    program = compile_model(MODELS["mlp"], target="cortex-m4")
    port = program.inputs[0]
    assert f"real = {port.scale!r} * (q " in text
    for fact in (
        program.sha256,
        "mlp.tflite",
        f"{program.weights_bytes:,} bytes of constants and ",
        "of code (cortex-m4, arm-none-eabi-gcc ",
        f"{program.macs:,} multiply-accumulates",
        f"#define MODEL_ARENA_BYTES {program.arena_bytes}u",
        f"#define MODEL_IN0_ZERO_POINT ({port.zero_point})",
        "model_invoke((uint8_t *)arena, in0, out0)",
    ):
        assert fact in text


@pytest.mark.parametrize("prefix", ["Model", "1st", "a-b", "", "int", "stdio", "tiny", "test"])
def test_prefixes_that_cannot_be(prefix: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        compiled(tmp_path, "mlp", prefix=prefix)
    assert not (tmp_path / "made by tinyfield").exists()


def test_the_guard_against_mixed_builds_holds(tmp_path: Path) -> None:
    out = compiled(tmp_path, "block")
    header = out / "model.h"
    text = header.read_text()
    line = next(part for part in text.splitlines() if "_ARENA_BYTES " in part and "#def" in part)
    header.write_text(text.replace(line, "#define MODEL_ARENA_BYTES 4u"))
    done = subprocess.run(
        [tool("gcc"), *STRICT, "-c", "model.c", "-o", "model.o"],
        cwd=out, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0 and "different builds" in done.stderr


def test_a_compile_error_of_the_cross_compiler_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinyfield import bench

    def refuse(*_: object) -> None:
        raise CompileError("region `FLASH' overflowed")

    monkeypatch.setattr(bench, "flash_of", refuse)
    assert "was not measured" in (compiled(tmp_path, "mlp", "avr") / "model.h").read_text()


def test_names_of_tensors_are_cut_to_what_a_person_would_say() -> None:
    long = "node 3 CONV_2D 'model/act_2/Relu;model/bn/Fused;model/c/BiasAdd' → t7 a/b/c = t8 plain"
    assert brief(long) == "node 3 CONV_2D 'act_2/Relu' → t7 b/c = t8 plain"
    assert brief("t1 ;x/y") == "t1 ;x/y"
    assert brief("serving_default_x:0") == "serving_default_x:0"


def test_nothing_closes_a_comment() -> None:
    for text in ("a*/b", "/* a", "a\nb", "a\\", "ä*/", "**//", "*" * 200 + "/"):
        shown = comment(text)
        assert "*/" not in shown and "/*" not in shown and "\n" not in shown
        assert not shown.endswith("\\") and shown.isascii()
