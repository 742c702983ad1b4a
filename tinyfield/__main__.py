"""Entry point. ``--version`` answers before anything of third parties is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from tinyfield import __version__

        print(f"tinyfield {__version__}")
        return
    from tinyfield.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
