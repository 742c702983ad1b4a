"""The study as a picture: score against flash, and against what one inference takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinyfield.errors import EnvironmentFault, MissingToolError, UsageError
from tinyfield.tune.study import Point

FORMATS = (".svg", ".png", ".pdf")


def check_plot(path: Path) -> None:
    """Raises before hours of work what would keep the plot from being drawn."""
    if path.suffix not in FORMATS:
        raise UsageError(f"--plot {path} is no picture", hint="write a name in .svg, .png or .pdf")
    if not path.parent.is_dir():
        raise UsageError(f"--plot {path}: there is no such folder", hint=f"mkdir -p {path.parent}")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingToolError("matplotlib", "pip install 'tinyfield[train]'") from None


def draw(
    path: Path,
    points: Sequence[Point],
    front: Sequence[Point],
    chosen: Point | None,
    *,
    title: str,
    target: str,
    flash_limit: int | None = None,
) -> None:
    """Every point by architecture, the Pareto points numbered as in the table."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = "tinyfield"
    counted = bool(points) and all(point.outcome.count is not None for point in points)
    figure = Figure(figsize=(11 if counted else 6, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    score = next(iter(points[0].outcome.scores)) if points else "macro_f1"
    words = {"macro_f1": "macro F1", "mae": "mean error"}
    names = list(dict.fromkeys(point.candidate.architecture for point in points))
    unit = points[0].outcome.unit if points else "instructions"
    columns = [(f"flash of the model on {target}, bytes", "flash")]
    columns += [(f"{unit} of one inference on {target}", "count")] if counted else []
    for i, (label, figure_name) in enumerate(columns):
        axes = figure.add_subplot(1, len(columns), i + 1)
        for n, name in enumerate(names):
            for inside in (True, False):
                some = [p for p in points if p.candidate.architecture == name and p.fits == inside]
                axes.plot(
                    [getattr(p.outcome, figure_name) for p in some],
                    [p.outcome.scores[score] for p in some],
                    "o" if inside else "x",
                    color=f"C{n}",
                    alpha=0.7 if inside else 0.5,
                    label=name if inside else None,
                )
        for k, point in enumerate(front, 1):
            place = (getattr(point.outcome, figure_name), point.outcome.scores[score])
            axes.annotate(str(k), place, xytext=(4, 4), textcoords="offset points", fontsize=8)
            if point == chosen:
                axes.plot(*place, "o", markersize=13, fillstyle="none", color="black")
        if figure_name == "flash" and flash_limit is not None:
            axes.axvline(flash_limit, color="grey", linestyle=":", linewidth=1)
        axes.set_xscale("log")
        axes.set_xlabel(label)
        axes.set_ylabel(f"{words.get(score, score)} on the validation split")
        axes.grid(alpha=0.3)
        axes.legend(title="x: past the budget", fontsize=8, title_fontsize=8)
    try:
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, metadata=metadata, dpi=120)
    except OSError as error:
        raise EnvironmentFault(
            f"{path}: {error.strerror}", hint="give a --plot that you may write to"
        ) from None
