"""Every statistic from an app's YAML to its C: what the block alone gives."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.features.blocks import CHANNEL, Block, run, signals
from tests.features.clockless import without_clock
from tests.features.test_ticks import MOVE, app
from tinyfield.features.bind import FeatureLibrary
from tinyfield.spec.frame_features import parse_frames
from tinyfield.spec.signals import SIGNALS, STATISTICS

RATE = Fraction(50)
SAID = {"lag": "0.14 s ", "band": "2..7 Hz ", "channel": "imu.gyro_y "}
GIVEN = {"lag": (Fraction("0.14"),), "band": (Fraction(2), Fraction(7))}


def every() -> list[tuple[str, Block]]:
    """Each statistic of a channel, of each signal and of their jerks, as said and as a block."""
    found = []
    for name, statistic in STATISTICS.items():
        said = name + " " + "".join(SAID[kind] for kind in statistic.takes)
        given = next((GIVEN[kind] for kind in statistic.takes if kind in GIVEN), ())
        if statistic.of == "vector":
            found.append((f"imu.accel {said}", Block(name)))
            continue
        found.append((f"imu.accel_x {said}", Block(name, given=given)))
        if "channel" in statistic.takes:
            continue
        found.append((f"imu.accel_x jerk {said}", Block(name, jerk=True, given=given)))
        for signal in SIGNALS:
            block = Block(name, signal, given=given)
            of = f"imu.accel {signal}{' imu.gyro' if SIGNALS[signal].second else ''}"
            found.append((f"{of} {said}", block))
            found.append((f"{of} jerk {said}", Block(name, signal, True, given)))
    return found


@pytest.mark.parametrize("window_s", ["0.64 s", "2 s"])
def test_all_of_them_in_one_app(tmp_path: Path, window_s: str) -> None:
    """280 inputs of five models share windows, scratch and stages, and none disturbs another."""
    blocks = every()
    names = ("activity", "second", "third", "fourth", "fifth")
    models = {name: blocks[i :: len(names)] for i, name in enumerate(names)}
    head, rest = MOVE.split("          - imu.accel_{x,y}")
    model = head[head.index("      activity:") :]
    tail = rest[rest.index("        classes") :]
    texts = [
        model.replace("activity", name)
        + "\n".join(f"          - {said}{window_s}" for said, _ in said_of)
        + "\n"
        + tail[: tail.index("    decisions")].replace("label: activity", f"label: {name}")
        for name, said_of in models.items()
    ]
    head = head[: head.index("      activity:")]
    move = app(tmp_path, head + "".join(texts) + tail[tail.index("    decisions") :])
    n = int(Fraction(window_s.removesuffix(" s")) * RATE)
    library = FeatureLibrary(move)
    for kind, accel in signals(150, seed=3).items():
        gyro = signals(150, seed=4)["noise"]
        frames = np.vstack([accel, gyro]).clip(-16000, 16000).astype(np.int16)
        bursts = np.ascontiguousarray(frames.T.reshape(3, 50, 6))
        rows = np.zeros((3, len(move.channels)), np.int32)
        clock = without_clock(np.zeros(3, np.int32))
        window = frames[:, -n:]
        for name, said_of in models.items():
            out, valid = library.run(name, rows, clock, None, [bursts])
            assert valid[-1]
            for got, (said, block) in zip(out[-1].tolist(), said_of, strict=True):
                axes = window[[0, 4, 4]] if block.statistic == "correlation" else window
                assert got == run(block, axes, RATE), (kind, said)


def test_units_of_a_band() -> None:
    """Each edge in its own unit; the first in the second's where it has none."""
    from tinyfield.spec.app import Channel

    channel = Channel(
        name="imu.accel_x", sensor="imu", quantity="accel_x", unit="g", scale=CHANNEL.scale,
        minimum=-16000, maximum=16000, rate_mhz=4_000_000, frames=4000, continuous=True,
    )  # fmt: skip
    for said, want in (
        ("10..30 Hz", (10, 30)), ("10 Hz..0.03 kHz", (10, 30)), ("900 Hz..1.2 kHz", (900, 1200)),
        ("0.5..1.5 kHz", (500, 1500)), ("0.5..30Hz", (Fraction(1, 2), 30)),
    ):  # fmt: skip
        text = f"imu.accel_x band {said} 0.25 s"
        frames = parse_frames(text, "imu.accel_x", (0,), (channel,)).frames
        assert frames is not None and frames.given == want
