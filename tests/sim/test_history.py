"""A model that looks back says the same on a PC, a Cortex-M4 and an Uno."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.codegen.apps import LOOKS_BACK
from tests.sim.conftest import Bench
from tinyfield import project

BOARDS = ("native", "qemu_m4", "simavr_uno")


@pytest.fixture(scope="module")
def looking_back(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(project.ensure_project(tmp_path_factory.mktemp("history")))
    text = LOOKS_BACK.replace("confidence > 0.5", "confidence > 0.1").replace("2 h", "10 min")
    made.app_file.write_text(text, encoding="utf-8")
    return made.generate(*BOARDS)


@pytest.mark.parametrize("board", BOARDS[1:])
def test_every_board_says_the_same(
    looking_back: Bench, write_trace: Callable[[int], Path], board: str
) -> None:
    ours = looking_back.log("native", write_trace(300))
    assert len(ours.splitlines()) > 50
    assert looking_back.log(board, write_trace(300)) == ours
