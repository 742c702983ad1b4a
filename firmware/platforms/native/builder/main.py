"""Builds the node as a program of this PC."""

import sys
from pathlib import Path

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
HERE = Path(env.PioPlatform().get_dir())
sys.path.insert(0, str(HERE.parent))
import virtual_board  # noqa: E402

virtual_board.host_tools(env, "gcc libc6-dev")
virtual_board.warnings(env)
virtual_board.targets(env, env.BuildProgram(), "size -A -d")
