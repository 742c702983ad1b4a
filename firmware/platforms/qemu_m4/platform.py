import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from virtual_platform import VirtualPlatform  # noqa: E402


class Tinyfieldqemum4Platform(VirtualPlatform):
    """The node on QEMU's mps2-an386 (Cortex-M4F), in virtual time."""
