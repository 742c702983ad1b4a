"""Builds the node for QEMU's RV32 virt machine on picolibc's start and linker script."""

import os
import sys

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
sys.path.insert(0, os.path.dirname(env.PioPlatform().get_dir()))
import virtual_board  # noqa: E402

virtual_board.tools(
    env, "riscv64-unknown-elf-", "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
)
virtual_board.warnings(env)

CPU = ["-march=rv32imac", "-mabi=ilp32", "-mcmodel=medany"]
# The machine's RAM starts at 0x80000000; half of the 8 MiB we use plays the flash.
MEMORY = {"__flash": 0x80000000, "__flash_size": 0x400000, "__ram": 0x80400000}
MEMORY["__ram_size"] = 0x400000
env.Append(
    CCFLAGS=[*CPU, "--specs=picolibc.specs"],
    LINKFLAGS=[
        *CPU,
        "--specs=picolibc.specs",
        "--oslib=semihost",
        "--crt0=semihost",
        *(f"-Wl,--defsym={name}={value:#x}" for name, value in MEMORY.items()),
    ],
)
virtual_board.targets(env, env.BuildProgram(), "riscv64-unknown-elf-size -A -d")
