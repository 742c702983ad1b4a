"""The outbox and the journal when the power goes at any byte: nothing lost, nothing doubled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.harness import Harness

SLOTS = 29
MISSING = -2


class Box:
    def __init__(self, harness: Harness, erased: int = 0xFF, slots: int = SLOTS) -> None:
        self.harness, self.slots = harness, slots
        harness.ask("erase", erased)
        self.restart()

    def restart(self) -> int:
        self.harness.ask("power")
        seen, self.pending = self.harness.numbers("open", self.slots)
        return seen

    def put(self, boot: int, seq: int) -> int:
        status, self.pending, self.dropped = self.harness.numbers("put", boot, seq, 0xABCD)
        return status

    def acknowledge(self, boot: int, seq: int) -> int:
        status, self.pending = self.harness.numbers("ack", boot, seq)
        return status

    def oldest(self) -> tuple[int, int] | None:
        status, boot, seq, hash_ = self.harness.numbers("oldest")
        if status == MISSING:
            return None
        assert hash_ == 0xABCD
        return boot, seq

    def drain(self) -> list[tuple[int, int]]:
        """Everything pending, oldest first, acknowledged one by one."""
        found = []
        while (one := self.oldest()) is not None:
            found.append(one)
            assert len(found) <= self.slots
            assert self.acknowledge(*one) == 0
        assert self.pending == 0
        return found


@pytest.mark.parametrize("erased", [0xFF, 0x00, 0x5A])
def test_memory_never_written_is_an_empty_outbox(outbox: Harness, erased: int) -> None:
    box = Box(outbox, erased)
    assert box.restart() == 0
    assert box.oldest() is None


def test_first_in_first_out_over_restarts(outbox: Harness) -> None:
    box = Box(outbox)
    for seq in range(5):
        box.put(1, seq)
    assert box.restart() == 1
    box.put(2, 0)
    assert box.pending == 6
    assert box.acknowledge(2, 0) == 0, "a later boot's mark leaves the earlier one's alone"
    assert box.pending == 5
    assert box.acknowledge(1, 2) == 0
    assert box.restart() == 2
    assert box.drain() == [(1, 3), (1, 4)]


def test_the_oldest_gives_way_and_is_counted(outbox: Harness) -> None:
    box = Box(outbox)
    for seq in range(SLOTS + 10):
        box.put(1, seq)
    assert (box.pending, box.dropped) == (SLOTS, 10)
    box.restart()
    assert box.pending == SLOTS
    assert box.drain() == [(1, seq) for seq in range(10, SLOTS + 10)]


def test_a_watermark_from_nowhere_does_nothing(outbox: Harness) -> None:
    box = Box(outbox)
    box.put(3, 7)
    for boot, seq in ((2, 99), (4, 99), (3, 6)):
        box.acknowledge(boot, seq)
        assert box.pending == 1
    assert box.acknowledge(3, 2**32 - 1) == 0
    assert box.pending == 0


def test_wear_is_spread(outbox: Harness) -> None:
    box = Box(outbox)
    turns = 20
    for seq in range(turns * SLOTS):
        box.put(1, seq)
        box.acknowledge(1, seq)
    (most,) = outbox.numbers("wear")
    assert most <= 2 * turns + 2


def first_boot(pending: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What a gateway can acknowledge: decisions leave in order, so only of the oldest boot."""
    return [one for one in pending if one[0] == pending[0][0]]


actions = st.lists(st.sampled_from(["put", "put", "ack", "restart"]), max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    before=actions,
    last=st.sampled_from(["put", "ack"]),
    how=st.tuples(st.integers(0, 2), st.booleans()),
    slots=st.sampled_from([1, 2, 5, SLOTS]),
)
def test_power_cut_at_every_byte(
    outbox: Harness, before: list[str], last: str, how: tuple[int, bool], slots: int
) -> None:
    """The last action is cut after its first, second, … byte; each time from the same past."""
    torn, backwards = how
    cut = 0
    while True:
        box = Box(outbox, slots=slots)
        boot, seq = 1, 0
        pending: list[tuple[int, int]] = []

        for action in before:
            if action == "put":
                box.put(boot, seq)
                pending = [*pending, (boot, seq)][-slots:]
                seq += 1
            elif action == "ack" and pending:
                same = first_boot(pending)
                mark = same[len(same) // 2]
                box.acknowledge(*mark)
                pending = [p for p in pending if p[0] != mark[0] or p[1] > mark[1]]
            elif action == "restart":
                box.restart()
                boot, seq = boot + 1, 0
        assert box.pending == len(pending)

        outbox.ask("cut", cut, torn, int(backwards))
        if last == "put":
            done = box.put(boot, seq) == 0
            new = [*pending, (boot, seq)]
            # Full: the oldest gives way first, and was counted as dropped.
            allowed = [pending, pending[-slots + 1 :] if len(pending) == slots else pending]
            allowed += [new[-slots:]]
        else:
            mark = first_boot(pending)[-1] if pending else (boot, 0)
            done = box.acknowledge(*mark) == 0
            gone = [p for p in pending if p[0] == mark[0] and p[1] <= mark[1]]
            allowed = [
                [p for p in pending if p not in gone[:kept]] for kept in range(len(gone) + 1)
            ]
        if slots == 1:
            allowed.append([])
        box.restart()
        # After the cut the node goes on: a new boot, a new decision.
        box.put(boot + 1, 0)
        found = box.drain()
        expected = [[*state, (boot + 1, 0)][-slots:] for state in allowed]
        assert found in expected
        if done:
            assert found == expected[-1]
            return
        cut += 1
        assert cut < 400


@settings(max_examples=100, deadline=None)
@given(data=st.binary(min_size=1024, max_size=1024), slots=st.integers(1, SLOTS))
def test_garbage_in_memory_harms_nothing(outbox: Harness, data: bytes, slots: int) -> None:
    outbox.ask("power")
    outbox.ask("fill", data.hex())
    outbox.ask("open", slots)
    assert outbox.numbers("journal", 0)[0] == 0
    outbox.ask("put", 70000, 1, 0xABCD)
    outbox.ask("ack", 70000, 1)


def test_boots_are_counted_and_the_day_is_kept(outbox: Harness) -> None:
    outbox.ask("erase", 0xFF)
    assert outbox.numbers("journal", 0) == [0, 1, 0]
    outbox.ask("day", 17)
    assert outbox.numbers("journal", 0) == [0, 2, 17]
    outbox.ask("day", -3)
    assert outbox.numbers("journal", 0) == [0, 3, -3]
    assert outbox.numbers("journal", 90) == [0, 91, -3], "the outbox knew of later boots"


@pytest.mark.parametrize("torn", [0, 1, 2])
@pytest.mark.parametrize("backwards", [0, 1])
def test_a_boot_is_never_counted_twice(outbox: Harness, torn: int, backwards: int) -> None:
    """Cut at any byte of the boot's write: the next boot has a number no message ever had."""
    for boots in (1, 2, 7, 8, 20):
        for cut in range(14):
            outbox.ask("erase", 0xFF)
            for _ in range(boots):
                outbox.ask("journal", 0)
            outbox.ask("day", 9)
            outbox.ask("cut", cut, torn, backwards)
            status, boot, _ = outbox.numbers("journal", 0)
            assert boot == boots + 1
            outbox.ask("power")
            _, after, day = outbox.numbers("journal", 0)
            assert after == boot + 1 if status == 0 else after in (boot, boot + 1)
            assert day == 9


def test_many_turns(outbox: Harness) -> None:
    """The turn counter wraps; the newer copy stays the newer."""
    outbox.ask("erase", 0xFF)
    for boot in range(1, 70):
        assert outbox.numbers("journal", 0)[1] == boot
    assert outbox.ask("days", 65_999) == "0"
    assert outbox.numbers("journal", 0)[1:] == [70, 65_999 % 2]
