"""The person of :mod:`tinyfield.data.generators.person_scene`, with a phone in the pocket."""

from __future__ import annotations

from typing import ClassVar

from tinyfield.data.generators import person_scene


class World(person_scene.World):
    """See the module."""

    device: ClassVar[str] = "phone"
