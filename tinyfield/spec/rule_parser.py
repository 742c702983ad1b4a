"""Rule text → syntax tree, by precedence climbing (Pratt 1973).

Weakest first: ``or``, ``and``, ``not``, comparison (no chains) and ``is missing``, ``+ -``,
``* /``, unary ``-``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

from tinyfield.spec.mistake import Mistake
from tinyfield.spec.rule_lexer import Token, tokens
from tinyfield.spec.units import Quantity
from tinyfield.spelling import nearest

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_POWER = {
    "or": 1,
    "and": 2,
    **dict.fromkeys((*COMPARISONS, "is"), 4),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
}
_NOT, _NEGATE = 3, 7
MISSING = "missing"
_LOST = ("none", "null", "nan", "unknown", "undefined", "absent", "gone", "lost", "silent", "dead",
         "unavailable", "stale", "expired", "unheard", "empty")  # fmt: skip
_THERE = ("known", "there", "here", "present", "heard", "available", "defined", "alive", "valid")
"""What people say for it, and for not."""
ABSENT = (MISSING, *_LOST)
MAX_DEPTH = 60
MAX_LENGTH = 2000


@dataclass(frozen=True)
class Tree:
    """A syntax node: ``kind`` is number, name, feature, word, ``not``, ``neg``, ``missing``,
    ``known`` (not missing) or an operator.

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


def unjoined(before: str, text: str, at: int, hint: str | None = None) -> Mistake:
    """Of two operands with nothing between them, the second at ``at``."""
    return Mistake(
        f"nothing joins {before!r} and {text!r}",
        hint=hint or "put 'and', 'or' or a comparison such as '>' between them",
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
            if op.text == "is":
                left = self._is(left, op)
                continue
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

    def _is(self, left: Tree, op: Token) -> Tree:
        """``… is missing``, ``… is not missing``."""
        negated = self.now.text == "not"
        if negated:
            self.take()
        word = self.now
        if word.text != MISSING:
            self._misspelt(self._slice(left), op, word, negated=negated)
        self.take()
        kind = "known" if negated else "missing"
        return Tree(kind, left.start, word.end, items=(left,))

    def _misspelt(self, said: str, op: Token, word: Token, *, negated: bool) -> NoReturn:
        """Raises what should stand instead of ``is`` and what follows it."""
        text = word.text.strip("'\"")
        if word.kind in ("name", "word") and nearest(text, [MISSING]):
            raise self._at(word, f"nothing is {word.text!r}", f"did you mean {MISSING!r}?")
        lost = text in _LOST
        if lost or text in _THERE:
            is_not = "" if lost != negated else "not "
            hint = f"write '{said} is {is_not}{MISSING}'"
            if text == "unknown" and "." not in said:
                hint += f", or '{said} {'!=' if negated else '=='} unknown' for that label of it"
            raise self._at(word, f"nothing is {text!r}", hint)
        raise self._at(op, "'is' is not an operator here", f"write '{'!=' if negated else '=='}'")

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
            if "equals" in (before.text, token.text):
                word = token if token.text == "equals" else before
                raise self._at(word, f"{word.text!r} is not an operator here", "write '=='")
            raise unjoined(before.text, token.text, token.at)
        if token.text == "not":
            said = self.tokens[self.index + 1].text
            if said in (*ABSENT, *_THERE):
                is_not = "" if said in _THERE else "not "
                raise self._at(token, "'not' does not fit here", f"write 'is {is_not}{MISSING}'")
        raise self._at(token, f"{token.text!r} does not fit here", "put 'and' or 'or' before it")

    def _slice(self, tree: Tree) -> str:
        return self.text[tree.start : tree.end]

    @staticmethod
    def _at(token: Token, message: str, hint: str) -> Mistake:
        return Mistake(
            message, hint=hint, code="expression", offset=token.at, width=max(1, len(token.text))
        )
