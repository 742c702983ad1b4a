"""What a node can hold: bits in a mask, bytes in a frame, slots in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyfield.errors import BudgetError, NotBuiltYetError, SpecError
from tinyfield.wire import MAX_PAYLOAD, NODE_ID_MAX, is_node_id

if TYPE_CHECKING:
    from tinyfield.boards import Board
    from tinyfield.spec.app import App

CHANNELS_MOST = (MAX_PAYLOAD - 4) // 4  # a virtual board gets them in one row
SENSORS_MOST = 16  # bits of the fault mask
ACTUATORS_MOST = 8  # bits of an exclusion
RULES_MOST = 64
TOTALS_MOST = 8  # kept twice in a node's kilobyte of lasting memory
CLAUSES_MOST = 16  # bits of the why mask
ACTIONS_MOST = 255
CLASSES_MOST = 128
INPUTS_MOST = 255
SAMPLES_MOST = 65535  # of `for:`

AVR_CORE_BYTES = 256
"""Static RAM that an Uno's Arduino core takes: serial buffers, clock, the link's odds and ends."""
AVR_STACK_BYTES = 560
"""Stack that must remain: the irrigation app's deepest call takes 435."""


def node_bytes_most(board: Board) -> int:
    """RAM that the node's one struct may take on ``board``."""
    if board.target == "avr":
        return board.ram_bytes - AVR_CORE_BYTES - AVR_STACK_BYTES
    return min(board.ram_bytes // 2, 2**31 - 1)


def check_limits(app: App, board: Board) -> None:
    """Refuses what does not fit a node.

    Raises:
        SpecError: too many of something; says where and how many are possible.
        NotBuiltYetError: the link is none that a node speaks yet.
    """
    _at_most(app, "sensors", "channels", len(app.channels), CHANNELS_MOST)
    _at_most(app, "sensors", "sensors", len(app.sensors), SENSORS_MOST)
    _at_most(app, "actuators", "actuators", len(app.actuators), ACTUATORS_MOST)
    _at_most(app, "decisions", "decisions", len(app.decisions), RULES_MOST)
    _at_most(app, "totals", "totals", len(app.totals), TOTALS_MOST)
    actions = sum(len(decision.actions) for decision in app.decisions.values())
    _at_most(app, "decisions", "actions", actions, ACTIONS_MOST)
    for name, decision in app.decisions.items():
        place = f"decisions.{name}"
        _at_most(app, f"{place}.when", "comparisons", len(decision.clauses), CLAUSES_MOST)
        _at_most(app, f"{place}.for", "samples", decision.for_samples, SAMPLES_MOST)
    for name, model in app.models.items():
        _at_most(app, f"models.{name}.classes", "classes", len(model.classes), CLASSES_MOST)
        _at_most(app, f"models.{name}.inputs", "inputs", model.width, INPUTS_MOST)
    if not is_node_id(app.node):
        raise SpecError(
            f"{app.where('app')}: '{app.node}' cannot name a node",
            hint=f"tinyfield build --node ID, at most {NODE_ID_MAX} of a-z, 0-9 and single dashes",
        )
    if app.reporting.link != "serial" and not board.virtual:
        raise NotBuiltYetError(
            f"{app.where('reporting.link')}: the link '{app.reporting.link}' is not built yet",
            hint="use `link: serial` with `tinyfield-gateway bridge` beside the node",
        )


def check_arena(app: App, board: Board, model: str, arena_bytes: int) -> None:
    """Refuses a model whose working memory alone is more than the board has for a node.

    Raises:
        BudgetError: says by how much.
    """
    most = node_bytes_most(board)
    if arena_bytes > most:
        raise BudgetError(
            f"{app.where(f'models.{model}')}: the model works in {arena_bytes} bytes of RAM, "
            f"{arena_bytes - most} more than a node on {board.title} can spare",
            hint=f"narrower layers: at most {most} bytes in two neighbouring layers together",
        )


def check_frames(app: App, board: Board, frames_bytes: int, arena_bytes: int) -> None:
    """Refuses windows of frames that leave no room for anything else.

    Raises:
        BudgetError: says where, by how much, and what a window costs.
    """
    most = node_bytes_most(board)
    if not frames_bytes or frames_bytes + arena_bytes <= most:
        return
    readers = {f"models.{name}.inputs": model.inputs for name, model in app.models.items()}
    readers["decisions"] = app.past
    longest = {
        place: max((f.frames.count for f in features if f.frames), default=0)
        for place, features in readers.items()
    }
    place = max(longest, key=longest.__getitem__)
    raise BudgetError(
        f"{app.where(place)}: windows of frames, what is made of them and "
        f"the models work in {frames_bytes + arena_bytes} bytes of RAM, "
        f"{frames_bytes + arena_bytes - most} more than a node on {board.title} can spare",
        hint=f"shorter windows, fewer channels or a lower rate: the longest window is "
        f"{longest[place]} frames, and each costs 2 bytes a channel",
    )


def _at_most(app: App, path: str, what: str, count: int, most: int) -> None:
    if count > most:
        raise SpecError(
            f"{app.where(path)}: {count} {what}, and a node can hold {most}",
            hint=f"at most {most} {what}: share the work among several nodes",
        )
