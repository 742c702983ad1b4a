"""Builds the node for an Arduino Uno with Debian's AVR core, and the runner that plays the Uno."""

import shutil

import os
import sys

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
sys.path.insert(0, os.path.dirname(env.PioPlatform().get_dir()))
import virtual_board  # noqa: E402

CORE = os.environ.get("TINYFIELD_ARDUINO_AVR", "/usr/share/arduino/hardware/arduino/avr")

virtual_board.tools(env, "avr-", "gcc-avr avr-libc")
if not os.path.isdir(CORE):
    sys.stderr.write("Error: no AVR core. Try: sudo apt-get install arduino-core-avr\n")
    env.Exit(1)

CPU = ["-mmcu=atmega328p"]
env.Append(
    CPPDEFINES=[("F_CPU", "16000000L"), ("ARDUINO", 10813), "ARDUINO_AVR_UNO", "ARDUINO_ARCH_AVR"],
    CPPPATH=[os.path.join(CORE, "cores", "arduino"), os.path.join(CORE, "variants", "standard")],
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
sources = os.path.join(CORE, "cores", "arduino")
env.Prepend(
    LIBS=[
        core.BuildLibrary(os.path.join("$BUILD_DIR", "Arduino" + part), sources, filter_)
        for part, filter_ in (
            ("Core", "+<*> -<wiring_pulse.S> -<USB*> -<CDC*> -<Plug*> -<IPAddress*>"),
            ("Asm", "+<wiring_pulse.S>"),  # shares its stem with wiring_pulse.c
        )
    ]
)
virtual_board.warnings(env)
program = env.BuildProgram()

# The runner is a program of this PC.
host = env.Clone(CC=os.environ.get("CC", "cc"), LINK=os.environ.get("CC", "cc"))
for name in ("CFLAGS", "CCFLAGS", "LINKFLAGS", "CPPDEFINES", "CPPPATH", "LIBS", "LIBPATH"):
    host.Replace(**{name: []})
host.Replace(CFLAGS=["-std=gnu11"], CCFLAGS=["-O2", "-Wall", "-Wextra"], _LIBFLAGS="")
if shutil.which("pkg-config") is None or os.system("pkg-config --exists simavr") != 0:
    sys.stderr.write("Error: no libsimavr. Try: sudo apt-get install libsimavr-dev libelf-dev pkg-config\n")
    env.Exit(1)
SOURCE = os.path.join(env.PioPlatform().get_dir(), "runner", "tiny_simavr.c")
runner = host.Command(
    os.path.join("$BUILD_DIR", "tiny_simavr"),
    SOURCE,
    env.VerboseAction(
        "$CC $CFLAGS $CCFLAGS -o $TARGET $SOURCE `pkg-config --cflags --libs simavr` -lelf",
        "Building the runner $TARGET",
    ),
)
env.Depends(program, runner)
virtual_board.targets(env, program, "avr-size -A -d")
