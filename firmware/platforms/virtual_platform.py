"""What the virtual boards' platforms share: where SCons comes from.

PlatformIO fetches its build engine (SCons) from its registry, and without the registry waits a
minute and fails. The very same SCons is on PyPI and comes with tinyfield, so a virtual board
takes that one where PlatformIO has none of its own: plain ``pio run -e qemu_m4`` then needs no
network. Nothing is written into PlatformIO's folders.
"""

import importlib.util
from pathlib import Path

from platformio.package.commands import install
from platformio.package.manager.core import get_core_package_dir
from platformio.platform import _run
from platformio.platform.base import PlatformBase

_SHIM = str(Path(__file__).resolve().parent / "scons")


def _package_dir(name, spec=None, auto_install=True):
    if name == "tool-scons" and importlib.util.find_spec("SCons") is not None:
        return get_core_package_dir(name, spec, auto_install=False) or _SHIM
    return get_core_package_dir(name, spec, auto_install)


for _module in (_run, install):
    if hasattr(_module, "get_core_package_dir"):
        _module.get_core_package_dir = _package_dir


class VirtualPlatform(PlatformBase):
    """A platform that needs nothing from PlatformIO's registry."""
