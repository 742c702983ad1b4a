"""Features: units and scales of what the C computes, and what cannot be computed."""

from __future__ import annotations

import pytest

from tinyfield.spec.app import Channel, Feature
from tinyfield.spec.features import parse_feature
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.unsure import Unsure

CHANNELS = (
    Channel(name="soil.moisture", sensor="soil", quantity="moisture", unit="%", scale=-1,
            minimum=-500, maximum=2000),
    Channel(name="light.illuminance", sensor="light", quantity="illuminance", unit="lux", scale=0,
            minimum=0, maximum=120000),
    Channel(name="pot.moisture", sensor="pot", quantity="moisture", unit="%", scale=-2,
            minimum=0, maximum=10000),
)  # fmt: skip


def feature(text: str, *, sample_s: int = 600, has_crop: bool = True) -> Feature:
    found = parse_feature(text, CHANNELS, sample_s=sample_s, has_crop=has_crop, unsure=Unsure())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "op", "window_s", "unit", "scale", "width", "channel"),
    [
        ("soil.moisture", "last", None, "%", -1, 1, 0),
        ("soil.moisture last", "last", None, "%", -1, 1, 0),
        ("soil.moisture slope 6 h", "slope", 21600, "%/h", -3, 1, 0),
        ("soil.moisture std 6 h", "std", 21600, "%", -1, 1, 0),
        ("light.illuminance sum 24 h", "sum", 86400, "lux*h", 0, 1, 1),
        ("light.illuminance  mean  1 h 30 min", "mean", 5400, "lux", 0, 1, 1),
        ("soil.moisture lag 6 h", "lag", 21600, "%", -1, 1, 0),
        ("soil.moisture lag 10 min", "lag", 600, "%", -1, 1, 0),
        ("soil.moisture change 1 h", "change", 3600, "%", -1, 1, 0),
        ("soil.moisture ewma 24 h", "ewma", 86400, "%", -1, 1, 0),
        ("soil.moisture deviation 7 d", "deviation", 604800, "%", -1, 1, 0),
        ("light.illuminance relative 30 d", "relative", 2592000, "", -3, 1, 1),
        ("light.illuminance range 2 h", "range", 7200, "lux", 0, 1, 1),
        ("soil.moisture minus pot.moisture", "minus", None, "%", -2, 1, 0),
        ("site.kc", "value", None, "", -3, 1, None),
        ("site.root_depth", "value", None, "m", -3, 1, None),
        ("site.stage one_hot", "one_hot", None, "", 0, 4, None),
        ("time.hour cyclic", "cyclic", None, "", -3, 2, None),
        ("time.year  cyclic", "cyclic", None, "", -3, 2, None),
    ],
)
def test_features(
    text: str, op: str, window_s: int | None, unit: str, scale: int, width: int, channel: int | None
) -> None:
    found = feature(text)
    assert (found.op, found.window_s, found.unit) == (op, window_s, unit)
    assert (found.scale, found.width, found.channel) == (scale, width, channel)
    assert found.text == text


@pytest.mark.parametrize(
    ("text", "word", "cure"),
    [
        ("soil.moistur last", "soil.moistur", "soil.moisture"),
        ("soil last", "soil", "soil.moisture"),
        ("sol.moisture last", "sol.moisture", "soil.moisture"),
        ("site.kb", "site.kb", "site.kc"),
        ("soil.moisture average 6 h", "average", "mean"),
        ("soil.moisture last 6 h", "6 h", "mean 6 h"),
        ("soil.moisture mean 6 m", "6 m", "6 min"),
        ("soil.moisture mean 10 min", "10 min", "20 min"),
        ("soil.moisture mean 25 min", "25 min", "20 min or 30 min"),
        ("soil.moisture lagg 6 h", "lagg", "lag"),
        ("soil.moisture lag 5 min", "5 min", "10 min"),
        ("soil.moisture ewma 10 min", "10 min", "20 min"),
        ("soil.moisture relative 30 d", "relative", "deviation 30 d"),
        ("soil.moisture minus light.illuminance", "light.illuminance", "pot.moisture"),
        ("soil.moisture minus pot.moistur", "pot.moistur", "pot.moisture"),
        ("soil.moisture minus soil.moisture", "soil.moisture", "pot.moisture"),
        ("site.kc mean 6 h", "mean", "site.kc"),
        ("site.p one_hot", "one_hot", "site.p"),
        ("site.stage one_hot 4", "4", "site.stage one_hot"),
        ("time.hour", "time.hour", "time.hour cyclic"),
        ("time.hour mean 6 h", "mean", "time.hour cyclic"),
        ("time.year cyclic 6 h", "6", "time.year cyclic"),
        ("time.hours cyclic", "time.hours", "time.hour"),
        ("time.week cyclic", "time.week", "time.year"),
    ],
)
def test_mistakes_point_at_the_word(text: str, word: str, cure: str) -> None:
    with pytest.raises(Mistake) as caught:
        feature(text)
    mistake = caught.value
    assert mistake.offset is not None and mistake.width is not None
    assert text[mistake.offset :][: mistake.width] == word
    assert cure in (mistake.hint or "")


def test_a_window_too_long_for_32_bits() -> None:
    wide = Channel(name="gas.ppb", sensor="gas", quantity="ppb", unit="ppb", scale=0,
                   minimum=0, maximum=2**30)  # fmt: skip
    with pytest.raises(Mistake, match="32 bits"):
        parse_feature("gas.ppb sum 24 h", (wide,), sample_s=600, has_crop=True, unsure=Unsure())


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("soil.moisture mean 30 d", "more than a window can hold"),
        ("soil.moisture lag 18 h", "more than a ring can hold"),
        ("soil.moisture slope 17 h", "overflow the node's arithmetic"),
        ("soil.moisture ewma 30 d", "the average takes 2 to 65535"),
    ],
)
def test_windows_of_too_many_samples(text: str, cause: str) -> None:
    """Of every second; of every ten minutes each of them is one."""
    feature(text)
    with pytest.raises(Mistake, match=cause) as caught:
        feature(text, sample_s=1)
    mistake = caught.value
    assert mistake.offset is not None and text[mistake.offset :] == text.split(maxsplit=2)[2]
    assert mistake.hint is not None


def test_a_difference_is_in_the_finer_scale() -> None:
    found = feature("soil.moisture minus pot.moisture")
    assert (found.other, found.factors) == (2, (10, 1))
    assert feature("pot.moisture minus soil.moisture").factors == (1, 10)
    with pytest.raises(Mistake, match="needs another channel"):
        feature("soil.moisture minus")


def test_a_difference_too_large_for_32_bits() -> None:
    wide = [Channel(name=f"{name}.ppb", sensor=name, quantity="ppb", unit="ppb", scale=0,
                    minimum=-(2**30), maximum=2**30) for name in "ab"]  # fmt: skip
    for text in ("a.ppb minus b.ppb", "a.ppb range 1 h", "a.ppb deviation 1 h"):
        with pytest.raises(Mistake, match="32 bits"):
            parse_feature(text, tuple(wide), sample_s=600, has_crop=True, unsure=Unsure())


def test_of_a_difference_from_a_broken_sensor_nothing_is_said() -> None:
    assert parse_feature("soil.moisture minus air.humidity", CHANNELS, sample_s=600, has_crop=True,
                         unsure=Unsure("air")) is None  # fmt: skip


def test_site_features_need_a_plant() -> None:
    with pytest.raises(Mistake, match=r"site\.plant is not set"):
        feature("site.kc", has_crop=False)


def test_of_a_broken_sensor_nothing_is_said() -> None:
    assert parse_feature("air.temperature last", CHANNELS, sample_s=600, has_crop=True,
                         unsure=Unsure("air")) is None  # fmt: skip
