"""How long `tinyfield check` takes beside `esphome config` on a like file, in one run.

::

    python -m venv .esphome && .esphome/bin/pip install esphome
    python benchmarks/check_speed.py --esphome .esphome/bin/esphome

The two run turn by turn, so that a busy machine is as busy for both. CPU seconds (user + system)
are what the programs cost; wall seconds what a person waits.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def measure(command: list[str]) -> tuple[float, float]:
    """CPU and wall seconds of one run; the program must succeed."""
    before, started = os.times(), time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    after = os.times()
    cpu = after.children_user + after.children_system
    return cpu - before.children_user - before.children_system, time.monotonic() - started


def main() -> int:
    """Print both programs' least and median times, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--esphome", default=shutil.which("esphome"), help="the esphome program")
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    commands = {"tinyfield check": [sys.executable, "-m", "tinyfield", "check"]}
    commands["tinyfield check"].append("apps/irrigation.yaml")
    if options.esphome:
        commands["esphome config"] = [options.esphome, "config", "benchmarks/peer_esphome.yaml"]
    else:
        print("esphome is not here: pip install esphome, or name it with --esphome")
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for command in commands.values():
        measure(command)  # once for the caches
    for _ in range(options.runs):
        for name, command in commands.items():
            taken[name].append(measure(command))
    print(f"{'':18}{'CPU least':>11}{'median':>9}{'wall least':>12}{'median':>9}   (s)")
    for name, runs in taken.items():
        cpu, wall = zip(*runs, strict=True)
        print(
            f"{name:18}{min(cpu):11.2f}{statistics.median(cpu):9.2f}"
            f"{min(wall):12.2f}{statistics.median(wall):9.2f}"
        )
    if len(taken) == 2:
        ours, theirs = (min(c for c, _ in runs) for runs in taken.values())
        print(f"tinyfield takes {ours / theirs:.0%} of esphome's CPU time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
