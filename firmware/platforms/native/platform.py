import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from virtual_platform import VirtualPlatform  # noqa: E402


class TinyfieldnativePlatform(VirtualPlatform):
    """The node as a program of this PC, in virtual time."""
