"""A mistake found inside one value, before its place in the file is known."""

from __future__ import annotations


class Mistake(ValueError):
    """Raised by parsers of single values; the reader adds the place and makes a Diagnostic.

    Args:
        message: the cause, one line.
        hint: the cure, one line.
        code: short stable name for scripts.
        offset, width: which characters of the value are meant; None = all of it.
        built: False when the value is right but nothing generates it yet.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str = "value",
        offset: int | None = None,
        width: int | None = None,
        built: bool = True,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.offset = offset
        self.width = width
        self.built = built
