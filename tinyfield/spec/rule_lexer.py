"""Words, numbers with units, operators of a rule, each with its place in the text.

A channel with what is made of its past, ``soil.moisture mean 6 h``, is one token: what follows the
channel goes up to the next operator, bracket or word that joins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tinyfield.spec.features import CHANNEL_OPS
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.signals import SIGNALS, STATISTICS
from tinyfield.spec.units import Quantity, longest_unit, parse_quantity

KEYWORDS = ("and", "or", "not", "is")
_SPACE = re.compile(r"\s+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3}(?![A-Za-z0-9]))?")
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>|[-+*/()]")
_ARGUMENT = re.compile(r"\s+(?!(?:and|or|not|is)\b)[^\s<>=!≥≤≠&|+−*×/÷(){}'\";-]+", re.IGNORECASE)
_OPS = frozenset((*CHANNEL_OPS, *SIGNALS, *STATISTICS, "jerk", "one_hot", "cyclic"))
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_FOREIGN = {
    "&&": "and", "||": "or", "&": "and", "|": "or", "===": "==", "=": "==", "<>": "!=", "!": "not",
    "=>": ">=", "=<": "<=", "≥": ">=", "≤": "<=", "≠": "!=", "−": "-", "×": "*", "÷": "/",
}  # fmt: skip
_FOREIGN_PATTERN = re.compile("|".join(re.escape(k) for k in sorted(_FOREIGN, key=len)[::-1]))


@dataclass(frozen=True)
class Token:
    """``kind`` is number, name, feature, word (a quoted name), op or end."""

    kind: str
    text: str
    at: int
    quantity: Quantity | None = None

    @property
    def end(self) -> int:
        """Offset just behind it."""
        return self.at + max(1, len(self.text))


def tokens(text: str) -> list[Token]:
    """The tokens of a rule, closed by one of kind ``end``. Mistake for anything else in it."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        token = _number(text, at) or _simple(text, at)
        found.append(token)
        at += len(token.text)
    found.append(Token("end", "", len(text.rstrip())))
    return found


def _number(text: str, at: int) -> Token | None:
    match = _NUMBER.match(text, at)
    if match is None:
        return None
    end = match.end()
    if re.match(r",\d", text[end:]):
        fixed = re.sub(r"(\d),(\d)", r"\1.\2", text[at : end + 8].split(" ", maxsplit=1)[0])
        raise Mistake(
            "a decimal comma", hint=f"write a point: {fixed}", code="expression", offset=end
        )
    gap = len(text[end:]) - len(text[end:].lstrip(" \t"))
    rest = text[end + gap :]
    word = _NAME.match(rest)
    length = longest_unit(rest)
    if word and word.group() in KEYWORDS:
        length = 0
    elif word and (length == 0 or (length < len(word.group()) and "/" not in rest[:length])):
        quantity_text = text[at : end + gap + len(word.group())]
        try:
            parse_quantity(quantity_text)
        except Mistake as mistake:
            raise Mistake(
                mistake.message,
                hint=mistake.hint,
                code="unit",
                offset=end + gap,
                width=len(word.group()),
            ) from None
    if length:
        end += gap + length
    try:
        quantity = parse_quantity(text[at:end])
    except Mistake as mistake:
        raise Mistake(
            mistake.message, hint=mistake.hint, code=mistake.code, offset=at, width=end - at
        ) from None
    return Token("number", text[at:end], at, quantity)


def _feature(text: str, at: int, end: int) -> Token | None:
    """A name from ``at`` to ``end`` and what is said of it, if a word says something of it."""
    match = _ARGUMENT.match(text, end)
    word = match.group().lstrip() if match else ""
    if word not in _OPS and (
        "." not in text[at:end] or word == "equals" or not word.isidentifier()
    ):
        return None
    while match:
        end = match.end()
        match = _ARGUMENT.match(text, end)
    return Token("feature", text[at:end], at)


def _simple(text: str, at: int) -> Token:
    if match := _STRING.match(text, at):
        return Token("word", match.group(), at)
    if match := _NAME.match(text, at):
        word = match.group()
        lower = word.lower()
        if lower in KEYWORDS and word != lower:
            raise Mistake(
                f"{word!r} is written in capitals",
                hint=f"write {lower!r}",
                code="expression",
                offset=at,
                width=len(word),
            )
        if word in KEYWORDS:
            return Token("op", word, at)
        return _feature(text, at, match.end()) or Token("name", word, at)
    if (match := _FOREIGN_PATTERN.match(text, at)) and not text.startswith(
        ("==", "!=", "<=", ">="), at
    ):
        word = match.group()
        raise Mistake(
            f"{word!r} is not an operator here",
            hint=f"write {_FOREIGN[word]!r}",
            code="expression",
            offset=at,
            width=len(word),
        )
    if (match := _OPERATOR.match(text, at)) is not None:
        if text.startswith("===", at):
            raise Mistake(
                "'===' is not an operator here",
                hint="write '=='",
                code="expression",
                offset=at,
                width=3,
            )
        return Token("op", match.group(), at)
    if text[at] in "'\"":
        raise Mistake(
            "a quote that is never closed",
            hint="leave the quotes out: need == heavy",
            code="expression",
            offset=at,
        )
    if text[at] in "{}":
        raise Mistake(
            "braces stand for several inputs of a model",
            hint="write one window here, such as 'soil.moisture mean 6 h'",
            code="expression",
            offset=at,
        )
    if clock := re.search(r"(\d{1,2}):(\d\d)$", text[: at + 3]):
        hours = int(clock[1]) + int(clock[2]) / 60
        raise Mistake(
            f"{clock[0]!r} is no number",
            hint=f"write hours: {hours:.4g}, as in 'time.hour >= {hours:.4g}'",
            code="expression",
            offset=at - len(clock[1]),
            width=len(clock[0]),
        )
    raise Mistake(
        f"{text[at]!r} means nothing in a rule",
        hint="rules have names, numbers with units, and or not is == != < <= > >= + - * / ( )",
        code="expression",
        offset=at,
    )
