"""Builds the node for an Arduino Uno with Debian's AVR core, and the runner that plays the Uno."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
HERE = Path(env.PioPlatform().get_dir())
sys.path.insert(0, str(HERE.parent))
import virtual_board  # noqa: E402

CORE = Path(os.environ.get("TINYFIELD_ARDUINO_AVR", "/usr/share/arduino/hardware/arduino/avr"))

virtual_board.tools(env, "avr-", "gcc-avr avr-libc")
if not CORE.is_dir():
    virtual_board.missing(env, "the AVR core", "arduino-core-avr")

CPU = ["-mmcu=atmega328p"]
env.Append(
    CPPDEFINES=[("F_CPU", "16000000L"), ("ARDUINO", 10813), "ARDUINO_AVR_UNO", "ARDUINO_ARCH_AVR"],
    CPPPATH=[str(CORE / "cores" / "arduino"), str(CORE / "variants" / "standard")],
    ASPPFLAGS=[*CPU, "-x", "assembler-with-cpp"],
    CCFLAGS=[*CPU, "-flto", "-fno-fat-lto-objects"],
    CXXFLAGS=["-std=gnu++11", "-fno-exceptions", "-fno-threadsafe-statics", "-fpermissive"],
    LINKFLAGS=[*CPU, "-flto", "-fuse-linker-plugin"],
    LIBS=["m"],
)

# The framework is its own library, without our warnings but with the project's flags: both sides
# must agree on the size of Serial's buffers. gcc 5.4 lacks the name that new.h asks for.
env.Append(CPPDEFINES=[("DECIMAL_DIG", "__DECIMAL_DIG__")])
core = env.Clone()
core.ProcessFlags(env.get("BUILD_FLAGS"))
core.Append(CCFLAGS=["-w"])
env.Prepend(
    LIBS=[
        core.BuildLibrary(f"$BUILD_DIR/Arduino{part}", str(CORE / "cores" / "arduino"), filter_)
        for part, filter_ in (
            ("Core", "+<*> -<wiring_pulse.S> -<USB*> -<CDC*> -<Plug*> -<IPAddress*>"),
            ("Asm", "+<wiring_pulse.S>"),  # shares its stem with wiring_pulse.c
        )
    ]
)
virtual_board.warnings(env)
program = env.BuildProgram()

# The runner is a program of this PC, so nothing of the AVR's flags may reach it.
CC = os.environ.get("CC") or shutil.which("cc") or "gcc"
INSTALL = "sudo apt-get install libsimavr-dev libelf-dev gcc libc6-dev"


def build_runner(target, source, env):  # noqa: ARG001
    command = [CC, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", str(target[0]), str(source[0])]
    command += ["-lsimavr", "-lelf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stderr.write(done.stderr)
    if done.returncode and "simavr" in done.stderr:
        sys.stderr.write(f"Error: libsimavr is not installed. Try: {INSTALL}\n")
    return done.returncode


runner = env.Command(
    "$BUILD_DIR/tiny_simavr",
    str(HERE / "runner" / "tiny_simavr.c"),
    env.VerboseAction(build_runner, "Building the runner $TARGET"),
)
env.Depends(program, runner)
virtual_board.targets(env, program, "avr-size -A -d")
