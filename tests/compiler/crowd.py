"""Many models in one library: made by LiteRT and by the generated C, compared byte by byte.

Starting a C compiler and reading its headers costs more than most small models; forty together
cost a quarter of forty one by one. Before each call a model's arena is filled with noise, for it
has no meaning between calls, and behind it stands a guard that must not change.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.compiler.models import Array, reference
from tinyfield import hostcc
from tinyfield.compiler import Port, Program, compile_model, join
from tinyfield.compiler.proof import test_inputs
from tinyfield.errors import TinyfieldError
from tinyfield.paths import firmware_dir

_GUARD = 64


@dataclass(frozen=True)
class Variant:
    """How a model is compiled: a target whose kernels have plain C bodies too, what for, and
    where its inputs lie."""

    target: str = "host"
    optimize: str = "speed"
    inputs: str = "caller"

    def __str__(self) -> str:
        return f"{self.target}, {self.optimize}, inputs of the {self.inputs}"


#: Compiled for ``size``, short rows are chained too, and shapes are parameters.
VARIANTS = (
    Variant(),
    Variant("host", "size", "arena"),
    Variant("cortex-m4"),
    Variant("cortex-m4", "size", "arena"),
    Variant("rv32imc", "speed", "arena"),
    Variant("cortex-m0"),
    Variant("host", "speed", "arena"),
    Variant("rv32imc", "size"),
)


@dataclass(frozen=True)
class Case:
    """One model: where it comes from, the file, and how to compile it."""

    family: str
    seed: int
    model: bytes
    variant: Variant = VARIANTS[0]

    def __str__(self) -> str:
        return f"{self.family} seed {self.seed} ({self.variant})"

    def program(self, prefix: str) -> Program:
        """Compiles it."""
        one = self.variant
        return compile_model(
            self.model, prefix=prefix, target=one.target, optimize=one.optimize, inputs=one.inputs
        )


def varied(family: str, seed: int, model: bytes) -> Case:
    """A case whose variant follows from its seed."""
    return Case(family, seed, model, VARIANTS[seed % len(VARIANTS)])


@dataclass
class Tally:
    """What was compared; ``findings`` name family, seed and what is wrong."""

    graphs: int = 0
    calls: int = 0
    bytes: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Sums up."""
        self.graphs += other.graphs
        self.calls += other.calls
        self.bytes += other.bytes
        self.findings += other.findings


class Crowd:
    """Models compiled together, each under a name of its own."""

    def __init__(self, programs: Sequence[Program]) -> None:
        header, source = join(programs)
        library = hostcc.compile_shared(
            [source],
            include=[firmware_dir() / "core"],
            headers={"model.h": header},
            name="crowd",
        )
        self._library = ctypes.CDLL(str(library))

    def run(
        self, program: Program, inputs: Sequence[Array], noise: np.random.Generator
    ) -> list[Array]:
        """Successive calls: arrays [n, …] in, [n, …] out.

        Raises:
            AssertionError: the model failed, or wrote behind its arena.
        """
        invoke = getattr(self._library, f"{program.prefix}_invoke")
        invoke.restype = ctypes.c_int
        arena = np.zeros((program.arena_bytes + _GUARD + 7) // 8 * 8, np.uint8)
        guard = noise.integers(0, 256, len(arena) - program.arena_bytes)
        arena[program.arena_bytes :] = guard
        if program.stateful:
            reset = getattr(self._library, f"{program.prefix}_reset")
            reset.restype = None
            reset(_pointer(arena))
        results: list[list[Array]] = [[] for _ in program.outputs]
        for given in zip(*inputs, strict=True):
            if not program.stateful:
                arena[: program.arena_bytes] = noise.integers(0, 256, program.arena_bytes)
            held = [
                _placed(arena, port, one) for port, one in zip(program.inputs, given, strict=True)
            ]
            outs = [np.zeros(port.shape, port.dtype) for port in program.outputs]
            status = invoke(_pointer(arena), *map(_pointer, held), *map(_pointer, outs))
            assert status == 0, f"invoke returned {status}"
            assert (arena[program.arena_bytes :] == guard).all(), "wrote behind its arena"
            for result, one in zip(results, outs, strict=True):
                result.append(one)
        return [np.array(one) for one in results]


def _placed(arena: Array, port: Port, given: Array) -> Array:
    """An input where the model wants it."""
    array = np.ascontiguousarray(given)
    if port.offset is None:
        return array
    room = arena[port.offset : port.offset + port.bytes]
    room[:] = np.frombuffer(array.tobytes(), np.uint8)
    return room


def _pointer(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def compare(cases: Sequence[Case], calls: int = 8) -> Tally:
    """Compares all outputs of all cases with the reference's."""
    tally = Tally()
    programs: list[tuple[Case, Program]] = []
    for number, case in enumerate(cases):
        try:
            programs.append((case, case.program(f"m{number}")))
        except TinyfieldError as error:
            tally.findings.append(f"{case}: {error}"[:900])
    crowd = Crowd([program for _, program in programs])
    for case, program in programs:
        tally.add(_compare(case, program, crowd, calls))
    return tally


def _compare(case: Case, program: Program, crowd: Crowd, calls: int) -> Tally:
    given = test_inputs(program, calls, case.seed)
    for number, port in enumerate(program.inputs):
        # Where a row has 256 places, every value is there.
        if port.shape == (1, 256):
            given[f"in{number}"][0] = np.arange(256).astype(port.dtype)
    inputs = [given[f"in{number}"] for number in range(len(program.inputs))]
    tally = Tally(1, calls)
    try:
        ours = crowd.run(program, inputs, np.random.default_rng(case.seed))
    except AssertionError as error:
        tally.findings.append(f"{case}: {error}")
        return tally
    for number, theirs in enumerate(reference(case.model, inputs)):
        tally.bytes += theirs.nbytes
        wrong = np.count_nonzero(ours[number].reshape(theirs.shape) != theirs)
        if wrong:
            tally.findings.append(
                f"{case}: {wrong} of {theirs.size} values of output {number} differ\n"
                f"{program.graph_dump}"
            )
    return tally
