"""``tinyfield tune``: what is refused before any work, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyfield.cli import run

pytest.importorskip("optuna")

APP = """\
app: bare
board: native
sensors:
  tank: {driver: hcsr04, trigger: 5, echo: 6, calibrate: {empty: 80 cm, full: 10 cm}}
sample: every 10 min
decisions:
  low: {when: tank.level < 20 %}
reporting: {link: serial, heartbeat: 6 h}
"""


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--objective", "flesh"], 2, "there is no objective 'flesh'"),
        (["--objective", "ram"], 2, "the smallest model that answers anything"),
        (["--plot", "x.txt"], 2, "--plot x.txt is no picture"),
        (["--plot", "none/x.svg"], 2, "there is no such folder"),
        (["--architecture", "forrest"], 2, "the architecture 'forrest' is not searched"),
        (["--model", "kneed"], 2, "has no model 'kneed'"),
        (["--trials", "-1"], 2, "Invalid value"),
    ],
)
def test_refused(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    assert run(["tune", str(root / "apps/irrigation.yaml"), *arguments]) == code
    assert told in capsys.readouterr().err


def test_an_app_without_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text(APP, encoding="utf-8")
    assert run(["tune", str(path)]) == 1
    assert "has no models: there is nothing to tune" in capsys.readouterr().err


def test_a_board_whose_core_nothing_stands_for(root: Path) -> None:
    """Its constants can still be searched for; only what counts code needs a --board."""
    from tinyfield.tune.of_app import problem_of

    app, problem = problem_of(
        root / "apps/machine_monitor.yaml", model="fault", board=None, architectures=["gmm"],
        data_dir=None, seed=0,
    )  # fmt: skip
    assert app.board == "esp32dev"
    assert set(problem.space.searched) == {"gmm"}
    windows = {form.text for form in problem.space.inputs[0]}
    assert windows == {f"imu.accel_x level {s} s" for s in ("2.56", "5.12", "10.24")}
