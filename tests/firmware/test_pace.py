"""A real board's node with a sensor that has a clock of its own: no frame lost, no time lost."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.codegen.apps import BURSTS, MOVES, app_of, generated, include_folders, node_sources
from tests.firmware.harness import HERE
from tinyfield import hostcc
from tinyfield.paths import firmware_dir

LONGEST_MS = 8000
"""Between two feedings: the shortest watchdog of any board."""


def build(folder: Path, text: str) -> Path:
    generated(app_of(text, folder, "uno"), folder / "out")
    main = firmware_dir() / "src" / "main.c"
    sources = [source for source in node_sources(folder / "out") if source != main]
    return hostcc.compile_executable(
        [*sources, HERE / "pace.c"],
        include=[*include_folders(folder / "out"), HERE],
        flags=["-DTINY_VIRTUAL=0"],
        name="pace",
        sanitize=True,
    )


def run(program: Path, *words: int) -> list[int]:
    """Samples, faults, planned second, the board's second, longest unfed ms, ms slept."""
    done = subprocess.run(
        [program, *(str(word) for word in words)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


@pytest.fixture(scope="module")
def continuous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("pace"), MOVES)


@pytest.mark.parametrize("frame_us", [20_000, 19_400, 20_600, 19_998])
def test_the_sensors_clock_paces_the_samples(continuous: Path, frame_us: int) -> None:
    """3 % off either way, over twenty minutes: 50 frames a sample, none lost, and the node's
    planned time stays with the board's."""
    samples, faults, planned, now, unfed, _ = run(continuous, frame_us, 1200, 0, 0)
    assert faults == 0
    assert abs(samples - 1200 * 20_000 / frame_us) <= 2
    assert abs(planned - now) <= 2
    assert unfed < LONGEST_MS


@pytest.mark.parametrize(("held_ms", "faults"), [(400, 0), (1500, 1), (30_000, 1)])
def test_a_node_held_up_loses_frames_only_when_the_fifo_is_full(
    continuous: Path, held_ms: int, faults: int
) -> None:
    """32 frames are 0.64 s; the fault is counted, and the node goes on in time."""
    _, counted, planned, now, _, _ = run(continuous, 20_000, 1200, 595, held_ms)
    assert counted == faults
    assert abs(planned - now) <= 2


def test_between_bursts_the_node_sleeps(tmp_path: Path) -> None:
    program = build(tmp_path, BURSTS)
    samples, faults, planned, now, unfed, slept = run(program, 20_200, 1000, 0, 0)
    assert (samples, faults) == (100, 0)
    assert abs(planned - now) <= 10
    assert slept > 800_000, "1.3 s of each 10 s are the burst"
    assert unfed < LONGEST_MS
