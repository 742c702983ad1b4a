import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from virtual_platform import VirtualPlatform  # noqa: E402


class TinyfieldsimavrPlatform(VirtualPlatform):
    """The node on a simulated Arduino Uno (ATmega328P), in virtual time."""
