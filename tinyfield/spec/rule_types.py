"""Gives a rule's syntax tree units, scales and meaning; says what does not fit.

It is long because one class walks the tree, and every kind of leaf has its own mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from tinyfield.spec import rule_numbers as numbers
from tinyfield.spec.app import Channel, Target, Total
from tinyfield.spec.expr import (
    Always,
    And,
    Battery,
    ChannelRef,
    Clause,
    Compare,
    Confidence,
    DecisionRef,
    Expr,
    FeatureRef,
    LabelIs,
    Missing,
    Not,
    Num,
    Numeric,
    Or,
    PetRef,
    SiteRef,
    TimeRef,
    TotalRef,
    ValueRef,
    dump,
)
from tinyfield.spec.features import CHANNEL_OPS, SITE, parse_feature, range_of
from tinyfield.spec.frame_features import vectors
from tinyfield.spec.mistake import Mistake
from tinyfield.spec.resolve_pet import PET
from tinyfield.spec.rule_numbers import Const
from tinyfield.spec.rule_parser import ABSENT, COMPARISONS, Tree, parse, unjoined
from tinyfield.spec.rule_sense import makes_sense
from tinyfield.spec.spelling_of import channel_hint, renamed
from tinyfield.spec.times import CYCLIC, TIMES
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest

MAX_CLAUSES = 16
ALWAYS = "always"
"""The condition that is true at every sample, unless something of the app is called so."""
TOTAL_PARTS = ("today", "yesterday", "usual")
"""What a rule may name of a total."""
_COMPARED = {
    "above": ">", "over": ">", "exceeds": ">", "greater": ">", "below": "<", "under": "<",
    "less": "<", "beneath": "<",
}  # fmt: skip
"""What people say for comparisons."""
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


class HangsOnBroken(Exception):
    """The rule hangs on something whose own mistake is already reported."""


@dataclass(frozen=True)
class Scope:
    """What a rule may name.

    Attributes:
        models: classifiers: name to classes.
        values: regressions: name to the number that they give.
        decisions: name to rule id.
        totals: what each day brings, in the order of their ids; None for a broken one.
        unsure: sensors, models and decisions that are themselves broken.
        model: whose ``confidence`` is meant where the condition names none.
        several: the condition may name several models: nothing tells their labels.
        sample_s: how often the channels are read, which windows are a multiple of.
    """

    channels: tuple[Channel, ...]
    models: Mapping[str, tuple[str, ...]]
    decisions: Mapping[str, int]
    own_name: str = ""
    has_crop: bool = False
    values: Mapping[str, Target] = field(default_factory=dict)
    unsure: Unsure = field(default_factory=Unsure)
    totals: Mapping[str, Total | None] = field(default_factory=dict)
    has_pet: bool = False
    model: str | None = None
    several: bool = False
    sample_s: int = 0

    def names(self) -> list[str]:
        """Everything a rule may name, for hints."""
        site = list(SITE) if self.has_crop else []
        return (
            [ch.name for ch in self.channels]
            + list(self.models)
            + list(self.values)
            + list(self.decisions)
            + [f"{name}.{part}" for name, total in self.totals.items() for part in _parts(total)]
            + [
                "confidence",
                "battery",
                *site,
                *TIMES,
                *(PET if self.has_pet else ()),
            ]
        )


def _parts(total: Total | None) -> tuple[str, ...]:
    """What a rule may name of it."""
    if total is not None and total.over_days == 0:
        return TOTAL_PARTS[:-1]
    return TOTAL_PARTS


@dataclass
class Typed:
    """A rule's typed condition or number; ``mistakes`` says why it is None."""

    expr: Expr | None = None
    number: Numeric | Const | None = None
    clauses: tuple[Clause, ...] = ()
    model: str | None = None
    mistakes: list[Mistake] = field(default_factory=list)


def compile_condition(text: str, scope: Scope) -> Typed:
    """The typed condition, or all its mistakes with their places in the text."""
    result = Typed()
    try:
        tree = parse(text)
    except Mistake as mistake:
        result.mistakes.append(mistake)
        return result
    maker = _Maker(text, scope, result)
    expr = maker.boolean(tree)
    if len(maker.clauses) > MAX_CLAUSES:
        result.mistakes.append(
            Mistake(
                f"a rule of more than {MAX_CLAUSES} conditions",
                hint="split it in two rules",
                code="expression",
            )
        )
    if expr is not None and not result.mistakes:
        result.expr, result.clauses = expr, tuple(maker.clauses)
    return result


def compile_number(text: str, scope: Scope) -> Typed:
    """The typed number, or all its mistakes with their places in the text."""
    result = Typed()
    try:
        tree = parse(text)
        result.number = _Maker(text, scope, result).number(tree)
    except Mistake as mistake:
        result.mistakes.append(mistake)
    except HangsOnBroken:
        pass
    return result


class _Maker:
    def __init__(self, text: str, scope: Scope, result: Typed) -> None:
        self.text = text
        self.scope = scope
        self.result = result
        self.clauses: list[Clause] = []
        self.models = self._models_named()

    def _models_named(self) -> list[str]:
        from tinyfield.spec.rule_lexer import tokens

        found = tokens(self.text)
        # Whether a model could run is no label of it.
        words = [t.text for t, then in pairwise(found) if t.kind == "name" and then.text != "is"]
        named = [w for w in dict.fromkeys(words) if w in self.scope.models]
        if named:
            self.result.model = named[0]
        elif self.scope.model is not None:
            return [self.scope.model]
        return named

    def number(self, tree: Tree) -> Numeric | Const:
        """A number; Mistake with its place."""
        try:
            return self._numeric(tree)
        except Mistake as mistake:
            if mistake.offset is None:
                mistake.offset, mistake.width = tree.start, tree.end - tree.start
            raise

    def boolean(self, tree: Tree) -> Expr | None:
        """A condition, its mistakes recorded; None if there are any below."""
        if tree.kind in ("and", "or"):
            items = [self.boolean(item) for item in tree.items]
            if any(item is None for item in items):
                return None
            kept = tuple(item for item in items if item is not None)
            if mistake := makes_sense(kept, self._written, all_of=tree.kind == "and"):
                mistake.offset, mistake.width = tree.start, tree.end - tree.start
                self.result.mistakes.append(mistake)
                return None
            return And(kept) if tree.kind == "and" else Or(kept)
        if tree.kind == "not":
            inner = self.boolean(tree.items[0])
            return None if inner is None else Not(inner)
        try:
            expr = self._leaf(tree)
        except Mistake as mistake:
            if mistake.offset is None:
                mistake.offset, mistake.width = tree.start, tree.end - tree.start
            self.result.mistakes.append(mistake)
            return None
        except HangsOnBroken:
            return None
        self.clauses.append(Clause(self._said(tree), expr))
        return expr

    def _written(self, expr: Expr) -> str:
        """The text of a condition; of ``not (x == a)`` that of its inside is kept."""
        for clause in self.clauses:
            if clause.expr is expr:
                return clause.text
        if isinstance(expr, Not):
            return f"not {self._written(expr.x)}"
        return dump(expr)

    def _leaf(self, tree: Tree) -> Expr:
        if tree.kind in COMPARISONS:
            return self._compare(tree)
        if tree.kind in ("missing", "known"):
            missing = Missing(self._maybe(tree.items[0]))
            return missing if tree.kind == "missing" else Not(missing)
        if tree.kind == "name":
            return self._decision(tree)
        said = self._said(tree)
        if tree.kind == "feature":
            self._past(tree)  # raises for its own mistakes
        raise _at(tree, f"{said!r} is a number, not a condition", f"compare it: '{said} > …'")

    def _maybe(self, tree: Tree) -> Numeric:
        """What may be missing: a number, or what a model says."""
        name = tree.text
        if tree.kind == "name" and name in self.scope.models:
            return Confidence("score", 0, name)
        if tree.kind == "name" and name in self.scope.unsure:
            raise HangsOnBroken
        if tree.kind == "name" and name in self.scope.decisions:
            raise _at(
                tree,
                f"a decision is active or not, never missing: {name!r}",
                f"write just '{name}' or 'not {name}', or name what it looks at",
            )
        value = self.number(tree)
        if isinstance(value, Const):
            raise _at(tree, "a constant is never missing", "name a reading")
        return value

    def _decision(self, tree: Tree) -> Expr:
        name = tree.text
        if name in self.scope.decisions:
            if name == self.scope.own_name:
                raise _at(tree, "a rule cannot wait for itself", "name another decision")
            return DecisionRef(name, self.scope.decisions[name])
        if name == ALWAYS and not self._is_known(name):
            if tree.text != self.text.strip():
                raise _at(tree, f"{name!r} goes with no other condition", "leave it out")
            return Always()
        if name in self.scope.models:
            classes = self.scope.models[name]
            raise _at(
                tree, f"{name!r} is a model: say which class", f"write '{name} == {classes[-1]}'"
            )
        if self._is_told(tree):
            raise _at(
                tree,
                f"{name!r} is 1 or 0, not a condition",
                f"write '{name} == 1', or '{name} == 0'",
            )
        self._numeric(tree)  # raises for unknown names
        raise _at(tree, f"{name!r} is a number, not a condition", f"compare it: '{name} > …'")

    def _is_told(self, tree: Tree) -> bool:
        """Whether a name is that of a neighbour's channel."""
        told = {channel.name for channel in self.scope.channels if channel.told}
        return tree.kind == "name" and tree.text in told

    def _comparable(self) -> set[str]:
        """Names that a channel may be compared with."""
        conditions = {*self.scope.models, *self.scope.decisions}
        return {name for name in self.scope.names() if name not in conditions}

    def _compare(self, tree: Tree) -> Expr:
        left, right = tree.items
        for side in (left, right):
            if side.kind == "feature":
                self._check_past(side)
        if any(side.kind == "name" and side.text in self.scope.unsure for side in (left, right)):
            raise HangsOnBroken
        for one, other in ((left, right), (right, left)):
            if other.text.strip("'\"") in ABSENT and self._is_unknown(one, other):
                word = "missing" if tree.kind == "==" else "not missing"
                raise _at(
                    other,
                    f"{other.text!r} is no value that could be compared",
                    f"write '{self._said(one)} is {word}'",
                )
            if self._is_told(one) and other.kind == "name" and other.text not in self._comparable():
                value = int(other.text not in ("off", "false", "no"))
                raise _at(
                    other,
                    f"{one.text!r} is 1 while the neighbour's decision is active, and 0 while not",
                    f"write '{one.text} == {value}'",
                )
            if one.kind == "name" and one.text in self.scope.models:
                return self._label(tree, one, other)
            if one.kind == "name" and one.text in self.scope.decisions:
                word = other.text.strip("'\"")
                if word in ("on", "off", "true", "false") and tree.kind in ("==", "!="):
                    wanted = (word in ("on", "true")) == (tree.kind == "==")
                    hint = f"write '{'' if wanted else 'not '}{one.text}'"
                else:
                    hint = f"write just '{one.text}' or 'not {one.text}'"
                raise _at(tree, f"the decision {one.text!r} is a condition by itself", hint)
            known = (*self.scope.names(), *self.scope.unsure.names)
            if one.kind == "name" and one.text in self.scope.values and other.kind == "name":
                if other.text in known:
                    continue
                unit = self.scope.values[one.text].unit
                raise _at(
                    other,
                    f"{one.text!r} is a number in {unit}: it has no class {other.text!r}",
                    f"write '{one.text} > 1 {unit}'",
                )
        if (misspelt := self._misspelt_model(left, right)) is not None:
            raise misspelt
        mistakes: list[Mistake] = []
        sides: list[Numeric | Const] = []
        unsure = False
        for side in (left, right):
            try:
                sides.append(self._numeric(side))
            except Mistake as mistake:
                if mistake.offset is None:
                    mistake.offset, mistake.width = side.start, side.end - side.start
                mistakes.append(mistake)
            except HangsOnBroken:
                unsure = True
        if mistakes:
            self.result.mistakes.extend(mistakes[1:])
            raise mistakes[0]
        if unsure:
            raise HangsOnBroken
        return self._numbers(tree, sides[0], sides[1])

    def _is_unknown(self, one: Tree, other: Tree) -> bool:
        """Whether a word is no class, and no name."""
        word = other.text.strip("'\"")
        return word not in self.scope.models.get(one.text, ()) and not self._is_known(word)

    def _label(self, tree: Tree, model: Tree, other: Tree) -> Expr:
        name, classes = model.text, self.scope.models[model.text]
        if tree.kind not in ("==", "!="):
            raise _at(
                tree,
                f"classes have no order: {name!r} is one of {listing(classes)}",
                f"write '{name} == {classes[-1]}'",
            )
        self._one_model(model)
        word = other.text.strip("'\"")
        if other.kind not in ("name", "word") or word not in classes:
            near = nearest(word, classes)
            raise _at(
                other,
                f"{name!r} has no class {self._said(other).strip(chr(39))!r}",
                f"did you mean {near!r}?" if near else f"its classes: {listing(classes)}",
            )
        label = LabelIs(name, classes.index(word))
        return label if tree.kind == "==" else Not(label)

    def _one_model(self, tree: Tree) -> None:
        if tree.text in self.models[1:] and not self.scope.several:
            raise _at(
                tree,
                f"a rule can name one model, this one already names {self.models[0]!r}",
                "make a second decision and name it here",
            )

    def _numbers(self, tree: Tree, a: Numeric | Const, b: Numeric | Const) -> Expr:
        if isinstance(a, Const) and isinstance(b, Const):
            raise _at(tree, "two constants: this is always the same", "compare a reading with it")
        op = tree.kind
        const_tree = tree.items[0] if isinstance(a, Const) else tree.items[1]
        if isinstance(a, Const):
            a, b, op = b, a, _FLIPPED[op]
        if isinstance(a, Const):  # for the type checker: not both are
            raise AssertionError
        left, right = tree.items
        if isinstance(a, Confidence) or isinstance(b, Confidence):
            return self._confidence(tree, op, a, b)
        if isinstance(b, Const):
            other = self._said(left if const_tree is right else right)
            value = numbers.in_steps(b, a, const_tree, self._said(const_tree), other)
            limit = numbers.step(op, value)
            if limit is None:
                unit = numbers.step_text(a)
                raise _at(
                    const_tree,
                    f"finer than a step of {unit}: it can never be equal",
                    "compare with < or >",
                )
            numbers.check_possible(tree, op, a, limit, self._said(tree))
            return Compare(op, a, Num(a.unit, a.scale, limit))
        first, second = numbers.common(a, b, tree)
        return Compare(op, first, second)

    def _confidence(self, tree: Tree, op: str, a: Numeric, b: Numeric | Const) -> Expr:
        if not isinstance(a, Confidence) or not isinstance(b, Const):
            raise _at(
                tree,
                "confidence can only be compared with a number",
                "write 'confidence > 0.7'",
            )
        other = tree.items[1] if tree.items[0].text == "confidence" else tree.items[0]
        share = b.value / 100 if b.unit == "%" else b.value
        if b.unit not in ("", "%") or not 0 <= share <= 1:
            said = self._said(other)
            percent = "0.7"
            if b.unit == "" and 2 <= share <= 100:
                percent = f"'{said} %' or {float(share) / 100:g}"
            raise _at(other, f"confidence goes from 0 to 1, not to {said}", f"write {percent}")
        limit = numbers.step(op, share * 255)
        if limit is None:
            raise _at(tree, "a confidence is hardly ever exactly that", "compare with > or >=")
        numbers.check_possible(tree, op, a, limit, self._said(tree))
        return Compare(op, a, Num("score", 0, limit))

    def _numeric(self, tree: Tree) -> Numeric | Const:
        if tree.kind == "number":
            assert tree.quantity is not None
            return Const(Fraction(tree.quantity.value), tree.quantity.unit)
        if tree.kind == "neg":
            return numbers.negate(self._numeric(tree.items[0]))
        if tree.kind in ("+", "-", "*", "/"):
            a, b = (self._numeric(item) for item in tree.items)
            for item, side in zip(tree.items, (a, b), strict=True):
                if isinstance(side, Confidence):
                    raise _at(
                        item,
                        "nothing can be computed with confidence",
                        "compare it with a number: 'confidence > 0.7'",
                    )
            return numbers.arithmetic(tree, a, b)
        if tree.kind == "name":
            return self._reference(tree)
        if tree.kind == "feature":
            return self._past(tree)
        said = self._said(tree)
        if tree.kind == "word":
            raise _at(tree, f"{said} is text, not a number", "leave the quotes out")
        raise _at(tree, f"{said!r} is a condition, not a number", "compare numbers with each other")

    def _reference(self, tree: Tree) -> Numeric:
        name, scope = tree.text, self.scope
        for index, channel in enumerate(scope.channels):
            if channel.name == name:
                return ChannelRef(
                    channel.unit, channel.scale, name, index, channel.minimum, channel.maximum
                )
        if name in scope.values:
            value = scope.values[name]
            return ValueRef(value.unit, value.scale, name, value.minimum, value.maximum)
        if name == "battery":
            return Battery("mV", 0)
        if name == "confidence":
            if not self.models:
                if scope.unsure.lost or any(u in self.text for u in scope.unsure.names):
                    raise HangsOnBroken
                hint = "add 'need == heavy and'"
                if scope.models:
                    model, classes = next(iter(scope.models.items()))
                    hint = f"add '{model} == {classes[-1]} and' before it"
                raise _at(tree, "confidence of which model?", hint)
            if len(self.models) > 1:
                hint = f"count the time of one of them: {listing(self.models)}"
                raise _at(tree, "confidence of which model?", hint)
            return Confidence("score", 0, self.models[0])
        if name in SITE:
            if not scope.has_crop:
                raise _at(
                    tree,
                    f"{name} comes from the crop table, but site.plant is not set",
                    "add 'plant: tomato' and 'planted: 2026-04-20' under 'site'",
                )
            return SiteRef(SITE[name].unit, SITE[name].scale, name)
        if name in PET:
            if not scope.has_pet:
                raise _at(
                    tree,
                    f"{name} comes from the animal's facts, but 'pet' is not set",
                    "add 'pet: {species: dog, weight: 24 kg, …}'",
                )
            return PetRef(PET[name].unit, 0, name)
        first, _, part = name.partition(".")
        if first in scope.totals:
            return self._total(tree, first, part)
        if name in TIMES:
            return TimeRef("", TIMES[name].scale, name)
        near = nearest(name, scope.names())
        if scope.unsure.excuses(first, near) or name in scope.unsure:
            raise HangsOnBroken
        raise self._unknown(tree)

    def _past(self, tree: Tree) -> Numeric:
        """``soil.moisture mean 6 h``: what a model's input would be."""
        scope, text = self.scope, tree.text
        self._check_past(tree)
        try:
            feature = parse_feature(
                text, scope.channels, sample_s=scope.sample_s, has_crop=False, unsure=scope.unsure
            )
        except Mistake as mistake:
            mistake.offset = tree.start + (mistake.offset or 0)
            raise
        if feature is None:
            raise HangsOnBroken
        low, high = range_of(feature, scope.channels, scope.sample_s)
        name = " ".join(text.split())
        feature = feature.model_copy(update={"text": name})
        return FeatureRef(feature.unit, feature.scale, name, feature, low, high)

    def _check_past(self, tree: Tree) -> None:
        """Mistake for what has no past, and for two operands with nothing between them."""
        words = [(m.group(), tree.start + m.start()) for m in re.finditer(r"\S+", tree.text)]
        (source, _), (op, op_at), *rest = words
        channels = [channel.name for channel in self.scope.channels]
        if source in self.scope.unsure:
            raise HangsOnBroken
        if source not in (*channels, *vectors(self.scope.channels)):
            self._check_source(tree, source, op)
            return
        if op in ABSENT:
            raise unjoined(source, op, op_at, f"write '{source} is missing'")
        if op in _COMPARED:
            raise Mistake(
                f"{op!r} is not an operator here",
                hint=f"write '{source} {_COMPARED[op]} {' '.join(w for w, _ in rest) or '…'}'",
                code="expression",
                offset=op_at,
                width=len(op),
            )
        after = [] if op in CHANNEL_OPS or nearest(op, CHANNEL_OPS) else [(op, op_at)]
        after += rest[1:] if op in CHANNEL_OPS else []
        for word, at in after:
            if self._is_known(word):
                raise unjoined(self.text[tree.start : at].rstrip(), word, at)

    def _check_source(self, tree: Tree, source: str, op: str) -> None:
        """Mistake for what has a value but no past; what is no name at all is left to others."""
        if source in (*SITE, *CYCLIC):
            hint = f"write just '{source}'"
            if source not in (*SITE, *TIMES):
                hint = f"a rule can ask for {listing(TIMES)}"
            raise _at(tree, f"{op!r} does not go with {source} in a rule", hint)
        if self._is_known(source) or source.partition(".")[0] in self.scope.totals:
            example = next((ch.name for ch in self.scope.channels), "sensor.quantity")
            hint = f"name a channel, as in '{example} {op if op in CHANNEL_OPS else 'mean'} 6 h'"
            raise _at(tree, f"{op!r} goes with a sensor's channel, and {source!r} is none", hint)

    def _is_known(self, name: str) -> bool:
        return name in (*self.scope.names(), *self.scope.unsure.names)

    def _total(self, tree: Tree, name: str, part: str) -> Numeric:
        total = self.scope.totals[name]
        if total is None:
            raise HangsOnBroken
        if part == "usual" and total.over_days == 0:
            raise _at(
                tree,
                f"what is usual of {name!r} is not kept",
                f"add 'usual: 14 days' to the total {name!r}",
            )
        if part not in TOTAL_PARTS:
            near = nearest(part, TOTAL_PARTS) or "today"
            what = f"{name!r} has no {part!r}" if part else f"{name!r} is a total: of which day?"
            others = " or ".join(f".{other}" for other in _parts(total) if other != near)
            raise _at(tree, what, f"write '{name}.{near}' (or {others})")
        return TotalRef(
            total.unit,
            total.scale,
            name,
            part,
            list(self.scope.totals).index(name),
            total.minimum,
            total.maximum,
        )

    def _misspelt_model(self, left: Tree, right: Tree) -> Mistake | None:
        """``ned == heavy``: a class on one side, and on the other a name that is no model."""
        classes = {c: m for m, of in self.scope.models.items() for c in of}
        for one, other in ((left, right), (right, left)):
            word = other.text.strip("'\"")
            if one.kind != "name" or other.kind not in ("name", "word") or word not in classes:
                continue
            if one.text in self.scope.unsure:
                raise HangsOnBroken
            if one.text in self.scope.names():
                continue
            near = nearest(one.text, self.scope.models)
            if self.scope.unsure.excuses(one.text, near):
                raise HangsOnBroken
            self.models = self.models or [near or classes[word]]
            known = listing(self.scope.models)
            hint = f"did you mean {near!r}?" if near else f"models: {known}"
            return _at(one, f"there is no model {one.text!r}", hint)
        return None

    def _unknown(self, tree: Tree) -> Mistake:
        name, scope = tree.text, self.scope
        hint: str | None
        sensor = name.partition(".")[0]
        sensors = dict.fromkeys(ch.sensor for ch in scope.channels)
        if "." in name and sensor not in (*sensors, "site", "time", "pet"):
            near = nearest(name, scope.names()) or renamed(name, scope.channels)
            hint = f"did you mean {near!r}?" if near else f"sensors: {listing(sensors) or 'none'}"
            return _at(tree, f"there is no sensor {sensor!r}", hint)
        hint = channel_hint(name, scope.channels)
        if hint is None:
            near = nearest(name, [*scope.names(), ALWAYS])
            hint = f"did you mean {near!r}?" if near else f"known: {listing(scope.names())}"
        return _at(tree, f"unknown name {name!r}", hint)

    def _said(self, tree: Tree) -> str:
        text = self.text[tree.start : tree.end]
        if tree.bracketed:
            text = text.lstrip("( ").rstrip(") ") if tree.kind in COMPARISONS else text
        return " ".join(text.split())


def _at(tree: Tree, message: str, hint: str, code: str = "expression") -> Mistake:
    return Mistake(message, hint=hint, code=code, offset=tree.start, width=tree.end - tree.start)
