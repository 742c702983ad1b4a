"""A compiled model as a directory that drops into Arduino, PlatformIO, Zephyr, CMake or make.

``files`` is a function from a :class:`~tinyfield.compiler.Program` to texts by relative path; who
calls it writes them. Layout: Arduino's flat library (sources at the root, which is the include
path), which the others take as it is::

    model.c  model.h      the model
    tiny.h  nn/*.h        the kernels that it uses, and no others
    examples/plain/main.c, examples/arduino/arduino.ino
    CMakeLists.txt        a library; also an ESP-IDF component and Zephyr's side of the module
    zephyr/module.yml     what makes the directory a Zephyr module
    library.json  library.properties   PlatformIO's and Arduino's manifest
    README.md  plan.txt  plan.svg
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyfield import __version__
from tinyfield.compiler import draw
from tinyfield.compiler.ctext import comment
from tinyfield.compiler.emit import header_text
from tinyfield.compiler.ports import Port, declaration
from tinyfield.paths import firmware_dir

if TYPE_CHECKING:
    from tinyfield.compiler import Program

_INCLUDE = re.compile(r'#include "([^"]+)"')


@dataclass(frozen=True)
class Facts:
    """What a package says of itself beyond its program.

    Attributes:
        model: the model file's name, without its folder.
        target: what it was compiled for.
        rounding: ``litert`` or ``tflm``.
        code_bytes: measured size of the code; None where the target's compiler is not here.
        measured_with: the compiler and flags of that measurement.
    """

    model: str
    target: str
    rounding: str = "litert"
    code_bytes: int | None = None
    measured_with: str = ""


def files(program: Program, facts: Facts) -> dict[str, str]:
    """Every file of the package, by its path with ``/``; the same bytes for the same input."""
    name = program.prefix
    header = header_text([program.parts], f"{name.upper()}_H", _about(program, facts))
    texts = {f"{name}.h": header, f"{name}.c": program.source}
    texts |= headers({f"{name}.h": header, f"{name}.c": program.source})
    return texts | {
        "examples/plain/main.c": _plain_example(program),
        "examples/arduino/arduino.ino": _arduino_example(program),
        "CMakeLists.txt": _cmake(name),
        "zephyr/module.yml": f"name: {name}\nbuild:\n  cmake: .\n",
        "library.json": _library_json(program, facts),
        "library.properties": _library_properties(program, facts),
        "README.md": _readme(program, facts),
        "plan.txt": program.plan_dump,
        "plan.svg": draw.draw(program.plan),
    }


def headers(sources: dict[str, str]) -> dict[str, str]:
    """The headers of ``firmware/core`` that ``sources`` include, and those that they include."""
    core = (firmware_dir() / "core").resolve()
    found: dict[str, str] = {}
    todo = [(core, name) for text in sources.values() for name in _INCLUDE.findall(text)]
    while todo:
        home, name = todo.pop()
        if name in sources:
            continue
        beside = home / name
        path = (beside if beside.is_file() else core / name).resolve()
        key = path.relative_to(core).as_posix()
        if key not in found:
            found[key] = path.read_text(encoding="utf-8")
            todo += [(path.parent, inner) for inner in _INCLUDE.findall(found[key])]
    return dict(sorted(found.items()))


def _ports(program: Program) -> list[tuple[str, Port]]:
    named = [(f"in{number}", port) for number, port in enumerate(program.inputs)]
    return named + [(f"out{number}", port) for number, port in enumerate(program.outputs)]


def _ram(program: Program) -> str:
    held = all(port.offset is not None for port in program.inputs)
    rest = "the outputs; the inputs lie in it" if held else "the inputs and outputs"
    return f"an arena of {program.arena_bytes:,} bytes, beside {rest}"


def _flash(program: Program, facts: Facts) -> str:
    text = f"{program.weights_bytes:,} bytes of constants"
    if facts.code_bytes is None:
        why = (
            "compile with --target to have its code measured"
            if facts.target == "host"
            else f"its code was not measured: no compiler for {facts.target} was at hand"
        )
        return f"{text}; {why}"
    return f"{text} and {facts.code_bytes:,} of code ({facts.target}, {facts.measured_with})"


def _about(program: Program, facts: Facts) -> str:
    upper = program.prefix.upper()
    lines = [
        f"{comment(facts.model)}, compiled for {facts.target} by tinyfield {__version__}",
        f"SHA-256 of the model file: {program.sha256}",
        "",
    ]
    for key, port in _ports(program):
        lines.append(
            f"{key:<6} {port.dtype}{list(port.shape)} {port.meaning}, {comment(port.name)}"
        )
    lines += [
        f"work   {program.macs:,} multiply-accumulates in {len(program.plan.calls)} steps",
        f"RAM    {_ram(program)}",
        f"flash  {_flash(program, facts)}",
        "",
        "How to call it:",
        "",
        *(f"    {line}" for line in _buffers(program)),
        *(f"    {line}" for line in _resets(program)),
        f"    if ({_invoke(program)} != TINY_OK) {{ a pointer was NULL }}",
        "",
        "To quantize a real number: q = round(real / scale) + zero point, limited to its type.",
        f"{upper}_IN0_SCALE and the like are below. One arena serves one call at a time; calls in",
        "arenas of their own do not disturb each other.",
    ]
    if program.stateful:
        lines += [
            "",
            "The arena keeps the model's state from call to call; "
            f"{program.prefix}_reset starts anew.",
        ]
    return "\n".join(f" * {line}".rstrip() for line in lines)


def _buffers(program: Program) -> list[str]:
    upper = program.prefix.upper()
    # Double words, so that the arena is aligned without a compiler's own attribute.
    lines = [f"static uint64_t arena[({upper}_ARENA_BYTES + 7) / 8];"]
    return lines + [
        declaration(key, port, program.prefix, "(uint8_t *)arena") for key, port in _ports(program)
    ]


def _resets(program: Program) -> list[str]:
    return [f"{program.prefix}_reset((uint8_t *)arena);"] if program.stateful else []


def _invoke(program: Program) -> str:
    names = ["(uint8_t *)arena", *(key for key, _ in _ports(program))]
    return f"{program.prefix}_invoke({', '.join(names)})"


def _plain_example(program: Program) -> str:
    reset = "".join(f"    {line}\n" for line in _resets(program))
    return (
        f"/* One inference of {program.prefix}.h: fill in0, call, read out0. */\n"
        f'#include "{program.prefix}.h"\n\n#include <stdio.h>\n\n'
        + "\n".join(_buffers(program))
        + f"\n\nint main(void) {{\n{reset}"
        f"    const tiny_status_t status = {_invoke(program)};\n"
        "    for (size_t i = 0; i < sizeof out0 / sizeof out0[0]; i++) {\n"
        f"{_print(program.outputs[0])}    }}\n    return status == TINY_OK ? 0 : 1;\n}}\n"
    )


def _print(port: Port) -> str:
    if port.dtype == "float32":
        return '        printf("%.9g\\n", (double)out0[i]);\n'
    return '        printf("%ld\\n", (long)out0[i]);\n'


def _arduino_example(program: Program) -> str:
    reset = "".join(f"    {line}\n" for line in _resets(program))
    number = "out0[i]" if program.outputs[0].dtype == "float32" else "(long)out0[i]"
    return (
        f"// One inference of {program.prefix}.h a second: fill in0, call, read out0.\n"
        f"#include <{program.prefix}.h>\n\n"
        + "\n".join(_buffers(program))
        + f"\n\nvoid setup() {{\n    Serial.begin(115200);\n{reset}}}\n\n"
        f"void loop() {{\n    if ({_invoke(program)} == TINY_OK) {{\n"
        "        for (size_t i = 0; i < sizeof out0 / sizeof out0[0]; i++) {\n"
        f"            Serial.println({number});\n        }}\n    }}\n    delay(1000);\n}}\n"
    )


def _cmake(name: str) -> str:
    return f"""\
# add_subdirectory() and link the target {name}; or use the directory as a Zephyr module
# (ZEPHYR_EXTRA_MODULES) or an ESP-IDF component. Built by itself it makes the example, too.
cmake_minimum_required(VERSION 3.13)
if(ESP_PLATFORM)
  idf_component_register(SRCS {name}.c INCLUDE_DIRS .)
  return()
endif()
if(COMMAND zephyr_library_named)
  zephyr_library_named({name})
  zephyr_library_sources({name}.c)
  zephyr_include_directories(.)
  return()
endif()
project({name} C)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()
add_library({name} STATIC {name}.c)
target_include_directories({name} PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})
target_compile_features({name} PUBLIC c_std_11)
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
  add_executable({name}_example examples/plain/main.c)
  target_link_libraries({name}_example PRIVATE {name})
endif()
"""


def _sentence(facts: Facts) -> str:
    clean = re.sub(r"[^\x20-\x7e]", "?", facts.model)
    return f"{clean} as plain C, byte for byte TFLite's reference kernels"


def _library_json(program: Program, facts: Facts) -> str:
    name = program.prefix
    manifest = {
        "name": name,
        "version": "1.0.0",
        "description": _sentence(facts),
        "license": "Apache-2.0",
        "frameworks": "*",
        "platforms": "*",
        "headers": f"{name}.h",
        "build": {"srcDir": ".", "includeDir": ".", "srcFilter": [f"+<{name}.c>"]},
        "examples": [
            {"name": "arduino", "base": "examples/arduino", "files": ["arduino.ino"]},
            {"name": "plain", "base": "examples/plain", "files": ["main.c"]},
        ],
    }
    return json.dumps(manifest, indent=2) + "\n"


def _library_properties(program: Program, facts: Facts) -> str:
    name = program.prefix
    return (
        f"name={name}\nversion=1.0.0\nauthor=tinyfield\nmaintainer=tinyfield\n"
        f"sentence={_sentence(facts)}\nparagraph=Generated; no dynamic memory, no dependencies.\n"
        f"category=Data Processing\nurl=\n"
        f"architectures=*\nincludes={name}.h\n"
    )


def _readme(program: Program, facts: Facts) -> str:
    name = program.prefix
    rows = "\n".join(
        f"| `{key}` | {comment(port.name)} | {port.dtype} | {list(port.shape)} | {port.meaning} |"
        for key, port in _ports(program)
    )
    return f"""\
# {name}

`{comment(facts.model)}` as plain C11 for {facts.target}, generated by tinyfield {__version__}. Do
not edit. Its results are byte for byte those of {_ORACLES[facts.rounding]}.
`{name}.h` says how to call it; `examples/` has a program; `plan.txt` and `plan.svg` show what lies
where in the arena.

| | tensor | type | shape | |
|---|---|---|---|---|
{rows}

- work: {program.macs:,} multiply-accumulates
- RAM: {_ram(program)}
- flash: {_flash(program, facts)}
- model file's SHA-256: `{program.sha256}`

| to use it in | do |
|---|---|
| Arduino | copy this directory into `libraries/`; File → Examples → {name} |
| PlatformIO | copy this directory into the project's `lib/` |
| CMake | `add_subdirectory({name})`, `target_link_libraries(app PRIVATE {name})` |
| Zephyr | `west build … -- -DZEPHYR_EXTRA_MODULES=/path/to/this/directory` |
| ESP-IDF | copy this directory into the project's `components/` |
| make | compile `{name}.c` with this directory on the include path (`-I`), `-O2` |
"""


_ORACLES = {
    "litert": "TFLite's reference kernels (LiteRT, BUILTIN_REF)",
    "tflm": "TFLite Micro's reference kernels",
}
