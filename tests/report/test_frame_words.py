"""Features of frames in a report's words."""

from __future__ import annotations

from pathlib import Path

from tests.codegen.apps import MOVES, app_of
from tinyfield.report import words


def test_features_of_frames_in_words(tmp_path: Path) -> None:
    app = app_of(MOVES.replace("norm std", "norm jerk std"), tmp_path, "native")
    said = [words.feature(one) for one in app.models["gait"].inputs]
    assert said[0] == "imu.accel_x mean 1.28 s: mean, of imu.accel_x"
    assert said[6] == ("imu.accel norm jerk std 1.28 s: standard deviation, of imu.accel norm jerk")
