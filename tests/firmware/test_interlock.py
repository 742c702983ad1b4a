"""The interlock under random rules, commands and time: its limits hold, whatever is asked."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.harness import Harness

OK, ARGUMENT, BLOCKED = 0, -1, -6
NEVER = 2**32 - 1


@dataclass
class Limit:
    max_on: int = 0
    min_off: int = 0
    excludes: int = 0
    safe: bool = False
    starts: int = 0


class Node:
    """The C, and what the real actuators did by its drive calls."""

    def __init__(self, harness: Harness, limits: list[Limit], now: int = 0) -> None:
        self.harness, self.limits = harness, limits
        self.on = [False] * len(limits)
        self.since = [now] * len(limits)
        self.starts = [0] * len(limits)
        self.switched: list[tuple[int, int, bool]] = []
        words = [
            x
            for one in limits
            for x in (one.max_on, one.min_off, one.excludes, int(one.safe), one.starts)
        ]
        self._take(harness.ask("begin", now, *words), booting=True)

    def request(self, actuator: int, on: bool, seconds: int, now: int) -> int:
        return self._take(self.harness.ask("request", actuator, int(on), seconds, now))

    def tick(self, now: int) -> None:
        self._take(self.harness.ask("tick", now))

    def new_day(self) -> None:
        self._take(self.harness.ask("day"))
        self.starts = [0] * len(self.limits)

    def allow(self, ended: bool, seconds: int) -> bool:
        """So long later, at which a day may have ended: whether starts are given anew."""
        return bool(int(self.harness.ask("allow", int(ended), seconds).split("|")[1].split()[0]))

    def _take(self, answer: str, booting: bool = False) -> int:
        calls, result = answer.split("|")
        for call in calls.split():
            actuator, on, now = (int(x) for x in call.split(":"))
            self._check(actuator, bool(on), now, booting)
            if self.on[actuator] != bool(on) or booting:
                self.since[actuator] = now
            self.on[actuator] = bool(on)
            self.switched.append((now, actuator, bool(on)))
        status, self.next = (int(x) for x in result.split())
        return status

    def _check(self, actuator: int, on: bool, now: int, booting: bool) -> None:
        limit = self.limits[actuator]
        if on and not self.on[actuator]:
            self.starts[actuator] += 1
            if limit.starts and not booting and not limit.safe:
                assert self.starts[actuator] <= limit.starts, "times a day"
            if not booting:
                assert now - self.since[actuator] >= limit.min_off, "minimum off-time"
            for other, running in enumerate(self.on):
                clash = limit.excludes >> other & 1 or self.limits[other].excludes >> actuator & 1
                assert not (other != actuator and clash and running), "exclusion"

    def check_runs(self, now: int) -> None:
        for actuator, limit in enumerate(self.limits):
            if self.on[actuator] and limit.max_on:
                assert now - self.since[actuator] < limit.max_on, "maximum on-time"


seconds = st.integers(0, 200)
limits = st.lists(
    st.builds(Limit, seconds, seconds, st.integers(0, 15), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=4,
)
steps = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.booleans(),
        st.one_of(seconds, st.just(2**32 - 1)),
        st.integers(0, 120),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(limits=limits, steps=steps, start=st.sampled_from([0, 1, 2**32 - 20_000]))
def test_limits_hold_whatever_is_asked(
    interlock: Harness, limits: list[Limit], steps: list[tuple[int, bool, int, int]], start: int
) -> None:
    node = Node(interlock, limits, start)
    assert [now for now, _, _ in node.switched] == [start] * len(node.switched)
    now = start
    for actuator, on, duration, wait in steps:
        status = node.request(actuator, on, duration, now)
        assert status in ((ARGUMENT,) if actuator >= len(limits) else (OK, BLOCKED))
        if actuator < len(limits) and not on:
            assert status == OK and not node.on[actuator], "off is never refused"
        until = now + wait
        while node.next <= until:  # a node wakes at each deadline
            assert node.next > now or node.next == now
            now = max(now, node.next)
            node.tick(now)
            assert node.next > now, "a deadline that is never met"
        now = until
        node.check_runs(now)


def test_a_run_ends_at_its_time_or_at_the_limit(interlock: Harness) -> None:
    node = Node(interlock, [Limit(max_on=900, min_off=1800)])
    assert node.request(0, True, 480, 600) == BLOCKED  # the minimum off-time counts from boot
    assert node.request(0, True, 480, 1800) == OK
    assert node.next == 2280
    node.tick(2280)
    assert node.switched[-1] == (2280, 0, False)
    assert node.request(0, True, 9999, 4080) == OK
    assert node.next == 4980


def test_asking_again_neither_shortens_nor_stretches(interlock: Harness) -> None:
    node = Node(interlock, [Limit(max_on=900)])
    node.request(0, True, 600, 0)
    node.request(0, True, 60, 100)
    assert node.next == 600
    node.request(0, True, 600, 500)
    assert node.next == 900, "the limit began with the run"
    node.request(0, True, 0, 600)
    assert node.next == 900


def test_open_end_without_a_limit(interlock: Harness) -> None:
    node = Node(interlock, [Limit()])
    node.request(0, True, 0, 5)
    assert node.next == NEVER
    node.request(0, True, 60, 10)
    assert node.next == NEVER


@pytest.mark.parametrize("masks", [(2, 0), (0, 1), (2, 1)])
def test_exclusion_works_both_ways(interlock: Harness, masks: tuple[int, int]) -> None:
    node = Node(interlock, [Limit(excludes=masks[0]), Limit(excludes=masks[1])])
    assert node.request(0, True, 60, 0) == OK
    assert node.request(1, True, 60, 10) == BLOCKED
    assert node.request(1, True, 60, 60) == OK, "what ends now excludes no more"
    assert node.request(0, True, 60, 61) == BLOCKED


def test_a_safe_state_of_on_returns(interlock: Harness) -> None:
    node = Node(interlock, [Limit(min_off=100, safe=True), Limit(excludes=1)])
    assert node.on == [True, False]
    assert node.request(1, True, 0, 10) == BLOCKED
    node.request(0, False, 30, 20)
    assert node.request(1, True, 500, 30) == OK
    node.tick(50)
    assert node.next == 120, "the minimum off-time first"
    node.tick(120)
    assert node.next == 180 and not node.on[0], "then the exclusion"
    node.tick(180)
    node.tick(530)
    node.tick(540)
    assert node.on == [True, False]


def test_so_many_times_a_day(interlock: Harness) -> None:
    node = Node(interlock, [Limit(max_on=10, starts=2)])
    for now, status in ((0, OK), (100, OK), (200, BLOCKED), (300, BLOCKED)):
        assert node.request(0, True, 5, now) == status
        node.tick(now + 50)
    node.request(0, False, 0, 400)
    node.new_day()
    assert node.request(0, True, 0, 500) == OK
    assert node.request(0, True, 0, 505) == OK, "on while on is no start"
    node.tick(510)
    assert node.request(0, True, 5, 600) == OK
    node.tick(610)
    assert node.request(0, True, 5, 700) == BLOCKED


HOUR = 3600
AGAIN = 20 * HOUR  # of running time


def test_days_give_starts_anew_at_their_ends(interlock: Harness) -> None:
    node = Node(interlock, [Limit(starts=2)])
    interlock.ask("allow", "begin")
    assert [t for t in range(1, 100) if node.allow(t % 24 == 7, HOUR)] == [7, 31, 55, 79]
    # A clock that runs a sixth slow has its midnights every 20 of its own hours.
    interlock.ask("allow", "begin")
    assert [t for t in range(1, 100) if node.allow(t % 20 == 7, HOUR)] == [7, 27, 47, 67, 87]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5 * HOUR)), max_size=120))
def test_no_date_gives_starts_anew_before_its_time(
    interlock: Harness, steps: list[tuple[bool, int]]
) -> None:
    """However often a date that somebody sends ends the day."""
    node = Node(interlock, [Limit(starts=2)])
    interlock.ask("allow", "begin")
    t, last, due, given_at = 0, -AGAIN, False, []
    for ended, seconds in steps:
        t, due = t + seconds, due or ended
        anew = node.allow(ended, seconds)
        assert anew == (due and t - last >= AGAIN)
        if anew:
            last, due = t, False
            given_at.append(t)
    assert all(b - a >= AGAIN for a, b in pairwise(given_at))


def test_late_ticks_only_delay(interlock: Harness) -> None:
    node = Node(interlock, [Limit(max_on=60, min_off=60)])
    node.request(0, True, 60, 60)
    node.tick(500)
    assert not node.on[0]
    assert node.request(0, True, 60, 540) == BLOCKED
    assert node.request(0, True, 60, 560) == OK


def test_off_just_after_the_time_of_a_request_is_no_rest(interlock: Harness) -> None:
    """A node ticks by its running clock during a burst, and then asks at its planned time."""
    node = Node(interlock, [Limit(max_on=900, min_off=60)])
    assert node.request(0, True, 30, 100) == OK
    node.tick(132)
    assert node.switched[-1] == (132, 0, False)
    assert node.request(0, True, 30, 131) == BLOCKED
    assert node.request(0, True, 30, 192) == OK
