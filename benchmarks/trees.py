"""The same trees as tinyfield's C and as emlearn's: flash, RAM, instructions, cycles, accuracy.

``python benchmarks/trees.py [--rows 40]`` needs scikit-learn and emlearn (``pip install
'tinyfield[train]' emlearn``) and the cross compilers; without emlearn its rows are left out.

scikit-learn's digits, 8 by 8 pixels of 0 to 16; trained on the first half, all figures from the
second. Features are int16 for both; each function is compiled with the same flags. Counts are means
over the first test rows, less what the harness takes; flash is the linked image less the same image
without the call. Accuracy and agreement with scikit-learn are the C's own, on every test row.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from tinyfield import bench, hostcc
from tinyfield.compiler import compile_model
from tinyfield.errors import MissingToolError
from tinyfield.learn import trees
from tinyfield.paths import firmware_dir

CLASSES = 10
# What a target's own flags leave open: how the C is compiled.
BUILDS = (("cortex-m4", "-O2"), ("cortex-m4", "-Os"), ("avr", "-Os"))
QUIET = ("-w", "-Wno-error")  # emlearn's C does not hold to our warnings

HARNESS = """
#include <stdint.h>
#include <string.h>
{source}
#if defined(__AVR__)
#define ROM __flash
#else
#define ROM
#endif
static const int16_t ROM rows[] = {{{rows}}};
int16_t in[{inputs}];
int8_t out[{classes}];
volatile int32_t sink;
static uint16_t at;
static void one(void) {{
    for (uint8_t i = 0; i < {inputs}; i++) {{
        in[i] = rows[at * {inputs} + i];
    }}
    sink = {call};
}}
void single(void);
void single(void) {{
    at = 0;
    one();
}}
void all(void);
void all(void) {{
    for (at = 0; at < {count}; at++) {{
        one();
    }}
}}
"""


@dataclass(frozen=True)
class Rival:
    """C that classifies: ``call`` is an expression over ``in`` and ``out``; ``label`` how the
    label comes out of it."""

    name: str
    source: str
    call: str
    label: str
    include: tuple[Path, ...]
    headers: dict[str, str] = field(default_factory=dict)


def ours(name: str, ensemble: Any, form: str, target: str) -> Rival:
    """tinyfield's C of a form for a target."""
    program = compile_model(ensemble.to_bytes(), prefix="model", target=target, optimize=form)
    shown = "branches" if form == "speed" else "table"
    return Rival(
        f"{name}, tinyfield {shown}",
        program.source,
        "model_invoke(0, in, out)",
        "best(out)",
        (firmware_dir() / "core",),
        {"model.h": program.header},
    )


def theirs(name: str, model: Any, method: str) -> Rival:
    """emlearn's C, with what it does by default."""
    # On import it makes every later underflow in this process an error.
    with np.errstate():
        import emlearn

    source = emlearn.convert(model, method=method).save(name="peer", include_proba=False)
    include = (Path(emlearn.__file__).parent,)
    call = f"peer_predict(in, {model.n_features_in_})"
    return Rival(f"{name}, emlearn {method}", source, call, call, include)


def labels(rival: Rival, X: NDArray[np.int16]) -> NDArray[np.int32]:
    """The labels of its C on this PC."""
    shim = (
        f"#include <stdint.h>\n#include <string.h>\n{rival.source}\n"
        f"static int best(const int8_t *out) {{\n    int b = 0;\n"
        f"    for (int c = 1; c < {CLASSES}; c++) b = out[c] > out[b] ? c : b;\n    return b;\n}}\n"
        f"void run(const int16_t *rows, int n, int32_t *labels) {{\n"
        f"    int8_t out[{CLASSES}];\n    for (int i = 0; i < n; i++) {{\n"
        f"        const int16_t *in = rows + i * {X.shape[1]};\n"
        f"        (void)({rival.call}); labels[i] = {rival.label}; (void)best; (void)out;\n"
        f"    }}\n}}\n"
    )
    path = hostcc.compile_shared(
        [shim], include=rival.include, headers=rival.headers, name="rival", flags=QUIET
    )
    found = np.zeros(len(X), np.int32)
    pointer = ctypes.c_void_p
    X = np.ascontiguousarray(X)
    ctypes.CDLL(str(path)).run(X.ctypes.data_as(pointer), len(X), found.ctypes.data_as(pointer))
    return found


def cost(rival: Rival, target: str, level: str, X: NDArray[np.int16]) -> dict[str, Any]:
    """Mean count, flash and RAM of one call; ``missing`` says why there are none."""

    def measured(entry: str, rows: NDArray[np.int16], call: str) -> bench.Cost:
        text = HARNESS.format(
            source=rival.source,
            rows=", ".join(map(str, rows.ravel().tolist())),
            inputs=X.shape[1],
            classes=CLASSES,
            count=len(rows),
            call=call,
        )
        return bench.measure_c(
            [text], entry, target, include=rival.include, headers=rival.headers,
            flags=(level, *QUIET),
        )  # fmt: skip

    try:
        full, idle = measured("all", X, rival.call), measured("all", X, "0")
        lean, empty = measured("single", X[:1], rival.call), measured("single", X[:1], "0")
    except hostcc.CompileError:
        return {"missing": "does not fit"}
    assert full.count and idle.count and lean.flash and empty.flash and lean.ram and empty.ram
    return {
        "count": round((full.count - idle.count) / len(X), 1),
        "unit": full.unit,
        "flash": lean.flash.total - empty.flash.total,
        "ram": lean.ram.stack + lean.ram.static - empty.ram.stack - empty.ram.static,
    }


def models(x: NDArray[Any], y: NDArray[Any]) -> dict[str, Any]:
    """What is compared, trained."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    return {
        "tree, depth 10": DecisionTreeClassifier(max_depth=10, random_state=0).fit(x, y),
        "forest of 10": RandomForestClassifier(10, max_depth=10, random_state=0).fit(x, y),
    }


def compare(rows: int, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """One record a model, rival and build."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    half = len(y) // 2
    test = X[half:].astype(np.int16)
    found: list[dict[str, Any]] = []
    for name, model in models(X[:half], y[:half]).items():
        ensemble = trees.convert(model, X[:half], classes=CLASSES, dtype="int16").ensemble
        said = model.predict(X[half:])
        for target, level in BUILDS:
            rivals = [ours(name, ensemble, form, target) for form in ("speed", "size")]
            try:
                rivals += [theirs(name, model, method) for method in ("inline", "loadable")]
            except ImportError:
                tell("emlearn is not installed: pip install emlearn")
            for rival in rivals:
                tell(f"{rival.name} on {target} {level}")
                got = labels(rival, test)
                found.append(
                    {
                        "what": rival.name,
                        "target": target,
                        "flags": level,
                        "accuracy": round(float((got == y[half:]).mean()), 4),
                        "agreement": round(float((got == said).mean()), 4),
                        **cost(rival, target, level, test[:rows]),
                    }
                )
    return found


def scaled(tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """How many labels are scikit-learn's where features came in other units."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    half = len(y) // 2
    found: list[dict[str, Any]] = []
    for factor in (1.0, 100.0, 0.01):
        Z = X * factor
        steps = max(1.0, 1 / factor)  # integers of the node per unit: none smaller than a pixel's
        for name, model in models(Z[:half], y[:half]).items():
            tell(f"{name}, features times {factor:g}")
            said = model.predict(Z[half:])
            made = trees.convert(model, Z[:half], classes=CLASSES, dtype="int16", scale=steps)
            q = np.round(Z[half:] * steps).astype(np.int16)
            row: dict[str, Any] = {"what": name, "features": f"times {factor:g}"}
            mine = labels(ours(name, made.ensemble, "size", "host"), q)
            row["tinyfield"] = round(float((mine == said).mean()), 4)
            try:
                peer = labels(theirs(name, model, "inline"), Z[half:].astype(np.int16))
                row["emlearn"] = round(float((peer == said).mean()), 4)
            except ImportError:
                pass
            found.append(row)
    return found


def show_scaled(found: list[dict[str, Any]], out: Console) -> None:
    """The records as one table."""
    table = Table(title="Labels that are scikit-learn's", title_justify="left")
    for column in ("what", "features", "tinyfield", "emlearn"):
        table.add_column(column)
    for row in found:
        shares = [f"{row[key]:.1%}" if key in row else "–" for key in ("tinyfield", "emlearn")]
        table.add_row(row["what"], row["features"], *shares)
    out.print(table)


def show(found: list[dict[str, Any]], out: Console) -> None:
    """The records as one table."""
    table = Table(title="The same trees, the same rows", title_justify="left")
    for column in ("what", "target", "count", "flash", "RAM", "accuracy", "as scikit-learn"):
        table.add_column(column, justify="left" if column in ("what", "target") else "right")
    for row in found:
        figures = ["–", row.get("missing", ""), "–"]
        if "missing" not in row:
            figures = [
                f"{row['count']:,.0f} {row['unit']}", f"{row['flash']:,} B", f"{row['ram']} B",
            ]  # fmt: skip
        table.add_row(
            row["what"], f"{row['target']} {row['flags']}", *figures,
            f"{row['accuracy']:.1%}", f"{row['agreement']:.1%}",
        )  # fmt: skip
    out.print(table)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=40, help="test rows that counts are means of")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    talk = Console(stderr=True)
    try:
        found = compare(arguments.rows, talk.print)
        units = scaled(talk.print)
    except MissingToolError as error:
        sys.exit(f"{error.message}; {error.install}")
    if arguments.json:
        print(json.dumps({"costs": found, "scaled": units}, indent=1))
    else:
        show(found, Console(width=120))
        show_scaled(units, Console(width=120))


if __name__ == "__main__":
    main()
