"""One worker of a study: ``python -m tinyfield.tune.worker REQUEST``.

REQUEST is JSON: ``app`` (the arguments of ``problem_of``), ``storage``, ``study``, ``objectives``,
``seed``. Each line on stdin is one trial to make; on stdout go JSON lines: ``{"began": number}``
and ``{"done": number, …}`` (see ``crew.ended``), or ``{"fault": …, "hint": …, "exit": …}`` and the
end. The end of stdin ends the worker: it does not outlive whoever started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tinyfield.errors import TinyfieldError
from tinyfield.tune import crew
from tinyfield.tune import study as studies
from tinyfield.tune.of_app import problem_of
from tinyfield.tune.problem import Problem


def main(request: dict[str, Any], problem: Problem | None = None) -> None:
    """Makes trials until stdin ends; ``problem`` instead of the app's."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever else is printed goes where errors go
    # A search that a script put in the background has SIGINT ignored; the crew stops workers by it.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.default_int_handler)

    def say(event: dict[str, Any]) -> None:
        print(json.dumps(event), file=pipe, flush=True)

    try:
        if problem is None:
            asked = dict(request["app"])
            path, folder = Path(asked.pop("path")), asked.pop("data_dir")
            _, problem = problem_of(path, data_dir=Path(folder) if folder else None, **asked)
        objectives = request["objectives"]
        study = studies.open_study(request["storage"], request["study"], objectives)
        for _ in sys.stdin:
            number, point, why = studies.run_trial(
                study,
                problem,
                objectives,
                seed=request["seed"] + os.getpid(),
                began=lambda number: say({"began": number}),
            )
            say(crew.ended(number, point, why))
    except TinyfieldError as error:
        say({"fault": error.message, "hint": error.hint, "exit": error.exit_code})
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
