"""Rule text → syntax tree, by precedence climbing (Pratt 1973).

Weakest first: ``or``, ``and``, ``not``, comparison (no chains), ``+ -``, ``* /``, unary ``-``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tinyfield.spec.mistake import Mistake
from tinyfield.spec.rule_lexer import Token, tokens
from tinyfield.spec.units import Quantity

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_POWER = {"or": 1, "and": 2, **dict.fromkeys(COMPARISONS, 4), "+": 5, "-": 5, "*": 6, "/": 6}
_NOT, _NEGATE = 3, 7
MAX_DEPTH = 60
MAX_LENGTH = 2000


@dataclass(frozen=True)
class Tree:
    """A syntax node: ``kind`` is number, name, feature, word, ``not``, ``neg`` or an operator.

    ``start`` and ``end`` are offsets into the rule's text.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    quantity: Quantity | None = None
    items: tuple[Tree, ...] = ()
    bracketed: bool = False


def parse(text: str) -> Tree:
    """The tree of a rule's text; Mistake with the place of the first thing that is wrong."""
    if not text.strip():
        raise Mistake(
            "an empty condition", hint="write one, such as 'need == heavy'", code="expression"
        )
    if len(text) > MAX_LENGTH:
        raise Mistake(
            f"a condition of more than {MAX_LENGTH} characters",
            hint="split the rule",
            code="expression",
        )
    parser = _Parser(tokens(text), text)
    tree = parser.expression(0, 0)
    parser.finish()
    return tree


def unjoined(before: str, text: str, at: int) -> Mistake:
    """Of two operands with nothing between them, the second at ``at``."""
    return Mistake(
        f"nothing joins {before!r} and {text!r}",
        hint="put 'and', 'or' or a comparison such as '>' between them",
        code="expression",
        offset=at,
        width=len(text),
    )


class _Parser:
    def __init__(self, found: list[Token], text: str) -> None:
        self.tokens = found
        self.text = text
        self.index = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.now
        self.index += 1
        return token

    def expression(self, power: int, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise self._at(self.now, "too many brackets inside each other", "split the rule")
        left = self._prefix(depth)
        while self.now.kind == "op" and _POWER.get(self.now.text, 0) > power:
            op = self.take()
            mine = _POWER[op.text]
            right = self.expression(mine, depth + 1)
            if op.text in COMPARISONS and self.now.text in COMPARISONS:
                a, b = self._slice(left), self._slice(right)
                raise self._at(
                    self.now,
                    "two comparisons in a row",
                    f"write '{a} {op.text} {b} and {b} {self.now.text} …'",
                )
            if op.text in ("and", "or") and left.kind == op.text and not left.bracketed:
                items = (*left.items, right)
            else:
                items = (left, right)
            left = Tree(op.text, left.start, right.end, items=items)
        return left

    def _prefix(self, depth: int) -> Tree:
        token = self.take()
        if token.kind == "number":
            return Tree("number", token.at, token.end, token.text, token.quantity)
        if token.kind in ("name", "feature", "word"):
            return Tree(token.kind, token.at, token.end, token.text)
        if token.text == "(":
            inner = self.expression(0, depth + 1)
            if self.now.text != ")":
                raise self._at(token, "a '(' that is never closed", "add ')'")
            closing = self.take()
            return replace(inner, start=token.at, end=closing.end, bracketed=True)
        if token.text == "not":
            inner = self.expression(_NOT, depth + 1)
            return Tree("not", token.at, inner.end, items=(inner,))
        if token.text in ("-", "+"):
            inner = self.expression(_NEGATE, depth + 1)
            if token.text == "+":
                return inner
            return Tree("neg", token.at, inner.end, items=(inner,))
        self.index -= 1
        if token.kind == "end":
            last = self.tokens[self.index - 1] if self.index else token
            raise self._at(
                last, f"the condition ends after {last.text!r}", "something must follow it"
            )
        if token.text == ")":
            raise self._at(token, "a ')' without its '('", "remove it")
        raise self._at(
            token,
            f"{token.text!r} where a name or a number is needed",
            f"remove {token.text!r}, or write something before it",
        )

    def finish(self) -> None:
        """Nothing may be left over."""
        token = self.now
        if token.kind == "end":
            return
        if token.text == ")":
            raise self._at(token, "a ')' without its '('", "remove it")
        before = self.tokens[self.index - 1]
        operands = ("name", "feature", "number", "word")
        if token.kind in operands and before.kind in operands:
            if before.text in ("is", "equals") or token.text in ("is", "equals"):
                word = token if token.text in ("is", "equals") else before
                raise self._at(word, f"{word.text!r} is not an operator here", "write '=='")
            raise unjoined(before.text, token.text, token.at)
        raise self._at(token, f"{token.text!r} does not fit here", "put 'and' or 'or' before it")

    def _slice(self, tree: Tree) -> str:
        return self.text[tree.start : tree.end]

    @staticmethod
    def _at(token: Token, message: str, hint: str) -> Mistake:
        return Mistake(
            message, hint=hint, code="expression", offset=token.at, width=max(1, len(token.text))
        )
