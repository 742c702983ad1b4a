"""The MLPerf Tiny tables of docs/benchmarks.md, in Markdown, measured here and now.

    python benchmarks/mlperf_tiny.py FOLDER [--target T]... [--layers T]... [--from bench.json]

FOLDER holds the four models (``MODELS`` names the files). ``--from`` takes what
``tinyfield bench --layers --json`` printed before, instead of measuring again. The peer's figures
stand below: they were measured with the same compiler and emulators.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tinyfield import modelfile
from tinyfield.errors import TinyfieldError
from tinyfield.progress import Progress

#: What the tables call a model → its file, without the ending.
MODELS = {
    "kws": "kws_ref_model",
    "vww": "vww_96_int8",
    "ic": "pretrainedResnet_quant",
    "ad": "ad01_int8",
}
PEER = "TFLite Micro + CMSIS-NN"
#: TFLite Micro (August 2026, release configuration, only the operators needed) with CMSIS-NN at
#: -O2, on cortex-m55 at -O3; rv32imc with its reference kernels. arm-none-eabi-gcc 12.2.1, the
#: same emulators; flash is the linked image less an empty one.
PEER_COUNTS = {
    "cortex-m4": {"kws": 7_699_256, "vww": 24_101_518, "ic": 29_864_157, "ad": 582_852},
    "cortex-m7": {"kws": 7_650_000, "vww": 24_030_000, "ic": 30_030_000, "ad": 583_000},
    "cortex-m3": {"kws": 10_530_000, "vww": 31_960_000, "ic": 41_850_000, "ad": 956_000},
    "cortex-m55": {"kws": 1_790_000, "vww": 6_430_000, "ic": 4_810_000, "ad": 150_000},
    "rv32imc": {"kws": 45_610_000, "vww": 114_110_000, "ic": 127_070_000, "ad": 2_510_000},
}
PEER_M4 = {
    "code": {"kws": 53_068, "vww": 53_068, "ic": 50_840, "ad": 27_896},
    "flash": {"kws": 107_004, "vww": 386_356, "ic": 149_336, "ad": 304_872},
    "arena": {"kws": 22_820, "vww": 100_708, "ic": 54_996, "ad": 2_580},
    "stack": {"kws": 940, "vww": 940, "ic": 940, "ad": 652},
    # Its inputs and outputs lie in its arena, ours in the caller's buffers: so this row, too.
    "total": {"kws": 24_360, "vww": 102_248, "ic": 56_536, "ad": 3_828},
}

Row = Mapping[str, Any]
Rows = Mapping[tuple[str, str], Row]


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def beside(ours: int, theirs: int | None) -> str:
    """A figure, the peer's, and how many times less ours is."""
    if theirs is None:
        return f"{ours:,}"
    return f"**{ours:,}** / {theirs:,} = {theirs / ours:.1f} ×"


def cortex_m4(rows: Rows) -> str:
    """Everything that is measured on the Cortex-M4F, beside the peer's."""

    def lines() -> Iterator[list[str]]:
        found = {name: rows["cortex-m4", name] for name in MODELS if ("cortex-m4", name) in rows}
        theirs = PEER_COUNTS["cortex-m4"]
        yield ["instructions", *(beside(r["count"], theirs[n]) for n, r in found.items())]
        yield ["… per MAC", *(f"{r['count'] / r['macs']:.2f}" for r in found.values())]
        yield ["cycles, estimated", *(f"{r['cycles_estimate']:,}" for r in found.values())]
        for what, key in (("flash, code (B)", "code"), ("flash, all (B)", "flash")):
            own = "code" if key == "code" else "total"
            cells = (beside(r["flash"][own], PEER_M4[key][n]) for n, r in found.items())
            yield [what, *cells]
        for what in ("arena", "stack"):
            cells = (beside(r["ram"][what], PEER_M4[what][n]) for n, r in found.items())
            yield [f"RAM, {what} (B)", *cells]
        cells = (beside(r["ram"]["total"], PEER_M4["total"][n]) for n, r in found.items())
        yield ["RAM with inputs and outputs (B)", *cells]

    return table([f"Cortex-M4F: ours / {PEER}", *MODELS], lines())


def targets(rows: Rows) -> str:
    """Instructions on every target."""

    def lines() -> Iterator[list[str]]:
        for target in dict.fromkeys(target for target, _ in rows):
            cells = []
            for name in MODELS:
                row = rows.get((target, name))
                theirs = PEER_COUNTS.get(target, {}).get(name)
                counted = row is not None and row.get("count") is not None
                cells.append(beside(row["count"], theirs) if row and counted else "–")
            if any(cell != "–" for cell in cells):
                yield [target, *cells]

    return table([f"instructions: ours / {PEER}", *MODELS], lines())


def sizes(rows: Rows) -> str:
    """Flash and RAM on every target."""

    def lines() -> Iterator[list[str]]:
        for target in dict.fromkeys(target for target, _ in rows):
            cells = []
            for name in MODELS:
                row = rows.get((target, name))
                if row is None or row.get("ram") is None:
                    cells.append("–")
                    continue
                flash, ram = row["flash"], row["ram"]
                cells.append(
                    f"{flash['code']:,} + {flash['data']:,}, {ram['arena']:,} + {ram['stack']:,}"
                )
            if any(cell != "–" for cell in cells):
                yield [target, *cells]

    return table(["code + constants, arena + stack (B)", *MODELS], lines())


def layers(row: Row, name: str) -> str:
    """Where one inference's work goes."""

    def lines() -> Iterator[list[str]]:
        for layer in row["layers"]:
            macs, bound = layer["macs"], layer["bound"]
            yield [
                layer["label"].removeprefix("node ").split(" '")[0],
                f"`{layer['kernel']}`" if layer["kernel"] else "",
                f"{layer['count']:,}",
                f"{layer['count'] / row['count']:.1%}",
                f"{macs:,}" if macs else "",
                f"{layer['per_mac']:.2f}" if macs else "",
                f"{layer['count'] / bound:.1f} ×" if bound else "",
            ]

    head = ["node", "kernel", row["unit"], "share", "MACs", "per MAC", "of the bound"]
    return f"#### {name} on {row['target']}\n\n" + table(head, lines())


def main() -> int:
    """Measures, or reads what was measured, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the four .tflite files are")
    parser.add_argument("--target", action="append", help="a target; without it, all")
    parser.add_argument("--layers", action="append", help="show the layers on that target")
    parser.add_argument("--from", dest="source", type=Path, help="what bench --json printed")
    given = parser.parse_args()
    files = {file: name for name, file in MODELS.items()}
    shown = given.layers or ["cortex-m4"]
    if given.source is not None:
        measured = json.loads(given.source.read_text(encoding="utf-8"))
    else:
        from rich.console import Console

        with Progress(Console(stderr=True, highlight=False)) as progress:
            models = {file: modelfile.read_model(given.folder / f"{file}.tflite") for file in files}
            measured = modelfile.bench(models, given.target, layers=True, progress=progress)
    rows = {
        (row["target"], files[row["model"]]): row
        for row in measured
        if row["model"] in files and "missing" not in row
    }
    wrong = [key for key, row in rows.items() if not modelfile.all_well([row])]
    print(cortex_m4(rows) if ("cortex-m4", "kws") in rows else "")
    print(targets(rows))
    print(sizes(rows))
    for target in shown:
        for name in MODELS:
            if "layers" in rows.get((target, name), {}):
                print(layers(rows[target, name], name))
    for target, name in wrong:
        print(f"{name} on {target} is not exact, or writes beside its arena", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TinyfieldError as error:
        print(f"error: {error.message}", *([f"  cure: {error.hint}"] if error.hint else []),
              sep="\n", file=sys.stderr)  # fmt: skip
        sys.exit(error.exit_code)
