"""Rules: what they mean, down to the last step of a reading."""

from __future__ import annotations

import operator
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfield.spec.app import Channel
from tinyfield.spec.expr import (
    And,
    Arith,
    ChannelRef,
    Compare,
    Confidence,
    Expr,
    LabelIs,
    Neg,
    Not,
    Num,
    Numeric,
    Or,
    Rescale,
    dump,
    walk,
)  # fmt: skip
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.rule_parser import parse
from tinyfield.spec.rule_types import Scope, Typed, compile_condition
from tinyfield.spec.units import find_unit, parse_quantity, power_of_ten
from tinyfield.spec.unsure import Unsure


def channel(name: str, unit: str, scale: int, low: int, high: int) -> Channel:
    sensor, quantity = name.split(".")
    return Channel(name=name, sensor=sensor, quantity=quantity, unit=unit, scale=scale,
                   minimum=low, maximum=high)  # fmt: skip


CHANNELS = (
    channel("tank.level", "%", -1, -100, 1100),
    channel("air.temperature", "degC", -2, -4000, 8500),
    channel("shed.temperature", "degC", -1, -400, 850),
    channel("probe.out", "mV", 0, 0, 5000),
    channel("line.in", "V", -2, 0, 500),
)
SCOPE = Scope(
    channels=CHANNELS,
    models={"need": ("none", "light", "heavy"), "frost": ("no", "yes")},
    decisions={"water": 0, "tank_low": 1},
    own_name="water",
    has_crop=True,
    sample_s=600,
)
OPS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
       "==": operator.eq, "!=": operator.ne}  # fmt: skip


def typed(text: str) -> Typed:
    found = compile_condition(text, SCOPE)
    assert not found.mistakes, [m.message for m in found.mistakes]
    assert found.expr is not None
    return found


def value(node: Numeric, readings: dict[str, int]) -> int:
    """The node's integer, as the node's C computes it."""
    if isinstance(node, Num):
        return node.value
    if isinstance(node, ChannelRef):
        return readings[node.name]
    if isinstance(node, Confidence):
        return readings["confidence"]
    if isinstance(node, Rescale):
        return value(node.x, readings) * node.factor
    if isinstance(node, Neg):
        return -value(node.x, readings)
    assert isinstance(node, Arith)
    a, b = value(node.a, readings), value(node.b, readings)
    if node.op == "/":
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    found: int = {"+": operator.add, "-": operator.sub, "*": operator.mul}[node.op](a, b)
    return found


def truth(expr: Expr, readings: dict[str, int]) -> bool:
    if isinstance(expr, Compare):
        return bool(OPS[expr.op](value(expr.a, readings), value(expr.b, readings)))
    if isinstance(expr, Not):
        return not truth(expr.x, readings)
    if isinstance(expr, And):
        return all(truth(item, readings) for item in expr.items)
    if isinstance(expr, Or):
        return any(truth(item, readings) for item in expr.items)
    raise AssertionError(expr)


@given(
    st.sampled_from(CHANNELS),
    st.sampled_from(sorted(OPS)),
    st.decimals(min_value=-50, max_value=120, places=3),
    st.integers(min_value=-6000, max_value=9000),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_comparisons_are_exact(
    ch: Channel, op: str, number: object, reading: int, flipped: bool
) -> None:
    """Whatever the constant's digits and unit, the integer comparison is the exact one."""
    unit = {"%": "%", "degC": "°F", "mV": "V", "V": "mV"}[ch.unit]
    literal = f"{number} {unit}"
    text = f"{literal} {op} {ch.name}" if flipped else f"{ch.name} {op} {literal}"
    found = compile_condition(text, SCOPE)
    reading = max(ch.minimum, min(ch.maximum, reading))
    left = Fraction(reading) * power_of_ten(ch.scale)
    right = parse_quantity(literal).exact(ch.unit)
    exact = OPS[op](right, left) if flipped else OPS[op](left, right)
    if found.mistakes:
        assert {m.code for m in found.mistakes} <= {"range", "expression"}
        if found.mistakes[0].code == "range":  # "is always/never true": then it is
            assert exact == ("always" in found.mistakes[0].message)
        return
    assert found.expr is not None
    assert truth(found.expr, {ch.name: reading}) == exact


@given(
    st.integers(-4000, 8500), st.integers(-400, 850), st.integers(0, 5000), st.integers(0, 500),
    st.sampled_from(sorted(OPS)),
)  # fmt: skip
def test_two_channels_meet_in_one_scale(a: int, b: int, out: int, line: int, op: str) -> None:
    readings = {"air.temperature": a, "shed.temperature": b, "probe.out": out, "line.in": line}
    expr = typed(f"air.temperature {op} shed.temperature").expr
    assert expr is not None
    assert truth(expr, readings) == OPS[op](Fraction(a, 100), Fraction(b, 10))
    other = typed(f"probe.out {op} line.in").expr
    assert other is not None
    assert truth(other, readings) == OPS[op](Fraction(out, 1000), Fraction(line, 100))


@given(st.integers(0, 5000), st.integers(0, 500), st.integers(-100, 1100))
def test_arithmetic_is_exact_but_for_division(out: int, line: int, level: int) -> None:
    readings = {"probe.out": out, "line.in": line, "tank.level": level}
    o, v, t = Fraction(out, 1000), Fraction(line, 100), Fraction(level, 10)
    for text, exact in (
        ("probe.out + line.in > 3.25 V", o + v > Fraction("3.25")),
        ("probe.out - line.in < 1.5 V", o - v < Fraction("1.5")),
        ("2 * probe.out >= line.in + 100 mV", 2 * o >= v + Fraction("0.1")),
        ("-tank.level > -30 %", -t > -30),
        ("tank.level * 1.5 > 60 %", t * Fraction("1.5") > 60),
        ("tank.level / 2 > 30 %", t / 2 > 30),
        ("(probe.out + line.in) / 2 > 2.5 V", (o + v) / 2 > Fraction("2.5")),
        ("probe.out * line.in > 4 V*V", o * v > 4),
        ("probe.out * 3 h / 1 h > 4 V", o * 3 > 4),
        ("4 V * 2 s > probe.out * 1 s + line.in / (1 Hz)", o + v < 8),
        ("not (probe.out > 1 V or line.in > 1 V)", not (o > 1 or v > 1)),
    ):
        expr = typed(text).expr
        assert expr is not None
        assert truth(expr, readings) == exact, text


@given(st.integers(1, 5000), st.integers(1, 500))
def test_a_quotient_is_cut_to_three_more_digits(out: int, line: int) -> None:
    expr = typed("line.in / probe.out > 1.2").expr
    assert isinstance(expr, Compare)
    exact = Fraction(line, 100) / Fraction(out, 1000)
    steps = value(expr.a, {"probe.out": out, "line.in": line})
    got = steps * power_of_ten(expr.a.scale) * find_unit(expr.a.unit).factor
    assert 0 <= exact - got < Fraction(1, 100)
    assert isinstance(expr.b, Num)
    assert expr.b.value * power_of_ten(expr.b.scale) * find_unit(expr.b.unit).factor == Fraction(
        "1.2"
    )


@pytest.mark.parametrize(
    ("text", "op", "limit"),
    [("confidence > 0.7", ">", 178), ("confidence >= 0.7", ">=", 179),
     ("confidence < 70 %", "<", 179),
     ("confidence <= 0.2", "<=", 51), ("0.2 <= confidence", ">=", 51), ("confidence > 0", ">", 0)],
)  # fmt: skip
def test_confidence_is_compared_in_score_steps(text: str, op: str, limit: int) -> None:
    found = typed(f"need == heavy and {text}")
    assert isinstance(found.expr, And)
    compare = found.expr.items[1]
    assert isinstance(compare, Compare)
    assert (compare.op, compare.b) == (op, Num("score", 0, limit))
    for score in range(256):
        share = Fraction(text.split(maxsplit=1)[0]) if flipped(text) else _number(text)
        wanted = OPS[op](Fraction(score, 255), share)
        assert truth(compare, {"confidence": score}) == wanted


def flipped(text: str) -> bool:
    return text[0].isdigit()


def _number(text: str) -> Fraction:
    quantity = parse_quantity(text.split(" ", 2)[2])
    return quantity.exact("")


@pytest.mark.parametrize(
    ("text", "shown", "clauses"),
    [
        (
            "need == heavy and confidence > 0.7 and tank.level > 15 %",
            "(need is #2 and (score(need) > 178) and (tank.level[0] %e-1 > 150))",
            ["need == heavy", "confidence > 0.7", "tank.level > 15 %"],
        ),
        ("need != none", "not need is #0", ["need != none"]),
        ("heavy == need", "need is #2", ["heavy == need"]),
        ("need == 'heavy'", "need is #2", ["need == 'heavy'"]),
        ("tank.level is missing", "tank.level[0] %e-1 is missing", ["tank.level is missing"]),
        (" always", "always", ["always"]),
        (
            "not tank.level - 5 % is  missing and need is not missing",
            "(not (tank.level[0] %e-1 - 50) is missing and not score(need) is missing)",
            ["tank.level - 5 % is missing", "need is not missing"],
        ),
        (
            "need is missing and frost == yes and confidence > 0.5",
            "(score(need) is missing and frost is #1 and (score(frost) > 127))",
            ["need is missing", "frost == yes", "confidence > 0.5"],
        ),
        (
            "tank.level mean 6 h is missing or battery is missing",
            "(tank.level mean 6 h %e-1 is missing or battery mV is missing)",
            ["tank.level mean 6 h is missing", "battery is missing"],
        ),
        (
            "tank_low or not (tank.level  >  15 %)",
            "(tank_low#1 or not (tank.level[0] %e-1 > 150))",
            ["tank_low", "tank.level > 15 %"],
        ),
        (
            "tank_low and tank.level < 5 % or need == none",
            "((tank_low#1 and (tank.level[0] %e-1 < 50)) or need is #0)",
            ["tank_low", "tank.level < 5 %", "need == none"],
        ),
        ("battery < 3.3 V", "(battery mV < 3300)", ["battery < 3.3 V"]),
        ("site.kc > 0.5", "(site.kc e-3 > 500)", ["site.kc > 0.5"]),
        ("site.root_depth >= 40 cm", "(site.root_depth me-3 >= 400)", ["site.root_depth >= 40 cm"]),
        (
            "air.temperature - shed.temperature > 5 °C",
            "((air.temperature[1] degCe-2 - (shed.temperature[2] degCe-1 x10)) > 500)",
            ["air.temperature - shed.temperature > 5 °C"],
        ),
        (
            "need == heavy and tank.level  mean 1 h 30 min >= 35.25 % or tank.level<5%",
            "((need is #2 and (tank.level mean 1 h 30 min %e-1 >= 353)) "
            "or (tank.level[0] %e-1 < 50))",
            ["need == heavy", "tank.level mean 1 h 30 min >= 35.25 %", "tank.level<5%"],
        ),
        (
            "tank.level slope 6 h < -1 %/h",
            "(tank.level slope 6 h %/he-3 < -1000)",
            ["tank.level slope 6 h < -1 %/h"],
        ),
        (
            "tank.level sum 24 h / 24 h > 5.1 %",
            "(((tank.level sum 24 h %*he-1 * 1000) / 24) > 51000)",
            ["tank.level sum 24 h / 24 h > 5.1 %"],
        ),
        (
            "tank.level > tank.level mean 24 h + 5 %",
            "(tank.level[0] %e-1 > (tank.level mean 24 h %e-1 + 50))",
            ["tank.level > tank.level mean 24 h + 5 %"],
        ),
        (
            "probe.out relative 30 d > 150 %",
            "(probe.out relative 30 d e-3 > 1500)",
            ["probe.out relative 30 d > 150 %"],
        ),
        (
            "-probe.out lag 1 h-probe.out < -0.1 V",
            "(((-probe.out lag 1 h mVe0) - probe.out[3] mVe0) < -100)",
            ["-probe.out lag 1 h-probe.out < -0.1 V"],
        ),
    ],
)
def test_meaning_and_clauses(text: str, shown: str, clauses: list[str]) -> None:
    found = typed(text)
    assert found.expr is not None
    assert dump(found.expr) == shown
    assert [clause.text for clause in found.clauses] == clauses


def test_both_sides_always_share_unit_and_scale() -> None:
    for text in ("probe.out + line.in > 3.25 V", "tank.level * 1.5 > 60 %", "probe.out > line.in"):
        expr = typed(text).expr
        assert expr is not None
        for node in walk(expr):
            if isinstance(node, Compare) or (isinstance(node, Arith) and node.op in "+-"):
                assert (node.a.unit, node.a.scale) == (node.b.unit, node.b.scale), text


@pytest.mark.parametrize(
    "left",
    [
        "air.temperature range 6 h",
        "air.temperature change 6 h",
        "air.temperature std 6 h",
        "air.temperature deviation 7 d",
        "air.temperature minus shed.temperature",
        "air.temperature - shed.temperature",
        "-(shed.temperature - air.temperature)",
        "air.temperature - shed.temperature + 0 K",
        "(air.temperature mean 1 h - air.temperature mean 6 h) * 1",
    ],
)
def test_a_difference_of_temperatures_has_no_zero(left: str) -> None:
    """5 K more are 5 °C more, and 9 °F."""
    exprs = [typed(f"{left} > {text}").expr for text in ("5 degC", "5 K", "9 degF")]
    assert len(set(exprs)) == 1
    assert isinstance(exprs[0], Compare)
    limit = exprs[0].b
    assert isinstance(limit, Num) and limit.value * power_of_ten(limit.scale) == 5
    warm = {typed(f"air.temperature mean 1 h > {text}").expr for text in ("20 degC", "68 degF")}
    assert len(warm) == 1


def test_raw_is_what_comes_from_a_sensor() -> None:
    assert typed("tank.level > 15 %").clauses[0].expr.raw
    assert typed("tank.level mean 24 h > 15 %").clauses[0].expr.raw
    assert typed("need is missing").model is None, "its label is none: the rule's is on"
    for text in ("need == heavy", "tank_low", "battery < 3 V", "site.kc > 0.5",
                 "need == light and confidence > 0.5"):  # fmt: skip
        found = typed(text).expr
        assert found is not None and not found.raw, text


@pytest.mark.parametrize(
    ("text", "word", "cause", "cure"),
    [
        ("need == hevy", "hevy", "no class", "heavy"),
        ("need = heavy", "=", "not an operator", "=="),
        ("need === heavy", "===", "not an operator", "=="),
        ("need == heavy && tank_low", "&&", "not an operator", "and"),
        ("need == heavy AND tank_low", "AND", "capitals", "and"),
        ("need is heavy", "is", "not an operator", "=="),
        ("need > light", "need > light", "no order", "need == heavy"),
        ("need", "need", "say which class", "need == heavy"),
        ("tank.level", "tank.level", "not a condition", "tank.level > …"),
        ("tank.level + 3 %", "tank.level + 3 %", "not a condition", "> …"),
        ("tank.level > 15", "15", "of what", "15 %"),
        ("tank.level > 15 cm", "15 cm", "a length", "15 %"),
        ("tank.level > 15 parsec", "parsec", "unknown unit", None),
        ("tank.level > 1,5 %", ",", "decimal comma", "1.5"),
        ("tank.level == 15.25 %", "15.25 %", "never be equal", "<"),
        ("tank.level > 15 % > 3 %", ">", "in a row", "and"),
        ("tank.level > 15 % tank_low", "tank_low", "nothing joins", "and"),
        ("tank.level > 15 % +", "+", "ends after", None),
        ("tank.level tank_low", "tank_low", "nothing joins", "and"),
        (
            "tank.level is missing and tank.level < 5 %",
            "tank.level is missing and tank.level < 5 %",
            "never true",
            "'or' instead of 'and'",
        ),
        (
            "need is missing and need != none",
            "need is missing and need != none",
            "never true",
            "or",
        ),
        ("always and tank_low", "always", "no other condition", "leave it out"),
        ("not always", "always", "no other condition", "leave it out"),
        ("always > 5 %", "always", "unknown name", None),
        ("need is not heavy", "is", "not an operator", "!="),
        ("tank.level is mising", "mising", "nothing is", "'missing'"),
        ("tank.level is unknown", "unknown", "nothing is", "'tank.level is missing'"),
        ("tank.level is not there", "there", "nothing is", "'tank.level is missing'"),
        ("tank.level is not null", "null", "nothing is", "'tank.level is not missing'"),
        ("need is unknown", "unknown", "nothing is", "need == unknown"),
        ("tank.level == missing", "missing", "no value", "'tank.level is missing'"),
        ("none != tank.level", "none", "no value", "'tank.level is not missing'"),
        ("need == null", "null", "no value", "'need is missing'"),
        ("tank.level missing", "missing", "nothing joins", "'tank.level is missing'"),
        ("tank.level not heard", "not", "does not fit", "'is missing'"),
        ("tank.level IS missing", "IS", "capitals", "'is'"),
        ("tank_low is missing", "tank_low", "never missing", "not tank_low"),
        ("5 % is missing", "5 %", "never missing", "reading"),
        ("tank.level > 5 % is missing", "tank.level > 5 %", "not a number", None),
        ("tnak.level is missing", "tnak.level", "no sensor", "tank.level"),
        ("need == heavy and is missing", "is", "where a name", None),
        ("tank.level need == heavy", "need", "nothing joins", "and"),
        ("tank.level mean 6 h need == heavy", "need", "nothing joins", "and"),
        ("tank.level mean 6 h and tank_low", "tank.level mean 6 h", "not a condition", "> …"),
        ("tank.level mean 6 h", "tank.level mean 6 h", "not a condition", "> …"),
        ("tank.level below 15 %", "below", "not an operator", "tank.level < 15 %"),
        ("tank.level mean 6 h > 3", "3", "of what", "3 %"),
        ("tank.level mean 6 h > 3 % AND need == heavy", "AND", "capitals", "and"),
        ("tank.level meen 6 h > 3 %", "meen", "nothing that can be done", "mean"),
        ("2 % < tank.level average 6 h", "average", "nothing that can be done", "mean"),
        ("tank.level mean 6 h > 150 %", "tank.level mean 6 h > 150 %", "never true", "110 %"),
        ("tank.level std 6 h < -1 %", "tank.level std 6 h < -1 %", "never true", "0 %"),
        ("tank.level slope 6 h < 1 %", "1 %", "a share", "1 %/h"),
        ("tank.level sum 6 h < 1 %", "1 %", "a share", "1 %*h"),
        ("tank.level relative 6 h < 1", "relative", "below zero", "deviation"),
        ("tank.level mean 25 min > 1 %", "25 min", "no whole number", "20 min or 30 min"),
        ("tank.level mean 6 > 1 %", "6", "of what", "6 min"),
        ("tank.level mean {3,6} h > 1 %", "{", "several inputs", "one window"),
        ("tank.level last 3 h > 1 %", "3 h", "no window", "mean 3 h"),
        ("tank mean 6 h > 1 %", "tank", "is a sensor", "tank.level"),
        ("tnak.level mean 6 h > 1 %", "tnak.level", "no sensor", "tank.level"),
        ("tank.levl mean 6 h > 1 %", "tank.levl", "gives no", "tank.level"),
        ("need mean 6 h > 1 %", "need mean 6 h", "sensor's channel", "tank.level mean 6 h"),
        ("battery mean 6 h > 1 V", "battery mean 6 h", "sensor's channel", "tank.level"),
        ("site.kc mean 6 h > 1", "site.kc mean 6 h", "does not go with", "'site.kc'"),
        ("time.year cyclic > 1", "time.year cyclic", "does not go with", "time.hour"),
        ("(tank.level > 15 %", "(", "never closed", ")"),
        ("tank.level > 15 %)", ")", "without its", "remove"),
        ("tank.level > 150 %", "tank.level > 150 %", "never true", "110 %"),
        ("tank.level < 150 %", "tank.level < 150 %", "always true", "110 %"),
        ("3 % > 2 %", "3 % > 2 %", "two constants", None),
        ("tank.level > air.temperature", "tank.level > air.temperature", "go together", None),
        ("tank.level + 3 > 5 %", "tank.level + 3", "plain number", "%"),
        ("tank.level / 0 > 5 %", "tank.level / 0", "division by zero", None),
        ("confidence > 0.5", "confidence", "which model", "need == heavy"),
        ("need == heavy and confidence > 70", "70", "from 0 to 1", "70 %"),
        ("need == heavy and confidence + 1 > 1", "confidence", "computed", "0.7"),
        ("need == heavy and frost == yes", "frost", "one model", "second decision"),
        ("water", "water", "wait for itself", None),
        ("tank_low == on", "tank_low == on", "by itself", "'tank_low'"),
        ("tank_low == off", "tank_low == off", "by itself", "'not tank_low'"),
        ("tank > 5 %", "tank", "unknown name", "tank.level"),
        ("tank.depth > 5 %", "tank.depth", "unknown name", "tank.level"),
        ("tnak.level > 5 %", "tnak.level", "no sensor", "tank.level"),
        ("ned == heavy", "ned", "no model", "need"),
        ("tank.level > 5 %; drop", ";", "means nothing", None),
        ("need == 'heavy", "'", "never closed", "quotes"),
        ("", "", "empty", None),
    ],
)  # fmt: skip
def test_mistakes_point_into_the_rule(text: str, word: str, cause: str, cure: str | None) -> None:
    found = compile_condition(text, SCOPE)
    assert found.expr is None and not found.clauses
    (mistake,) = found.mistakes
    assert cause in mistake.message
    if mistake.offset is not None:
        width = mistake.width or 1
        assert text[mistake.offset : mistake.offset + width] == word
    else:
        assert text == ""
    if cure is not None:
        assert cure in (mistake.hint or "")


def test_every_leaf_is_checked() -> None:
    found = compile_condition(
        "ned == heavy and tank.levl > 15 % or not (battery < 3 and probe.out > 5 cm)", SCOPE
    )
    assert [m.message.split("'")[0] for m in found.mistakes] == [
        "there is no model ", "unknown name ", "3 of what? ", "",
    ]  # fmt: skip


def test_products_past_64_bits_are_refused() -> None:
    text = "*".join(["probe.out"] * 6) + " > line.in"
    found = compile_condition(text, SCOPE)
    assert found.mistakes[0].code == "overflow"
    typed("probe.out * probe.out * probe.out > 1 mV*mV*mV")


def test_of_broken_things_nothing_is_said() -> None:
    scope = Scope(channels=CHANNELS, models={}, decisions={}, unsure=Unsure("need", "soil"))
    for text in ("need == heavy", "soil.moisture > 3 %", "need == heavy and confidence > 0.5"):
        found = compile_condition(text, scope)
        assert found.expr is None and not found.mistakes, text
    partly = compile_condition("soil.moisture > 3 % and tank.levl > 5 %", scope)
    assert [m.hint for m in partly.mistakes] == ["did you mean 'tank.level'?"]


def test_several_models_where_no_label_is_told() -> None:
    models = {"need": ("none", "heavy"), "leaf": ("green", "dry")}
    one = Scope(channels=CHANNELS, models=models, decisions={})
    text = "need == heavy and leaf == dry"
    assert "a rule can name one model" in compile_condition(text, one).mistakes[0].message
    found = compile_condition(text, replace(one, several=True))
    assert found.mistakes == []
    assert found.expr == And((LabelIs("need", 1), LabelIs("leaf", 1)))
    vague = compile_condition(f"{text} and confidence > 0.5", replace(one, several=True))
    assert vague.mistakes[0].message == "confidence of which model?"


def test_precedence() -> None:
    tree = parse("a or b and not c < 1 + 2 * -x")
    assert tree.kind == "or"
    both = tree.items[1]
    assert both.kind == "and" and both.items[1].kind == "not"
    compare = both.items[1].items[0]
    assert compare.kind == "<" and compare.items[1].kind == "+"
    assert compare.items[1].items[1].kind == "*"


@given(st.text(alphabet="need tank.level <>=!&|()+-*/'\"0123456789%.,andornt°Cm\n", max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_rule_or_mistakes(text: str) -> None:
    found = compile_condition(text, SCOPE)
    assert (found.expr is None) == bool(found.mistakes)
    for mistake in found.mistakes:
        assert mistake.message
        assert mistake.offset is None or 0 <= mistake.offset <= len(text)


@given(st.lists(st.sampled_from(["tank.level", "(", ")", "and", "or", "not", "need", "==", "heavy",
                                 ">", "5", "%", "-", "*", "confidence", "/", "battery"]),
                max_size=14))  # fmt: skip
@settings(max_examples=500, deadline=None)
def test_any_words_are_a_rule_or_mistakes(words: list[str]) -> None:
    found = compile_condition(" ".join(words), SCOPE)
    assert (found.expr is None) == bool(found.mistakes)


def test_a_deep_rule_is_refused_not_crashed() -> None:
    for text in ("(" * 500 + "tank_low" + ")" * 500, "not " * 500 + "tank_low",
                 "-" * 500 + "tank.level > 3 %"):  # fmt: skip
        assert compile_condition(text, SCOPE).mistakes
    with pytest.raises(Mistake):
        parse("a and " * 2000)
