"""Before any build: an environment that nothing was generated for says so, in one line."""

import sys
from pathlib import Path

from SCons.Script import Import

Import("env")
env = globals()["env"]

board = env["PIOENV"]
header = Path(env.subst("$PROJECT_SRC_DIR")) / "generated" / board / "app.h"
if not header.is_file() and not env.IsCleanTarget() and not env.IsIntegrationDump():
    sys.stderr.write(
        f"Error: no app has been generated for {board} yet. "
        f"Try: tinyfield build apps/irrigation.yaml --board {board}\n"
    )
    env.Exit(1)
