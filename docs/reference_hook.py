"""Writes the reference pages from what the code itself knows, whenever the site is built.

The app file's keys come from its JSON Schema, drivers and boards from their TOML files, commands
from the command line's own definitions: none of them can fall behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def _resolve(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        part = {**schema["$defs"][part["$ref"].rsplit("/", 1)[1]], **part}
        del part["$ref"]
    return part


def _kind(part: dict[str, Any]) -> str:
    if "enum" in part:
        return " · ".join(f"`{value}`" for value in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    kinds = [option for key in ("anyOf", "oneOf") for option in part.get(key, ())]
    if kinds:
        return " or ".join(dict.fromkeys(_kind(option) for option in kinds))
    if "$ref" in part:
        return str(part["$ref"].rsplit("/", 1)[1]).lower()
    kind = part.get("type", "text")
    return str(kind if isinstance(kind, str) else " or ".join(kind))


def _rows(schema: dict[str, Any], part: dict[str, Any], prefix: str) -> Iterator[str]:
    needed = set(part.get("required", ()))
    for name, raw in part.get("properties", {}).items():
        entry = _resolve(schema, raw)
        text = str(entry.get("description", "")).replace("\n", " ").replace("|", "\\|")
        must = "yes" if name in needed else ""
        kind = _kind(raw).replace("|", "\\|")
        yield f"| `{prefix}{name}` | {kind} | {must} | {text} |"
        if prefix.count(".") < 4:
            yield from _inside(schema, entry, f"{prefix}{name}.")


def _inside(schema: dict[str, Any], entry: dict[str, Any], prefix: str) -> Iterator[str]:
    """The keys below a key, whichever of its forms has them."""
    if entry.get("properties"):
        yield from _rows(schema, entry, prefix)
    extra = entry.get("additionalProperties")
    if isinstance(extra, dict):
        yield from _rows(schema, _resolve(schema, extra), f"{prefix}<name>.")
    for form in ("anyOf", "oneOf"):
        for option in entry.get(form, ()):
            yield from _inside(schema, _resolve(schema, option), prefix)


def app_page() -> str:
    """Every key of the app file."""
    from tinyfield.spec import json_schema

    schema: dict[str, Any] = json_schema()
    head = (
        "# The app file\n\nOne YAML file is the whole app. Every key, as `tinyfield check` knows "
        "it. `tinyfield schema` prints the same as JSON Schema for an editor. How to use them: "
        "[models](../how-to/models.md), [rules](../how-to/rules.md), [fast "
        "sensors](../how-to/fast-sensors.md), [cases that go "
        "up](../how-to/escalate.md), [neighbours](../how-to/neighbours.md), [scenarios with their "
        "worlds, faults and the edge's answers]"
        "(../how-to/scenarios.md).\n\n"
        "| key | value | needed | what it says |\n|---|---|---|---|\n"
    )
    rows = "\n".join(_rows(schema, _resolve(schema, schema), ""))
    return f"{head}{rows}\n\n{features_table()}\n{names_table()}"


def features_table() -> str:
    """What a model's inputs may be."""
    from tinyfield.spec.features import SAYS, SITE
    from tinyfield.spec.times import CYCLIC

    lines = [
        "## Inputs of a model\n",
        "An input is a channel, an operation and, for most, a time: `air.temperature mean 24 h`. "
        "A window has a value if at least half of its samples so far were readings, a baseline "
        "from its first reading on; while one input has none, the model does not run. What is made "
        "of a channel may be a number in a [rule](../how-to/rules.md) too.\n",
        "| input | what it is |",
        "|---|---|",
    ]
    for op, says in SAYS.items():
        rest = {"last": "", "minus": " sensor.other"}.get(op, " 6 h")
        lines.append(f"| `sensor.quantity {op}{rest}` | {says} |")
    lines += [f"| `{name}` | {source.summary} |" for name, source in SITE.items()]
    lines += [
        f"| `{name} cyclic` | sine and cosine of the {says}, local time: two inputs, none until "
        "the clock has been set |"
        for name, says in CYCLIC.items()
    ]
    return "\n".join(lines) + "\n\n" + frames_table()


def frames_table() -> str:
    """What a model's inputs may be of a sensor that is sampled fast."""
    from fractions import Fraction

    from tinyfield.features.signals import CALLS, STAGES
    from tinyfield.spec.frame_features import LONGEST_S
    from tinyfield.spec.signals import JERK_SAYS, MOST_FRAMES, SIGNALS, STATISTICS, Source

    example = Source("g", -3, -16000, 16000, Fraction(100), 256)
    given = {"lag": " 0.5 s", "channel": " imu.accel_y", "band": " 1..3 Hz"}
    lines = [
        "## Inputs from a fast sensor\n",
        "A sensor with a `rate:` gives frames, many a sample. An input is then a channel or a "
        "vector (`imu.accel` for `imu.accel_x`, `_y` and `_z`), for a vector one of the signals "
        "below, `jerk` if it is the change that matters, a statistic, and a window: "
        "`imu.accel norm jerk rms 2.56 s`. Braces expand as in a shell: "
        "`imu.accel_{x,y,z} {mean,std} 2.56 s` are six inputs. The window is a whole number of "
        f"frames, {MOST_FRAMES:,} at most; it may be longer than the sample period, and then "
        "windows overlap. It has no value until it is full of frames without a gap. Over more than "
        f"{LONGEST_S} s, and with the words of the table above, an input is of the channel's "
        "readings, one a sample: the mean of its frames.\n",
        "| signal | what it is |",
        "|---|---|",
        *(f"| `{name}` | {signal.says} |" for name, signal in SIGNALS.items()),
        f"| `jerk` | {JERK_SAYS} (after any of these, or of a channel) |",
        "",
        "Unit, resolution and RAM are those of `imu.accel_x` in g over 2.56 s at 100 Hz; features "
        "of one window share the RAM. Statistics of a signal that does not move are 0, not "
        "missing. A network's inputs are brought to mean 0 and deviation 1 of the training rows "
        "before it sees them (a z-score); no input needs to do that.\n",
        "| statistic | what it is | unit | resolution | RAM |",
        "|---|---|---|---|---|",
    ]
    for name, statistic in STATISTICS.items():
        measure = statistic.measure(example)
        words = "imu.accel" if statistic.of == "vector" else "imu.accel_x"
        words += f" {name}" + "".join(given[kind] for kind in statistic.takes) + " 2.56 s"
        stage = CALLS[name].stage
        scratch = f"{STAGES[stage].scratch(example.frames):,} B" if stage else ""
        resolution = f"{10.0**measure.scale:.6f}".rstrip("0").rstrip(".")
        lines.append(
            f"| `{words}` | {statistic.says} | {measure.unit} | {resolution} | {scratch} |"
        )
    return "\n".join(lines) + "\n"


def names_table() -> str:
    """What a rule, a total and a level may name."""
    from tinyfield.spec.features import SITE
    from tinyfield.spec.resolve_pet import PET
    from tinyfield.spec.times import TIMES

    totals = {
        "today": "what the total comes to so far; of a time in s, which a rule compares in any "
        "unit of time",
        "yesterday": "that of the last whole day; none if less than 18 h of it were known, and "
        "brought to 24 h if it had gaps",
        "usual": "the mean of the days at first, then an average in which each weighs one n-th",
    }
    lines = [
        "## Names in a rule\n",
        "Numbers with their units, joined by `+ - * /`, compared and joined by `and`, `or`, `not`. "
        "Something that is missing makes a comparison neither true nor false: it fires nothing and "
        "ends nothing. `is missing` and `is not missing` ask just that, and always have an answer. "
        "Readings, totals and what follows from them stay on the node.\n",
        "| name | what it is |",
        "|---|---|",
        "| `sensor.quantity` | the latest reading |",
        "| `sensor.quantity mean 6 h` | what a model's input may be of a channel: all operations "
        "of [the table above](#inputs-of-a-model), and of a fast sensor those of its frames |",
        "| `model == class`, `confidence` | what a model says, and how sure it is, 0 to 1 |",
        "| `rule` | whether another rule is active |",
        *(f"| `total.{part}` | {says} |" for part, says in totals.items()),
        *(f"| `{name}` | {time.summary} |" for name, time in TIMES.items()),
        *(f"| `{name}` | {pet.summary}, in {pet.unit} |" for name, pet in PET.items()),
        *(f"| `{name}` | {site.summary} |" for name, site in SITE.items()),
        "| `battery` | the supply's voltage |",
    ]
    return "\n".join(lines) + "\n"


def drivers_page() -> str:
    """Every sensor and actuator."""
    from tinyfield.spec.drivers import load_drivers

    lines = ["# Drivers\n"]
    for driver in load_drivers().values():
        lines += [f"## {driver.name}\n", f"{driver.summary}\n"]
        if driver.datasheet:
            lines.append(f"Source: {driver.datasheet}\n")
        if driver.fast:
            rates = ", ".join(f"{rate / 1000:g}" for rate in driver.fast.rates)
            lines.append(
                f"Sampled fast: `rate:` {rates} Hz; its FIFO keeps {driver.fast.fifo} frames.\n"
            )
        if driver.channels:
            lines += ["| channel | unit | resolution |", "|---|---|---|"]
            lines += [f"| `{c.name}` | {c.unit} | {10.0**c.scale:g} |" for c in driver.channels]
            lines.append("")
        if driver.params:
            lines += ["| parameter | kind | needed | what it says |", "|---|---|---|---|"]
            lines += [
                f"| `{key}` | {p.kind}{f' in {p.unit}' if p.unit else ''} "
                f"| {'yes' if p.required else ''} | {p.summary} |"
                for key, p in driver.params.items()
            ]
            lines.append("")
    return "\n".join(lines)


def boards_page() -> str:
    """Every board."""
    from tinyfield.boards import load_boards

    lines = [
        "# Boards\n",
        "| board | what | flash | RAM | clock | virtual twin |",
        "|---|---|---|---|---|---|",
    ]
    for board in load_boards().values():
        twin = "itself" if board.virtual else f"`{board.twin}`"
        lines.append(
            f"| `{board.name}` | {board.title} | {board.flash_bytes // 1024:,} KiB "
            f"| {board.ram_bytes / 1024:,.0f} KiB | {board.clock_hz // 1_000_000} MHz | {twin} |"
        )
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command with its options."""
    import typer.main

    from tinyfield.cli import cli

    lines = ["# Commands\n", "Results go to stdout, talk to stderr. Exit codes: 0 ok, 1 your "]
    lines[-1] += "mistake, 2 usage, 3 something missing on this machine.\n"

    def walk(command: Any, name: str) -> None:
        if hasattr(command, "commands"):
            for key, inner in command.commands.items():
                walk(inner, f"{name} {key}")
            return
        context = command.make_context(name, [], resilient_parsing=True)
        lines.append(f"## {name}\n\n```\n{command.get_help(context)}\n```\n")

    walk(typer.main.get_command(cli), "tinyfield")
    return "\n".join(lines)


def _first_sentence(text: str) -> str:
    line = " ".join(text.strip().split("\n\n")[0].split())
    return line.split(". ")[0].rstrip(".").replace("``", "`").replace("|", "\\|")


def operators_table() -> str:
    """The operators that the compiler takes, by the file that knows them."""
    import sys

    from tinyfield.compiler.ops import KINDS
    from tinyfield.compiler.schema import OPERATORS

    rooms: dict[str, list[str]] = {}
    for name, kind in KINDS.items():
        if name in OPERATORS:
            rooms.setdefault(kind.check.__module__, []).append(name)
    lines = ["| operators | |", "|---|---|"]
    for room, names in rooms.items():
        about = _first_sentence(sys.modules[room].__doc__ or "")
        lines.append(f"| {', '.join(f'`{name}`' for name in sorted(names))} | {about} |")
    return "\n".join(lines)


def targets_table() -> str:
    """The processors that code is made for, measured and proved on."""
    from tinyfield.compiler.targets import TARGETS

    lines = ["| target | compiler | runs under | counted |", "|---|---|---|---|"]
    lines.append("| `host` | this PC's | – | – |")
    for one in TARGETS.values():
        machine = f"{one.machine[0]} {one.machine[2]}" if one.machine else "simavr ATmega328P"
        flags = " ".join(flag for flag in one.flags if flag.startswith(("-mcpu", "-march", "-mm")))
        lines.append(f"| `{one.name}` | `{one.compiler} {flags}` | {machine} | {one.unit} |")
    return "\n".join(lines)


def bounds_table() -> str:
    """The arithmetic bound of each target."""
    from tinyfield.bench.bound import SEQUENCES, per_mac

    lines = ["| target | best sequence | work a MAC |", "|---|---|---|"]
    lines += [f"| `{name}` | {how} | {per_mac(name):g} |" for name, how in SEQUENCES.items()]
    return "\n".join(lines)


def worlds_table() -> str:
    """The worlds that a scenario can play, and their states."""
    from tinyfield.spec.worlds import worlds

    lines = []
    for world in worlds().values():
        lines += [f"**`{world.name}`**: {world.what}.\n", "| state | what it is |", "|---|---|"]
        lines += [f"| `{state}` | {what} |" for state, what in world.states.items()]
        lines.append("")
    return "\n".join(lines)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in the tables of pages that are otherwise written by hand."""
    tables = {
        "operators": operators_table,
        "targets": targets_table,
        "bounds": bounds_table,
        "worlds": worlds_table,
    }
    for name, make in tables.items():
        mark = f"<!-- {name} -->"
        if mark in markdown:
            markdown = markdown.replace(mark, make())
    return markdown


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    pages = {
        "reference/app.md": app_page,
        "reference/drivers.md": drivers_page,
        "reference/boards.md": boards_page,
        "reference/commands.md": commands_page,
    }
    for name, make in pages.items():
        files.append(File.generated(config, name, content=make()))
    return files
