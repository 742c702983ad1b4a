"""What an app costs on a board: flash, RAM, stack, instructions, time."""

from tinyfield.estimate.board_cost import BoardCost, Measured, estimate

__all__ = ["BoardCost", "Measured", "estimate"]
