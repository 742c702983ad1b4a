"""Many small models in one image, as starting an emulator takes longer than running a layer."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.compiler.models import Array, reference
from tinyfield import hostcc
from tinyfield.compiler import Program, compile_model, join, targets
from tinyfield.compiler.emulate import declaration, invoke, reads
from tinyfield.compiler.proof import test_inputs
from tinyfield.paths import firmware_dir

SUPPORT = Path(targets.__file__).parent / "c"


def programs(models: Sequence[bytes], target: str) -> list[Program]:
    """Each model compiled for ``target``, under names of its own."""
    return [
        compile_model(model, prefix=f"m{number}", target=target)
        for number, model in enumerate(models)
    ]


def agree_in_one_image(
    models: Sequence[bytes], ours: Sequence[Program], runs_on: str, calls: int = 4
) -> None:
    """Runs models and compares every byte with LiteRT's.

    Args:
        ours: the same models, compiled.
        runs_on: a target; ``host`` builds with the sanitizers.
    """
    given = [list(test_inputs(one, calls, seed).values()) for seed, one in enumerate(ours)]
    header, source = join(ours)
    sources = [source, _main(ours, calls)]
    include = [firmware_dir() / "core"]
    data = b"".join(
        array[call].tobytes() for arrays in given for call in range(calls) for array in arrays
    )
    if runs_on == "host":
        image = hostcc.compile_executable(
            [*sources, SUPPORT / "posix.c"],
            include=[*include, SUPPORT],
            headers={"model.h": header},
            name="batch",
            sanitize=True,
        )
        done = subprocess.run([image], input=data, capture_output=True, timeout=600)
        assert done.returncode == 0, done.stderr.decode()[:2000]
        raw = done.stdout
    else:
        one = targets.target(runs_on)
        built = targets.build(
            one, sources, name="batch", include=include, headers={"model.h": header}
        )
        raw = targets.execute(one, built, data)
    place = 0
    for model, program, arrays in zip(models, ours, given, strict=True):
        expected = reference(model, arrays)
        for call in range(calls):
            for whole in expected:
                one_call: Array = whole[call]
                piece = np.frombuffer(raw, whole.dtype, offset=place, count=one_call.size)
                place += piece.nbytes
                np.testing.assert_array_equal(
                    piece.reshape(one_call.shape), one_call, err_msg=program.plan_dump
                )
    assert place == len(raw)


def _main(ours: Sequence[Program], calls: int) -> str:
    parts = ['#include "model.h"\n#include "host.h"\n']
    runs = ""
    for one in ours:
        upper = one.prefix.upper()
        ports = [(f"in{number}", port) for number, port in enumerate(one.inputs)]
        ports += [(f"out{number}", port) for number, port in enumerate(one.outputs)]
        declared = "".join(f"    {declaration(name, port, one.prefix)}\n" for name, port in ports)
        writes = "".join(
            f"    host_write(out{number}, sizeof out{number});\n"
            for number in range(len(one.outputs))
        )
        parts.append(
            f"static uint8_t {one.prefix}_arena[{upper}_ARENA_BYTES] "
            f"__attribute__((aligned(8)));\n"
            f"static void run_{one.prefix}(void)\n{{\n"
            f"    uint8_t *const arena = {one.prefix}_arena;\n"
            f"{declared}{reads(one)}    (void){invoke(one)};\n{writes}}}\n"
        )
        if one.stateful:
            runs += f"    {one.prefix}_reset({one.prefix}_arena);\n"
        runs += f"    for (int i = 0; i < {calls}; i++) {{\n        run_{one.prefix}();\n    }}\n"
    return "\n".join([*parts, f"int main(void)\n{{\n{runs}    host_exit(0);\n}}\n"])
