"""What goes wrong with a node on purpose: on its line, with its power, its link, its clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Faults:
    """What goes wrong on purpose. Times are virtual seconds.

    Attributes:
        to_node, from_node: may change or drop (None) a piece of what passes; given the piece
            and its number. From the node pieces are as the pipe delivers them.
        cuts: when the node loses its power, and for how many seconds; 0: it starts anew at once.
        link_down: whether no answer comes to what the node sends at a time.
        battery_mv: its supply's voltage at a time; None: as the board has it.
        clock_set: False: nobody ever tells the node the date.
        late_s: how long the word of a neighbour, by its sensor, was on its way that comes at a
            time; None: no time at all.
    """

    to_node: Callable[[bytes, int], bytes | None] | None = None
    from_node: Callable[[bytes, int], bytes | None] | None = None
    cuts: Sequence[tuple[int, int]] = ()
    link_down: Callable[[int], bool] | None = None
    battery_mv: Callable[[int], int | None] | None = None
    clock_set: bool = True
    late_s: Callable[[str, int], int] | None = None
