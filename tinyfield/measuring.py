"""What an app costs, measured: a candidate model, and an image on a virtual board."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tinyfield import pio
from tinyfield.boards import Board, board
from tinyfield.compiler import Program, compile_model
from tinyfield.errors import BudgetError, MissingToolError
from tinyfield.estimate import Measured
from tinyfield.features import emit_features
from tinyfield.features.bind import feature_files
from tinyfield.spec import App, Model

if TYPE_CHECKING:
    from tinyfield.bench import Cost
    from tinyfield.learn import Measure
    from tinyfield.pio import Image
    from tinyfield.sim import RowSource

_SAMPLES = 288  # two days at ten minutes: every window full, every rule tried


def within_board(app: App, model: Model) -> Model:
    """The model with a budget: the app's own, else half of the board's flash and a quarter of its
    RAM. The rest of the firmware needs room too, and an Uno has 2 KB."""
    entry, asked = board(app.board), model.budget
    budget = asked.model_copy(
        update={
            "flash_bytes": asked.flash_bytes or entry.flash_bytes // 2,
            "ram_bytes": asked.ram_bytes or entry.ram_bytes // 4,
        }
    )
    return model.model_copy(update={"budget": budget})


def compiled(app: App, name: str, file: bytes, target: str, *, prefix: str = "model") -> Program:
    """A model's C, its weights coded as ``compress.huffman`` says.

    ``auto`` codes shared weights only, and these where it pays: what other layers would save is
    not worth the time. Weights are unpacked layer by layer if the budget has the RAM, else row by
    row, in more time.
    """
    model = within_board(app, app.models[name])
    asked, shared = model.compress.huffman, model.compress.share is not None
    coding = {"yes": "huffman", "no": "none"}.get(asked, "auto" if shared else "none")
    program = compile_model(file, prefix=prefix, target=target, coding=coding)
    most = model.budget.ram_bytes
    if coding != "none" and most is not None and program.arena_bytes > most:
        return compile_model(file, prefix=prefix, target=target, coding=coding, unpack="row")
    return program


def build_fitting(twin: Board, folder: Path, programs: Mapping[str, Program]) -> Image:
    """Build for a board; what does not fit it is the user's to know in those words.

    Raises:
        BudgetError: the firmware is larger than the board.
    """
    try:
        return pio.build(twin.env, folder)
    except pio.BuildError as error:
        over = re.search(r"(FLASH|text|RAM|data)\S* .*overflowed by (\d+) bytes", error.message)
        if over is None and "does not fit this board" not in error.message:
            raise
        arena = max((program.arena_bytes for program in programs.values()), default=0)
        what = (
            f"{over[1]} overflows by {int(over[2]):,} B"
            if over
            else f"its state does not fit {twin.ram_bytes:,} B of RAM"
        )
        raise BudgetError(
            f"{twin.name}: {what}; the largest model's working memory is {arena:,} B of it",
            hint="fewer or shorter windows, a smaller `hidden`, or a larger board",
        ) from None


def check_windows(app: App) -> None:
    """Refuses windows of frames that alone are more than the app's board has RAM for.

    Raises:
        BudgetError: says where, and by how much.
    """
    from tinyfield.codegen.limits import check_frames

    check_frames(app, board(app.board), emit_features(app).frames_ram, 0)


def measure_image(app: App, twin: Board, image: Image, programs: Mapping[str, Program]) -> Measured:
    """Sizes of the image, the deepest stack in its first days, the count of one inference of every
    program that a sample runs, gates of the unknown among them."""
    from tinyfield import bench, sim

    run = sim.SimRun(app, twin, image, _work_for(app))
    for _ in run:
        pass
    target = twin.target or "host"
    costs = [bench.measure(program, target, name=name) for name, program in programs.items()]
    features = features_cost(app, target)
    counts = [cost.count for cost in costs if cost.count is not None]
    cycles = [cost.cycles_estimate for cost in costs if cost.cycles_estimate is not None]
    return Measured(
        flash=image.flash,
        ram=image.ram,
        stack=int(run.summary["stack_bytes"]) if "stack_bytes" in run.summary else None,
        count=sum(counts) if counts else None,
        unit=costs[0].unit if costs else "instructions",
        cycles=sum(cycles) if cycles else None,
        features=features.count if features else None,
        features_cycles=features.cycles_estimate if features else None,
        frames_ram=emit_features(app).frames_ram,
    )


def _work_for(app: App) -> RowSource:
    """The app's bed or the world of its tests; where it has neither, readings of no meaning."""
    from tinyfield import sim
    from tinyfield.sim.anything import AnythingSource

    planted = app.site is not None and app.site.plant is not None
    fast = any(sensor.frames for sensor in app.sensors.values())
    if (planted and not fast) or any(test.world is not None for test in app.tests.values()):
        return sim.default_source(app, limit=_SAMPLES)
    return AnythingSource(app, _SAMPLES)


_FRAMES = """
static app_features_t state;
static uint32_t seed = 1;
void start(void);
void work(void);
void work(void)
{{
    int32_t row[APP_FEATURES_CHANNELS] = {{0}};
{bursts}    app_features_push(&state, row);
}}
void start(void)
{{
    app_features_init(&state);
    for (uint16_t i = 0; i < {fill}; i++) {{
        work();
    }}
}}
"""
_BURST = """    for (uint16_t at = 0; at < {of}; at++) {{
        int16_t frame[{width}];
        for (uint8_t i = 0; i < {width}; i++) {{
            seed = seed * 1664525u + 1013904223u;
            frame[i] = (int16_t)((int16_t)(seed >> 16) / 16);
        }}
        app_features_{name}_frames(&state, at, frame, 1, row);
    }}
"""


def features_cost(app: App, target: str) -> Cost | None:
    """What is made of one sample's frames, counted on noise with every window full; None for an
    app without a fast sensor, and on this PC."""
    from tinyfield import bench

    source = emit_features(app)
    if not source.bursts or target == "host":
        return None
    read = [*(f for m in app.models.values() for f in m.inputs), *app.past]
    counts = [f.frames.count for f in read if f.frames]
    least = min(burst.frames for burst in source.bursts)
    bursts = "".join(
        _BURST.format(of=burst.frames, width=burst.width, name=burst.name)
        for burst in source.bursts
    )
    text = _FRAMES.format(bursts=bursts, fill=-(-max(counts, default=1) // least))
    return bench.measure_c(
        [source.source + text, *feature_files()],
        "work",
        target,
        setup="start",
        name="features",
        headers={"app_features.h": source.header},
    )


_LIKE = "cortex-m4"
"""What a board whose core nobody emulates here is measured as: 32 bits, with the same C."""


def cost_of(app: App, name: str) -> Measure:
    """What a candidate for that model costs on the app's board, for the budget.

    A board without a virtual one of its core (an ESP32) is measured as a Cortex-M4, whose code is
    about as long; its time is not told then.
    """
    from tinyfield import bench, learn

    entry = board(app.board)
    twin = board(entry.twin) if entry.twin else entry
    own = twin.target or "host"
    target = _LIKE if own == "host" and not entry.virtual else own

    @functools.cache
    def measure(file: bytes) -> learn.Cost:
        program = compiled(app, name, file, target)
        try:
            cost = bench.measure(program, target)
        except MissingToolError:
            cost = None  # what is known without the cross compiler: constants and arena
        if cost is None or cost.flash is None or cost.ram is None:
            return learn.Cost(target, program.weights_bytes, program.arena_bytes)
        cycles = cost.cycles_estimate if target == own else None
        latency = round(1e6 * cycles / entry.clock_hz) if cycles is not None else None
        return learn.Cost(target, cost.flash.total, cost.ram.total, latency, cost.count, cost.unit)

    return measure
