"""Every error that tinyfield raises on purpose.

::

    TinyfieldError                      exit code
    ├── UserError                       1   something the user wrote or supplied
    │   ├── SpecError                   1   the app file; carries every mistake at once
    │   ├── DataError                   1   a data set or a trace
    │   ├── ModelError                  1   a model that cannot be compiled
    │   │   └── BudgetError             1   a model that does not fit or is not good enough
    │   ├── WireError                   1   bytes that are no frame or no message
    │   └── NotBuiltYetError            1   valid, but nothing generates it yet
    ├── UsageError                      2   the command line
    └── EnvironmentFault                3   this machine
        └── MissingToolError            3   a tool to install, with the command

A message says what is wrong and where; ``hint`` says what to do about it.
"""

from __future__ import annotations


class TinyfieldError(Exception):
    """Base of every deliberate error.

    Args:
        message: what is wrong, and where.
        hint: the cure, as an imperative sentence or a command.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(TinyfieldError):
    """Something that the user wrote or supplied is wrong."""


class SpecError(UserError):
    """The app file is wrong; ``diagnostics`` holds every mistake found in it."""

    def __init__(
        self, message: str, *, diagnostics: tuple[object, ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = diagnostics


class DataError(UserError):
    """A data set or a trace cannot be used."""


class ModelError(UserError):
    """A model cannot be compiled."""


class BudgetError(ModelError):
    """A model does not fit its board or misses what the app accepts."""


class WireError(UserError):
    """Bytes are no valid frame or message."""


class NotBuiltYetError(UserError):
    """The app is valid but asks for something that nothing generates yet."""


class UsageError(TinyfieldError):
    """The command line is wrong."""

    exit_code = 2


class EnvironmentFault(TinyfieldError):
    """This machine lacks something."""

    exit_code = 3


class MissingToolError(EnvironmentFault):
    """A tool is not installed.

    Args:
        tool: the program's name.
        install: the command that installs it.
    """

    def __init__(self, tool: str, install: str) -> None:
        super().__init__(f"{tool} is not installed", hint=install)
        self.tool = tool
        self.install = install
