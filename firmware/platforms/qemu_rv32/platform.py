import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from virtual_platform import VirtualPlatform


class Tinyfieldqemurv32Platform(VirtualPlatform):
    """The node on QEMU's RV32 virt machine, in virtual time."""
