"""app.h and app.c from a NodePlan."""

from __future__ import annotations

import re
import textwrap
from functools import cache
from typing import TYPE_CHECKING

from tinyfield.codegen.plan import NodePlan

if TYPE_CHECKING:
    from jinja2 import Environment

_WIDTH = 100


def render_app(plan: NodePlan) -> dict[str, str]:
    """The texts of ``app.h`` and ``app.c``."""
    environment = _environment()
    return {
        name: _tidy(environment.get_template(f"{name}.j2").render(plan=plan))
        for name in ("app.h", "app.c")
    }


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tinyfield.codegen"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["comment"] = comment
    environment.filters["block_comment"] = block_comment
    environment.filters["c_bool"] = lambda flag: "true" if flag else "false"
    return environment


def comment(text: str) -> str:
    """The user's text, harmless inside a C comment and short enough for a line."""
    clean = _harmless(text)
    return clean if len(clean) <= 80 else clean[:79] + "…"


def block_comment(text: str) -> str:
    """The whole of the user's text as a comment of as many lines as it needs."""
    lines = textwrap.wrap(_harmless(text), _WIDTH - 6, break_on_hyphens=False)
    return "/* " + "\n * ".join(lines) + " */"


def _harmless(text: str) -> str:
    return " ".join(text.split()).replace("*/", "* /").replace("/*", "/ *").rstrip("\\")


def _tidy(text: str) -> str:
    """At most one empty line in a row, at most 100 columns where a comma allows it."""
    lines: list[str] = []
    for line in re.sub(r"\n{3,}", "\n\n", text).splitlines():
        lines += _wrap(line.rstrip())
    return "\n".join(lines) + "\n"


def _wrap(line: str) -> list[str]:
    """Breaks after commas, the rest under what follows the innermost open bracket."""
    pieces: list[str] = []
    rest = line
    while len(rest) > _WIDTH:
        indent = len(rest) - len(rest.lstrip())
        cut = rest.rfind(", ", indent + 1, _WIDTH) + 1
        if cut <= 0:
            break
        pieces.append(rest[:cut])
        rest = " " * _open_column(rest[:cut], indent + 4) + rest[cut:].lstrip()
    return [*pieces, rest]


def _open_column(text: str, otherwise: int) -> int:
    closed = 0
    for column in range(len(text) - 1, -1, -1):
        if text[column] in ")}]":
            closed += 1
        elif text[column] in "({[":
            if closed == 0:
                return column + 1
            closed -= 1
    return otherwise
