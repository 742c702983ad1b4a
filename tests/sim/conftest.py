"""A project of its own, with a small app built for the virtual boards, once for all tests here."""

from __future__ import annotations

import math
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.codegen.apps import SMALL, generated
from tinyfield import pio, project
from tinyfield.boards import Board, load_boards
from tinyfield.errors import MissingToolError
from tinyfield.scenarios import ScenarioResult, play
from tinyfield.sim import Faults, RowSource, SimDecision, SimRun, TraceSource
from tinyfield.spec import App, load_app

BOARDS = ("native", "qemu_m4", "qemu_rv32", "simavr_uno")

# Random weights decide nothing sensible; simple rules make the valve work, and be refused.
RULES = """
  dry:
    when: soil.moisture < 25 % and tank.level > 15 %
    repeat: 20 min
    do: valve on for 5 min
"""


def need(board: Board) -> None:
    """Skip where a cross tool is missing; in CI that is a failure."""
    for tool in (board.toolchain.tool, board.toolchain.runner):
        if tool and shutil.which(tool) is None:
            reason = f"{tool} is not installed: {board.toolchain.install}"
            if os.environ.get("TINYFIELD_CI") == "1":
                pytest.fail(reason)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def no_network(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which PlatformIO has nothing of its own and reaches nobody."""
    dead = "http://127.0.0.1:9"
    return {
        **os.environ,
        "PLATFORMIO_CORE_DIR": str(tmp_path_factory.mktemp("pio-core")),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
        "no_proxy": "127.0.0.1,localhost",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), dead),
    }


@pytest.fixture(scope="module", autouse=True)
def _offline(no_network: dict[str, str]) -> Iterator[None]:
    """Every build of these tests is made in that environment, and no other test's."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in no_network.items():
            patch.setenv(name, value)
        yield


@dataclass
class Bench:
    """The project, and runs of its app."""

    folder: Path
    images: dict[str, pio.Image] = field(default_factory=dict)

    @property
    def app_file(self) -> Path:
        return self.folder / "app.yaml"

    def app(self, board: str = "native") -> App:
        return load_app(self.app_file, board=board)

    def generate(self, *boards: str) -> Bench:
        """Write the app's C for these boards."""
        for name in boards:
            entry = load_boards()[name]
            generated(self.app(name), self.folder / "firmware" / "generated" / entry.env, entry)
        return self

    def image(self, board: str) -> pio.Image:
        entry = load_boards()[board]
        need(entry)
        if board not in self.images:
            try:
                self.images[board] = pio.build(entry.env, self.folder)
            except MissingToolError as missing:
                if os.environ.get("TINYFIELD_CI") == "1":
                    raise
                pytest.skip(f"{missing.message}: {missing.hint}")
        return self.images[board]

    def sim(
        self, board: str, source: RowSource | Path, *, faults: Faults | None = None, **more: object
    ) -> SimRun:
        app = self.app(board)
        rows = TraceSource(source, app) if isinstance(source, Path) else source
        return SimRun(
            app,
            load_boards()[board],
            self.image(board),
            rows,
            faults=faults,
            **more,  # type: ignore[arg-type]
        )

    def ran(self, name: str, board: str = "native") -> ScenarioResult:
        """That scenario of the app's."""
        app = self.app(board)
        return play(app, load_boards()[board], self.image(board), app.tests[name])

    def decisions(self, board: str, source: RowSource | Path, **more: object) -> list[SimDecision]:
        return list(self.sim(board, source, **more))  # type: ignore[arg-type]

    def log(self, board: str, source: RowSource | Path, **more: object) -> str:
        return "\n".join(d.as_json() for d in self.decisions(board, source, **more))


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The project with the app generated for every virtual board; images are built as needed."""
    folder = project.ensure_project(tmp_path_factory.mktemp("project"))
    made = Bench(folder)
    head, _, tail = SMALL.partition("reporting:")
    made.app_file.write_text(head.rstrip() + RULES + "reporting:" + tail, encoding="utf-8")
    return made.generate(*BOARDS)


@pytest.fixture(scope="session")
def write_trace(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Makes a trace of so many samples: a drying and wetting soil, a tank that runs empty, gaps."""
    folder = tmp_path_factory.mktemp("traces")

    def write(samples: int) -> Path:
        path = folder / f"{samples}.csv"
        if not path.exists():
            rng = random.Random(7)
            lines = ["t,soil.moisture,tank.level"]
            for i in range(samples):
                soil = 28 + 12 * math.sin(i / 40) + rng.random()
                tank = 50 + 48 * math.sin(i / 170)
                gap = rng.random() < 0.02
                lines.append(f"{i * 600},{'' if gap else f'{soil:.3f}'},{tank:.2f}")
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
