"""The processors that code is built for and run on under emulation.

Each is a gcc, an emulated machine and a start-up file (``c/``): QEMU's mps boards for Cortex-M,
QEMU's virt machine for RISC-V, libsimavr for AVR. A program reads ``in.bin`` and writes
``out.bin`` through the emulator; ``host_ticks`` counts instructions (cycles on AVR), the same at
every run.
"""

from __future__ import annotations

import difflib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyfield import hostcc
from tinyfield.errors import EnvironmentFault, MissingToolError, UsageError

_C = Path(__file__).resolve().parent / "c"
_ARM_APT = "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi"
_RISCV_APT = "apt install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
_AVR_APT = "apt install gcc-avr avr-libc"


class EmulationError(EnvironmentFault):
    """A program did not end well under emulation."""


@dataclass(frozen=True)
class Target:
    """One processor.

    Attributes:
        name: as the commands take it.
        compiler: the cross compiler, and the command that installs it.
        flags: for that processor.
        start: start-up file in ``c/``; its linker script, if any.
        machine: QEMU's command line, or () for simavr; and the command that installs it.
        unit: what is counted.
        cycles_per_count: a rule of thumb from counted work to cycles; 1 where cycles are counted.
    """

    name: str
    compiler: str
    compiler_apt: str
    flags: tuple[str, ...]
    start: str
    script: str | None
    machine: tuple[str, ...]
    machine_apt: str
    unit: str = "instructions"
    cycles_per_count: float = 1.0


def _cortex(
    name: str,
    machine: str,
    extra: tuple[str, ...],
    cycles: float,
    script: str = "cortex_m.ld",
) -> Target:
    return Target(
        name,
        "arm-none-eabi-gcc",
        _ARM_APT,
        (f"-mcpu={name}", "-mthumb", *extra),
        "cortex_m.c",
        script,
        ("qemu-system-arm", "-M", machine),
        "apt install qemu-system-arm",
        cycles_per_count=cycles,
    )


# Cycles per instruction: Arm's MLPerf Tiny entries with CMSIS-NN on an STM32L4R5 (M4, 120 MHz)
# took 1.5 to 1.8 cycles for each instruction that the same networks execute; the other cores'
# figures are set beside that by pipeline (M0 and RV32IMC single-issue without a fast multiply-
# accumulate, M7 dual-issue; M33 by Arm's CoreMark figures, 4.02 to M4's 3.42 a MHz; a vector
# instruction of M55 is two beats of 64 bits, of which neighbours of different units overlap).
_SOFT = ("-mfloat-abi=soft",)
_ALL = (
    # QEMU's an385 board has an M3 and refuses another; M0 code is a subset of it.
    _cortex("cortex-m0", "mps2-an385", _SOFT, 1.5),
    _cortex("cortex-m3", "mps2-an385", _SOFT, 1.5),
    _cortex("cortex-m4", "mps2-an386", ("-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"), 1.5),
    _cortex("cortex-m7", "mps2-an500", ("-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"), 0.9),
    _cortex(
        "cortex-m33",
        "mps2-an505",
        ("-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
        1.3,
        "cortex_m33.ld",
    ),
    _cortex("cortex-m55", "mps3-an547", ("-mfloat-abi=hard",), 1.6, "cortex_m55.ld"),
    Target(
        "rv32imc",
        "riscv64-unknown-elf-gcc",
        _RISCV_APT,
        ("-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"),
        "rv32.c",
        "rv32.ld",
        ("qemu-system-riscv32", "-M", "virt", "-bios", "none"),
        "apt install qemu-system-misc",
        cycles_per_count=1.4,
    ),
    Target(
        "avr",
        "avr-gcc",
        _AVR_APT,
        ("-mmcu=atmega328p", "-Os"),
        "avr.c",
        None,
        (),
        "apt install libsimavr-dev libelf-dev",
        unit="cycles",
    ),
)
TARGETS: dict[str, Target] = {target.name: target for target in _ALL}
#: What ``compile`` and ``run`` take: this PC too.
NAMES = ("host", *TARGETS)


def target(name: str) -> Target:
    """The emulated target of that name.

    Raises:
        UsageError: there is none.
    """
    if name in TARGETS:
        return TARGETS[name]
    near = difflib.get_close_matches(name, NAMES, 1)
    raise UsageError(
        f"there is no target {name!r}" + (f"; did you mean {near[0]}?" if near else ""),
        hint=f"targets are {', '.join(NAMES)}",
    )


def missing_tool(one: Target) -> MissingToolError | None:
    """The error that building or running for ``one`` would end in here; None if all is here."""
    if shutil.which(one.compiler) is None:
        return MissingToolError(one.compiler, one.compiler_apt)
    if one.machine:
        if shutil.which(one.machine[0]) is None:
            return MissingToolError(one.machine[0], one.machine_apt)
    elif not any(Path(place).is_file() for place in _SIMAVR_HEADERS):
        return MissingToolError("libsimavr", one.machine_apt)
    return None


_SIMAVR_HEADERS = (
    "/usr/include/simavr/sim_avr.h",
    "/usr/local/include/simavr/sim_avr.h",
    "/opt/homebrew/include/simavr/sim_avr.h",
)


def build(
    one: Target,
    sources: Sequence[hostcc.Source],
    *,
    name: str,
    include: Sequence[Path] = (),
    headers: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
) -> Path:
    """An ELF image of ``sources`` (which have ``main``) with the target's start-up file.

    Raises:
        MissingToolError: the cross compiler is not here.
        CompileError: the sources do not compile, or the image does not fit the processor.
    """
    found = shutil.which(one.compiler)
    if found is None:
        raise MissingToolError(one.compiler, one.compiler_apt)
    texts = dict(headers or {})
    link = ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", *flags]
    if one.script is not None:
        texts[one.script] = (_C / one.script).read_text(encoding="utf-8")
        link += ["-nostartfiles", f"-T{one.script}"]
    return hostcc.build_cached(
        (found,),
        [*sources, _C / one.start],
        include=[*include, _C],
        flags=(*one.flags, *link),
        filename=f"{name}.{one.name}.elf",
        headers=texts,
    )


def execute(
    one: Target, image: Path, given: bytes, *, counted: bool = False, timeout_s: float = 600.0
) -> bytes:
    """Runs an image to its end; what it wrote.

    Args:
        given: what ``host_read`` hands out.
        counted: make ``host_ticks`` exact (slower).

    Raises:
        MissingToolError: the emulator is not here.
        EmulationError: the program crashed, or did not end in time.
    """
    missing = missing_tool(one)
    if missing is not None:
        raise missing
    with tempfile.TemporaryDirectory(prefix="tinyfield-") as folder:
        work = Path(folder)
        (work / "in.bin").write_bytes(given)
        command = _command(one, image, counted=counted)
        code, said = _wait(command, work, timeout_s)
        if code != 0:
            what = _EXITS.get(code, f"ended with code {code}")
            raise EmulationError(f"{image.name} {what} under {Path(command[0]).name}{said}")
        out = work / "out.bin"
        return out.read_bytes() if out.is_file() else b""


_EXITS = {
    2: "read more input than there was",
    3: "could not write its output",
    4: "crashed",
    5: "did not end within its cycles",
}


def _command(one: Target, image: Path, *, counted: bool) -> list[str]:
    if not one.machine:
        return [str(_avr_runner()), str(image), "20000"]
    return [
        *one.machine,
        *("-kernel", str(image), "-display", "none", "-monitor", "none", "-serial", "none"),
        *("-semihosting-config", "enable=on,target=native"),
        *(("-icount", "shift=0") if counted else ()),
    ]


def _wait(command: list[str], work: Path, timeout_s: float) -> tuple[int, str]:
    # A process group of its own: QEMU orphaned by a signal would run for ever.
    with subprocess.Popen(
        command,
        cwd=work,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            _, said = process.communicate(timeout=timeout_s)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise EmulationError(
                    f"{Path(command[0]).name} did not end within {timeout_s:.0f} s"
                ) from error
            raise
    text = said.decode(errors="replace").strip()[:400]
    return process.returncode, f": {text}" if text else ""


def _avr_runner() -> Path:
    return hostcc.compile_executable(
        [_C / "avr_runner.c"],
        flags=(
            # simavr's own headers do not hold to our warnings.
            "-isystem/usr/include/simavr",
            "-isystem/usr/local/include/simavr",
            "-isystem/opt/homebrew/include/simavr",
            "-lsimavr",
            "-lelf",
        ),
        name="avr_runner",
    )
