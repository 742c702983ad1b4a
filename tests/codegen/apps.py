"""Small apps with made-up models, generated and built for this PC."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.compiler.models import perceptron
from tinyfield import hostcc
from tinyfield.boards import Board, load_boards
from tinyfield.codegen import Generated, generate
from tinyfield.compiler import Program, compile_model
from tinyfield.learn.scaler import InputScale
from tinyfield.paths import firmware_dir
from tinyfield.spec import App, load_app

SMALL = """
app: bed
board: uno
site: {plant: tomato, planted: 2026-04-20}
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
sample: every 10 min
models:
  need:
    inputs: [soil.moisture last, soil.moisture mean 6 h, site.kc]
    classes: [none, light, heavy]
    train: {dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}
    architecture: mlp
actuators:
  valve: {driver: relay, pin: 7, max_on: 15 min, min_off: 30 min, safe: off}
decisions:
  water:
    when: need != none and confidence > 0.5 and tank.level > 15 %
    for: 2 samples
    repeat: 2 h
    do: {valve: {light: 4 min, heavy: 8 min}}
  tank_low: {when: tank.level < 10 %, clear: tank.level > 20 %, severity: warning}
reporting: {link: serial, heartbeat: 6 h}
"""


LOOKS_BACK = SMALL.replace("architecture: mlp", "architecture: mlp\n    history: 4 samples")
"""The same with a model that looks at the last four samples."""


MOVES = """
app: moves
board: uno
sensors:
  imu: {driver: adxl345, rate: 50 Hz}
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
sample: every 1 s
models:
  gait:
    inputs:
      - imu.accel_{x,y,z} {mean,range} 1.28 s
      - imu.accel norm std 1.28 s
      - imu.accel_x last
    classes: [still, walking, running]
    train: {dataset: gas_mq, label: gait}
    architecture: mlp
decisions:
  moves: {when: gait != still and confidence > 0.3, for: 2 samples}
  tipped: {when: imu.accel_z < 0.2 g, clear: imu.accel_z > 0.5 g}
reporting: {link: serial, heartbeat: 10 min}
"""
"""A fast sensor, whose windows reach over samples, beside a slow one."""

BURSTS = MOVES.replace("rate: 50 Hz", "rate: 50 Hz, burst: 1.28 s").replace(
    "every 1 s", "every 10 s"
)
"""The same, asleep between bursts."""


def app_of(text: str, folder: Path, board: str | None = None) -> App:
    """Loads an app from its text."""
    path = folder / "app.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return load_app(path, board=board)


def programs_of(app: App, target: str = "host", seed: int = 1) -> dict[str, Program]:
    """A perceptron with random weights for every model."""
    return {
        name: compile_model(
            perceptron(
                np.random.default_rng(seed),
                [model.width * model.history, 6, len(model.classes)],
            ),
            prefix=f"model_{name}",
            target=target,
        )
        for name, model in app.models.items()
    }


def scales_of(app: App) -> dict[str, tuple[InputScale, ...]]:
    """One scale for all: 16 units are a step."""
    return {
        name: tuple(InputScale(100, 1 << 12, 16) for _ in range(model.width))
        for name, model in app.models.items()
    }


def generated(app: App, out: Path, board: Board | None = None) -> Generated:
    """Generates ``app`` with made-up models."""
    target = board or load_boards()[app.board]
    return generate(app, target, programs_of(app, target.target or "host"), scales_of(app), out)


def node_sources(folder: Path) -> list[Path]:
    """What every node links, less its HAL."""
    firmware = firmware_dir()
    return [
        *sorted((firmware / "core").glob("**/*.c")),
        *sorted((firmware / "drivers").glob("*/*.c")),
        *sorted((firmware / "links").glob("*.c")),
        firmware / "src" / "main.c",
        *sorted(folder.glob("*.c")),
    ]


def include_folders(folder: Path) -> list[Path]:
    """The folders that a node's sources include from."""
    firmware = firmware_dir()
    return [firmware / "core", firmware / "hal", firmware, folder]


def native(folder: Path, flags: Sequence[str] = (), *, sanitize: bool = True) -> Path:
    """The node on this PC, its stream on stdin and stdout."""
    hal = firmware_dir() / "hal"
    return hostcc.compile_executable(
        [*node_sources(folder), hal / "virtual.c", hal / "native.c"],
        include=include_folders(folder),
        flags=["-DTINY_VIRTUAL=1", *flags],
        name="node",
        sanitize=sanitize,
    )
