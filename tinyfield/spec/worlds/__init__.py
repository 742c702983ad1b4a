"""The worlds that a scenario can play, each declared in a TOML file of its name beside this one.

::

    what = "a dog with a collar"             # one line, for people
    module = "dog"                           # tinyfield/data/generators/dog.py, see scene.py there
    quantities = ["accel_x", "temperature"]  # the channels' quantities that it answers
    [states]
    sleep = "lies on its side, breathing"    # what the script may say: name and what it is

A check of an app reads these files alone; the physics is imported when a scenario runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tinyfield.tomlfile import read_toml


@dataclass(frozen=True)
class WorldKind:
    """What a scenario can say of a world.

    Attributes:
        name: as written under ``world:``.
        what: what it is, in a line.
        module: module of ``tinyfield.data.generators`` whose class ``World`` plays it.
        quantities: of the channels that it answers.
        states: state → what it means.
    """

    name: str
    what: str
    module: str
    quantities: tuple[str, ...]
    states: Mapping[str, str]


@cache
def worlds() -> Mapping[str, WorldKind]:
    """Every world by name."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        table = read_toml(path)
        found[path.stem] = WorldKind(
            path.stem,
            str(table["what"]),
            str(table["module"]),
            tuple(table["quantities"]),
            dict(table["states"]),
        )
    return found
