"""Runs the training worker twice in one process; the second result lies beside the cache."""

import shutil
import sys
from pathlib import Path

if __name__ == "__main__":
    from tinyfield.learn import worker

    keep, folder = Path(sys.argv[1]), Path(sys.argv[2])
    again = keep / "again"
    shutil.copytree(folder, again)
    worker.main(folder)
    worker.main(again)
