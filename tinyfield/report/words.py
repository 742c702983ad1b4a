"""Rules, inputs and interlocks of an app in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tinyfield.spec import expr as e
from tinyfield.spec.durations import duration_text
from tinyfield.spec.features import SITE
from tinyfield.spec.signals import STATISTICS
from tinyfield.spec.times import CYCLIC

if TYPE_CHECKING:
    from tinyfield.spec.app import Actuator, App, Decision, Feature, Model, Total

_COMPARED = {
    ">": "is above",
    ">=": "is at least",
    "<": "is below",
    "<=": "is at most",
    "==": "is",
    "!=": "is not",
}
_UNITS = {"degC": "°C", "degF": "°F", "degK": "K", "uV": "µV", "us": "µs"}
_OPS = {
    "last": "{} now",
    "mean": "mean of {} over {}",
    "min": "least {} in {}",
    "max": "greatest {} in {}",
    "sum": "sum of {} over {}",
    "slope": "trend of {} over {}",
    "std": "spread of {} over {}",
    "range": "range of {} over {}",
    "lag": "{}, {} ago",
    "change": "change of {} in {}",
    "ewma": "running average of {}, about {} long",
    "deviation": "{} now, less its running average of about {}",
    "relative": "{} now, by its running average of about {}",
}


def unit(name: str) -> str:
    """A unit as people write it."""
    return _UNITS.get(name, name)


def listing(names: Sequence[str], word: str = "and") -> str:
    """``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def counted(n: int, thing: str) -> str:
    """``1 sensor``, ``2 sensors``, ``no sensor``."""
    return f"no {thing}" if n == 0 else f"{n:,} {thing}{'' if n == 1 else 's'}"


def condition(app: App, tree: e.Expr, inside: bool = False) -> str:
    """A rule's condition as part of a sentence; grouped where it stands inside another."""
    if isinstance(tree, (e.And, e.Or)):
        joined = f" {'and' if isinstance(tree, e.And) else 'or'} ".join(
            condition(app, item, inside=True) for item in tree.items
        )
        return f"({joined})" if inside else joined
    if isinstance(tree, e.Not) and isinstance(tree.x, e.LabelIs):
        return f"{tree.x.model} does not say “{_class(app, tree.x)}”"
    if isinstance(tree, e.LabelIs):
        return f"{tree.model} says “{_class(app, tree)}”"
    if isinstance(tree, e.Not) and isinstance(tree.x, e.DecisionRef):
        return f"the rule {tree.x.name} is not active"
    if isinstance(tree, e.DecisionRef):
        return f"the rule {tree.name} is active"
    if isinstance(tree, e.Missing):
        return _missing(app, tree.x, "")
    if isinstance(tree, e.Not) and isinstance(tree.x, e.Missing):
        return _missing(app, tree.x.x, "not ")
    if isinstance(tree, e.Not):
        return f"not ({condition(app, tree.x)})"
    if isinstance(tree, e.Compare) and (told := _told(app, tree)):
        return told
    if isinstance(tree, e.Compare):
        return f"{_number(tree.a)} {_COMPARED[tree.op]} {_number(tree.b)}"
    return e.dump(tree)


def _missing(app: App, tree: e.Numeric, word: str) -> str:
    """What has no value at a sample, or (``word`` is "not ") has one."""
    if isinstance(tree, e.Confidence):
        return f"{tree.model} {'could' if word else 'could not'} run"
    name = tree.name if isinstance(tree, e.ChannelRef) else ""
    heard = next((s.neighbour for s in app.sensors.values() if name in s.channels), None)
    if heard is not None:
        said = "is" if word else "is not"
        return f"“{heard.decision}” of {heard.node} {said} known"
    return f"{_number(tree)} is {word}missing"


def _told(app: App, tree: e.Compare) -> str:
    """A comparison of a neighbour's word with 1 or 0; empty of any other."""
    if not isinstance(tree.a, e.ChannelRef) or not isinstance(tree.b, e.Num):
        return ""
    name, wanted = tree.a.name, Decimal(tree.b.value).scaleb(tree.b.scale)
    sensor = next(s for s in app.sensors.values() if name in s.channels)
    if sensor.neighbour is None or tree.op not in ("==", "!=") or wanted not in (0, 1):
        return ""
    active = (wanted == 1) == (tree.op == "==")
    heard = sensor.neighbour
    return f"“{heard.decision}” of {heard.node} is {'' if active else 'not '}active"


def _class(app: App, label: e.LabelIs) -> str:
    return app.models[label.model].labels[label.class_index]


def _number(tree: e.Expr, *, inside: bool = False) -> str:
    """A number as part of a sentence, or inside a formula."""
    if isinstance(tree, e.Num):
        if tree.unit == "score":  # 0 to 255 stands for 0 to 1
            return f"{round(tree.value / 255, 2):g}"
        if tree.unit == "s" and tree.scale == 0 and tree.value >= 60:
            return duration_text(tree.value)
        value = Decimal(tree.value).scaleb(tree.scale).normalize()
        return f"{value:,f} {unit(tree.unit)}".strip()
    if isinstance(tree, e.Confidence):
        return f"its confidence in {tree.model}"
    if isinstance(tree, e.FeatureRef) and tree.feature.frames is None and not inside:
        return feature(tree.feature)
    if isinstance(tree, (e.ChannelRef, e.FeatureRef, e.SiteRef, e.ValueRef, e.TimeRef, e.PetRef)):
        return tree.name
    if isinstance(tree, e.TotalRef):
        return f"{tree.name}.{tree.part}"
    if isinstance(tree, e.Battery):
        return "the battery's voltage"
    if isinstance(tree, e.Rescale) or _is_times_one(tree):
        return _number(tree.children()[0], inside=inside)
    if isinstance(tree, e.Neg):
        return f"−{_number(tree.x, inside=True)}"
    if isinstance(tree, e.Arith):
        return f"({_number(tree.a, inside=True)} {tree.op} {_number(tree.b, inside=True)})"
    return e.dump(tree)


def _is_times_one(tree: e.Expr) -> bool:
    """What only brings a number to a finer scale, before a division."""
    if not isinstance(tree, e.Arith) or tree.op != "*" or not isinstance(tree.b, e.Num):
        return False
    return tree.b.unit == "" and Decimal(tree.b.value).scaleb(tree.b.scale) == 1


def rule(app: App, decision: Decision) -> str:
    """When it fires, how long that must hold, when it ends, how often it repeats."""
    if isinstance(decision.when, e.Always):
        text = f"Fires every {duration_text(decision.repeat_s or 0)}, whatever is read."
    else:
        text = _while(app, decision)
    if decision.escalate is not None:
        asks = decision.escalate
        alone = "acts" if asks.act else "lets it be"
        where = "It" if isinstance(asks.when, e.Always) else f"Where {condition(app, asks.when)} it"
        text += (
            f" {where} asks the edge first; without an answer within "
            f"{duration_text(asks.wait_s)} it {alone}."
        )
    if decision.level is not None:
        value = decision.level.value
        steps = [
            f"“{label}” from {_number(e.Num(value.unit, value.scale, step))}"
            for label, step in zip(decision.level.labels[1:], decision.level.steps[1:], strict=True)
        ]
        text += f" Its label goes by {_number(value)}: {listing(steps)}, below that "
        text += f"“{decision.level.labels[0]}”."
    return text


def _while(app: App, decision: Decision) -> str:
    """When a rule on something fires, ends and fires again."""
    text = f"Fires when {condition(app, decision.when)}"
    if decision.for_samples > 1:
        span = duration_text(decision.for_samples * app.sample_s)
        text += f", {decision.for_samples} samples in a row ({span})"
    text += ". "
    if decision.clear is not None:
        text += f"Ends when {condition(app, decision.clear)}."
    else:
        text += "Ends when that is no longer so."
    if decision.repeat_s is not None:
        text += f" While it lasts, fires again every {duration_text(decision.repeat_s)}."
    return text


def total(app: App, one: Total) -> str:
    """What a total counts in a day, and what is usual."""
    if one.held is not None:
        text = f"How long it holds in a day that {condition(app, one.held)}."
    else:
        text = f"What comes together in a day, in {unit(one.unit)}: {_rate(app, one.rate)}."
    if one.over_days:
        text += (
            f" Usual is the mean of its days, of more than {one.over_days} an average in which "
            f"each day weighs one {one.over_days}th; known after {counted(one.after_days, 'day')}."
        )
    return text


def _each(app: App, rate: e.LabelTable) -> Iterator[str]:
    inner = dict(rate.inner)
    for index, label in enumerate(app.models[rate.model].classes):
        said = f"while {rate.model} says “{label}”"
        if index in inner:
            yield from (f"{one} and {said[6:]}" for one in _each(app, inner[index]))
        else:
            value = Decimal(rate.values[index]).scaleb(rate.scale)
            yield f"{value.normalize():,f} {said}"


def _rate(app: App, rate: e.Numeric | None) -> str:
    if isinstance(rate, e.Arith) and isinstance(rate.a, e.LabelTable):
        return f"{_number(rate.b)} times {_rate(app, rate.a)}"
    if isinstance(rate, e.LabelTable):
        each = list(_each(app, rate))
        return f"{listing(each)}{f' ({unit(rate.unit)})' if rate.unit else ''}"
    return _number(rate) if rate is not None else ""


def actions(decision: Decision) -> tuple[str, ...]:
    """What it asks of the actuators, a phrase each; empty where it only reports."""
    return tuple(
        action.text
        if action.label is None
        else f"{action.text}, where the label is “{action.label}”"
        for action in decision.actions
    )


def interlocks(actuator: Actuator) -> tuple[str, ...]:
    """What no rule and no command gets round."""
    state = "on" if actuator.safe else "off"
    found = [f"never on for longer than {duration_text(actuator.max_on_s)}"]
    if actuator.min_off_s:
        found.append(f"then off for at least {duration_text(actuator.min_off_s)}")
    if actuator.max_starts:
        times = "once" if actuator.max_starts == 1 else f"{actuator.max_starts} times"
        found.append(f"at most {times} a day")
    found.append(f"{state} at start, on a fault and when nothing is known")
    if actuator.excludes:
        found.append(f"never on together with {listing(actuator.excludes)}")
    return tuple(found)


def feature(one: Feature) -> str:
    """One input of a model."""
    if one.channel is None and one.source in SITE:
        also = ", one input for each" if one.op == "one_hot" else ""
        return f"{SITE[one.source].summary} ({one.source}){also}"
    if one.source in CYCLIC:
        return f"{CYCLIC[one.source]}, as sine and cosine ({one.source})"
    if one.frames is not None:
        words, name = one.text.split(), one.frames.statistic
        of = " ".join(words[: words.index(name)])
        return f"{one.text}: {STATISTICS[name].says}, of {of}"
    span = duration_text(one.window_s) if one.window_s else ""
    pattern = _OPS.get(one.op)
    return pattern.format(one.source, span) if pattern else one.text


def architecture(model: Model) -> str:
    """What kind of model it is, with its options."""
    said = {
        "mlp": "a small neural network",
        "cnn": "a convolutional network over time",
        "ds_cnn": "a depthwise-separable convolutional network over time",
        "tcn": "a temporal convolutional network",
        "gru": "a recurrent network (GRU)",
        "tree": "a decision tree",
        "forest": "a forest of decision trees",
        "gbt": "gradient-boosted trees",
        "bonsai": "a Bonsai tree",
        "mahalanobis": "the distance from what is usual",
        "autoencoder": "an autoencoder of what is usual",
        "gmm": "a mixture of Gaussians over what is usual",
        "keras": "the app's own Keras network",
        "tflite": "the app's own TFLite model",
    }.get(model.architecture, model.architecture)
    # Each sample is judged by itself: not worth a word.
    alone = {"history": 1, "hop": 1, "ordered": False, "l2": 0.0}
    shown = {k: v for k, v in model.options.items() if v not in ((), None, alone.get(k))}
    options = ", ".join(k if v is True else f"{k} {_option(v)}" for k, v in shown.items())
    return f"{said} ({options})" if options else said


def _option(value: object) -> str:
    return "–".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
