"""Builds the node for QEMU's mps2-an386: our own start, newlib's memory functions."""

import sys
from pathlib import Path

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
HERE = Path(env.PioPlatform().get_dir())
sys.path.insert(0, str(HERE.parent))
import virtual_board  # noqa: E402

virtual_board.tools(env, "arm-none-eabi-", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
virtual_board.warnings(env)

CPU = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
env.Append(
    CCFLAGS=CPU,
    LINKFLAGS=[*CPU, "-nostartfiles", "--specs=nano.specs"],
    LIBPATH=[str(HERE.parent)],
    LDSCRIPT_PATH=str(HERE / "board.ld"),
)
virtual_board.targets(env, env.BuildProgram(), "arm-none-eabi-size -A -d")
