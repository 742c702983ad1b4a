"""The command line: arguments to calls, results to stdout, talk to stderr. No logic here.

It is long because it declares every option of every command, a function each.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinyfield.errors import SpecError, TinyfieldError

if TYPE_CHECKING:
    from rich.console import Console

    from tinyfield.progress import Progress

TARGETS = "host, cortex-m0, cortex-m3, cortex-m4, cortex-m7, cortex-m33, cortex-m55, rv32imc or avr"
"""As ``compiler.targets.NAMES`` has them, which no other command needs to import."""

# typer reads the annotations at run time, where Python 3.10 needs Optional spelled out.
App = Annotated[Path, typer.Argument(metavar="APP", help="The app's YAML file.", exists=False)]
Boards = Annotated[
    list[str] | None,
    typer.Option("--board", "-b", metavar="BOARD", help="A board; may be repeated."),
]
OneBoard = Annotated[
    str | None, typer.Option("--board", "-b", metavar="BOARD", help="Instead of the app's own.")
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]
DataDir = Annotated[
    Path | None,
    typer.Option("--data", help="A folder with recordings in the data set's format."),
]
Optimize = Annotated[
    str | None, typer.Option(help="speed or size; by default what the target is short of.")
]
Inputs = Annotated[
    str,
    typer.Option(help="Where a model's inputs lie: caller, or arena to be written over once read."),
]
Coding = Annotated[
    str, typer.Option(help="Of weights that are few different ones: none, auto, huffman, fixed.")
]
Unpack = Annotated[
    str | None, typer.Option(help="When coded weights are unpacked: layer, once, or row by row.")
]
Node = Annotated[str | None, typer.Option("--node", help="The node's id, [a-z0-9-].")]

cli = typer.Typer(
    name="tinyfield",
    help="One YAML file becomes a sensor node that decides by itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_cli = typer.Typer(help="Data sets: list, info, get.", no_args_is_help=True)
cli.add_typer(data_cli, name="data")


def _talk() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _out() -> Console:
    from rich.console import Console

    # A pipe has no width of its own; tables must not be folded to 80 columns there.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    from tinyfield.progress import Progress

    with Progress(_talk(), quiet=quiet) as progress:
        yield progress


@cli.command()
def check(app: App, board: OneBoard = None, as_json: Json = False) -> None:
    """Validate an app file: every mistake at once, with its place and the cure."""
    from tinyfield.spec import load_app

    loaded = load_app(app, board=board)
    if as_json:
        _print_json({"app": loaded.name, "board": loaded.board, "ok": True})
    else:
        print(f"{app}: ok ({loaded.name} on {loaded.board})")
        for warning in loaded.warnings:
            print(warning.render(), file=sys.stderr)


@cli.command()
def schema() -> None:
    """Print the JSON Schema of the app file, for an editor's completion."""
    from tinyfield.spec import json_schema

    print(json.dumps(json_schema(), indent=2))


@cli.command()
def build(
    app: App,
    board: Boards = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The PlatformIO project to write into.")
    ] = None,
    node: Node = None,
    data: DataDir = None,
    as_json: Json = False,
) -> None:
    """Train (cached), compress, compile, generate, build with PlatformIO, and say what it costs.

    Without --board for the app's own, those below its `boards:`, and every virtual one here.
    """
    from tinyfield import pipeline, tables

    with _progress(as_json) as progress:
        result = pipeline.build(
            app, boards=board, out=out, node=node, data_dir=data, progress=progress
        )
    if as_json:
        _print_json(result.as_json())
    else:
        tables.build(result, _out())


@cli.command()
def evaluate(app: App, data: DataDir = None, as_json: Json = False) -> None:
    """Score the built integer model on the test split, or on another folder of recordings."""
    from tinyfield import pipeline, tables

    with _progress(as_json) as progress:
        scores = pipeline.evaluate(app, data_dir=data, progress=progress)
    if as_json:
        _print_json(scores.as_json())
    else:
        tables.evaluation(scores, _out())


@cli.command()
def report(
    app: App,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The HTML file; APP-report.html here if not given."),
    ] = None,
    board: Boards = None,
    node: Node = None,
    data: DataDir = None,
    as_json: Json = False,
) -> None:
    """One HTML file on the app: what it does, its data, how good it is, what it takes."""
    from tinyfield import pipeline

    with _progress(as_json) as progress:
        file = pipeline.report(
            app, out=out, boards=board, node=node, data_dir=data, progress=progress
        )
    if as_json:
        _print_json({"report": str(file)})
    else:
        print(file)


@cli.command()
def tune(
    app: App,
    trials: Annotated[
        int, typer.Option("--trials", min=0, help="How many more models to try; 0 shows the study.")
    ] = 30,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes.")] = 1,
    storage: Annotated[
        str | None,
        typer.Option(help="A database that several machines may share: sqlite:///… or postgresql…"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    model: Annotated[str | None, typer.Option(help="Which of the app's models.")] = None,
    board: OneBoard = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIGURE",
            help="macro_f1, accuracy, mae, rmse, flash, ram or instructions; may be repeated.",
        ),
    ] = None,
    architecture: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Search only this one; may be repeated."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Where the picture goes (tune-APP.svg).")
    ] = None,
    pick: Annotated[
        int | None, typer.Option(help="Write this row of the table into the app file.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the chosen row into the app file.")
    ] = False,
    data: DataDir = None,
    as_json: Json = False,
) -> None:
    """Search for smaller and better models, each trained and measured; the best of each size."""
    from tinyfield import tables
    from tinyfield.tune import tune as search

    with _progress(as_json) as progress:
        progress.step(f"search {app}")
        found = search(
            app, trials=trials, jobs=jobs, storage=storage, seed=seed, model=model, board=board,
            objectives=objective or (), architectures=architecture or (), data_dir=data,
            plot_to=plot, pick=pick, write_back=write,
            tell=lambda event: progress.say(tables.trial_line(event)),
        )  # fmt: skip
    if as_json:
        _print_json(found.as_json())
    else:
        tables.tuned(found, _out())
    if found.stopped:
        raise KeyboardInterrupt


@cli.command()
def sim(
    app: App,
    board: OneBoard = None,
    trace: Annotated[
        Path | None,
        typer.Option("--trace", help="A CSV of channel values over time."),
    ] = None,
    link: Annotated[
        str | None,
        typer.Option("--link", help="tcp://HOST:PORT: let a gateway bridge read the node here."),
    ] = None,
    link_wait: Annotated[float, typer.Option(help="Seconds to wait for the gateway's word.")] = 60,
    season: Annotated[str | None, typer.Option(help="Which season's weather to play.")] = None,
    scene: Annotated[
        str | None, typer.Option(help="Play one of the app's own tests, faults and all.")
    ] = None,
    node: Node = None,
    as_json: Json = False,
) -> None:
    """Run the real firmware on a virtual board, in virtual time."""
    from tinyfield import pipeline, tables

    with _progress(as_json) as progress:
        run = pipeline.simulate(
            app, board=board, trace=trace, link=link, link_wait=link_wait, season=season,
            scene=scene, node=node, progress=progress,
        )  # fmt: skip
        for decision in run:
            print(decision.as_json() if as_json else tables.decision_line(decision), flush=True)
    tables.season(run.summary, _talk())


@cli.command()
def test(
    app: App,
    name: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only the tests named.")
    ] = None,
    board: Boards = None,
    as_json: Json = False,
) -> None:
    """Run the app's own `tests:` on virtual boards: this PC, and qemu_m4 where it is installed."""
    from tinyfield import pipeline, tables

    with _progress(as_json) as progress:
        run = pipeline.run_tests(app, boards=board, names=name or (), progress=progress)
    for place, why in run.left_out:
        _talk().print(f"left out: {place}: {why}", style="yellow")
    if as_json:
        _print_json([result.as_json() for result in run.results])
    else:
        tables.scenarios(run.results, _out())
    if not run.passed:
        raise typer.Exit(1)


@cli.command(name="compile")
def compile_(
    model: Annotated[Path, typer.Argument(metavar="MODEL.tflite")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the C goes.")],
    target: Annotated[
        str,
        typer.Option(metavar="TARGET", help=f"{TARGETS}."),
    ] = "host",
    check: Annotated[bool, typer.Option(help="Prove bit-exactness against TFLite.")] = False,
    dump: Annotated[bool, typer.Option(help="Print graph, calls and memory plan.")] = False,
    dump_passes: Annotated[bool, typer.Option(help="The graph after each pass, too.")] = False,
    optimize: Optimize = None,
    inputs: Inputs = "caller",
    coding: Coding = "none",
    unpack: Unpack = None,
    rounding: Annotated[
        str, typer.Option(help="litert, or tflm for TFLite Micro's double rounding.")
    ] = "litert",
    prefix: Annotated[str, typer.Option(help="What every name in the C starts with.")] = "model",
    as_json: Json = False,
) -> None:
    """Turn anyone's int8 TFLite model into plain C."""
    from tinyfield import modelfile, tables

    with _progress(as_json) as progress:
        result = modelfile.compile_file(
            model, out, target=target, check=check, rounding=rounding, optimize=optimize,
            inputs=inputs, coding=coding, unpack=unpack, prefix=prefix, dump=dump,
            dump_passes=dump_passes, progress=progress,
        )  # fmt: skip
    if as_json:
        _print_json(result.as_json())
    else:
        tables.compiled(result, _out())
    if result.proof is not None and not result.proof.exact:
        raise typer.Exit(1)


@cli.command(name="run")
def run_(
    model: Annotated[Path, typer.Argument(metavar="MODEL.tflite")],
    inputs: Annotated[Path, typer.Option(help="An .npz with in0 [n, ...].")],
    outputs: Annotated[Path, typer.Option(help="The .npz to write, out0 [n, ...].")],
    target: Annotated[str, typer.Option(help="host, or an emulated target.")] = "host",
) -> None:
    """Run a model's generated C over arrays."""
    from tinyfield import modelfile

    modelfile.run_file(model, inputs, outputs, target=target)


@cli.command()
def bench(
    subjects: Annotated[list[Path], typer.Argument(metavar="MODEL.tflite|APP...")],
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="TARGET", help=f"{TARGETS}; may be repeated. Without it, all."),
    ] = None,
    layers: Annotated[bool, typer.Option(help="Show what each layer takes.")] = False,
    optimize: Optimize = None,
    inputs: Inputs = "caller",
    coding: Coding = "none",
    unpack: Unpack = None,
    as_json: Json = False,
) -> None:
    """Instructions, flash, RAM and stack of one inference, counted under emulation."""
    from tinyfield import modelfile, pipeline, tables

    with _progress(as_json) as progress:
        models = pipeline.models_of_all(subjects, progress=progress)
        costs = modelfile.bench(
            models,
            target,
            layers=layers,
            optimize=optimize,
            inputs=inputs,
            coding=coding,
            unpack=unpack,
            progress=progress,
        )
    if as_json:
        _print_json(costs)
    else:
        tables.costs(costs, _out())
    if not modelfile.all_well(costs):
        raise typer.Exit(1)


@cli.command()
def logs(
    port: Annotated[
        str | None,
        typer.Option(help="A serial device or a pyserial URL; without it, the first one found."),
    ] = None,
    baud: Annotated[int, typer.Option(help="Bits a second.")] = 115200,
    app: Annotated[
        Path | None,
        typer.Option("--app", help="The app or its manifest.json, for names instead of numbers."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Decoded frames from a node or a virtual board, until Ctrl-C."""
    from tinyfield import logs as reader

    for line in reader.follow(port, baud=baud, names=reader.load_names(app)):
        print(line.as_json() if as_json else line.text, flush=True)


@cli.command()
def doctor(as_json: Json = False) -> None:
    """Which tools are here, in which version, and what to install."""
    from tinyfield import doctor as examiner
    from tinyfield import tables

    findings = examiner.examine()
    if as_json:
        _print_json([finding.as_json() for finding in findings])
    else:
        tables.findings(findings, examiner.places(), _out())
    if any(f.required and f.version is None for f in findings):
        raise typer.Exit(3)


@cli.command()
def new(folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Start a project of one's own: platformio.ini, the firmware, one app."""
    from tinyfield import project

    made = project.new_project(folder, project.example_app())
    print(f"{made}: ready. Next: cd {folder} && tinyfield build apps/irrigation.yaml")


@data_cli.command("list")
def data_list(as_json: Json = False) -> None:
    """Every data set that tinyfield knows."""
    from tinyfield import data, tables

    entries = data.registry.entries()
    if as_json:
        _print_json([entry.as_json() for entry in entries])
    else:
        tables.datasets(entries, _out())


@data_cli.command("info")
def data_info(name: str, as_json: Json = False) -> None:
    """Origin, licence, citation and files of one data set."""
    from tinyfield import data, tables

    entry = data.registry.info(name)
    if as_json:
        _print_json(entry.as_json())
    else:
        tables.dataset(entry, _out())


@data_cli.command("get")
def data_get(name: str) -> None:
    """Fetch a data set into the cache, or say where to get it by hand."""
    from tinyfield import data

    print(data.registry.get(name))


def _fail(error: TinyfieldError, as_json: bool) -> int:
    if as_json:
        diagnostics = [d.as_json() for d in getattr(error, "diagnostics", ())]
        _print_json({"error": error.message, "hint": error.hint, "diagnostics": diagnostics})
        return error.exit_code
    # A mistake in the app file brings its own place and the word "error".
    shown = isinstance(error, SpecError) and error.diagnostics
    print(error.message if shown else f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  cure: {error.hint}", file=sys.stderr)
    return error.exit_code


def run(arguments: list[str]) -> int:
    """Parse ``arguments``, do the work, return the exit code (0, 1, 2 or 3)."""
    try:
        cli(args=arguments, prog_name="tinyfield")
    except TinyfieldError as error:
        return _fail(error, "--json" in arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
