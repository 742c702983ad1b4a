import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from virtual_platform import VirtualPlatform


class TinyfieldnativePlatform(VirtualPlatform):
    """The node as a program of this PC, in virtual time."""
