"""The report's charts, drawn by matplotlib as SVG that stands inside an HTML page.

Colours are written as CSS variables, so that a chart follows the page into the dark; text stays
text. The same values give the same bytes: ids come from a fixed salt, and no date is written.

It is long because it has a function for each chart, none of which knows another.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from html import escape
from typing import TYPE_CHECKING, Any

from tinyfield.errors import MissingToolError

if TYPE_CHECKING:
    from tinyfield.estimate import BoardCost
    from tinyfield.report.facts import Decided, ModelFacts, Play, RuleFacts

INSTALL = "pip install 'tinyfield[train]'"

# Each colour is drawn as a hexadecimal number that nobody would choose, and exchanged in the text.
INK, MUTED, LINE, ACCENT, WARN, BAD, PAGE = (f"#0102{n:02x}" for n in range(1, 8))
CLASS = tuple(f"#0103{n:02x}" for n in range(1, 9))
_VARIABLES = {
    INK: "var(--ink)", MUTED: "var(--muted)", LINE: "var(--line)", ACCENT: "var(--accent)",
    WARN: "var(--warn)", BAD: "var(--bad)", PAGE: "var(--card)",
    **{colour: f"var(--c{n})" for n, colour in enumerate(CLASS)},
}  # fmt: skip
_SEVERITY = {"info": MUTED, "warning": WARN, "critical": BAD}
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "tinyfield", "font.family": "DejaVu Sans",
    "font.size": 9, "text.parse_math": False, "text.color": INK, "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none", "figure.facecolor": "none", "savefig.facecolor": "none",
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "grid.color": LINE, "grid.linewidth": 0.6, "xtick.color": MUTED, "ytick.color": MUTED,
    "xtick.labelcolor": MUTED, "ytick.labelcolor": INK, "ytick.major.size": 0,
    "legend.frameon": False, "legend.labelcolor": INK, "lines.solid_capstyle": "round",
}  # fmt: skip
_WIDE, _NARROW = 10.6, 4.2  # inches; a phone shows the narrow one at about its own size
_DAY = 86400


def need_matplotlib() -> None:
    """Raises MissingToolError, with the command that brings it, where matplotlib is missing."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingToolError("matplotlib", INSTALL) from None


@contextmanager
def _figure(width: float, height: float) -> Iterator[tuple[Any, Any]]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = dict(mpl.rcParamsDefault)  # not what a user's own file says
    settings.update(_STYLE)
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots()


def _svg(figure: Any, name: str, title: str) -> str:
    """The figure as an element of a page: no fixed size, ids of its own, a text in its place."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    text = text.replace("'DejaVu Sans'", "system-ui, sans-serif")
    used = set(re.findall(r"#([\w-]+)(?=[\")])", text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r"#([\w-]+)(?=[\")])", rf"#{name}-\1", text)
    box = re.search(r'viewBox="[^"]+"', text)
    head = f'<svg {box[0] if box else ""} role="img" aria-label="{escape(title)}">'
    body = re.sub(r"^<svg[^>]*>", "", text).replace("xlink:href", "href")
    return f"{head}{body}".strip()


def confusion(model: ModelFacts) -> str:
    """Heat map of truth against answer, shaded by the share of each truth."""
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    counts = np.array(model.metrics.device.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    k = len(counts)
    clear = (*to_rgb(ACCENT), 0.0)
    shades = LinearSegmentedColormap.from_list("", [clear, (*to_rgb(ACCENT), 0.8)])
    with _figure(_NARROW, max(2.4, 0.62 * k + 1.0)) as (figure, axes):
        axes.pcolormesh(shares, cmap=shades, vmin=0, vmax=1, edgecolors=LINE, linewidth=0.8)
        for row in range(k):
            for column in range(k):
                axes.text(
                    column + 0.5, row + 0.5,
                    f"{shares[row, column]:.0%}\n{counts[row, column]:,}" if k <= 6
                    else f"{shares[row, column]:.0%}",
                    ha="center", va="center", fontsize=8.5 if k <= 6 else 7,
                )  # fmt: skip
        ticks = [i + 0.5 for i in range(k)]
        names = _wrapped(model.classes)
        short = k <= 5 and max(map(len, model.classes)) <= 10
        axes.set_xticks(ticks, names, rotation=0 if short else 90)
        axes.set_yticks(ticks, names)
        axes.tick_params(axis="x", length=0, labelcolor=INK)
        axes.invert_yaxis()
        axes.set(xlabel="what the node says", ylabel="what is true")
        for spine in axes.spines.values():
            spine.set_visible(False)
        title = f"Confusion matrix of {model.name}; its counts are in the table beside it"
        return _svg(figure, f"confusion-{model.name}", title)


def recall(model: ModelFacts) -> str:
    """Recall of each class as bars."""
    names = list(model.classes)
    values = [model.metrics.device.per_class[name]["recall"] for name in names]
    with _figure(_NARROW, max(1.5, 0.42 * len(names) + 0.7)) as (figure, axes):
        at_all = range(len(names))
        axes.barh(at_all, [v or 0 for v in values], height=0.62, color=_classes(len(names)))
        axes.set_yticks(at_all, _wrapped(names))
        for at, value in enumerate(values):
            text = "no test row" if value is None else f"{value:.2f}"
            axes.text((value or 0) + 0.02, at, text, va="center", fontweight="bold")
        axes.set(xlim=(0, 1.12), xlabel="recall")
        axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        axes.grid(axis="x")
        axes.invert_yaxis()
        title = "Recall: " + ", ".join(
            f"{n} {'no test row' if v is None else format(v, '.2f')}"
            for n, v in zip(names, values, strict=True)
        )
        return _svg(figure, f"recall-{model.name}", title)


def scores(model: ModelFacts) -> str:
    """Macro F1 with its interval: the model's three forms, the majority class, each origin."""
    report = model.metrics
    rows = [
        ("majority class", report.baseline, MUTED),
        *([("nothing changes", report.persistence, MUTED)] if report.persistence else []),
        *([("hour and month", report.climatology, MUTED)] if report.climatology else []),
        ("float", report.float, ACCENT),
        ("integers", report.int8, ACCENT),
        ("on the node", report.device, ACCENT),
        *((f"on {name} rows", part, CLASS[1]) for name, part in report.by_origin.items()),
    ]
    with _figure(_NARROW, 0.36 * len(rows) + 0.8) as (figure, axes):
        for at, (_, score, colour) in enumerate(rows):
            if score.interval is not None:
                axes.plot(score.interval, (at, at), color=colour, linewidth=3, alpha=0.4)
            axes.plot(score.macro_f1, at, "o", color=colour, markersize=6, clip_on=False)
            axes.annotate(
                f"{score.macro_f1:.3f}", (score.macro_f1, at), (0, 6), ha="center",
                textcoords="offset points", fontsize=8,
            )  # fmt: skip
        if model.accept_f1 is not None:
            axes.axvline(model.accept_f1, color=WARN, linestyle="--", linewidth=1)
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.set(
            xlim=(0, 1), ylim=(len(rows) - 0.5, -0.7), xlabel="macro F1, with its 95 % interval"
        )
        axes.grid(axis="x")
        title = "Macro F1: " + ", ".join(f"{name} {one.macro_f1:.3f}" for name, one, _ in rows)
        return _svg(figure, f"scores-{model.name}", title)


def errors(model: ModelFacts) -> str:
    """Mean error with its interval: who learned nothing, the model's three forms, each origin."""
    report = model.fitted
    assert report is not None
    rows = [
        ("always the mean", report.mean, MUTED),
        *([("last known value", report.persistence, MUTED)] if report.persistence else []),
        *([("hour and month", report.climatology, MUTED)] if report.climatology else []),
        ("float", report.float, ACCENT),
        ("integers", report.int8, ACCENT),
        ("on the node", report.device, ACCENT),
        *((f"on {name} rows", part, CLASS[1]) for name, part in report.by_origin.items()),
    ]
    with _figure(_NARROW, 0.36 * len(rows) + 0.8) as (figure, axes):
        for at, (_, one, colour) in enumerate(rows):
            if one.interval is not None:
                axes.plot(one.interval, (at, at), color=colour, linewidth=3, alpha=0.4)
            axes.plot(one.mae, at, "o", color=colour, markersize=6)
            axes.annotate(
                f"{one.mae:.3g}", (one.mae, at), (0, 6), ha="center", textcoords="offset points",
                fontsize=8,
            )  # fmt: skip
        if model.accept_mae is not None:
            axes.axvline(model.accept_mae, color=WARN, linestyle="--", linewidth=1)
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.set_xlim(left=0)
        axes.set(
            ylim=(len(rows) - 0.5, -0.7),
            xlabel=f"mean error in {report.unit}, with its 95 % interval",
        )
        axes.grid(axis="x")
        title = "Mean error: " + ", ".join(f"{name} {one.mae:.3g}" for name, one, _ in rows)
        return _svg(figure, f"errors-{model.name}", title)


def scatter(model: ModelFacts) -> str:
    """The node's number against the truth, of some test rows."""
    report = model.fitted
    assert report is not None
    with _figure(_NARROW, _NARROW) as (figure, axes):
        truth, said = zip(*report.points, strict=True)
        ends = (min(*truth, *said), max(*truth, *said))
        axes.plot(ends, ends, color=MUTED, linewidth=1)
        axes.plot(truth, said, "o", color=ACCENT, markersize=2.5, alpha=0.5)
        axes.set(
            xlabel=f"true {report.target} in {report.unit}", ylabel="what the node says",
            aspect="equal",
        )  # fmt: skip
        axes.grid()
        title = f"{report.target} as the node gives it against the truth, {len(truth)} test rows"
        return _svg(figure, f"scatter-{model.name}", title)


def residuals(model: ModelFacts) -> str:
    """How far off the node's numbers are, and how often."""
    report = model.fitted
    assert report is not None
    off = [said - truth for truth, said in report.points]
    with _figure(_NARROW, 2.7) as (figure, axes):
        axes.hist(off, bins=31, color=ACCENT)
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.set(xlabel=f"said less true, in {report.unit}", ylabel="test rows")
        axes.grid(axis="y")
        title = f"Errors of {model.name}: mean {report.device.bias:.3g} {report.unit}"
        return _svg(figure, f"residuals-{model.name}", title)


def stages(model: ModelFacts) -> str:
    """Macro F1, or the mean error, on the test rows against the weights' bytes, a point a step,
    numbered as in the table; an empty text where there is nothing to compare."""
    steps = model.report.stages
    if len(steps) < 2:
        return ""
    key, label = ("macro_f1", "macro F1") if model.fitted is None else ("mae", "mean error")
    sizes = [step.weights_bytes for step in steps]
    with _figure(_NARROW, 2.7) as (figure, axes):
        kept = [step for step in steps if step.kept]
        axes.plot(
            [s.weights_bytes for s in kept],
            [s.test[key] for s in kept],
            color=ACCENT,
            linewidth=1.2,
        )
        for number, step in enumerate(steps, start=1):
            axes.plot(
                step.weights_bytes, step.test[key], "o", markersize=13, markeredgecolor=ACCENT,
                markerfacecolor=ACCENT if step.kept else PAGE,
            )  # fmt: skip
            axes.annotate(
                str(number), (step.weights_bytes, step.test[key]), ha="center", va="center",
                color=PAGE if step.kept else INK, fontsize=8, fontweight="bold",
            )  # fmt: skip
        _bytes_axes(axes, sizes, [s.test[key] for s in steps], 0.02 if key == "macro_f1" else None)
        axes.set(xlabel="bytes of weights", ylabel=f"{label} (test)")
        title = f"{label[0].upper()}{label[1:]} against bytes: " + ", ".join(
            f"{s.name} {s.test[key]:.3f} at {s.weights_bytes:,} bytes" for s in steps
        )
        return _svg(figure, f"stages-{model.name}", title)


def growth(model: ModelFacts) -> str:
    """Macro F1, or the mean error, on the test rows against bytes of flash when only the first
    trees are kept; the whole, which is shipped, is filled. An empty text of other models."""
    steps = model.growth
    if len(steps) < 2:
        return ""
    label = "macro F1" if model.fitted is None else f"mean error in {model.fitted.unit}"
    sizes, values = [s.flash_bytes for s in steps], [s.figure for s in steps]
    with _figure(_NARROW, 2.7) as (figure, axes):
        axes.plot(sizes, values, color=ACCENT, linewidth=1.2)
        for step in steps:
            shipped = step is steps[-1]
            axes.plot(
                step.flash_bytes, step.figure, "o", markersize=7, markeredgecolor=ACCENT,
                markerfacecolor=ACCENT if shipped else PAGE,
            )  # fmt: skip
            axes.annotate(
                f"{step.trees} trees" if shipped else str(step.trees),
                (step.flash_bytes, step.figure), (0, 8 if shipped else -16), ha="center",
                textcoords="offset points", fontsize=8, fontweight="bold" if shipped else "normal",
            )  # fmt: skip
        if model.budget is not None:
            axes.axvline(model.budget, color=WARN, linestyle="--", linewidth=1)
            sizes.append(model.budget)
        _bytes_axes(axes, sizes, values, 0.02 if model.fitted is None else None)
        axes.set(xlabel="bytes of flash, code and constants", ylabel=f"{label} (test)")
        title = f"{label[0].upper()}{label[1:]} against bytes of flash: " + ", ".join(
            f"{s.trees} trees {s.figure:.3f} at {s.flash_bytes:,} bytes" for s in steps
        )
        return _svg(figure, f"growth-{model.name}", title)


def _bytes_axes(
    axes: Any, sizes: Sequence[int], values: Sequence[float], least: float | None
) -> None:
    """Axes of a figure against bytes, with room around the points.

    Args:
        least: room above and below; None for a hundredth of the largest value.
    """
    if max(sizes) > 8 * min(sizes):
        axes.set_xscale("log", base=2)
    else:
        axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    low, high = min(values), max(values)
    pad = max(0.01 * high if least is None else least, 0.25 * (high - low))
    axes.set(ylim=(low - pad, high + pad))
    axes.margins(x=0.12)
    axes.grid()


def splits(model: ModelFacts) -> str:
    """Share of each class in each split, as stacked bars."""
    parts = model.parts
    names = [f"{part.split}, {part.origin}" for part in parts]
    across, lines = _legend(model.classes, _NARROW)
    with _figure(_NARROW, 0.36 * len(parts) + 0.85 + 0.2 * lines) as (figure, axes):
        left = [0.0] * len(parts)
        for index, name in enumerate(model.classes):
            shares = [part.by_class[index] / part.rows for part in parts]
            axes.barh(names, shares, left=left, height=0.66, label=name, color=_class(index))
            left = [a + b for a, b in zip(left, shares, strict=True)]
        axes.set(xlim=(0, 1), xlabel="share of the labelled rows")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axes.invert_yaxis()
        figure.legend(loc="outside upper left", ncols=across, handlelength=1)
        title = "Classes by split: " + "; ".join(
            f"{name}: "
            + ", ".join(
                f"{c} {n / p.rows:.0%}" for c, n in zip(model.classes, p.by_class, strict=True)
            )
            for name, p in zip(names, parts, strict=True)
        )
        return _svg(figure, f"splits-{model.name}", title)


def memory(boards: Sequence[BoardCost]) -> str:
    """How full each board is, in flash and RAM; an empty text where no board has a limit."""
    rows = [
        (row.board, row.flash / row.flash_total, (row.ram + (row.stack or 0)) / row.ram_total)
        for row in boards
        if row.flash is not None and row.ram is not None and row.flash_total and row.ram_total
        and row.flash_total < 64 << 20
    ]  # fmt: skip
    if not rows:
        return ""
    at = range(len(rows))
    with _figure(_NARROW, 0.55 * len(rows) + 1.1) as (figure, axes):
        for shift, index, colour, label in (
            (-0.19, 1, ACCENT, "flash"), (0.19, 2, CLASS[1], "RAM, deepest stack included"),
        ):  # fmt: skip
            bars = axes.barh(
                [n + shift for n in at], [row[index] for row in rows], height=0.34, color=colour,
                label=label,
            )  # fmt: skip
            axes.bar_label(bars, [f"{row[index]:.1%}" for row in rows], padding=3, fontsize=8)
        axes.set_yticks(list(at), [row[0] for row in rows])
        axes.set(xlim=(0, 1.14), xlabel="share of what the board has")
        axes.axvline(1, color=BAD, linestyle="--", linewidth=1)
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}" if x <= 1 else "")
        axes.invert_yaxis()
        figure.legend(loc="outside upper left", ncols=2, handlelength=1)
        title = "Memory taken: " + "; ".join(
            f"{name}: flash {flash:.1%}, RAM {ram:.1%}" for name, flash, ram in rows
        )
        return _svg(figure, "boards", title)


def timelines(play: Play, rules: Sequence[RuleFacts], name: str) -> tuple[str, str]:
    """What was decided when, of the rules that fired at all: for a wide page, and for a phone;
    empty texts where none did and there is nothing to see."""
    rules = [rule for rule in rules if any(_fires(d, rule.name) for d in play.decisions)]
    if not rules and not play.states and not play.wrong:
        return "", ""
    return _timeline(play, rules, f"{name}w", _WIDE), _timeline(play, rules, f"{name}n", _NARROW)


def spans(decided: Sequence[Decided], rule: str, last: int) -> list[tuple[int, int, str | None]]:
    """Stretches at which a rule was active: from, to, and the label that it fired with."""
    found: list[tuple[int, int, str | None]] = []
    since: tuple[int, str | None] | None = None
    for one in sorted((d for d in decided if d.decision == rule), key=lambda d: d.t):
        if since is not None and (not one.active or one.label != since[1]):
            found.append((since[0], one.t, since[1]))
            since = None
        if one.active and since is None:
            since = (one.t, one.label)
    if since is not None:
        found.append((since[0], last, since[1]))
    return found


def _timeline(play: Play, rules: Sequence[RuleFacts], name: str, width: float) -> str:
    from matplotlib.ticker import MaxNLocator

    unit, size = _units(play)
    clock = 0 if play.start is None or unit == "minutes" else (play.start + play.first) % _DAY
    whole = (play.last - play.first) / size

    def at(t: int) -> float:
        return (t - play.first + clock) / size

    drawn: set[str] = set()

    def label(text: str) -> str:
        """Once in the legend: matplotlib leaves out what starts with a dash below."""
        again = text in drawn
        drawn.add(text)
        return f"_{text}" if again else text

    texts = list(dict.fromkeys(label for rule in rules for label in rule.labels))
    across, lines = _legend([*texts, "refused by an interlock", "active (warning)"], width)
    around = [(n, s) for n, s in (("played", play.states), ("wrong", play.wrong)) if s]
    height = 0.5 * len(rules) + 0.32 * len(around) + 0.75 + 0.2 * lines
    with _figure(width, height) as (figure, axes):
        for row, (what, stretches) in enumerate(around):
            middle = -0.6 - 0.64 * (len(around) - row - 0.5)
            _strip(
                axes,
                what,
                [(at(play.first + a), at(play.first + b), text) for a, b, text in stretches],
                middle,
                whole,
                width,
            )
        for lane, rule in enumerate(rules):
            colours = _lane(rule)
            axes.axhline(lane, color=LINE, linewidth=0.8)
            for start, end, said in spans(play.decisions, rule.name, play.last):
                least = whole / 250  # a short one must still be seen
                colour, text = colours(said)
                axes.broken_barh(
                    [(at(start), max(at(end) - at(start), least))], (lane - 0.26, 0.52),
                    facecolor=colour, alpha=0.55, label=label(text),
                )  # fmt: skip
            for fired in (d for d in play.decisions if d.decision == rule.name and d.active):
                mark, size_, colour, text = _mark(fired)
                axes.plot(
                    at(fired.t), lane, mark, color=colour, fillstyle="none", markersize=size_,
                    markeredgewidth=1 if mark == "|" else 1.6, label=label(text),
                )  # fmt: skip
        top = -0.5 - 0.64 * len(around)
        ticks = [-0.6 - 0.64 * (len(around) - row - 0.5) for row in range(len(around))]
        names = [*(what for what, _ in around), *(rule.name for rule in rules)]
        axes.set_yticks([*ticks, *range(len(rules))], names)
        axes.set(
            xlim=(at(play.first), at(play.last)), ylim=(len(rules) - 0.5, top),
            xlabel=_since(play, unit),
        )  # fmt: skip
        if unit == "hours" and whole > 12:  # hours of a day, not tens of them
            axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 3, 6, 10]))
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        if drawn:
            handles, texts = axes.get_legend_handles_labels()
            wanted = [name for rule in rules for name in rule.labels]
            order = sorted(range(len(texts)), key=lambda n: _place(texts[n], wanted))
            figure.legend(
                [handles[n] for n in order], [texts[n] for n in order],
                loc="outside upper left", ncols=across, handlelength=1.2,
                columnspacing=1.2,
            )  # fmt: skip
        title = f"{play.title}: " + ", ".join(
            f"{rule.name} fired {sum(_fires(d, rule.name) for d in play.decisions)} times"
            for rule in rules
        )
        return _svg(figure, name, title)


def _fires(one: Decided, rule: str) -> bool:
    """A firing of the rule; not what settles a case that was passed up."""
    return one.decision == rule and one.active and one.case not in ("edge", "alone")


def _mark(fired: Decided) -> tuple[str, float, str, str]:
    """Marker, its size, its colour, and its words in the legend."""
    if fired.outcome == "blocked":
        return "x", 7, BAD, "refused by an interlock"
    if fired.case == "asked":
        return "o", 7, INK, "passed up to the edge"
    if fired.case is not None:
        return "d", 7, INK, "settled"
    return "|", 12, INK, "fired"


def _strip(
    axes: Any, what: str, stretches: Sequence[tuple[float, float, str]], middle: float,
    whole: float, width: float,
) -> None:  # fmt: skip
    """What happened around the node, above its rules: states of a world, or what went wrong."""
    kinds = list(dict.fromkeys(text for _, _, text in stretches))
    for start, end, text in stretches:
        colour = WARN if what == "wrong" else _class(kinds.index(text))
        axes.broken_barh(
            [(start, max(end - start, whole / 250))], (middle - 0.26, 0.52),
            facecolor=colour, alpha=0.3,
        )  # fmt: skip
        room = (end - start) / max(whole, 1e-9) * (width - 1.4)  # inches, less the axis' own
        if room > 0.075 * len(text) + 0.1:
            axes.text(
                (start + end) / 2, middle, text, ha="center", va="center", fontsize=7.5,
                color=INK, clip_on=True,
            )  # fmt: skip


def _wrapped(names: Sequence[str]) -> list[str]:
    """Names as labels of an axis: short lines, broken where their words end."""
    return [textwrap.fill(name.replace("_", " "), 14) for name in names]


def _legend(names: Sequence[str], width: float) -> tuple[int, int]:
    """Columns that a legend of these names may have in so many inches, and its lines."""
    each = 0.4 + 0.085 * max(map(len, names), default=1)
    across = max(1, min(6, len(names), int(width / each)))
    return across, -(-len(names) // across)


def _place(text: str, wanted: Sequence[str]) -> int:
    return wanted.index(text) if text in wanted else len(wanted)


def _lane(rule: RuleFacts) -> Callable[[str | None], tuple[str, str]]:
    """Colour and name of a stretch of the rule."""

    def look(said: str | None) -> tuple[str, str]:
        if said in rule.labels and rule.labels != ("off", "on"):
            return _class(rule.labels.index(said)), said
        return _SEVERITY[rule.severity], f"active ({rule.severity})"

    return look


def _units(play: Play) -> tuple[str, int]:
    """What the axis of time is in, and its seconds."""
    lasts = play.last - play.first
    if lasts <= 2 * 3600:
        return "minutes", 60
    return ("days", _DAY) if lasts > 3 * _DAY else ("hours", 3600)


def _since(play: Play, unit: str) -> str:
    if play.start is None:
        return f"{unit} since the start"
    day = datetime.fromtimestamp(play.start + play.first, timezone.utc)
    clock = f"{day:%H:%M} on" if unit == "minutes" else "midnight of"
    return f"{unit} since {clock} {day.day} {day:%B %Y}"


def _class(index: int) -> str:
    return CLASS[index % len(CLASS)]


def _classes(n: int) -> list[str]:
    return [_class(index) for index in range(n)]
