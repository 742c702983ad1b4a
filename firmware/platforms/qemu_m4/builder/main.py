"""Builds the node for QEMU's mps2-an386: our own startup and linker script, no libc but newlib's
memory functions."""

import os
import sys

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
sys.path.insert(0, os.path.dirname(env.PioPlatform().get_dir()))
import virtual_board  # noqa: E402

virtual_board.tools(env, "arm-none-eabi-", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
virtual_board.warnings(env)

CPU = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
env.Append(
    CCFLAGS=CPU,
    LINKFLAGS=[*CPU, "-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs"],
    LDSCRIPT_PATH=os.path.join(env.PioPlatform().get_dir(), "mps2_an386.ld"),
)
virtual_board.targets(env, env.BuildProgram(), "arm-none-eabi-size -A -d")
