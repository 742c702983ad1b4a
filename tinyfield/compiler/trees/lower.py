"""An ensemble as C: which form, how its leaves are counted, and how the scores come out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyfield.compiler.emit import Emitted
from tinyfield.compiler.scores import (
    HALVES,
    margin_limit,
    margin_ratio,
    tempered_outputs,
    vote_outputs,
    vote_ratio,
)
from tinyfield.compiler.standalone import (
    Standalone,
    check_prefix,
    constant,
    declarations,
    function,
    narrowest,
    ports,
)
from tinyfield.compiler.trees.ensemble import Ensemble
from tinyfield.compiler.trees.inline import DEPTH_MOST, branches, chunks
from tinyfield.compiler.trees.table import Table, pack
from tinyfield.errors import ModelError

#: Up to so many mixed leaves of a tree alone are written out.
_SPELLED = 2
#: Sums of up to so many classes stay in registers, two in each, where speed is asked for.
_IN_REGISTERS = 12
#: Bytes of code an inner node takes as branches, by target and type of feature, and what walking
#: a table takes at least: rules of thumb that decide where size is asked for.
_NODE = {"int8": 8, "uint8": 8, "int16": 10, "int32": 10}
_NODE_AVR = {"int8": 8, "uint8": 8, "int16": 16, "int32": 28}
_WALKER, _WALKER_AVR = 100, 160
#: More inner nodes than this are walked even for speed: as branches they would fill a small part.
_BRANCHES_MOST = 2000


def lower(ensemble: Ensemble, prefix: str, target: str, optimize: str) -> Standalone:
    """The C of an ensemble.

    Args:
        optimize: ``speed`` for branches, ``size`` for whichever form is smaller.

    Raises:
        ModelError: it fits neither form.
        UsageError: the prefix cannot start a C name.
    """
    check_prefix(prefix)
    ensemble.verify()
    given, result = ports(ensemble.inputs, ensemble.dtype, 1.0, ensemble.classes)
    table = _table(ensemble, target, optimize)
    writer = _Writer(ensemble, prefix, target)
    body = writer.walk(table) if table is not None else writer.branch(given.c_type)
    what = f"{ensemble.trees} trees" if ensemble.trees > 1 else "a tree"
    emitted = Emitted(
        declarations(prefix, given, result, what),
        "\n".join([*writer.parts, function(prefix, given, result, body)]),
        ("kernel.h", "scores.h", "trees.h"),
        writer.rom_bytes,
    )
    example = ensemble.example.astype(ensemble.dtype).reshape(-1, 1, ensemble.inputs)
    return Standalone(emitted, given, result, 4, 0, ensemble.dump(), example)


def _table(ensemble: Ensemble, target: str, optimize: str) -> Table | None:
    """The table to be walked; None where branches are better."""
    deep = ensemble.depth > DEPTH_MOST
    if optimize == "speed" and not deep and ensemble.inner <= _BRANCHES_MOST:
        return None
    try:
        table = pack(ensemble, dense=target == "avr")
    except ModelError:
        if deep:
            raise
        return None
    avr = target == "avr"
    node = (_NODE_AVR if avr else _NODE)[ensemble.dtype]
    walked = table.bytes + (_WALKER_AVR if avr else _WALKER)
    return table if deep or walked < node * ensemble.inner else None


class _Writer:
    def __init__(self, ensemble: Ensemble, prefix: str, target: str) -> None:
        self._e = ensemble
        self._prefix = prefix
        total = ensemble.full * ensemble.trees
        self._tempered = ensemble.full > 0 and ensemble.octave > 0
        self._ratio = vote_ratio(total) if ensemble.full else margin_ratio(ensemble.octave)
        self._short = 0 < total < 1 << 16 and (not self._tempered or ensemble.trees == 1)
        self._wide = target != "avr"
        self._sum = "int32_t" if not ensemble.full else "uint16_t" if self._short else "uint32_t"
        pure = np.eye(ensemble.classes, dtype=np.int64) * ensemble.full
        #: Row c stands for class c alone: such a leaf needs no table.
        self._pure = bool(
            ensemble.full
            and len(ensemble.votes) >= ensemble.classes
            and np.array_equal(ensemble.votes[: ensemble.classes], pure)
        )
        self.parts: list[str] = []
        self.rom_bytes = 0

    # --- the two forms ---

    def walk(self, table: Table) -> str:
        """Statements that walk every tree through the table."""
        e, name = self._e, self._prefix
        self._rom("nodes", np.frombuffer(table.stream, np.uint8), "uint8")
        layout = table.layout.c()
        if self._alone:
            leaf = f"tiny_tree_walk({name}_nodes, in0, {layout})"
            return f"    const uint16_t leaf = {leaf};\n" + self._alone_out()
        self._rom("starts", np.array(table.starts), "uint16")
        count = "uint8_t" if e.trees < 256 else "uint16_t"
        return (
            self._start()
            + f"    for ({count} t = 0; t < {e.trees}u; t++) {{\n"
            + f"        const uint8_t TINY_ROM *tree = {name}_nodes + {name}_starts[t];\n"
            + f"        const uint16_t leaf = tiny_tree_walk(tree, in0, {layout});\n"
            + self._add()
            + "    }\n"
            + self._scores()
        )

    def branch(self, c_type: str) -> str:
        """Statements that call the functions of branches, which are added to ``parts``."""
        e, name = self._e, self._prefix
        if self._alone:
            text = branches(e, range(1), lambda _, row: f"return {row};")
            # The one tree ends in returns; nothing follows it.
            text = text.replace("    TINY_APART();\n", "").replace("t0_end:;\n", "")
            text = "\n".join(line for line in text.splitlines() if "goto t0_end" not in line)
            self.parts.append(
                f"TINY_BRANCHES uint16_t {name}_tree(const {c_type} *x)\n{{\n{text}\n}}\n"
            )
            return f"    const uint16_t leaf = {name}_tree(in0);\n" + self._alone_out()
        if self._fits_registers:
            return self._branch_in_registers(c_type)
        calls = ""
        for number, trees in enumerate(chunks(e)):
            text = branches(e, trees, self._tail)
            self.parts.append(
                f"TINY_BRANCHES void {name}_trees{number}(const {c_type} *x, {self._sum} *sum)\n"
                f"{{\n{text}}}\n"
            )
            calls += f"    {name}_trees{number}(in0, sum);\n"
        return self._start() + calls + self._scores()

    # --- sums in registers ---

    @property
    def _fits_registers(self) -> bool:
        e, ratio = self._e, self._ratio
        fits = self._short and ratio.mult == 1 and ratio.shift <= 8
        return fits and self._wide and e.classes <= _IN_REGISTERS and len(chunks(e)) == 1

    def _lane(self, label: int) -> tuple[int, int]:
        """Word and shift of a class's sum: fours of them as ``tiny_scores_four`` takes them."""
        whole = self._e.classes // 4 * 4
        slot = label if label >= whole else label // 4 * 4 + (0, 2, 1, 3)[label % 4]
        return slot // 2, 16 * (slot % 2)

    def _branch_in_registers(self, c_type: str) -> str:
        e, name = self._e, self._prefix
        words = range((e.classes + 1) // 2)

        def tail(_: int, row: int) -> str:
            added = dict.fromkeys(words, 0)
            for label, votes in enumerate(e.votes[row].tolist()):
                word, shift = self._lane(label)
                added[word] += votes << shift
            return " ".join(f"s{word} += {votes}u;" for word, votes in added.items() if votes)

        keep = " ".join(f"TINY_KEEP(s{word});" for word in words) + " TINY_APART();"
        first = "".join(f"    uint32_t s{word} = 0;\n" for word in words)
        last = "".join(f"    sum[{word}] = s{word};\n" for word in words)
        self.parts.append(
            f"TINY_BRANCHES void {name}_trees(const {c_type} *x, uint32_t *sum)\n{{\n"
            f"{first}    {keep}\n{branches(e, range(e.trees), tail, keep)}{last}}}\n"
        )
        start = f"    uint32_t sum[{len(words)}];\n    {name}_trees(in0, sum);\n"
        return start + self._scores_of_words()

    def _scores_of_words(self) -> str:
        """The winner is looked for while the sums are at hand, without a loop."""
        e, shift = self._e, self._ratio.shift

        def votes(label: int) -> str:
            word, lane = self._lane(label)
            return f"(uint16_t)(sum[{word}] >> {lane})" if lane else f"(uint16_t)sum[{word}]"

        lines = [f"uint16_t most = {votes(0)};", "uint8_t best = 0;"]
        for label in range(1, e.classes):
            lines += [
                f"if ({votes(label)} > most) {{",
                f"    most = {votes(label)};",
                f"    best = {label};",
                "}",
            ]
        whole = e.classes // 4 * 4
        for label in range(0, whole, 4):
            word = label // 2
            lines.append(
                f"tiny_scores_four(sum[{word}], sum[{word + 1}], {shift}u, &out0[{label}]);"
            )
        for label in range(whole, e.classes):
            lines.append(f"out0[{label}] = tiny_scores_each({votes(label)}, {shift}u);")
        lines.append("tiny_scores_winner(out0, best);")
        return "".join(f"    {line}\n" for line in lines)

    # --- what a leaf adds ---

    def _plus(self, place: str, amount: str) -> str:
        if self._short:
            return f"{place} = (uint16_t)({place} + {amount});"
        return f"{place} += {amount};"

    def _tail(self, tree: int, row: int) -> str:
        e = self._e
        if not e.full:
            return self._plus(f"sum[{e.adds_to[tree]}]", str(e.votes[row, 0]))
        votes = [(c, int(v)) for c, v in enumerate(e.votes[row]) if v]
        return " ".join(self._plus(f"sum[{c}]", f"{v}u") for c, v in votes)

    def _add(self) -> str:
        """Inside the loop over trees: counts ``leaf``."""
        e, name = self._e, self._prefix
        if not e.full:
            values = e.votes[:, 0]
            self._rom("values", values, narrowest(values))
            targets = set(e.adds_to.tolist())
            place = f"sum[{next(iter(targets))}]"
            if len(targets) > 1:
                self._rom("adds_to", e.adds_to, "uint8")
                place = f"sum[{name}_adds_to[t]]"
            return f"        {place} += {name}_values[leaf];\n"
        one = "        " + self._plus("sum[leaf]", f"{e.full}u") + "\n"
        mixed = self._rows(e.votes, unsigned=True)
        if not mixed:
            return one
        each = self._plus("sum[c]", f"{name}_votes[{self._row()} + c]")
        many = f"for (uint8_t c = 0; c < {e.classes}u; c++) {{\n"
        if not self._pure:
            return f"        {many}            {each}\n        }}\n"
        return (
            f"        if (leaf < {e.classes}u) {{\n    {one}        }} else {{\n"
            f"            {many}                {each}\n            }}\n        }}\n"
        )

    def _rows(self, votes: NDArray[np.int32], *, unsigned: bool) -> bool:
        """The votes of leaves that are not of one class alone, as a table; whether it is needed."""
        rows = votes[self._e.classes :] if self._pure else votes
        if rows.size:
            self._rom("votes", rows, narrowest(rows, unsigned=unsigned))
        return bool(rows.size)

    def _row(self) -> str:
        less = f"(leaf - {self._e.classes}u)" if self._pure else "leaf"
        return f"{less} * {self._e.classes}u"

    # --- one tree alone: its leaf is the answer ---

    @property
    def _alone(self) -> bool:
        return self._e.trees == 1 and self._e.full > 0

    def _alone_out(self) -> str:
        e, name = self._e, self._prefix
        votes = e.votes.astype(np.int64)
        scores = (
            tempered_outputs(votes, e.octave) if self._tempered else vote_outputs(votes, e.full)
        )
        mixed = scores[e.classes :] if self._pure else scores
        one = f"tiny_scores_one(out0, {e.classes}u, (uint8_t)leaf, {scores.max()});"
        if self._pure and not len(mixed):
            return f"    {one}\n"
        test = f"    if (leaf < {e.classes}u) {{\n        {one}\n    }} else "
        if self._pure and len(mixed) <= _SPELLED:
            blocks = [self._spelled(row) for row in mixed]
            tests = [f"if (leaf == {e.classes + n}u) " for n in range(len(blocks) - 1)]
            return test + " else ".join(map("".join, zip([*tests, ""], blocks, strict=True))) + "\n"
        self._rows(scores.astype(np.int32), unsigned=False)
        many = f"tiny_scores_row({name}_votes + {self._row()}, {e.classes}u, out0);"
        return f"{test}{{\n        {many}\n    }}\n" if self._pure else f"    {many}\n"

    def _spelled(self, row: NDArray[np.int8]) -> str:
        """The block that writes a mixed leaf's few scores."""
        lines = [f"memset(out0, -128, {self._e.classes}u);"]
        lines += [f"out0[{label}] = {score};" for label, score in enumerate(row) if score > -128]
        body = "".join(f"        {line}\n" for line in lines)
        return f"{{\n{body}    }}"

    # --- before and after ---

    def _start(self) -> str:
        e = self._e
        plain = e.bias.any() and not e.ordered
        first = ", ".join(map(str, e.bias.tolist())) if plain else "0"
        return f"    {self._sum} sum[{e.classes}] = {{{first}}};\n"

    def _scores(self) -> str:
        e, ratio = self._e, self._ratio
        if e.regression:
            return f"    out0[0] = tiny_tree_value(sum[0], {e.shift}u);\n"
        if self._tempered:
            power = margin_ratio(HALVES * e.octave)
            return (
                f"    tiny_scores_tempered(sum, {e.classes}u, {margin_limit(power)}u, "
                f"{power.mult}u, out0);\n"
            )
        if e.full:
            kind = "votes16" if self._short else "votes32"
            return (
                f"    tiny_scores_{kind}(sum, {e.classes}u, {ratio.mult}u, {ratio.shift}u, out0);\n"
            )
        limit = margin_limit(ratio)
        spread = "    const int32_t place = sum[0];\n" if e.ordered else ""
        for label, bias in enumerate(e.bias.tolist() if e.ordered else ()):
            spread += f"    sum[{label}] = {label} * place + ({bias});\n"
        return spread + (
            f"    tiny_scores_margins(sum, {e.classes}u, {limit}u, {ratio.mult}u, {ratio.shift}u, "
            f"out0);\n"
        )

    def _rom(self, hint: str, data: NDArray[np.generic], dtype: str) -> None:
        self.parts.append(constant(f"{self._prefix}_{hint}", data, dtype))
        self.rom_bytes += len(data.ravel()) * np.dtype(dtype).itemsize
