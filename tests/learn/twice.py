"""Runs the training worker twice in one process; the second result lies beside the cache.

Then once more with a network that is pruned, trained as integers and shared, for TensorFlow is
loaded here, and the facts about networks that only TensorFlow can tell.
"""

import json
import shutil
import sys
from pathlib import Path

if __name__ == "__main__":
    from tests.learn import networks
    from tinyfield.learn import worker

    keep, folder = Path(sys.argv[1]), Path(sys.argv[2])
    again, small = keep / "again", keep / "compressed"
    for copy in (again, small):
        shutil.rmtree(copy, ignore_errors=True)  # of a process that was ended in the middle
        shutil.copytree(folder, copy)
    worker.main(folder)
    worker.main(again)
    request = json.loads((small / "request.json").read_text())
    request["hidden"] = [40, 24]
    # max_drop can never be kept: QAT comes on by itself.
    request["compress"] |= {"prune": 0.3, "share": 8, "sparse": 0.5, "max_drop": -1.0}
    (small / "request.json").write_text(json.dumps(request))
    worker.main(small)
    networks.write_facts(small)
