"""Entry point. ``--version`` answers before anything of third parties is imported."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from tinyfield import __version__

        print(f"tinyfield {__version__}")
        return
    # pydantic would read the metadata of every installed package to look for plugins of its own,
    # which costs a short command a tenth of its time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from tinyfield.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
