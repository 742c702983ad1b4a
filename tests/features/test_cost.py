"""What the irrigation app's windows cost an Uno, counted by simavr."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codegen.apps import MOVES, app_of
from tests.conftest import absent
from tinyfield.bench import measure_c
from tinyfield.errors import BudgetError, MissingToolError
from tinyfield.features.bind import feature_files
from tinyfield.features.emit import emit_features
from tinyfield.measuring import check_windows, features_cost
from tinyfield.spec import load_app

_WORK = """
static const tiny_crop_t TINY_ROM crop = {30, 40, 45, 30, 150, 1100, 700, 400, 250, 700};
static app_features_t state;
static int32_t out[APP_FEATURES_NEED];
static uint16_t at;
void start(void);
void work(void);
void start(void)
{
    app_features_init(&state);
}
void work(void)
{
    int32_t row[APP_FEATURES_CHANNELS];
    for (uint8_t i = 0; i < APP_FEATURES_CHANNELS; i++) {
        row[i] = (int32_t)(at % 97U) * (i + 1) * 7;
    }
    at++;
    app_features_push(&state, row);
    const tiny_when_t when = {(int32_t)(at / 144U), TINY_MISSING, TINY_MISSING};
    (void)app_features_need(&state, &crop, &when, out);
}
"""


def test_fits_an_uno(root: Path) -> None:
    """A full day of windows: state, flash, and cycles of one sample with read-out."""
    source = emit_features(load_app(root / "apps" / "irrigation.yaml"))
    try:
        cost = measure_c(
            [source.source + _WORK, *feature_files()],
            "work",
            "avr",
            setup="start",
            headers={"app_features.h": source.header},
        )
    except MissingToolError as error:
        absent(str(error))
    assert cost.count is not None and cost.count < 20_000
    assert cost.ram is not None and cost.ram.static < 600
    assert cost.flash is not None and cost.flash.total < 6_000


def test_frames_of_an_uno(root: Path, tmp_path: Path) -> None:
    """What the build says of features over frames, counted by simavr."""
    app = app_of(MOVES, tmp_path, "simavr_uno")
    try:
        cost = features_cost(app, "avr")
    except MissingToolError as error:
        absent(str(error))
    assert cost is not None and cost.count is not None and cost.ram is not None
    assert 20_000 < cost.count < 1_000_000
    assert 0 < emit_features(app).frames_ram <= cost.ram.static
    assert features_cost(app, "host") is None
    assert features_cost(load_app(root / "apps" / "irrigation.yaml"), "avr") is None


def test_windows_beyond_the_boards_ram_are_refused_before_any_training(tmp_path: Path) -> None:
    long = MOVES.replace("1.28 s", "10 s")
    check_windows(app_of(long, tmp_path, "qemu_m4"))
    with pytest.raises(BudgetError, match="windows of frames") as caught:
        check_windows(app_of(long, tmp_path, "simavr_uno"))
    assert "more than a node on" in caught.value.message and caught.value.hint
