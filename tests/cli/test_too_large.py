"""A model that its board cannot hold: refused at the build, with the figures and the cure."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.compiler.own import ensemble
from tests.conftest import absent
from tinyfield import measuring, pio, pipeline
from tinyfield.boards import board
from tinyfield.errors import BudgetError
from tinyfield.estimate import BoardCost
from tinyfield.spec import load_app


@pytest.mark.parametrize(("name", "flash", "ram"), [("uno", 16_128, 512), ("native", 2**29, 2**28)])
def test_without_a_budget_the_board_sets_one(root: Path, name: str, flash: int, ram: int) -> None:
    app = load_app(root / "apps/irrigation.yaml", board=name)
    model = app.models["need"]
    free = model.model_copy(
        update={"budget": model.budget.model_copy(update={"flash_bytes": None, "ram_bytes": None})}
    )
    limits = measuring.within_board(app, free).budget
    assert (limits.flash_bytes, limits.ram_bytes) == (flash, ram)
    assert measuring.within_board(app, model).budget.ram_bytes == model.budget.ram_bytes


def test_trees_count_on_a_board_that_nobody_emulates(root: Path) -> None:
    """Branches hold no constants: an ESP32's budget must count their code."""
    if shutil.which("arm-none-eabi-gcc") is None or shutil.which("qemu-system-arm") is None:
        absent("arm-none-eabi-gcc or qemu-system-arm is not installed")
    app = load_app(root / "apps/smoke_alarm.yaml")
    assert (app.board, board("esp32dev").twin) == ("esp32dev", "native")
    measure = measuring.cost_of(app, "smell")
    small, large = (ensemble(1, trees=n, dtype="int32").to_bytes() for n in (2, 12))
    few, many = measure(small), measure(large)
    assert many.target == "cortex-m4" and many.latency_us is None
    assert few.flash_bytes > 100 and 2 * few.flash_bytes < many.flash_bytes < 12_000


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "error: static assertion failed: the node's state does not fit this board: fewer",
            "2,048",
        ),
        ("ld: region `RAM' overflowed by 1234 bytes", "1,234 B"),
        (
            "ld: address 0x8000 of firmware.elf section `.text' is not within region; "
            "region `text' overflowed by 77 bytes",
            "77 B",
        ),
    ],
)
def test_the_compilers_words_become_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, told: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise pio.BuildError(said)

    monkeypatch.setattr(pio, "build", refuse)
    with pytest.raises(BudgetError) as caught:
        measuring.build_fitting(board("simavr_uno"), tmp_path, {})
    assert told in caught.value.message
    assert caught.value.hint


def test_another_failure_stays_what_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise pio.BuildError("error: expected ';'")

    monkeypatch.setattr(pio, "build", refuse)
    with pytest.raises(pio.BuildError):
        measuring.build_fitting(board("simavr_uno"), tmp_path, {})


def test_a_board_that_nobody_named_may_be_too_small(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row says so and the others go on; not the app's own board, its twin, or one asked for."""
    path = root / "apps/irrigation.yaml"
    app = load_app(path)
    wanted = {name: board(name) for name in ("uno", "native", "qemu_m4")}

    def generate(_: Path, entry: object, *__: object, **___: object) -> None:
        if entry in small:
            raise BudgetError(f"{path}:13:5: its state does not fit")

    def row(_: Path, entry: object, *__: object) -> BoardCost:
        return BoardCost(entry.name, None)  # type: ignore[attr-defined]

    monkeypatch.setattr(pipeline, "generate", generate)
    monkeypatch.setattr(pipeline, "_row", row)
    none: Any = None
    small = [board("qemu_m4")]
    rows = pipeline._costs(path, app, wanted, none, tmp_path, none, none, asked=None)
    assert [(r.board, r.note) for r in rows] == [
        ("uno", ""),
        ("native", ""),
        ("qemu_m4", "too small for it: irrigation.yaml:13:5: its state does not fit"),
    ]
    with pytest.raises(BudgetError):
        pipeline._costs(path, app, wanted, none, tmp_path, none, none, asked=["qemu_m4"])
    small = [board("simavr_uno")]
    with pytest.raises(BudgetError):
        pipeline._costs(
            path, app, {"simavr_uno": board("simavr_uno")}, none, tmp_path, none, none, asked=None
        )
