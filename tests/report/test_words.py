"""Rules in words say what the rule says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codegen.apps import SMALL, app_of
from tests.report.making import app
from tinyfield.report import words
from tinyfield.report.gather import _sensors, _sentences
from tinyfield.spec.features import CHANNEL_OPS


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("need == heavy", "need says “heavy”"),
        ("need != none and confidence > 0.5",
         "need does not say “none” and its confidence in need is above 0.5"),
        ("tank.level >= 15 % and (soil.moisture < 20 % or need == light)",
         "tank.level is at least 15 % and (soil.moisture is below 20 % or need says “light”)"),
        ("not (soil.moisture > 20 % and tank.level > 5 %)",
         "not (soil.moisture is above 20 % and tank.level is above 5 %)"),
        ("battery < 3.1 V", "the battery's voltage is below 3,100 mV"),
        ("not tank_low", "the rule tank_low is not active"),
        ("need is missing or need is not missing and tank.level > 5 %",
         "need could not run or (need could run and tank.level is above 5 %)"),
        ("soil.moisture mean 24 h < 20 %", "mean of soil.moisture over 1 d is below 20 %"),
        ("soil.moisture sum 24 h / 24 h > 20 %",
         "(soil.moisture sum 24 h / 24 h) is above 20 %"),
    ],
)  # fmt: skip
def test_a_condition(tmp_path: Path, when: str, said: str) -> None:
    text = SMALL.replace("need != none and confidence > 0.5 and tank.level > 15 %", when)
    text = text.replace("{valve: {light: 4 min, heavy: 8 min}}", "valve on for 8 min")
    the = app_of(text, tmp_path)
    assert words.condition(the, the.decisions["water"].when) == said


NEAR = """
app: landing
board: uno
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  hall: {driver: neighbour, node: hall-1, decision: smoke, expires: 12 min}
sample: every 1 min
decisions:
  near: {when: hall.active == 1 and soil.moisture > 20 %, clear: hall.active != 1}
  odd: {when: hall.active > 0}
  deaf: {when: hall.active is missing and soil.moisture is not missing}
  hourly:
    when: always
    repeat: 1 h
    level: {of: soil.moisture, steps: {dry: 0 %, wet: 30 %}}
    escalate: {when: always, wait: 5 min}
"""


def test_a_neighbour(tmp_path: Path) -> None:
    the = app_of(NEAR, tmp_path)
    near, odd, deaf, hourly = the.decisions.values()
    assert near.clear is not None
    assert words.condition(the, near.when) == (
        "“smoke” of hall-1 is active and soil.moisture is above 20 %"
    )
    assert words.condition(the, near.clear) == "“smoke” of hall-1 is not active"
    assert words.condition(the, odd.when) == "hall.active is above 0"
    assert words.condition(the, deaf.when) == (
        "“smoke” of hall-1 is not known and soil.moisture is not missing"
    )
    assert words.rule(the, hourly) == (
        "Fires every 1 h, whatever is read. It asks the edge first; without an answer within 5 min "
        "it acts. Its label goes by soil.moisture: “wet” from 30 %, below that “dry”."
    )
    reads = {names: said for facts in _sensors(the) for names, said in [(facts.names, facts.reads)]}
    assert reads["hall",] == ("whether smoke of hall-1 is active",)
    assert _sentences(the)[:2] == (
        "One node on Arduino Uno R3 reads 1 sensor (soil) every 1 min.",
        "Over the link it hears what other nodes have decided: smoke of hall-1 (known for 12 min "
        "after it was said).",
    )


COUNTING = """
app: dog
board: uno
pet: {species: dog, weight: 24 kg, born: 2022-03-01, neutered: true, food: 3500 kcal/kg}
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
sample: every 1 h
models:
  need:
    inputs: [soil.moisture last]
    classes: [none, heavy]
    train: {dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}
  other:
    inputs: [soil.moisture last]
    classes: [none, heavy]
    train: {dataset: irrigation_maricopa, stand_in: fao56, label: need, split: by plot}
totals:
  dry: {time: need == heavy, usual: 14 days, after: 2 days}
  burned: {sum: {need: {none: 1, heavy: 2.5}}, times: pet.rer}
  both: {sum: {other: {none: 3, heavy: {need: {none: 1, heavy: 2.5}}}}, times: pet.rer}
  wet: {sum: soil.moisture / 1 h}
decisions:
  feed:
    when: dry.today > 1.5 * dry.usual and time.hour >= 7
    level: {of: pet.ration / 2, steps: {small: 0, large: 160 gram/d}}
"""


def test_totals_and_levels(tmp_path: Path) -> None:
    the = app_of(COUNTING, tmp_path)
    assert {name: words.total(the, total) for name, total in the.totals.items()} == {
        "dry": "How long it holds in a day that need says “heavy”. Usual is the mean of its days, "
        "of more than 14 an average in which each day weighs one 14th; known after 2 days.",
        "burned": "What comes together in a day, in kcal: pet.rer times 1 while need says “none” "
        "and 2.5 while need says “heavy”.",
        "both": "What comes together in a day, in kcal: pet.rer times 3 while other says “none”, "
        "1 while need says “none” and other says “heavy” and 2.5 while need says “heavy” and other "
        "says “heavy”.",
        "wet": "What comes together in a day, in %: (soil.moisture * 1 1/h).",
    }
    assert words.rule(the, the.decisions["feed"]) == (
        "Fires when dry.today is above (dry.usual * 1.5) and time.hour is at least 7. Ends when "
        "that is no longer so. Its label goes by (pet.ration * 0.5): “large” from 160 gram/d, "
        "below that “small”."
    )


@pytest.mark.parametrize(("alone", "said"), [("act", "acts"), ("nothing", "lets it be")])
def test_a_rule_that_asks(tmp_path: Path, alone: str, said: str) -> None:
    asks = f"escalate: {{when: confidence < 0.8, wait: 20 min, else: {alone}}}"
    the = app_of(SMALL.replace("    for: 2 samples", f"    {asks}"), tmp_path)
    assert words.rule(the, the.decisions["water"]).endswith(
        "Where its confidence in need is below 0.8 it asks the edge first; without an answer "
        f"within 20 min it {said}."
    )


def test_a_whole_rule(root: Path) -> None:
    the = app(root)
    water = the.decisions["water"]
    assert words.rule(the, water) == (
        "Fires when need does not say “none” and its confidence in need is above 0.4 and "
        "tank.level is above 10 %, 3 samples in a row (30 min). Ends when need says “none” and "
        "its confidence in need is above 0.9. While it lasts, fires again every 20 h."
    )
    assert words.actions(water) == (
        "valve on for 8 min, where the label is “light”",
        "valve on for 16 min, where the label is “heavy”",
    )
    assert words.interlocks(the.actuators["valve"]) == (
        "never on for longer than 20 min",
        "then off for at least 30 min",
        "off at start, on a fault and when nothing is known",
    )


def test_every_input_has_words(root: Path) -> None:
    said = [words.feature(one) for one in app(root).models["need"].inputs]
    assert said[:2] == ["soil.moisture now", "trend of soil.moisture over 6 h"]
    assert said[9] == "basal crop coefficient Kcb of the day (site.kc)"
    assert len(set(said)) == len(said)


def test_every_operation_has_words(root: Path) -> None:
    one = app(root).models["need"].inputs[1]
    for op in CHANNEL_OPS:
        said = words.feature(one.model_copy(update={"op": op}))
        # `minus` names two channels: there the user's own words are the plainest.
        assert said == one.text if op == "minus" else ("soil.moisture" in said and said != one.text)
