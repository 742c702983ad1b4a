"""The C of random rule expressions against a plain Python reading of the same tree."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfield import hostcc
from tinyfield.codegen.expression import ExpressionWriter
from tinyfield.paths import firmware_dir
from tinyfield.spec.expr import (
    Always,
    And,
    Arith,
    Battery,
    ChannelRef,
    Clause,
    Compare,
    Confidence,
    DecisionRef,
    Expr,
    LabelIs,
    LabelTable,
    Missing,
    Neg,
    Not,
    Num,
    Numeric,
    Or,
    Rescale,
    SiteRef,
)
from tinyfield.spec.rule_numbers import interval

MISSING = -(2**31)
CHANNELS, MODELS, RULES = 3, ("need", "leak"), 2
FALSE, UNKNOWN, TRUE = -1, 0, 1

_OPS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}

# A sample: channels, (label, score) of each model, who is active, battery.
Row = tuple[list[int], list[tuple[int, int]], list[int], int]


def number(expr: Numeric, row: Row) -> int | None:
    channels, verdicts, _, battery = row
    if isinstance(expr, Num):
        return expr.value
    if isinstance(expr, ChannelRef):
        return None if channels[expr.index] == MISSING else channels[expr.index]
    if isinstance(expr, Battery):
        return None if battery == MISSING else battery
    if isinstance(expr, Confidence):
        label, score = verdicts[MODELS.index(expr.model)]
        return None if label == 255 else score
    if isinstance(expr, Neg):
        x = number(expr.x, row)
        return None if x is None else -x
    if isinstance(expr, Rescale):
        x = number(expr.x, row)
        return None if x is None else x * expr.factor
    assert isinstance(expr, Arith)
    a, b = number(expr.a, row), number(expr.b, row)
    if a is None or b is None or (expr.op == "/" and b == 0):
        return None
    if expr.op == "/":
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return {"+": a + b, "-": a - b, "*": a * b}[expr.op]


def truth(expr: Expr, row: Row) -> bool | None:
    _, verdicts, active, _ = row
    if isinstance(expr, Compare):
        a, b = number(expr.a, row), number(expr.b, row)
        return None if a is None or b is None else _OPS[expr.op](a, b)
    if isinstance(expr, Always):
        return True
    if isinstance(expr, Missing):
        return number(expr.x, row) is None
    if isinstance(expr, LabelIs):
        label, _ = verdicts[MODELS.index(expr.model)]
        return None if label == 255 else label == expr.class_index
    if isinstance(expr, DecisionRef):
        return bool(active[expr.rule_id])
    if isinstance(expr, Not):
        x = truth(expr.x, row)
        return None if x is None else not x
    assert isinstance(expr, (And, Or))
    values = [truth(item, row) for item in expr.items]
    settles = isinstance(expr, Or)  # one true settles an or, one false an and
    if settles in values:
        return settles
    return None if None in values else not settles


readings = st.one_of(
    st.sampled_from([MISSING, MISSING + 1, 2**31 - 1, 0, 1, -1]), st.integers(-100, 100)
)
small = st.one_of(st.integers(-100, 100), st.sampled_from([MISSING, 2**31 - 1, -(2**33), 2**33]))


def numeric(child: st.SearchStrategy[Numeric]) -> st.SearchStrategy[Numeric]:
    return st.one_of(
        st.builds(Neg, st.just(""), st.just(0), child),
        st.builds(Rescale, st.just(""), st.just(0), child, st.sampled_from([10, 1000])),
        st.builds(Arith, st.just(""), st.just(0), st.sampled_from("+-/"), child, child),
        st.builds(Arith, st.just(""), st.just(0), st.just("*"), child, child),
    )


leaves: st.SearchStrategy[Numeric] = st.one_of(
    st.builds(lambda i: ChannelRef("%", 0, f"s.c{i}", i), st.integers(0, CHANNELS - 1)),
    st.builds(lambda v: Num("%", 0, v), st.integers(-100, 100)),
    st.just(Battery("mV", 0)),
    st.builds(lambda m: Confidence("score", 0, m), st.sampled_from(MODELS)),
)
# Depth is kept such that no 64-bit product overflows, which is the compiler's check.
numbers = st.one_of(leaves, numeric(leaves))
compares = st.builds(
    Compare,
    st.sampled_from(list(_OPS)),
    numbers,
    st.one_of(numbers, st.builds(lambda v: Num("%", 0, v), small)),
)
atoms = st.one_of(
    compares,
    st.builds(Missing, numbers),
    st.just(Always()),
    st.builds(LabelIs, st.sampled_from(MODELS), st.integers(0, 3)),
    st.builds(lambda i: DecisionRef(f"r{i}", i), st.integers(0, RULES - 1)),
)
expressions = st.recursive(
    atoms,
    lambda child: st.one_of(
        st.builds(Not, child),
        st.builds(And, st.lists(child, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(child, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
rows = st.tuples(
    st.lists(readings, min_size=CHANNELS, max_size=CHANNELS),
    st.lists(
        st.tuples(st.sampled_from([0, 1, 2, 3, 255]), st.integers(0, 255)),
        min_size=len(MODELS),
        max_size=len(MODELS),
    ),
    st.lists(st.integers(0, 1), min_size=RULES, max_size=RULES),
    st.one_of(st.just(MISSING), st.integers(1, 5000)),
)

_PROGRAM = """
#include "features/when.h"
#include "rules.h"
#include "verdict.h"
#include <inttypes.h>
#include <stdio.h>
typedef struct {
    const int32_t *channel;
    const tiny_verdict_t *verdict;
    const tiny_rule_state_t *rule;
    tiny_when_t when;
    int32_t battery_mv;
} app_view_t;
%s
int main(void) {
    long long x[64];
    for (;;) {
        for (int i = 0; i < %d; i++) {
            if (scanf("%%lld", &x[i]) != 1) {
                return 0;
            }
        }
        const int32_t channel[] = {(int32_t)x[0], (int32_t)x[1], (int32_t)x[2]};
        const tiny_verdict_t verdict[] = {{(uint8_t)x[3], (uint8_t)x[4]},
                                          {(uint8_t)x[5], (uint8_t)x[6]}};
        tiny_rule_state_t rule[2] = {{0, 0, x[7] != 0}, {0, 0, x[8] != 0}};
        const app_view_t view = {channel, verdict, rule, {0, 0, 0}, (int32_t)x[9]};
        const app_view_t *v = &view;
        (void)v;
%s
        printf("\\n");
    }
}
"""


def run(globals_: str, lines: str, samples: list[Row]) -> list[list[int]]:
    """What the C prints for every sample, built with sanitizers."""
    program = hostcc.compile_executable(
        [_PROGRAM % (globals_, 10, lines)],
        include=[firmware_dir() / "core"],
        flags=["-O1"],
        name="expressions",
        sanitize=True,
    )
    text = "\n".join(
        " ".join(str(x) for x in [*c, *(n for pair in m for n in pair), *a, b])
        for c, m, a, b in samples
    )
    done = subprocess.run(
        [program], input=text, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return [[int(word) for word in line.split()] for line in done.stdout.splitlines()]


def evaluate(exprs: list[Expr], samples: list[Row]) -> list[list[int]]:
    """The C's answer for every sample and expression."""
    writer = ExpressionWriter(MODELS)
    lines = "\n".join(f'        printf("%d ", {writer.truth(expr)});' for expr in exprs)
    return run("", lines, samples)


def test_a_class_may_count_what_another_model_s_class_counts() -> None:
    """Every pair of labels; without one that counts, nothing is known."""
    third = LabelTable("", -1, MODELS[0], (1, 2, 3))
    second = LabelTable("", -1, MODELS[1], (7, 0, 9), ((1, third),))
    table = LabelTable("", -1, MODELS[0], (5, 0, 0), ((1, second), (2, second)))
    assert table.flat == (5, 0, 0, *(7, 0, 9, 1, 2, 3) * 2)
    assert table.leaves == (5, *(7, 9, 1, 2, 3) * 2)
    assert interval(table) == (1, 9)
    samples: list[Row] = [
        ([0] * CHANNELS, [(a, 200), (b, 200)], [0] * RULES, MISSING)
        for a in (0, 1, 2, 255)
        for b in (0, 1, 2, 255)
    ]
    numbers = ", ".join(map(str, table.flat))
    writer = ExpressionWriter(MODELS)
    lines = f"""        const tiny_num_t said = {writer.value(table, "rate_of")};
        printf("%lld", said == TINY_NONE ? -1 : (long long)said);"""
    found = run(
        f'#include "totals.h"\nstatic const int32_t TINY_ROM rate_of[] = {{{numbers}}};', lines,
        samples,
    )  # fmt: skip
    of = {(1, 0): 7, (1, 1): 2, (1, 2): 9, (2, 0): 7, (2, 1): 3, (2, 2): 9}
    assert found == [
        [5 if a == 0 else of.get((a, b), -1)] for a in (0, 1, 2, 255) for b in (0, 1, 2, 255)
    ]


@settings(max_examples=4, deadline=None)
@given(
    exprs=st.lists(expressions, min_size=20, max_size=40),
    samples=st.lists(rows, min_size=10, max_size=30),
)
def test_c_and_python_agree(exprs: list[Expr], samples: list[Row]) -> None:
    expected = [
        [{None: UNKNOWN, True: TRUE, False: FALSE}[truth(expr, row)] for expr in exprs]
        for row in samples
    ]
    assert evaluate(exprs, samples) == expected


def test_the_truth_tables() -> None:
    """Kleene's strong logic, written out."""
    yes = Compare("==", Num("", 0, 1), Num("", 0, 1))
    no = Compare("==", Num("", 0, 1), Num("", 0, 2))
    unknown = Compare("==", ChannelRef("%", 0, "s.c0", 0), Num("%", 0, 1))
    row: Row = ([MISSING] * CHANNELS, [(255, 0)] * 2, [0] * RULES, MISSING)
    three = {FALSE: no, UNKNOWN: unknown, TRUE: yes}
    exprs: list[Expr] = []
    expected = []
    for a, x in three.items():
        exprs.append(Not(x))
        expected.append(-a)
        for b, y in three.items():
            exprs += [And((x, y)), Or((x, y))]
            expected += [min(a, b), max(a, b)]
    assert evaluate(exprs, [row]) == [expected]


@pytest.mark.parametrize("value", [MISSING, MISSING - 1, 2**31])
def test_a_number_that_looks_like_no_reading_is_still_a_number(value: int) -> None:
    expr = Compare(">", ChannelRef("%", 0, "s.c0", 0), Num("%", 0, value))
    row: Row = ([5, 0, 0], [(0, 0)] * 2, [0, 0], 1)
    assert evaluate([expr], [row]) == [[TRUE if value < 5 else FALSE]]


def test_plain_comparisons_stay_in_32_bits() -> None:
    """They are what most rules are made of, and 64-bit arithmetic is dear on an AVR."""
    writer = ExpressionWriter(MODELS)
    channel = ChannelRef("%", -1, "tank.level", 1)
    assert writer.truth(Compare(">", channel, Num("%", -1, 150))) == "tiny_gt(v->channel[1], 150)"
    assert "num" in writer.truth(Compare(">", Neg("%", -1, channel), Num("%", -1, 150)))


def test_clauses_are_named_in_text_order_and_equal_ones_once_each() -> None:
    a = LabelIs("need", 2)
    b = Compare(">", Confidence("score", 0, "need"), Num("score", 0, 178))
    when = Or((And((a, b)), Not(And((a, b)))))
    clauses = [Clause("a", a), Clause("b", b), Clause("a", a), Clause("b", b)]
    rule = ExpressionWriter(MODELS).rule(when, clauses)
    assert rule.when == "tiny_or(tiny_and(c0, c1), tiny_not(tiny_and(c2, c3)))"
    assert rule.words == "(a and b) or not (a and b)"
    assert len(rule.clauses) == 4


def test_whether_something_is_missing_is_asked_of_the_reading_itself() -> None:
    writer = ExpressionWriter(MODELS)
    channel = ChannelRef("%", -1, "tank.level", 1)
    assert writer.truth(Missing(channel)) == "tiny_missing(v->channel[1])"
    assert "num_missing" in writer.truth(Missing(Neg("%", -1, channel)))
    never: Row = ([5, MISSING, 0], [(255, 0), (1, 7)], [0, 0], MISSING)
    leak, need = (Missing(Confidence("score", 0, model)) for model in ("leak", "need"))
    battery = Missing(Battery("mV", 0))
    assert evaluate([Missing(channel), Not(Missing(channel)), need, leak, battery], [never]) == [
        [TRUE, FALSE, TRUE, FALSE, TRUE]
    ]


def test_crop_values() -> None:
    writer = ExpressionWriter(())
    expr = Compare("<", SiteRef("", -3, "site.kc"), Num("", -3, 900))
    assert writer.truth(expr) == "tiny_lt(tiny_site_kc(&crop, v->when.day), 900)"
