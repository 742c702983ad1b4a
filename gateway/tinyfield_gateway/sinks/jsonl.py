"""A file to which each decision is appended as one line of JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from tinyfield_gateway.names import Shown


class JsonLines:
    """Appends; the file may be moved away (logrotate) at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"jsonl:{path.resolve()}"[:200]

    def write(self, decisions: Sequence[Shown]) -> None:
        """Append and sync; on failure the file ends where it ended, with a whole line."""
        lines = "".join(json.dumps(decision.as_dict()) + "\n" for decision in decisions)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            end = file.tell()
            try:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(self.path, end)
                raise
