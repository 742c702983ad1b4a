import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from virtual_platform import VirtualPlatform  # noqa: E402


class Tinyfieldqemurv32Platform(VirtualPlatform):
    """The node on QEMU's RV32 virt machine, in virtual time."""
