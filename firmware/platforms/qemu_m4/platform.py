import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from virtual_platform import VirtualPlatform


class Tinyfieldqemum4Platform(VirtualPlatform):
    """The node on QEMU's mps2-an386 (Cortex-M4F), in virtual time."""
