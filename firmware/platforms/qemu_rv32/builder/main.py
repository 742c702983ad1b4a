"""Builds the node for QEMU's RV32 virt machine: our own start, picolibc's memory functions."""

import sys
from pathlib import Path

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
HERE = Path(env.PioPlatform().get_dir())
sys.path.insert(0, str(HERE.parent))
import virtual_board  # noqa: E402

virtual_board.tools(
    env, "riscv64-unknown-elf-", "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
)
virtual_board.warnings(env)

CPU = ["-march=rv32imac", "-mabi=ilp32", "-mcmodel=medany"]
env.Append(
    CCFLAGS=[*CPU, "--specs=picolibc.specs"],
    LINKFLAGS=[*CPU, "--specs=picolibc.specs", "-nostartfiles"],
    LIBPATH=[str(HERE.parent)],
    LDSCRIPT_PATH=str(HERE / "board.ld"),
)
virtual_board.targets(env, env.BuildProgram(), "riscv64-unknown-elf-size -A -d")
