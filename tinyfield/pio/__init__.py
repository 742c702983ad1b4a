"""PlatformIO as a tool: builds one environment of a project and says how large the image is.

It is only ever run in a subprocess, one at a time on this machine. Virtual boards build with no
network (their platforms take SCons from pip). Hardware boards are PlatformIO's business: its own
platforms and settings, untouched; all that is added is an answer within seconds, instead of a
minute and none, where its registry is needed and out of reach.

No ``PLATFORMIO_*_DIR`` is set here: each is part of the configuration whose change makes
PlatformIO delete what is built, and a plain ``pio run`` should find what tinyfield built.
"""

from __future__ import annotations

from tinyfield.pio.builder import BuildError, build
from tinyfield.pio.image import Image, image
from tinyfield.pio.process import prepare_core
from tinyfield.pio.settings import keep_builds, select

__all__ = ["BuildError", "Image", "build", "image", "keep_builds", "prepare_core", "select"]
