"""Checking a file is quick: no arrays, no TensorFlow, no terminal library on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parent / "apps" / "irrigation.yaml"
HEAVY = ("numpy", "tensorflow", "pandas", "scipy", "pint", "rich", "typer", "jsonschema", "jinja2",
         "platformio", "tinyfield.data", "tinyfield.learn")  # fmt: skip
CODE = """
import json, sys
calls = 0
def count(frame, event, argument):
    global calls
    calls += event == "call"
sys.setprofile(count)
from tinyfield.spec import load_app
load_app(sys.argv[1])
sys.setprofile(None)
print(json.dumps([calls, sorted(sys.modules)]))
"""


def test_checking_imports_little_and_is_quick() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(EXAMPLE)], capture_output=True, text=True, check=True
    )
    calls, modules = json.loads(done.stdout)
    assert not [name for name in modules if name in HEAVY]
    assert calls < 500_000, "of Python's functions; 245,000 are 0.3 s on an idle desktop"


def test_boards_and_drivers_are_read_one_by_one() -> None:
    code = """
import sys
from tinyfield.spec import load_app
import tinyfield.tomlfile as t
read = []
real = t.tomllib.loads
from pathlib import Path
Path_read = Path.read_text
def spy(self, *a, **k):
    read.append(self.name if self.suffix != '.toml' else f'{self.parent.name}/{self.name}')
    return Path_read(self, *a, **k)
Path.read_text = spy
load_app(sys.argv[1])
print(' '.join(read))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(EXAMPLE)], capture_output=True, text=True, check=True
    )
    assert "boards/uno.toml" in done.stdout
    assert "sht31/driver.toml" not in done.stdout
    assert "boards/qemu_m4.toml" not in done.stdout
