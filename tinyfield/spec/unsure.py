"""Names that hang on something broken: of them nothing is said twice."""

from __future__ import annotations


class Unsure:
    """The names of sensors, models, decisions and actuators whose own mistake is reported.

    ``lost`` says that a name itself may be missing, because lines could not be read: then a name
    nobody knows is only reported when it is nearly one that somebody knows.
    """

    def __init__(self, *names: str) -> None:
        self.names = set(names)
        self.lost = False

    def add(self, name: str) -> None:
        """One more."""
        self.names.add(name)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __bool__(self) -> bool:
        return self.lost or bool(self.names)

    def excuses(self, name: str, near: str | None) -> bool:
        """Whether to keep quiet about an unknown name; ``near`` is the known one it resembles."""
        return name in self.names or (self.lost and near is None)
