"""Text that is not YAML: what is wrong with it in plain words, and how to read on behind it."""

from __future__ import annotations

from typing import Any

from tinyfield.spec.mark import Mark
from tinyfield.spec.nodes import Source
from tinyfield.spec.problems import Problems


def compose(text: str, source: Source, problems: Problems, damaged: set[int]) -> Any:
    """The root node of the text, or None.

    Every syntax mistake becomes a problem; ``damaged`` gets the numbers of lines left out.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    try:
        return yaml.compose(text)
    except MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        mark = Mark(source.name, place.line + 1, place.column + 1) if place else Mark(source.name, 1, 1)
        problems.add(mark, str(error.problem or error.context), code="yaml", source=source)
    except YAMLError as error:
        problems.add(Mark(source.name, 1, 1), str(error), code="yaml", source=source)
    return None
