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
