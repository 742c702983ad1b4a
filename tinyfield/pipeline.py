"""The only place that wires the stages together: each function here is one command's work.

It is long because the commands are many, and stays one file so that no second place wires them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinyfield import measuring, pio, project, scenarios
from tinyfield.boards import Board, board, load_boards
from tinyfield.codegen.labels import gate_of
from tinyfield.compiler import Program, compile_model
from tinyfield.errors import BudgetError, DataError, MissingToolError, UsageError, UserError
from tinyfield.estimate import BoardCost, estimate
from tinyfield.spec import App, load_app

if TYPE_CHECKING:
    from tinyfield.cases import Cases
    from tinyfield.data import World
    from tinyfield.features import FeatureTable
    from tinyfield.learn import Cost, Measure, Trained
    from tinyfield.learn.scaler import InputScale
    from tinyfield.progress import Progress
    from tinyfield.report import Play
    from tinyfield.sim import RowSource, SimRun

NO_ROOM = "too small for it"
"""What is noted of a board that an app does not fit."""


@dataclass(frozen=True)
class BuildResult:
    """What a build made, and what it found.

    Attributes:
        app: the app as resolved for the board that is now the default.
        project: the PlatformIO project that was written into.
        models: the trained models by name, scored.
        boards: one row for each board asked for.
        provenance: what was measured and what generated, in sentences.
        costs: what each model takes of the app's board.
    """

    app: App
    project: Path
    models: Mapping[str, Trained]
    boards: tuple[BoardCost, ...]
    provenance: tuple[str, ...]
    costs: Mapping[str, Cost] = field(default_factory=dict)

    @property
    def virtual(self) -> bool:
        """Whether the default board is one of this PC's own."""
        return board(self.app.board).virtual

    def as_json(self) -> dict[str, object]:
        """Everything as plain values."""
        return {
            "app": self.app.name,
            "node": self.app.node,
            "board": self.app.board,
            "project": str(self.project),
            "models": {name: t.report.to_json() for name, t in self.models.items()},
            "costs": {name: cost.to_json() for name, cost in self.costs.items()},
            "boards": [row.as_json() for row in self.boards],
            "provenance": list(self.provenance),
            "warnings": [w.as_json() for w in self.app.warnings],
        }


@dataclass(frozen=True)
class Brain:
    """The trained and compiled models of one app, the rows that each learned from, and what tells
    how much it takes."""

    app: App
    trained: dict[str, Trained] = field(default_factory=dict)
    provenance: tuple[str, ...] = ()
    tables: dict[str, FeatureTable] = field(default_factory=dict)
    measures: dict[str, Measure] = field(default_factory=dict)

    @property
    def weak(self) -> tuple[str, ...]:
        """What the figures of the real recordings that were learned from cannot be believed for."""
        from tinyfield.data import registry

        sets = dict.fromkeys(
            self.app.models[name].train.dataset
            for name, table in self.tables.items()
            if (table.origin != "generated").any()
        )
        known = {name: registry.info(name).weakness for name in sets}
        return tuple(f"WEAK DATA: of {name}, {text}." for name, text in known.items() if text)

    def cost(self, name: str, file: bytes | None = None) -> Cost:
        """What a model takes of the app's board, its gate included; ``file`` in its place."""
        from tinyfield import learn

        one, measure = self.trained[name], self.measures[name]
        also = None if one.gate is None else measure(one.gate.model)
        return learn.whole_cost(self.app.models[name], measure(file or one.model), also)

    def flash(self, name: str, file: bytes) -> int:
        """Bytes of flash with that file as the model."""
        return self.cost(name, file).flash_bytes

    def costs(self) -> dict[str, Cost]:
        """Of every model."""
        return {name: self.cost(name) for name in self.trained}

    def programs(self, target: str) -> dict[str, Program]:
        """Each model's C for a target, named as the firmware expects it."""
        made = {
            name: measuring.compiled(self.app, name, t.model, target, prefix=f"model_{name}")
            for name, t in self.trained.items()
        }
        gates = {
            gate_of(name): compile_model(t.gate.model, target=target, prefix=f"gate_{name}")
            for name, t in self.trained.items()
            if t.gate is not None
        }
        return made | gates

    def scalers(self) -> dict[str, tuple[InputScale, ...]]:
        """Of each program the constants of its inputs."""
        found = {name: t.scaler for name, t in self.trained.items()}
        gates = {gate_of(n): t.gate.scaler for n, t in self.trained.items() if t.gate is not None}
        return found | gates


def train(app: App, *, data_dir: Path | None = None, progress: Progress | None = None) -> Brain:
    """Load the data, compute the features with the node's own C, train each model (or find it).

    Raises:
        DataError: the data cannot be used.
        BudgetError: a model is not good enough, or too large.
        MissingToolError: no C compiler; or nothing cached and no TensorFlow.
    """
    from tinyfield import data, features, learn

    trained: dict[str, Trained] = {}
    tables: dict[str, FeatureTable] = {}
    measures: dict[str, Measure] = {}
    said: list[str] = []
    for name, model in app.models.items():
        _step(progress, f"data for {name}: {model.train.dataset}")
        dataset = data.load(app, name, data_dir=data_dir)
        _step(progress, f"features of {name}, by the node's own C")
        table = tables[name] = features.compute(app, name, dataset)
        _step(progress, f"train {name} ({model.architecture}) and make it integers")
        measures[name] = measuring.cost_of(app, name)
        try:
            trained[name] = learn.train(
                table,
                measuring.within_board(app, model),
                measure=measures[name],
                progress=_detail(progress),
            )
        except BudgetError as error:
            place = app.where(f"models.{name}.budget")
            raise BudgetError(f"{place}: {error.message}", hint=error.hint) from None
        said += [sentence for sentence in dataset.provenance if sentence not in said]
    return Brain(app, trained, tuple(said), tables, measures)


def build(
    path: Path,
    *,
    boards: Sequence[str] | None = None,
    out: Path | None = None,
    node: str | None = None,
    data_dir: Path | None = None,
    progress: Progress | None = None,
) -> BuildResult:
    """From an app file to firmware images, with their figures.

    Args:
        boards: boards to build for; the first becomes PlatformIO's default. None: the app's own,
            those under its ``boards:``, and every virtual board.
        out: the PlatformIO project to write into; None: the one in hand.
        node: the node's id.
        data_dir: recordings to train on, instead of the search order.
    """
    _step(progress, f"check {path}")
    app = load_app(path, board=boards[0] if boards else None, node=node)
    wanted = _boards(app, boards)
    for name in wanted:
        load_app(path, board=name, node=node)  # every board's mistakes, before minutes of work
    measuring.check_windows(app)
    folder = project.ensure_project(out)
    brain = train(app, data_dir=data_dir, progress=progress)
    rows = _costs(path, app, wanted, brain, folder, node, progress, asked=boards)
    chosen = board(app.board)
    fit = [wanted[row.board].env for row in rows if not row.note.startswith(NO_ROOM)]
    pio.select(folder, chosen.env, path, also=fit)
    told = (*brain.weak, *brain.provenance)
    return BuildResult(app, folder, brain.trained, rows, told, brain.costs())


def generate(
    path: Path, entry: Board, brain: Brain, folder: Path, *, node: str | None = None
) -> App:
    """Write the firmware's generated files for one board; returns the app resolved for it."""
    from tinyfield import codegen

    app = load_app(path, board=entry.name, node=node)
    place = folder / "firmware" / "generated" / entry.env
    with pio.keep_builds(folder):
        codegen.generate(app, entry, brain.programs(entry.target or "host"), brain.scalers(), place)
    return app


def simulate(
    path: Path,
    *,
    board: str | None = None,
    trace: Path | None = None,
    season: str | None = None,
    scene: str | None = None,
    node: str | None = None,
    link: str | None = None,
    link_wait: float = 60,
    limit: int | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> SimRun:
    """Start the real firmware on the virtual board that stands for ``board``.

    Args:
        trace: a CSV of channel values; None: the app's default season, in a closed loop.
        season: which season's weather the default season has.
        scene: one of the app's own tests to play, with its faults, instead of either.
        link: ``tcp://HOST:PORT`` to listen on for a gateway bridge.
        limit: stop after so many samples.
        out: the project to build in; None: the one the working directory lies in.

    Returns:
        The run; iterate over its decisions to make time pass.
    """
    from tinyfield import sim

    app = load_app(path, board=board, node=node)
    if scene is not None and (trace is not None or season is not None):
        raise UsageError("--scene beside --trace or --season", hint="a scene says what it plays")
    played = scenarios.chosen(app, [scene])[0] if scene is not None else None
    entry = load_boards()[app.board]
    twin = load_boards()[entry.twin] if entry.twin else entry
    folder = project.ensure_project(out)
    brain = train(app, progress=progress)
    _step(progress, f"build for {twin.name}")
    app = generate(path, twin, brain, folder, node=node)
    image = pio.build(twin.env, folder)
    _step(progress, f"run on {twin.name}")
    heard = _detail(progress)
    if played is not None:
        return scenarios.prepare(app, twin, image, played, heard, link=link, link_wait=link_wait)
    source = _source(app, trace, season, limit)
    return sim.SimRun(app, twin, image, source, link=link, link_wait=link_wait, on_event=heard)


def report(
    path: Path,
    *,
    out: Path | None = None,
    boards: Sequence[str] | None = None,
    node: str | None = None,
    data_dir: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """One self-contained HTML file on an app; what is not built yet is built for it.

    Args:
        out: the file; None: ``<app>-report.html`` in the working directory.
        boards: boards to tell of; None: as :func:`build`.
        node, data_dir: as of :func:`build`.

    Returns:
        The file written.

    Raises:
        MissingToolError: matplotlib is not installed, or what :func:`build` needs is not.
        UserError: ``out`` cannot be a file.
        EnvironmentFault: it cannot be written.
    """
    from tinyfield import cases, learn
    from tinyfield import report as pages

    _step(progress, f"check {path}")
    app = load_app(path, board=boards[0] if boards else None, node=node)
    wanted = _boards(app, boards)
    for name in wanted:
        load_app(path, board=name, node=node)
    file = out or Path(f"{app.name}-report.html")
    pages.need_matplotlib()
    pages.check_place(file)
    folder = project.ensure_project(None)
    brain = train(app, data_dir=data_dir, progress=progress)
    rows = _costs(path, app, wanted, brain, folder, node, progress, asked=boards)
    plays = _plays(path, brain, folder, node, progress)
    _step(progress, "write the report")
    chosen = board(app.board)
    target = (board(chosen.twin) if chosen.twin else chosen).target or "host"
    programs = brain.programs(target)
    tests = {name: table.part("test") for name, table in brain.tables.items()}
    judged = {name: one.before_tests() for name, one in brain.trained.items()}
    settled = [(one.title, one.records()) for one in cases.cases(app, judged, tests)]
    grown = {}
    for name, one in brain.trained.items():
        flash = partial(brain.flash, name)
        grown[name] = learn.growth(app.models[name], one, tests[name], flash)
    facts = pages.gather(
        app, brain.trained, brain.tables, programs, brain.provenance, rows, plays, settled,
        costs=brain.costs(), growth=grown,
    )  # fmt: skip
    pages.write(file, pages.render(facts))
    return file


@dataclass(frozen=True)
class Evaluation:
    """Scores of an app's models.

    Attributes:
        models: per model what ``learn.evaluate`` returns.
        provenance: what was measured and what generated.
        extra: further tables by title (how true the generator is, what the decisions bring).
        cases: of each rule that may ask the edge, which rows it settles and which it passes up.
        costs: what each model takes of the app's board.
    """

    models: Mapping[str, dict[str, Any]]
    provenance: tuple[str, ...]
    extra: Mapping[str, Sequence[Mapping[str, Any]]]
    cases: tuple[Cases, ...] = ()
    costs: Mapping[str, Cost] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The first model's scores at the top level; every model's and every table beside them."""
        first = next(iter(self.models.values()), {})
        return {
            **first,
            "provenance": list(self.provenance),
            "models": dict(self.models),
            "tables": dict(self.extra),
            "cases": {one.decision: one.to_json() for one in self.cases},
            "costs": {name: cost.to_json() for name, cost in self.costs.items()},
        }


def evaluate(
    path: Path, *, data_dir: Path | None = None, progress: Progress | None = None
) -> Evaluation:
    """Score the built integer models, and what the app's decisions bring in its generator's world.

    Args:
        data_dir: another folder in the data set's format, kept apart from training.
    """
    from tinyfield import cases, data, learn

    app = load_app(path)
    if not app.models and (app.site is None or app.site.plant is None):
        raise UserError(
            f"{path} has no models: there is nothing to evaluate",
            hint=f"'tinyfield test {path}' holds its rules to its scenarios",
        )
    brain = train(app, progress=progress)
    scores: dict[str, dict[str, Any]] = {}
    rows: dict[str, FeatureTable] = {}
    judged: dict[str, Trained] = {}
    said: list[str] = []
    for name, trained in brain.trained.items():
        _step(progress, f"score {name}")
        kept = data.load(app, name, data_dir=data_dir, held_out=data_dir is not None)
        learned = None if data_dir is None else data.load(app, name)
        held = learn.held_out(app, trained, kept, learned)
        scores[name] = learn.evaluate(app, held, built=brain.tables[name])
        rows[name], judged[name] = held.rows, held.trained
        said += [sentence for sentence in kept.provenance if sentence not in said]
    told = (*brain.weak, *(said or brain.provenance))
    tables = _tables(path, app, brain, data_dir, progress)
    decided = tuple(cases.cases(app, judged, rows))
    return Evaluation(scores, told, tables, decided, brain.costs())


def run_tests(
    path: Path,
    *,
    boards: Sequence[str] | None = None,
    names: Sequence[str] = (),
    progress: Progress | None = None,
) -> scenarios.ScenarioRun:
    """The app's ``tests:``, each through the real firmware on virtual boards.

    Args:
        boards: boards to run on (those that stand for them); None: this PC, and qemu_m4 where its
            tools are installed.
        names: the scenarios to run; all without any.

    Raises:
        UserError: the app has none, or none of that name.
    """
    app = load_app(path, board=boards[0] if boards else None)
    wanted = scenarios.chosen(app, names)
    entries, left_out = scenarios.boards_for(boards or ())
    folder = project.ensure_project(None)
    brain = train(app, progress=progress)
    results = []
    for entry in entries:
        _step(progress, f"build for {entry.name}")
        made = generate(path, entry, brain, folder)
        image = pio.build(entry.env, folder)
        for scenario in wanted:
            _step(progress, f"{scenario.name} on {entry.name}")
            results.append(scenarios.play(made, entry, image, scenario, on_event=_detail(progress)))
    return scenarios.ScenarioRun(scenarios.compared(results), left_out)


def models_of(path: Path, *, progress: Progress | None = None) -> dict[str, bytes]:
    """The models of a model file (itself) or of an app (trained, or from the cache), there with the
    gates that tell what is unknown to them.

    A model file is a ``.tflite``, or trees or Bonsai as ``.json``.
    """
    if path.suffix in (".tflite", ".json"):
        from tinyfield.modelfile import read_model

        return {path.stem: read_model(path)}
    app = load_app(path)
    if not app.models:
        raise UserError(
            f"{path} has no models: there is nothing to measure",
            hint=f"'tinyfield build {path}' tells what its firmware takes",
        )
    trained = train(app, progress=progress).trained
    gates = {gate_of(n): t.gate.model for n, t in trained.items() if t.gate is not None}
    return {n: t.model for n, t in trained.items()} | gates


def models_of_all(paths: Sequence[Path], *, progress: Progress | None = None) -> dict[str, bytes]:
    """:func:`models_of` each of ``paths``; models of one name are told apart by their path."""
    every: dict[str, bytes] = {}
    for path in paths:
        for name, tflite in models_of(path, progress=progress).items():
            every[name if name not in every else f"{path}:{name}"] = tflite
    return every


# --- inside ----------------------------------------------------------------------------------


def _step(progress: Progress | None, text: str) -> None:
    if progress is not None:
        progress.step(text)


def _detail(progress: Progress | None) -> Callable[[str, int, int, str], None] | None:
    if progress is None:
        return None

    def tell(stage: str, done: int, of: int, text: str) -> None:
        progress.detail(f"{stage} {done}/{of} {text}" if of else f"{stage} {text}")

    return tell


def _boards(app: App, asked: Sequence[str] | None) -> dict[str, Board]:
    """The boards to build for, in the order of the table."""
    every = load_boards()
    if asked:
        names = [*asked, *(b.twin for a in asked if (b := board(a)).twin)]
    else:
        names = [app.own_board, *app.other_boards, *(n for n, b in every.items() if b.virtual)]
    return {name: board(name) for name in dict.fromkeys(names)}


def _costs(
    path: Path,
    app: App,
    wanted: Mapping[str, Board],
    brain: Brain,
    folder: Path,
    node: str | None,
    progress: Progress | None,
    *,
    asked: Sequence[str] | None,
) -> tuple[BoardCost, ...]:
    """Generate and build for each board, and what it takes there.

    A board that nobody asked for and that the app does not name may be too small for it.
    """
    named = [app.own_board, *app.other_boards]
    needed = {*named, *(board(name).twin for name in named)}
    rows = []
    for entry in wanted.values():
        _step(progress, f"generate and build for {entry.name}")
        try:
            generate(path, entry, brain, folder, node=node)
            rows.append(_row(path, entry, brain, folder, node))
        except BudgetError as error:
            if asked or entry.name in needed:
                raise
            # A report goes to others, who need not know where the file lies on this machine.
            why = error.message.replace(str(path), path.name).removeprefix(f"{entry.name}: ")
            rows.append(BoardCost(entry.name, None, note=f"{NO_ROOM}: {why}"))
    return tuple(rows)


def _plays(
    path: Path, brain: Brain, folder: Path, node: str | None, progress: Progress | None
) -> tuple[Play, ...]:
    """What the node decides on each of the app's test traces, and in its default season."""
    from tinyfield import report, sim

    native = board("native")
    app = generate(path, native, brain, folder, node=node)
    image = pio.build(native.env, folder)
    plays = []
    for scenario in app.tests.values():
        _step(progress, f"run test “{scenario.name}” on {native.name}")
        result = scenarios.play(app, native, image, scenario, on_event=_detail(progress))
        plays.append(
            report.Play(
                title=f"test “{scenario.name}”",
                simulated=scenario.trace is None,
                start=result.start,
                first=result.first,
                last=result.last,
                decisions=result.decisions,
                figures=result.figures,
                verdicts=result.verdicts,
                script=tuple(map(str, scenario.script)),
                remembers=tuple(kept.text for kept in scenario.remembers),
                faults=tuple(fault.text for fault in scenario.faults),
                states=result.states,
                wrong=scenarios.wrong_in(scenario, result.last - result.first),
                note=report.note_of(scenario.trace) if scenario.trace is not None else "",
            )
        )
    if plays and (app.site is None or app.site.plant is None):
        return tuple(plays)  # without a season of its own it would play its first test again
    try:
        source = sim.default_source(app)
    except UserError:
        if not plays:  # nothing else to show
            raise
        return tuple(plays)
    _step(progress, f"run the default season on {native.name}")
    run = sim.SimRun(app, native, image, source, on_event=_detail(progress))
    decisions = tuple(run)
    figures = {k: v for k, v in run.summary.items() if k != "seconds"}
    offset = app.site.utc_offset_s if app.site is not None else 0
    season = report.Play(
        title="the default season", simulated=True,
        start=None if source.start is None else source.start + offset, first=source.first,
        last=source.last, decisions=decisions, figures=figures,
    )  # fmt: skip
    return (*plays, season)


def _row(
    path: Path,
    entry: Board,
    brain: Brain,
    folder: Path,
    node: str | None,
) -> BoardCost:
    """What the app takes on a board, measured on it or on the virtual board that stands for it."""
    twin = board(entry.twin) if entry.twin else entry
    if twin.target == "host" and not entry.virtual:
        return BoardCost(
            entry.name, None, note="not measured: no virtual board has its core; pio run builds it"
        )
    try:
        if twin is not entry:
            generate(path, twin, brain, folder, node=node)
        programs = brain.programs(twin.target or "host")
        image = measuring.build_fitting(twin, folder, programs)
        app = load_app(path, board=twin.name, node=node)
        measured = measuring.measure_image(app, twin, image, programs)
    except MissingToolError as missing:
        return BoardCost(entry.name, None, note=f"not measured: {missing.install}")
    return estimate(entry, twin.name, measured)


def _source(app: App, trace: Path | None, season: str | None, limit: int | None) -> RowSource:
    from tinyfield import sim

    if trace is not None:
        return sim.TraceSource(trace, app, limit=limit)
    return sim.default_source(app, season=season, limit=limit)


def _tables(
    path: Path, app: App, brain: Brain, data_dir: Path | None, progress: Progress | None
) -> dict[str, Sequence[Mapping[str, Any]]]:
    """How true the generator is, and what the app's decisions bring in its world.

    Only for a generator that can keep score; so far that is the irrigated bed.
    """
    if not any(m.train.stand_in == "fao56" for m in app.models.values()):
        return {}
    from tinyfield.data.validate import validation_table

    tables: dict[str, Sequence[Mapping[str, Any]]] = {}
    _step(progress, "hold the generator to real probes")
    try:
        found = validation_table(data_dir)
        for task, title in (
            ("next", "from one probe date to the next"),
            ("season", "freely through the season"),
        ):
            tables[f"Physics against REAL probes, {title}: mean error of water in 0-60 cm, mm"] = [
                {
                    key.removeprefix(f"{task}: "): value
                    for key, value in row.items()
                    if ":" not in key or key.startswith(task)
                }
                for row in found
            ]
    except DataError as error:
        tables["The soil-water physics against real probes"] = [
            {"not measured": error.message, "cure": error.hint}
        ]
    from tinyfield import sim
    from tinyfield.data.score import irrigation_table

    native, folder = board("native"), project.ensure_project(None)
    _step(progress, "build the node for the irrigation table")
    node = generate(path, native, brain, folder)
    image = pio.build(native.env, folder)
    _step(progress, "irrigate unseen seasons, each way")

    def run_node(world: World) -> None:
        for _ in sim.SimRun(node, native, image, sim.WorldSource(node, world)):
            pass

    table = irrigation_table(app, run_node)
    title = (
        f"What the irrigation brings: SIMULATED weather and soil, {len(table.seasons)} unseen "
        f"seasons, {table.area_m2:g} m2, means a season"
    )
    tables[title] = table.records()
    return tables
