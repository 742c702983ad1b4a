import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from virtual_platform import VirtualPlatform


class TinyfieldsimavrPlatform(VirtualPlatform):
    """The node on a simulated Arduino Uno (ATmega328P), in virtual time."""
