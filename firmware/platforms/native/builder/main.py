"""Builds the node as a program of this PC."""

import os
import sys

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
sys.path.insert(0, os.path.dirname(env.PioPlatform().get_dir()))
import virtual_board  # noqa: E402

virtual_board.tools(env, "", "gcc libc6-dev")
virtual_board.warnings(env)
virtual_board.targets(env, env.BuildProgram(), "size -A -d")
