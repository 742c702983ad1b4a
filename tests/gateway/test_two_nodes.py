"""Two nodes of the real firmware, their bridges, a broker and the gateway: one hears the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.codegen.apps import app_of, generated, native
from tests.gateway.processes import PATIENCE_S, BridgeProcess, Gateway, Mosquitto, wait_for
from tinyfield.boards import load_boards
from tinyfield.pio import Image
from tinyfield.sim import SimRun

MINUTE = 60

HALL = """
app: hall
board: uno
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
sample: every 1 min
decisions:
  wet: {when: soil.moisture > 90 %}
  dry: {when: soil.moisture < 20 %, clear: soil.moisture > 25 %}
reporting: {link: serial, heartbeat: 1 h}
"""

ATTIC = """
app: attic
board: uno
sensors:
  soil: {driver: capacitive_soil, pin: A0, calibrate: {dry: 2300 mV, wet: 1050 mV}}
  hall: {driver: neighbour, node: hall-1, decision: dry, expires: 100 min}
sample: every 1 min
actuators:
  lamp: {driver: relay, pin: 7, max_on: 15 min, safe: off}
decisions:
  next_door: {when: hall.active == 1, do: lamp on for 5 min}
  all_clear: {when: hall.active == 0}
reporting: {link: serial, heartbeat: 1 h}
"""

HALL_IS_MISSING = 0b10


class Paced:
    """Readings up to a moment that the test moves on; the node waits there for the next."""

    start = None
    first, last = 0, 24 * 60 * MINUTE

    def __init__(self, moisture: Callable[[int], int], channels: int) -> None:
        self.acts: list[tuple[int, str, bool]] = []
        self.now = 0
        self._moisture, self._channels = moisture, channels
        self._until = 0
        self._moved = threading.Condition()

    def move(self, until: int | None) -> None:
        """Let time pass until then; None: to its end."""
        with self._moved:
            self._until = self.last + MINUTE if until is None else until
            self._moved.notify()

    def row(self, t: int) -> Sequence[int] | None:
        self.now = t
        with self._moved:
            self._moved.wait_for(lambda: t <= self._until)
        if self._until > self.last:
            return None
        # What a row says of a neighbour nobody believes: it comes over the link alone.
        return [self._moisture(t), *[1] * (self._channels - 1)]

    def burst(self, t: int, fast: int) -> NDArray[np.int16]:
        raise AssertionError("it has no fast sensor")

    def act(self, t: int, actuator: str, on: bool) -> None:
        self.acts.append((t, actuator, on))

    def summary(self) -> dict[str, float]:
        return {}


class Node:
    """A node of the firmware in a thread, and the file that tells its names."""

    def __init__(
        self, folder: Path, name: str, text: str, moisture: Callable[[int], int] = lambda _: 500
    ) -> None:
        folder.mkdir()
        app = app_of(text.replace("app:", f"node: {name}\napp:"), folder, "native")
        board = load_boards()["native"]
        self.image = Image("native", folder, folder / "node", 0, 0, 0)
        generated(app, self.image.manifest.parent, board)
        program = native(self.image.manifest.parent)
        self.image = Image("native", folder, program, 0, 0, 0)
        self.rows = Paced(moisture, len(app.channels))
        self._run = SimRun(
            app, board, self.image, self.rows, link="tcp://127.0.0.1:0",
            link_wait=PATIENCE_S, state=folder / "state",
        )  # fmt: skip
        assert self._run.link_address is not None
        self.port = "socket://{}:{}".format(*self._run.link_address)
        self._thread = threading.Thread(target=lambda: list(self._run), daemon=True)
        self._thread.start()

    def until(self, minute: int) -> None:
        """It has taken the sample of that minute, and waits before the next."""
        self.rows.move(minute * MINUTE)
        wait_for(lambda: self.rows.now > minute * MINUTE, why=f"for minute {minute}")

    def step_by_step(self, what: Callable[[], Any], minutes: int = 1) -> Any:
        """Let time pass in a few steps until it is so.

        A word needs a moment of real time to arrive, and nobody sees it come: the more steps
        were too early, the longer the next one waits.
        """
        pause = 0.05
        for _ in range(16):  # together they wait for two minutes
            if found := what():
                return found
            self.until(self.rows.now // MINUTE + minutes - 1)
            until = time.monotonic() + pause
            while not what() and time.monotonic() < until:
                time.sleep(0.05)
            pause = min(2 * pause, 15.0)
        raise AssertionError(f"in vain to minute {self.rows.now // MINUTE}")

    def stop(self) -> None:
        self.rows.move(None)
        self._thread.join(PATIENCE_S)


def dry_from_12_to_70(t: int) -> int:
    """Scaled: tenths of a percent."""
    return 100 if 12 * MINUTE <= t < 70 * MINUTE else 500


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def test_one_decides_and_the_other_acts_on_it(stack: ExitStack, tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    stack.callback(broker.stop)
    gateway = Gateway(tmp_path, broker=broker.url)

    def end() -> None:
        gateway.stop()  # whichever it is by then

    stack.callback(end)
    hall = Node(tmp_path / "hall", "hall-1", HALL, dry_from_12_to_70)
    attic = Node(tmp_path / "attic", "attic-1", ATTIC)

    def bridge(node: Node) -> BridgeProcess:
        made = BridgeProcess(
            node.image.project, node.port, broker.url, f"--manifest={node.image.manifest}"
        )
        stack.callback(made.stop)
        return made

    def knows() -> str:
        """What the gateway's page says of the attic's neighbour."""
        found = {one["node"]: one["neighbours"] for one in gateway.get("/api/nodes")}
        return str(found["attic-1"][0]["state"]) if found.get("attic-1") else ""

    def decided() -> list[tuple[str, bool, str | None]]:
        found = gateway.get("/api/decisions?node=attic-1")
        return [(one["decision"], one["active"], one["outcome"]) for one in reversed(found)]

    def misses() -> bool:
        """Whether the attic's last heartbeat said that it knows nothing of the hall."""
        masks = {one["node"]: one["fault_mask"] for one in gateway.get("/api/nodes")}
        return bool(masks["attic-1"] & HALL_IS_MISSING)

    first_bridge = bridge(hall)
    bridge(attic)
    stack.callback(attic.stop)
    stack.callback(hall.stop)
    wait_for(lambda: knows() == "silent", why="for both births")

    # The hall is dry: the attic hears of it, and acts by its own rule.
    hall.until(15)
    wait_for(lambda: knows() == "active", why=gateway.log.read_text)
    attic.step_by_step(lambda: decided() == [("next_door", True, "done")])
    (heard,) = [t // MINUTE for t, _, on in attic.rows.acts if on]

    # The hall falls silent, and the gateway is another one: it tells the attic what it knows when
    # that gives a sign of life, and lengthens nothing by it.
    first_bridge.kill()
    gateway.stop()
    gateway = Gateway(tmp_path, broker=broker.url)
    wait_for(gateway.healthy)
    attic.until(62)
    wait_for(lambda: "words_forwarded_total 0.0" not in gateway.metrics())
    wait_for(lambda: not misses(), why="for a heartbeat that knows the hall")
    assert knows() == "active"
    attic.until(122)  # had the heartbeat at 60 min lengthened it, it would last until 160
    wait_for(misses, why="for a heartbeat without the hall")
    assert [one[0] for one in decided()] == ["next_door"], "unknown is neither dry nor not"
    assert [t // MINUTE for t, _, on in attic.rows.acts if on] == [heard]

    # It is back, still dry at its heartbeat, and then no more.
    bridge(hall)
    hall.until(62)
    attic.step_by_step(lambda: not misses(), minutes=60)
    hall.until(75)
    wait_for(lambda: knows() == "inactive", why=gateway.log.read_text)
    attic.step_by_step(lambda: ("all_clear", True, None) in decided())
    assert decided()[1:] == [("next_door", False, None), ("all_clear", True, None)]
    assert gateway.get("/api/quarantine") == []
    for node in (hall, attic):  # their bridges are still there for their last words
        node.stop()
