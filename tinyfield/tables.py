"""Results as tables for people. Every command's ``--json`` gives the same figures to scripts.

It is long because it has a function for each kind of result, none of which knows another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from tinyfield.failures import failures
from tinyfield.spec.durations import duration_text

if TYPE_CHECKING:
    from tinyfield.data.registry import Entry
    from tinyfield.doctor import Finding
    from tinyfield.estimate import BoardCost
    from tinyfield.learn import Cost, Score, Trained
    from tinyfield.modelfile import Compiled
    from tinyfield.pipeline import BuildResult, Evaluation
    from tinyfield.scenarios import ScenarioResult
    from tinyfield.sim import SimDecision
    from tinyfield.tune import Point, Tuned


_NAMED = 5
"""Groups that a line names."""
_WORDS = {"step", "note", "what", "for", "version", "cure", "licence", "here", "policy", "weather"}


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for column in columns:
        left = column == columns[0] or column in _WORDS
        table.add_column(column, justify="left" if left else "right", no_wrap=column != "note")
    return table


def _size(used: int | None, total: int | None) -> str:
    if used is None:
        return "–"
    share = f" ({used / total:.0%})" if total and total < 64 << 20 else ""
    return f"{used:,} B{share}"


def _score(score: Score) -> str:
    if score.interval is None:
        return f"{score.macro_f1:.3f}"
    low, high = score.interval
    return f"{score.macro_f1:.3f} [{low:.2f}–{high:.2f}]"


def provenance(sentences: Sequence[str], out: Console) -> None:
    """What was measured and what was generated, so that nobody can miss it."""
    from rich.panel import Panel

    if sentences:
        out.print(Panel("\n".join(sentences), title="Where the figures come from", style="yellow"))


def accuracy(models: Mapping[str, Trained], out: Console) -> None:
    """Float, integer and on-device scores beside those of who knows nothing."""
    from tinyfield.learn import Metrics

    fitted = {name: t.report for name, t in models.items() if not t.classes}
    if fitted:
        errors(fitted, out)
    reports = {name: t.report for name, t in models.items() if isinstance(t.report, Metrics)}
    if not reports:
        return
    table = _table(
        "How good the model is (test split: groups never trained on)",
        "model", "figure", "float", "int reference", "on device", "majority class", "rows",
    )  # fmt: skip
    for name, report in reports.items():
        columns = (report.float, report.int8, report.device, report.baseline)
        table.add_row(name, "macro F1 [95 %]", *map(_score, columns), f"{report.device.n:,}")
        table.add_row("", "accuracy", *(f"{s.accuracy:.3f}" for s in columns), "")
        if report.auc is not None:
            span = report.auc_interval
            said = f"{report.auc:.3f}" + (f" [{span[0]:.2f}–{span[1]:.2f}]" if span else "")
            table.add_row("", "AUC [95 %]", "", "", said, "0.500", "")
        for origin, part in report.by_origin.items():
            table.add_row("", f"macro F1, {origin}", "", "", _score(part), "", f"{part.n:,}")
    out.print(table)
    for name, report in reports.items():
        out.print(
            f"  {name}: the node's C says what the trained model says on {report.agreement:.2%} of "
            f"{report.device.n:,} test rows"
        )
        out.print(
            f"  {name}: its confidence is {100 * report.calibration_error:.1f} points from its "
            "accuracy (expected calibration error)"
        )
        _idle(name, report, out)
        if report.unknown is not None:
            unknown(name, report.unknown.to_json(), out)
        for note in report.notes:
            out.print(f"  note: {note}")
    for name, report in reports.items():
        confusion(f"{name} on device", models[name].classes, report.device.to_json(), out)


def _idle(name: str, report: Any, out: Console) -> None:
    """Of what lies ahead, who only knows the present, or the calendar; and who is not beaten."""

    named = {**report.baselines()}
    for known in ("majority", "mean"):
        named.pop(known, None)
    if named:
        said = (f"{word} {_error(one) if hasattr(one, 'mae') else _score(one)}"
                for word, one in named.items())  # fmt: skip
        out.print(f"  {name}: who learned nothing: " + ", ".join(said), markup=False)
    for sentence in report.unbeaten():
        out.print(f"  warning: {name} {sentence}", style="yellow", markup=False)


def unknown(name: str, caught: Mapping[str, Any], out: Console) -> None:
    """What a model's gate calls unknown."""
    kinds = ", ".join(f"{kind} {share:.0%}" for kind, share in caught["of"].items())
    out.print(
        f"  {name}: unknown to it are {caught['rejected']:.1%} of the known test rows (asked for "
        f"{caught['asked']:.1%}) and, of rows that are: {kinds}"
    )


def errors(models: Mapping[str, Any], out: Console) -> None:
    """Errors of regressions beside the mean's and the last known value's."""
    table = _table(
        "How far the number is off (test split: groups never trained on)",
        "model", "figure", "float", "int reference", "on device", "always the mean", "last known",
        "rows",
    )  # fmt: skip
    for name, report in models.items():
        columns = (report.float, report.int8, report.device, report.mean, report.persistence)
        what = f"MAE in {report.unit} [95 %]"
        table.add_row(name, what, *map(_error, columns), f"{report.device.n:,}")
        squares = ("–" if e is None else f"{e.rmse:.4g}" for e in columns)
        table.add_row("", f"RMSE in {report.unit}", *squares, "")
        for origin, part in report.by_origin.items():
            table.add_row("", f"MAE, {origin}", "", "", _error(part), "", "", f"{part.n:,}")
    out.print(table)
    for name, report in models.items():
        out.print(
            f"  {name}: the node's C is {report.apart:.3g} {report.unit} from the trained model in "
            f"the mean, over {report.device.n:,} test rows"
        )
        _idle(name, report, out)
        for note in report.notes:
            out.print(f"  note: {note}")


def _error(one: Any) -> str:
    if one is None:
        return "–"
    if one.interval is None:
        return f"{one.mae:.4g}"
    return f"{one.mae:.4g} [{one.interval[0]:.3g}–{one.interval[1]:.3g}]"


def stages(models: Mapping[str, Trained], out: Console) -> None:
    """What each step from the trained network to the node's integers cost."""
    table = _table(
        "What each step cost (accuracy and macro F1, or RMSE and MAE; valid chooses, test only "
        "tells)",
        "model", "step", "what", "valid", "", "test", "", "parameters", "weights", "in flash",
    )  # fmt: skip
    for name, trained in models.items():
        for stage in trained.report.stages:
            figures = (*stage.valid.values(), *stage.test.values())
            table.add_row(
                name,
                stage.name,
                stage.what if stage.kept else f"{stage.what} (given up)",
                *(f"{figure:.3f}" for figure in figures),
                f"{stage.parameters:,}",
                f"{stage.weights_bytes:,} B",
                "" if stage.device_bytes is None else f"{stage.device_bytes:,} B",
            )
    if table.row_count:
        out.print(table)


def _board_row(row: BoardCost) -> tuple[str, ...]:
    if row.measured_on is None:
        return (row.board, "–", "–", "–", "–", "–", row.note)
    count = f"{row.count:,} {row.unit}" if row.count is not None else "–"
    latency = f"{row.latency_ms:.2f} ms" if row.latency_ms is not None else "–"
    note = "" if row.measured_on == row.board else f"measured on {row.measured_on}"
    if row.features is not None:
        took = f" ({row.features_ms:.2f} ms)" if row.features_ms is not None else ""
        note += f"{'; ' if note else ''}features of a sample's frames: {row.features:,} "
        note += f"{row.unit}{took}, {row.frames_ram:,} B of the RAM"
    return (
        row.board,
        _size(row.flash, row.flash_total),
        _size(row.ram, row.ram_total),
        f"{row.stack:,} B" if row.stack is not None else "–",
        count,
        latency,
        "; ".join(filter(None, (note, row.note))),
    )


def boards(rows: Sequence[BoardCost], out: Console) -> None:
    """What the whole firmware takes, and one inference."""
    table = _table(
        "What it costs (the whole firmware; one inference)",
        "board", "flash", "RAM (static)", "stack", "inference", "time", "note",
    )  # fmt: skip
    for row in rows:
        table.add_row(*_board_row(row))
    out.print(table)


def build(result: BuildResult, out: Console) -> None:
    """The end of ``tinyfield build``."""
    out.print()
    provenance(result.provenance, out)
    for warning in result.app.warnings:
        out.print(f"warning: {warning.path}: {warning.message}", style="yellow", markup=False)
    out.print()
    accuracy(result.models, out)
    stages(result.models, out)
    for name, cost in result.costs.items():
        out.print(f"  {name}: {_cost(cost)}")
    out.print()
    boards(result.boards, out)
    if result.virtual:
        out.print(f"\nNext: pio run -t exec           (a season on {result.app.board})")
    else:
        out.print(f"\nNext: pio run -t upload         (builds and flashes {result.app.board})")
        out.print("      tinyfield sim APP         (a season on this PC)")


def _cost(cost: Cost) -> str:
    """What a model alone takes."""
    if cost.target == "host":
        return "what is counted for a board: not for this PC, and no budget holds here"
    return (
        f"{cost.flash_bytes:,} B of flash (code and constants) and {cost.ram_bytes:,} B of RAM, "
        f"as {cost.target}"
    )


def evaluation(result: Evaluation, out: Console) -> None:
    """The end of ``tinyfield evaluate``."""
    provenance(result.provenance, out)
    for name, scores in result.models.items():
        if scores["metric"] == "mae":
            _evaluated(name, scores, out)
            _made(scores, result.costs.get(name), out)
            continue
        low, high = scores["interval"] or (None, None)
        span = f" [{low:.3f}–{high:.3f}]" if low is not None else ""
        out.print(
            f"\n{name}: {scores['metric']} {scores['value']:.3f}{span}, accuracy "
            f"{scores['accuracy']:.3f}, majority class {scores['baseline']:.3f}; "
            f"{scores['n']:,} rows of {scores['groups']} groups never trained on"
        )
        _seen(scores, out)
        _to_beat(scores, "macro_f1", out)
        for part in ("known", "new"):
            there = scores["by_place"].get(part)
            if there is not None and len(scores["by_place"]) > 1:
                where = "later, where training was" if part == "known" else "elsewhere"
                out.print(f"  {where}: {_scored(there)}")
        for device, there in scores["by_device"].items():
            out.print(f"  {device}: {_scored(there)}{_cleared(there)}")
        if scores["clear"] is not None and not scores["by_device"]:
            out.print(f"  {_cleared(scores).lstrip('; ')}")
        if scores["auc"] is not None:
            out.print(f"  AUC {_area(scores)}")
        columns = {k: v for k, v in scores["columns"].items() if v is not None}
        words = {"float": "float", "int8": "int reference", "device": "on device"}
        said = (f"{words[k]} {v['macro_f1']:.3f} / {v['accuracy']:.3f}" for k, v in columns.items())
        out.print("  macro F1 / accuracy: " + ", ".join(said))
        error = 100 * scores["calibration_error"]
        out.print(f"  confidence: {error:.1f} points from accuracy (expected calibration error)")
        if "unknown" in scores:
            unknown(name, scores["unknown"], out)
        _made(scores, result.costs.get(name), out)
        confusion(name, scores["classes"], scores, out)
    for one in result.cases:
        records(one.title, one.records(), out)
    for title, rows in result.extra.items():
        records(title, rows, out)


def _evaluated(name: str, scores: Mapping[str, Any], out: Console) -> None:
    """A regression's scores."""
    unit = scores["unit"]
    low, high = scores["interval"] or (None, None)
    span = f" [{low:.4g}–{high:.4g}]" if low is not None else ""
    out.print(
        f"\n{name}: mean error {scores['value']:.4g} {unit}{span}, RMSE {scores['rmse']:.4g} "
        f"{unit}; always the mean {scores['baseline']:.4g}; {scores['n']:,} rows of "
        f"{scores['groups']} groups never trained on"
    )
    _seen(scores, out)
    _to_beat(scores, "mae", out)
    words = {"float": "float", "int8": "int reference", "device": "on device"}
    columns = {k: v for k, v in scores["columns"].items() if v is not None}
    said = (f"{words[k]} {v['mae']:.4g} / {v['rmse']:.4g}" for k, v in columns.items())
    out.print(f"  MAE / RMSE in {unit}: " + ", ".join(said))


def _seen(scores: Mapping[str, Any], out: Console) -> None:
    """What of the data the build had before: learned from and left out, or tested on."""
    seen = scores["seen"]
    if seen["rows"]:
        names = list(seen["groups"])
        some = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
        figure = f"{seen['value']:.3f}"
        if scores["metric"] == "mae":
            figure = f"{seen['value']:.4g} {scores['unit']}"
        out.print(
            f"  left out: {seen['rows']:,} rows that training saw, or that lie between such, of "
            f"{some}; "
            f"{scores['metric']} on them {figure}, which says nothing of anything new",
            markup=False,
        )
    if seen["tested"]:
        share = "all" if seen["tested"] == scores["n"] else f"{seen['tested']:,}"
        out.print(f"  of the rows scored, {share} are of the build's own test split")


def _made(scores: Mapping[str, Any], cost: Cost | None, out: Console) -> None:
    """What the scored model takes, and what it learned from where that is more than usual."""
    if cost is not None:
        out.print(f"  takes {_cost(cost)}")
    told = [] if scores["refitted"] is None else [scores["refitted"]]
    for note in (*told, *scores["notes"]):
        out.print(f"  note: {note}", markup=False)


def _to_beat(scores: Mapping[str, Any], figure: str, out: Console) -> None:
    """Baselines of what lies ahead, with their intervals, and a word where one is not beaten."""
    ahead = {"persistence": "persistence", "climatology": "climatology of the hour and the month"}
    form = ".3f" if figure == "macro_f1" else ".4g"
    said = []
    for name, words in ahead.items():
        one = scores["baselines"][name]
        if one is not None:
            low, high = one["interval"] or (None, None)
            span = f" [{low:{form}}–{high:{form}}]" if low is not None else ""
            said.append(f"{words} {one[figure]:{form}}{span}")
    if said:
        out.print("  to beat: " + ", ".join(said), markup=False)
    for sentence in scores["unbeaten"]:
        out.print(f"  warning: {sentence}", style="yellow", markup=False)


def _area(scores: Mapping[str, Any]) -> str:
    low, high = scores["auc_interval"] or (None, None)
    return f"{scores['auc']:.3f}" + (f" [{low:.3f}–{high:.3f}]" if low is not None else "")


def _scored(part: Mapping[str, Any]) -> str:
    low, high = part["interval"] or (None, None)
    span = f" [{low:.3f}–{high:.3f}]" if low is not None else ""
    area = f", AUC {_area(part)}" if part["auc"] is not None else ""
    return (
        f"macro F1 {part['macro_f1']:.3f}{span}{area}; {part['n']:,} rows of {part['groups']} "
        "groups"
    )


def _cleared(scores: Mapping[str, Any]) -> str:
    """What is true of the rows in which nothing goes over into something else."""
    clear = scores["clear"]
    if clear is None:
        return ""
    share = clear["n"] / scores["n"]
    return f"; in the {share:.0%} of one label for 70 % and more: {clear['macro_f1']:.3f}"


def trial_line(event: Mapping[str, Any]) -> str:
    """One finished trial of a search in a line of text."""
    head = f"  trial {event['done']}: "
    if "why" in event:
        return head + f"failed: {event['why']}"
    count = f", {event['count']:,} {event['unit']}" if event["count"] is not None else ""
    over = "" if event["fits"] else "; past the budget"
    return head + (
        f"{event['what']}, {event['inputs']} inputs: {_figure(event)}, flash "
        f"{event['flash']:,} B, RAM {event['ram']:,} B{count}{over}"
    )


def _figure(scores: Mapping[str, Any]) -> str:
    """The first score in words."""
    if "mae" in scores:
        return f"mean error {scores['mae']:.4g}"
    return f"macro F1 {scores['macro_f1']:.3f}"


def tuned(result: Tuned, out: Console) -> None:
    """The end of ``tinyfield tune``."""
    trials = result.trials
    out.print(
        f"\n{result.app}, model {result.model}, measured for {result.board}: {trials['complete']} "
        f"trials, {len(result.points)} different models; {trials['fail']} failed, "
        f"{trials['running']} running"
    )
    counted = next((p.outcome.unit for p in result.front), "instructions")
    errors_of = any("mae" in point.outcome.scores for point in result.front)
    score = "mean error" if errors_of else "macro F1"
    table = _table(
        "The best of each size (scores of the VALIDATION split)",
        "row", "model", "inputs", score, "flash", "RAM", counted, "note",
    )  # fmt: skip
    table.columns[1].justify, table.columns[1].no_wrap = "left", False
    for k, point in enumerate(result.front, 1):
        table.add_row(*_point_row(k, point, point == result.chosen))
    if result.front:
        out.print(table)
    from tinyfield.learn import Fitted  # not for tables of what nothing learned

    chosen, test = result.chosen, result.test
    if chosen is not None:
        out.print(f"chosen: {chosen.candidate.text}")
        out.print("  inputs: " + ", ".join(f.text for f in chosen.candidate.inputs), markup=False)
    if isinstance(test, Fitted):
        last = f", last known value {test.persistence.mae:.4g}" if test.persistence else ""
        out.print(
            f"  on the TEST split, which chose nothing: mean error {_error(test.device)} "
            f"{test.unit}, always the mean {test.mean.mae:.4g}{last}; {test.device.n:,} rows of "
            f"{test.device.groups} groups",
            markup=False,
        )
    elif test is not None:
        out.print(
            f"  on the TEST split, which chose nothing: macro F1 {_score(test.device)}, accuracy "
            f"{test.device.accuracy:.3f}, majority class {test.baseline.macro_f1:.3f}; "
            f"{test.device.n:,} rows of {test.device.groups} groups",
            markup=False,
        )
    if result.plot is not None:
        out.print(f"picture: {result.plot}")
    if result.written is not None:
        out.print(f"written into {result.written}; next: tinyfield build {result.written}")
    elif chosen is not None:
        out.print("to take it: the same command with --trials 0 --write; another row: --pick ROW")


def _point_row(number: int, point: Point, chosen: bool) -> tuple[str, ...]:
    outcome = point.outcome
    notes = ["chosen"] * chosen + ["past the budget"] * (not point.fits)
    return (
        str(number),
        point.candidate.text,
        str(sum(feature.width for feature in point.candidate.inputs)),
        _figure(outcome.scores).rsplit(" ", 1)[1],
        f"{outcome.flash:,} B",
        f"{outcome.ram:,} B",
        f"{outcome.count:,}" if outcome.count is not None else "–",
        ", ".join(notes),
    )


def confusion(name: str, classes: Sequence[str], scores: Mapping[str, Any], out: Console) -> None:
    """How often each class was taken for which, its recall and how many rows of it there are."""
    title = f"{name}: truth down, answer across"
    table = _table(title, "truth", *classes, "recall", "precision", "rows")
    for label, row in zip(classes, scores["confusion"], strict=True):
        one = scores["per_class"][label]
        shares = ("–" if one[k] is None else f"{one[k]:.2f}" for k in ("recall", "precision"))
        table.add_row(label, *(f"{n:,}" for n in row), *shares, f"{one['n']:,}")
    out.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def records(title: str, rows: Sequence[Mapping[str, Any]], out: Console) -> None:
    """Like rows of plain values as one table."""
    if not rows:
        return
    table = _table(title, *rows[0])
    for column in table.columns[1:]:
        column.no_wrap = False
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    out.print()
    out.print(table)


def clock(t: int) -> str:
    """Virtual seconds as ``day 12 06:40``, with ``:15`` behind it within a minute."""
    seconds = f":{t % 60:02d}" if t % 60 else "   "
    hours, minutes = t % 86400 // 3600, t % 3600 // 60
    return f"day {t // 86400:3d} {hours:02d}:{minutes:02d}{seconds}"


def decision_line(decision: SimDecision) -> str:
    """One decision in a line of text."""
    return f"{clock(decision.t)} {decision.words}"


def season(summary: Mapping[str, Any], out: Console) -> None:
    """The end of ``tinyfield sim``: one line of figures."""
    parts = {key: f"{key.replace('_', ' ')} {_cell(value)}" for key, value in summary.items()}
    if 0 < summary.get("days", 0) < 1:
        parts["days"] = duration_text(round(86400 * summary["days"]))
    if "seconds" in parts:
        parts["seconds"] = f"took {summary['seconds']} s"
    out.print(", ".join(parts.values()))


def scenarios(results: Sequence[ScenarioResult], out: Console) -> None:
    """The end of ``tinyfield test``: a line for each expectation, and why a scenario failed."""
    boards = list(dict.fromkeys(result.board for result in results))
    table = _table("", "test", *boards, "decision", "expected", "what came")
    for column in table.columns[1 + len(boards) :]:
        column.justify, column.no_wrap = "left", False
    for name in dict.fromkeys(result.name for result in results):
        ran = {result.board: result for result in results if result.name == name}
        marks = ["[green]ok[/]" if ran[b].passed else "[red]FAILED[/]" for b in boards if b in ran]
        shown = next((one for one in ran.values() if not one.passed), next(iter(ran.values())))
        for number, verdict in enumerate(shown.verdicts):
            head = [name, *marks] if number == 0 else [""] * (1 + len(marks))
            came = _came(verdict.times)
            wrong = came if verdict.met else f"[red]{came}[/]"
            table.add_row(*head, verdict.decision, verdict.expected, wrong)
    out.print(table)
    for heading, lines in failures(results):
        out.print(f"\n{heading}", style="red", markup=False)
        for line in lines:
            out.print(line, markup=False, soft_wrap=True)
    passed = sum(result.passed for result in results)
    out.print(f"{passed} passed, {len(results) - passed} failed")


def _came(times: Sequence[int]) -> str:
    """``3, at 1 d, 2 d 4 h and 1 more``."""
    from tinyfield.sim.judge import moments

    return f"{len(times)}, at {moments(times)}" if times else "never"


def compiled(result: Compiled, out: Console) -> None:
    """The end of ``tinyfield compile``."""
    program = result.program
    for title, text in result.dump:
        out.print(f"[bold]{title}[/]")
        out.print(text, markup=False, soft_wrap=True)
    table = _table("What runs, step by step", "step", "node", "kernel", "MACs", "constants")
    for step in result.steps:
        cells = {**step, "label": _node(str(step["label"]))}
        table.add_row(*map(_cell, cells.values()))
    for column in table.columns[1:3]:
        column.justify = "left"
    code = "" if result.code_bytes is None else f", code {result.code_bytes:,} B"
    out.print(table)
    out.print(
        f"{len(result.steps)} steps, {program.macs:,} multiply-accumulates; "
        f"arena {program.arena_bytes:,} B; constants {program.weights_bytes:,} B{code}"
    )
    folder = result.files[0].parent
    out.print(f"{folder}: {len(result.files)} files; its README.md says how to use them")
    proof = result.proof
    if proof is not None and proof.exact:
        out.print(
            f"[green]exact[/]: {proof.calls} inputs, {proof.nodes} nodes, no byte differs from "
            "TFLite's reference kernels"
        )
    elif proof is not None:
        out.print(f"[red]not exact[/]: {proof.difference}")


def costs(rows: Sequence[Mapping[str, Any]], out: Console) -> None:
    """The end of ``tinyfield bench``."""
    table = _table(
        "One inference, counted under emulation",
        "model", "target", "count", "per MAC", "~cycles", "code", "data", "arena", "stack",
        "RAM", "exact", "note",
    )  # fmt: skip
    table.box, table.pad_edge = box.SIMPLE_HEAD, False  # a dozen columns leave no room for lines
    for row in rows:
        if "missing" in row:
            table.add_row(row["model"], row["target"], *["–"] * 9, row["missing"])
            continue
        count, macs = row["count"], row["macs"]
        flash, ram = row["flash"] or {}, row["ram"] or {}
        sizes = [flash.get("code"), flash.get("data"), ram.get("arena"), ram.get("stack")]
        sizes.append(ram.get("total"))
        table.add_row(
            row["model"],
            row["target"],
            f"{count:,}" if count is not None else "–",
            f"{count / macs:.2f}" if count and macs else "–",
            _cell(row["cycles_estimate"]),
            *(_cell(size) for size in sizes),
            "yes" if row["exact"] else "[red]no[/]",
            "; ".join(_bench_notes(row)),
        )
    out.print(table)
    for row in rows:
        if row.get("layers"):
            layers(row, out)


def _bench_notes(row: Mapping[str, Any]) -> Iterator[str]:
    if row["count"] is None:
        yield "nothing is counted on a PC"
    elif row["unit"] != "instructions":
        yield f"counted in {row['unit']}"
    canaries = row.get("canaries")
    if canaries and not canaries["intact"]:
        yield "[red]writes outside its arena[/]"
    elif canaries and row["ram"] and canaries["arena_touched"] < row["ram"]["arena"]:
        yield f"uses {canaries['arena_touched']:,} B of its arena"


def _node(label: str, *, named: bool = True) -> str:
    """A node's label on one line."""
    from tinyfield.compiler.ctext import brief  # not for tables that need no compiler

    text = brief(label.removeprefix("node "))
    if not named:
        text = text.split(" '")[0]
    return text if len(text) <= 48 else text[:47] + "…"


def layers(row: Mapping[str, Any], out: Console) -> None:
    """Where the work of one inference goes."""
    whole = row["count"] or 1
    table = _table(
        f"{row['model']} on {row['target']}, {row['unit']} of each step",
        "step", "node", "kernel", "count", "share", "MACs", "per MAC", "bound", "of bound",
    )  # fmt: skip
    table.columns[1].justify = table.columns[2].justify = "left"
    total = 0
    for layer in row["layers"]:
        count, bound = layer["count"], layer["bound"]
        total += count
        table.add_row(
            str(layer["step"]) if layer["step"] >= 0 else "",
            _node(layer["label"], named=False),
            layer["kernel"].removeprefix("tiny_"),
            f"{count:,}",
            f"{count / whole:.1%}",
            f"{layer['macs']:,}" if layer["macs"] else "",
            f"{layer['per_mac']:.2f}" if layer["per_mac"] else "",
            f"{bound:,}" if bound else "",
            f"{count / bound:.1f} ×" if bound else "",
        )
    table.add_row("", "together", "", f"{total:,}", f"{total / whole:.1%}")
    out.print(table)


def findings(found: Sequence[Finding], places: Mapping[str, Path], out: Console) -> None:
    """The end of ``tinyfield doctor``."""
    table = _table("What is here", "what", "for", "version", "cure")
    for finding in found:
        here = finding.version is not None
        version = f"[green]{finding.version}[/]" if here else "[red]missing[/]"
        table.add_row(finding.name, finding.needed_for, version, "" if here else finding.install)
    out.print(table)
    for name, place in places.items():
        out.print(f"{name}: {place}")


def datasets(entries: Sequence[Entry], out: Console) -> None:
    """The end of ``tinyfield data list``."""
    table = _table("Data sets", "name", "what", "licence", "here")
    for entry in entries:
        table.add_row(entry.name, entry.title, entry.licence, "yes" if entry.where else "no")
    out.print(table)


def dataset(entry: Entry, out: Console) -> None:
    """The end of ``tinyfield data info``."""
    told = {**entry.as_json(), "where": entry.where or "not on this machine"}
    for key, value in told.items():
        if key == "place":
            continue
        if isinstance(value, (list, tuple)):
            value = "\n    ".join(map(str, value))  # noqa: PLW2901
        if value is not None:
            out.print(f"{key + ':':12} {value}")
