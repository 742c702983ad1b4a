"""The report as one HTML file that loads nothing from anywhere."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from functools import cache
from html import escape as escaped
from pathlib import Path
from typing import TYPE_CHECKING

from tinyfield.errors import EnvironmentFault, UserError
from tinyfield.learn.evaluate import CLEAR
from tinyfield.report import plots, words
from tinyfield.report.facts import ORIGINS, Facts, ModelFacts, Play

if TYPE_CHECKING:
    from jinja2 import Environment

    from tinyfield.learn import Errors, Score


_CLASSES: tuple[tuple[str, Callable[[ModelFacts], str]], ...] = (
    ("confusion", plots.confusion), ("recall", plots.recall), ("scores", plots.scores),
    ("stages", plots.stages), ("growth", plots.growth), ("splits", plots.splits),
)  # fmt: skip
_NUMBERS: tuple[tuple[str, Callable[[ModelFacts], str]], ...] = (
    ("errors", plots.errors), ("scatter", plots.scatter), ("residuals", plots.residuals),
    ("stages", plots.stages), ("growth", plots.growth),
)  # fmt: skip


def render(facts: Facts) -> str:
    """The page; the same facts give the same bytes.

    Raises:
        MissingToolError: matplotlib is not installed.
    """
    from markupsafe import Markup

    plots.need_matplotlib()
    charts = {
        model.name: {
            kind: Markup(draw(model))
            for kind, draw in (_NUMBERS if model.fitted is not None else _CLASSES)
        }
        | {"plan": Markup(_plan(model.plan, model.name) if model.steps > 1 else "")}
        for model in facts.models
    }  # fmt: skip
    lines = [
        tuple(Markup(svg) for svg in plots.timelines(play, facts.rules, f"play{number}"))
        for number, play in enumerate(facts.plays)
    ]
    text = _environment().get_template("report.html.j2").render(
        facts=facts, charts=charts, timelines=lines, memory=Markup(plots.memory(facts.boards)),
        origins=ORIGINS, clear=CLEAR,
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


def check_place(file: Path) -> None:
    """Whether the page can be written there, told before minutes of work.

    Raises:
        UserError: it is a folder, or its folder does not exist.
        EnvironmentFault: no permission to write there.
    """
    if file.is_dir():
        raise UserError(f"{file} is a folder", hint="name a file: --out report.html")
    if not file.parent.is_dir():
        raise UserError(
            f"{file.parent}: no such folder", hint="make it, or name another file with --out FILE"
        )
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise _unwritable(file, "Permission denied")


def write(file: Path, text: str) -> None:
    """All or nothing. Raises EnvironmentFault where the file cannot be written."""
    made: str | None = None
    try:
        handle, made = tempfile.mkstemp(prefix=".tinyfield-", dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        Path(made).chmod(0o644)
        Path(made).replace(file)
        made = None
    except OSError as error:
        raise _unwritable(file, error.strerror or str(error)) from None
    finally:
        if made is not None:
            Path(made).unlink(missing_ok=True)


def _unwritable(file: Path, why: str) -> EnvironmentFault:
    return EnvironmentFault(f"{file}: {why}", hint="name another file with --out FILE")


def _plan(svg: str, name: str) -> str:
    """The planner's own drawing, with a text for those who cannot see it. It may shrink by a sixth
    before it is to be scrolled: its letters stay readable."""
    label = f"Memory plan of {name}: which bytes of the arena each tensor takes at which step"
    match = re.match(r'<svg [^>]*?width="(\d+)"', svg)
    wide = int(match[1]) if match is not None else 0
    style = f"max-width: {wide}px; min-width: {round(wide / 1.2)}px"
    head = f'<svg role="img" aria-label="{escaped(label)}" style="{style}" '
    return re.sub(r"^<svg ", head, svg, count=1)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tinyfield.report"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        size=_size, score=_score, error=_error, share=lambda x: "–" if x is None else f"{x:.2f}",
        number=lambda x: "–" if x is None else f"{x:,}", listing=words.listing,
        counted=words.counted, when=_when,
        capitalize_first=lambda text: text[:1].upper() + text[1:],
        figure=lambda x: f"{round(x, 1) + 0.0:,.1f}".removesuffix(".0"),  # and no minus zero
        marked=_marked, code=_code, brief=_brief, percent=_percent,
    )  # fmt: skip
    return environment


def _marked(sentence: str) -> tuple[str, str]:
    """``MEASURED: probes`` as the mark and the rest; no mark where the sentence has none."""
    head, _, rest = sentence.partition(": ")
    return (head.lower(), rest) if head.isupper() and head.lower() in ORIGINS else ("", sentence)


def _brief(lines: Sequence[str], most: int = 12) -> str:
    """A script in a sentence: its first lines, and how many more there are."""
    more = f", and {len(lines) - most} more" if len(lines) > most else ""
    return ", ".join(lines[:most]) + more


def _code(text: str) -> str:
    """What stands between backticks, as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _size(used: int | None, total: int | None = None) -> str:
    if used is None:
        return "–"
    share = f" ({_percent(used / total)})" if total and total < 64 << 20 else ""
    return f"{used:,} B{share}"


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.01 else f"{share:.0%}"


def _score(score: Score) -> str:
    if score.interval is None:
        return f"{score.macro_f1:.3f}"
    return f"{score.macro_f1:.3f} [{score.interval[0]:.2f}–{score.interval[1]:.2f}]"


def _error(one: Errors | None) -> str:
    if one is None:
        return "–"
    if one.interval is None:
        return f"{one.mae:.3g}"
    return f"{one.mae:.3g} [{one.interval[0]:.3g}–{one.interval[1]:.3g}]"


def _when(t: int, play: Play) -> str:
    """A virtual second by the clock; of a run without a date, since its first sample."""
    if play.start is not None:
        date = datetime.fromtimestamp(play.start + t, timezone.utc)
        return f"{date.day} {date:%b %H:%M}"
    day, second = divmod(t - play.first, 86400)
    return f"day {day}, {second // 3600:02d}:{second // 60 % 60:02d}"
