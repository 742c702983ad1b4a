"""rules.c: what becomes of a rule's truth over time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.harness import Harness

QUIET, FIRED, REPEATED, CLEARED = range(4)
NO, UNKNOWN, YES = -1, 0, 1


def run(rules: Harness, for_samples: int, repeat: int, truths: list[tuple[int, int]]) -> list[int]:
    rules.ask("rule", for_samples, repeat)
    return [
        rules.numbers("step", when, clear, 600 * i)[0] for i, (when, clear) in enumerate(truths)
    ]


def plain(whens: list[int]) -> list[tuple[int, int]]:
    """Without a `clear:`: a rule ends when `when` is false."""
    return [(when, -when) for when in whens]


def test_fires_once_an_activation(rules: Harness) -> None:
    whens = [NO, YES, YES, YES, NO, NO, YES]
    expected = [QUIET, FIRED, QUIET, QUIET, CLEARED, QUIET, FIRED]
    assert run(rules, 1, 0, plain(whens)) == expected


def test_for_counts_consecutive_samples(rules: Harness) -> None:
    whens = [YES, YES, NO, YES, YES, YES, YES]
    expected = [QUIET, QUIET, QUIET, QUIET, QUIET, FIRED, QUIET]
    assert run(rules, 3, 0, plain(whens)) == expected


def test_unknown_neither_fires_nor_clears_and_breaks_a_streak(rules: Harness) -> None:
    whens = [YES, UNKNOWN, YES, YES, UNKNOWN, UNKNOWN, NO]
    expected = [QUIET, QUIET, QUIET, FIRED, QUIET, QUIET, CLEARED]
    assert run(rules, 2, 0, plain(whens)) == expected


def test_hysteresis(rules: Harness) -> None:
    truths = [(YES, NO), (NO, NO), (YES, NO), (NO, UNKNOWN), (NO, YES), (NO, YES)]
    assert run(rules, 1, 0, truths) == [FIRED, QUIET, QUIET, QUIET, CLEARED, QUIET]


def test_repeats_while_true(rules: Harness) -> None:
    whens = [YES, YES, YES, YES, UNKNOWN, YES, YES, NO]
    truths = [(when, YES if when == NO else NO) for when in whens]
    expected = [FIRED, QUIET, REPEATED, QUIET, QUIET, REPEATED, QUIET, CLEARED]
    assert run(rules, 1, 1200, truths) == expected


def test_what_was_dismissed_rests_until_it_is_over(rules: Harness) -> None:
    rules.ask("rule", 1, 0)
    assert rules.numbers("step", YES, NO, 0) == [FIRED, 1]
    rules.ask("dismiss")
    assert rules.numbers("step", YES, NO, 600) == [QUIET, 0]
    assert rules.numbers("step", UNKNOWN, UNKNOWN, 1200) == [QUIET, 0]
    assert rules.numbers("step", YES, NO, 1800) == [QUIET, 0]
    assert rules.numbers("step", NO, YES, 2400) == [QUIET, 0]
    assert rules.numbers("step", YES, NO, 3000) == [FIRED, 1]


def test_what_was_dismissed_may_fire_again_when_it_repeats(rules: Harness) -> None:
    rules.ask("rule", 2, 1200)
    assert rules.numbers("step", YES, NO, 0) == [QUIET, 0]
    assert rules.numbers("step", YES, NO, 600) == [FIRED, 1]
    rules.ask("dismiss")
    assert rules.numbers("step", YES, NO, 1200) == [QUIET, 0]
    assert rules.numbers("step", YES, NO, 1800) == [FIRED, 1]
    assert rules.numbers("step", YES, NO, 2400) == [QUIET, 1]
    assert rules.numbers("step", YES, NO, 3000) == [REPEATED, 1]


truths = st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)), max_size=40)


@settings(max_examples=200, deadline=None)
@given(truths=truths, for_samples=st.integers(1, 5), repeat=st.sampled_from([0, 600, 1500]))
def test_against_the_definition(
    rules: Harness, truths: list[tuple[int, int]], for_samples: int, repeat: int
) -> None:
    active, streak, fired = False, 0, 0
    expected = []
    for i, (when, clear) in enumerate(truths):
        t = 600 * i
        if active and clear == YES:
            active, streak = False, 0
            expected.append(CLEARED)
        elif active:
            again = repeat > 0 and when == YES and t - fired >= repeat
            fired = t if again else fired
            expected.append(REPEATED if again else QUIET)
        else:
            streak = streak + 1 if when == YES else 0
            active = streak >= for_samples
            fired = t if active else fired
            expected.append(FIRED if active else QUIET)
    assert run(rules, for_samples, repeat, truths) == expected
