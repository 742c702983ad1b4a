"""Stands where PlatformIO expects its tool-scons, and runs the SCons that pip installed."""

import sys

if __name__ == "__main__":
    import SCons.Script

    sys.exit(SCons.Script.main())
