"""What the templates print: the app laid out as the node's tables, all names and numbers final.

It is long because every table has its row here twice, as a type and as what makes it of the app.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from tinyfield.codegen.expression import ExpressionWriter, RuleText
from tinyfield.codegen.labels import gate_of, labels_of
from tinyfield.codegen.limits import check_arena, check_frames, check_limits, node_bytes_most
from tinyfield.errors import ModelError
from tinyfield.features import emit_features
from tinyfield.features.site import CROP_FIELDS, crop_fields
from tinyfield.learn.value import ValueScale, value_scale
from tinyfield.spec.drivers import driver
from tinyfield.spec.durations import duration_text
from tinyfield.spec.expr import Arith, LabelTable
from tinyfield.wire import MAX_PAYLOAD

if TYPE_CHECKING:
    from tinyfield.boards import Board
    from tinyfield.compiler import Program
    from tinyfield.learn.scaler import InputScale
    from tinyfield.spec.app import Action, Actuator, App, Decision, Model, Pet, Sensor

CALENDAR_START = date(2020, 1, 1)
"""Day 0 of a node whose app names no planting day."""
DATE_ZERO = date(2000, 1, 1)
"""Date 0 of a node (firmware/core/features/when.h)."""

FRAME_VALUES_MOST = (MAX_PAYLOAD - 8) // 2
"""Values of a fast sensor in one frame of the stream (TINY_FRAMES_VALUES_MOST in C)."""

_NO_MODEL = 0xFF
_ANY_LABEL = 0xFE
_SOFTMAX_SCALE = 1 / 256
_SOFTMAX_ZERO = -128


@dataclass(frozen=True)
class Part:
    """A sensor or actuator: its driver's C and the configuration it gets. A neighbour has none: its
    ``call`` is empty."""

    name: str
    driver: str
    header: str
    config: str
    call: str
    fields: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class SensorPlan(Part):
    """``channels`` are ids: the driver fills them from the first on. A fast one has frames a
    sample, and functions to begin and to rest. ``compensate`` is the call that frees them from
    other readings, or empty, and ``readings`` its C arguments."""

    channels: tuple[int, ...]
    names: tuple[str, ...]
    frames: int = 0
    continuous: bool = False
    begin: str = ""
    rest: str = ""
    compensate: str = ""
    readings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ActuatorPlan(Part):
    """Limits in s; ``excludes`` is a bit mask of actuator ids."""

    max_on_s: int
    min_off_s: int
    excludes: int
    safe_on: bool
    starts: int = 0


@dataclass(frozen=True)
class NeighbourPlan:
    """A sensor whose reading comes over the link: its channel is ``channel``."""

    name: str
    node: str
    decision: str
    expires_s: int
    channel: int


@dataclass(frozen=True)
class InputPlan:
    """One int8 input of a model."""

    text: str
    offset: int
    mult: int
    shift: int
    zero_point: int


@dataclass(frozen=True)
class ModelPlan:
    """A model: its inputs' scales and how its output is read: ``softmax``, ``logistic``, or as a
    ``value`` by those constants. ``gate`` scales the inputs of what tells that a row is unknown.

    With ``raw`` it takes the features as they are, and there are no inputs to scale. ``history`` is
    how many samples' inputs it looks at.
    """

    name: str
    classes: tuple[str, ...]
    inputs: tuple[InputPlan, ...]
    output: str
    arena_bytes: int
    raw: bool = False
    history: int = 1
    hop: int = 1
    value: ValueScale | None = None
    value_type: str = ""
    gate: tuple[InputPlan, ...] = ()

    @property
    def history_bytes(self) -> int:
        """RAM of the rows that it looks at."""
        return self.history * len(self.inputs)


@dataclass(frozen=True)
class ActionPlan:
    """One row of the action table."""

    text: str
    actuator: int
    on: bool
    seconds: int
    label: int


@dataclass(frozen=True)
class RulePlan:
    """One rule: its row of the table, its conditions in C, and the number whose ``steps`` are its
    labels, if it is such a one.

    ``asks`` is when it asks the edge (None: never), ``wait_s`` how long it waits, and ``alone``
    whether it acts if no answer comes.
    """

    name: str
    text: RuleText
    clear: str | None
    note: str
    for_samples: int
    repeat_s: int
    model: int
    first_action: int
    actions: tuple[ActionPlan, ...]
    level: str | None = None
    steps: tuple[int, ...] = ()
    asks: str | None = None
    wait_s: int = 0
    alone: bool = True

    @property
    def reads_view(self) -> bool:
        """Some clause looks at the sample at all."""
        return any("v->" in truth for _, truth in self.text.clauses)


@dataclass(frozen=True)
class TotalPlan:
    """One total of a day: its row of the table, and the C of what is counted.

    ``table`` are a label table's numbers, empty if it is none.
    """

    name: str
    text: str
    value: str
    table: tuple[int, ...]
    per_s: int
    over: int
    after: int


@dataclass(frozen=True)
class NodePlan:
    """Everything app.h and app.c say. ``node_bytes_most`` is RAM; times are in s.

    ``planted`` is the beginning of day 0 in unix time, ``date`` that day's date.
    """

    app: str
    node: str
    manifest_hash: int
    sample_s: int
    heartbeat_s: int
    planted: int
    date: int
    node_bytes_most: int
    channels: tuple[tuple[str, str], ...]
    sensors: tuple[SensorPlan, ...]
    neighbours: tuple[NeighbourPlan, ...]
    actuators: tuple[ActuatorPlan, ...]
    models: tuple[ModelPlan, ...]
    totals: tuple[TotalPlan, ...]
    rules: tuple[RulePlan, ...]
    crop: tuple[tuple[str, int], ...]
    crop_name: str
    pet: tuple[tuple[str, int], ...] = ()
    active: int | None = None
    past: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[ActionPlan, ...]:
        """The action table."""
        return tuple(action for rule in self.rules for action in rule.actions)

    @property
    def asks(self) -> tuple[RulePlan, ...]:
        """The rules that may ask the edge."""
        return tuple(rule for rule in self.rules if rule.asks is not None)

    @property
    def signature(self) -> int:
        """Of what the node keeps over a reset: an app with other totals begins anew."""
        said = ["day, allowance, totals, starts"]
        said += [f"{t.name} {t.text} {t.table} {t.per_s} {t.over}" for t in self.totals]
        said += [actuator.name for actuator in self.actuators if actuator.starts]
        return zlib.crc32("\n".join(said).encode())

    @property
    def levels(self) -> bool:
        """Some rule's label is a step of a number."""
        return any(rule.level is not None for rule in self.rules)

    @property
    def needs_pet(self) -> bool:
        """Some rule or total is handed the animal."""
        return bool(self.pet) and bool(self._texts("&pet", "pet.weight_g"))

    @property
    def needs_active(self) -> bool:
        """Some rule or total asks how long the animal moves."""
        return bool(self.pet) and bool(self._texts("pet_active("))

    def _texts(self, *wanted: str) -> list[str]:
        """The C of rules and totals that holds one of those."""
        texts = [text for rule in self.rules for _, text in rule.text.clauses]
        texts += [rule.clear or "" for rule in self.rules]
        texts += [rule.level or "" for rule in self.rules]
        texts += [rule.asks or "" for rule in self.rules]
        texts += [total.value for total in self.totals]
        return [text for text in texts if any(word in text for word in wanted)]

    @property
    def keeps(self) -> bool:
        """The node counts something of its days, and keeps it over a reset."""
        return bool(self.totals) or any(actuator.starts for actuator in self.actuators)

    @property
    def needs_crop(self) -> bool:
        """Some model or rule is handed the crop."""
        return bool(self.crop) and bool(self.models or self._texts("&crop"))

    @property
    def remembers(self) -> bool:
        """Some model looks at more than one sample."""
        return any(model.history > 1 for model in self.models)

    @property
    def values(self) -> tuple[ModelPlan, ...]:
        """Models that give a number, in the order of their places."""
        return tuple(model for model in self.models if model.value is not None)

    @property
    def arena_bytes(self) -> int:
        """The models run one after the other in one arena."""
        return max((model.arena_bytes for model in self.models), default=0)

    @property
    def fast(self) -> tuple[SensorPlan, ...]:
        """The sensors that are sampled fast."""
        return tuple(sensor for sensor in self.sensors if sensor.frames)

    @property
    def pieces(self) -> int:
        """In how many pieces every burst comes, so that each fits a frame of a virtual board."""
        return max(
            (-(-s.frames // (FRAME_VALUES_MOST // len(s.channels))) for s in self.fast),
            default=0,
        )

    def piece(self, sensor: SensorPlan) -> int:
        """Frames of a fast sensor in a piece of its burst; the last may have fewer."""
        return -(-sensor.frames // self.pieces)

    @property
    def piece_values(self) -> int:
        """Values in the largest piece of a burst."""
        return max((self.piece(s) * len(s.channels) for s in self.fast), default=0)

    @property
    def headers(self) -> tuple[str, ...]:
        """Of the drivers in use, each once."""
        parts: tuple[Part, ...] = (*self.sensors, *self.actuators)
        return tuple(sorted({f"drivers/{p.driver}/{p.header}" for p in parts if p.header}))

    def sensor_of(self, channel: int) -> int:
        """The id of the sensor that gives the channel."""
        return next(i for i, sensor in enumerate(self.sensors) if channel in sensor.channels)

    def verify(self) -> NodePlan:
        """Checks that every table refers to what exists.

        Raises:
            ModelError: it does not: a mistake in an earlier stage.
        """
        given = [channel for sensor in self.sensors for channel in sensor.channels]
        if sorted(given) != list(range(len(self.channels))):
            raise ModelError(f"the sensors give channels {given}, the app has {len(self.channels)}")
        for sensor in self.sensors:
            if list(sensor.channels) != list(range(sensor.channels[0], sensor.channels[-1] + 1)):
                raise ModelError(f"the channels of {sensor.name} do not follow one another")
        at = 0
        for rule in self.rules:
            if rule.first_action != at or rule.for_samples < 1:
                raise ModelError(f"the rule {rule.name} has a wrong row")
            at += len(rule.actions)
            if rule.model != _NO_MODEL and rule.model >= len(self.models):
                raise ModelError(f"the rule {rule.name} names model {rule.model}")
        if any(action.actuator >= len(self.actuators) for action in self.actions):
            raise ModelError("an action names an actuator that is not there")
        return self

    def dump(self) -> str:
        """One line a table row, for people and golden tests."""
        lines = [
            f"node {self.node} of {self.app}: every {self.sample_s} s, heartbeat "
            f"{self.heartbeat_s} s, planted {self.planted}, manifest {self.manifest_hash:08x}"
        ]
        for index, (name, unit) in enumerate(self.channels):
            lines.append(f"channel {index} {name} [{unit}] of sensor {self.sensor_of(index)}")
        for part in (*self.sensors, *self.actuators):
            if not part.call:
                continue
            fields = " ".join(f"{name}={value}" for name, value in part.fields)
            lines.append(f"{type(part).__name__[:-4].lower()} {part.name} {part.call}: {fields}")
            if isinstance(part, SensorPlan) and part.frames:
                how = "continuous" if part.continuous else "burst"
                lines[-1] += f" ({part.frames} frames a sample, {how}, {self.pieces} pieces)"
        for neighbour in self.neighbours:
            lines.append(
                f"neighbour {neighbour.name} {neighbour.decision} of {neighbour.node}: "
                f"channel {neighbour.channel}, expires {neighbour.expires_s} s"
            )
        for actuator in self.actuators:
            lines.append(
                f"limit {actuator.name} max_on {actuator.max_on_s} min_off {actuator.min_off_s} "
                f"excludes {actuator.excludes:#04x} safe {'on' if actuator.safe_on else 'off'}"
                f"{f' starts {actuator.starts}' if actuator.starts else ''}"
            )
        for model in self.models:
            lines.append(
                f"model {model.name}: {'raw' if model.raw else len(model.inputs)} inputs"
                f"{f' of {model.history} samples' if model.history > 1 else ''}"
                f"{f', every {model.hop}th' if model.hop > 1 else ''}, "
                f"{', '.join(model.classes) or model.value}, "
                f"{model.output}, arena {model.arena_bytes} B"
            )
        lines += [f"past {index}: {text}" for index, text in enumerate(self.past)]
        for total in self.totals:
            lines.append(
                f"total {total.name} per {total.per_s} s, {total.after} of {total.over} days: "
                f"{total.text}: {total.value}"
                f"{f' {list(total.table)}' if total.table else ''}"
            )
        for rule in self.rules:
            lines.append(
                f"rule {rule.name} for {rule.for_samples} repeat {rule.repeat_s} model "
                f"{rule.model}: {rule.text.words}"
            )
            lines += [f"  bit {i}: {c}" for i, (_, c) in enumerate(rule.text.clauses)]
            lines += [f"  when: {rule.text.when}", f"  clear: {rule.clear or 'not when'}"]
            if rule.asks is not None:
                then = "acts" if rule.alone else "does nothing"
                lines.append(f"  asks: {rule.asks}, waits {rule.wait_s} s, then {then}")
            if rule.level is not None:
                lines.append(f"  level: {rule.level} from {list(rule.steps)}")
            lines += [f"  do: {action.text}" for action in rule.actions]
        return "\n".join(lines) + "\n"


def make_plan(
    app: App,
    board: Board,
    programs: Mapping[str, Program],
    scalers: Mapping[str, Sequence[InputScale]],
    manifest_hash: int,
) -> NodePlan:
    """Lays the app out for ``board``.

    Raises:
        SpecError: more of something than a node can hold.
        NotBuiltYetError: a link that no node speaks yet.
        ModelError: a model whose inputs or outputs are not the app's.
        BudgetError: a model that needs more RAM than the board has.
    """
    check_limits(app, board)
    arena = max((program.arena_bytes for program in programs.values()), default=0)
    check_frames(app, board, emit_features(app).frames_ram, arena)
    site = app.site
    planted = site.planted if site and site.planted else CALENDAR_START
    crop = site.crop if site else None
    plan = NodePlan(
        app=app.name,
        node=app.node,
        manifest_hash=manifest_hash,
        sample_s=app.sample_s,
        heartbeat_s=app.reporting.heartbeat_s,
        planted=(planted - date(1970, 1, 1)).days * 86400 - (site.utc_offset_s if site else 0),
        date=(planted - DATE_ZERO).days,
        node_bytes_most=node_bytes_most(board),
        channels=tuple(
            (channel.name, _unit(channel.unit, channel.scale)) for channel in app.channels
        ),
        sensors=tuple(_sensor(app, sensor) for sensor in app.sensors.values()),
        neighbours=tuple(_neighbours(app)),
        actuators=tuple(_actuator(app, actuator) for actuator in app.actuators.values()),
        models=tuple(_model(app, board, model, programs, scalers) for model in app.models.values()),
        totals=_totals(app),
        rules=_rules(app),
        crop=tuple(zip(CROP_FIELDS, crop_fields(crop), strict=True)) if crop else (),
        crop_name=crop.name if crop else "",
        pet=_pet(app.pet, planted) if app.pet else (),
        active=list(app.totals).index(app.pet.active) if app.pet and app.pet.active else None,
        past=_past(app),
    )
    return plan.verify()


def _unit(unit: str, scale: int) -> str:
    return unit if scale == 0 else f"10^{scale} {unit}"


def _neighbours(app: App) -> Iterator[NeighbourPlan]:
    for sensor in app.sensors.values():
        heard = sensor.neighbour
        if heard is not None:
            channel = app.channel_id(sensor.channels[0])
            yield NeighbourPlan(sensor.name, heard.node, heard.decision, heard.expires_s, channel)


def _part(name: str, driver_name: str, params: Mapping[str, int], kind: str) -> Part:
    source = driver(driver_name).c
    if source is None:
        return Part(f"{kind}_{name}", driver_name, "", "", "", ())
    call = source.read or source.frames if kind == "sensor" else source.write
    if call is None:
        raise ModelError(f"the driver {driver_name} of {name} is no {kind}")
    fields = tuple((key.replace(".", "_"), params[key]) for key in source.fields)
    return Part(f"{kind}_{name}", driver_name, source.header, source.config, call, fields)


def _sensor(app: App, sensor: Sensor) -> SensorPlan:
    params = {**sensor.params, "rate": sensor.rate_mhz} if sensor.frames else sensor.params
    part = _part(sensor.name, sensor.driver, params, "sensor")
    ids = tuple(app.channel_id(name) for name in sensor.channels)
    found = driver(sensor.driver)
    readings = []
    for name in found.compensate if sensor.compensate else ():
        channel = dict(sensor.compensate).get(name)
        if channel is None:
            readings.append("TINY_MISSING")
        else:
            at = app.channel_id(channel)
            readings.append(f"tiny_tenths(channel[{at}], {app.channels[at].scale})")
    return SensorPlan(
        **vars(part),
        channels=ids,
        names=sensor.channels,
        frames=sensor.frames,
        continuous=sensor.continuous,
        begin=(found.c and found.c.begin) or "",
        rest=(found.c and found.c.rest) or "",
        compensate=(found.c and found.c.compensate) or "" if readings else "",
        readings=tuple(readings),
    )


def _actuator(app: App, actuator: Actuator) -> ActuatorPlan:
    part = _part(actuator.name, actuator.driver, actuator.params, "actuator")
    order = list(app.actuators)
    return ActuatorPlan(
        **vars(part),
        max_on_s=actuator.max_on_s,
        min_off_s=actuator.min_off_s,
        excludes=sum(1 << order.index(other) for other in actuator.excludes),
        safe_on=actuator.safe,
        starts=actuator.max_starts,
    )


def _model(
    app: App,
    board: Board,
    model: Model,
    programs: Mapping[str, Program],
    scalers: Mapping[str, Sequence[InputScale]],
) -> ModelPlan:
    program, scales = programs[model.name], scalers[model.name]
    history = model.width * model.history if model.history > 1 else 0
    check_arena(app, board, model.name, program.arena_bytes + history)
    where = app.where(f"models.{model.name}")
    given, result = program.inputs[0], program.outputs[0]
    raw = given.dtype == "int32"
    width = math.prod(given.shape)
    scaled = len(scales) == (0 if raw else model.width) and given.dtype in ("int8", "int32")
    if len(program.inputs) != 1 or width != model.width * model.history or not scaled:
        samples = f" of each of {model.history} samples" if model.history > 1 else ""
        raise ModelError(
            f"{where}: the model takes {width} inputs of {given.dtype}, "
            f"the app has {model.width}{samples}"
        )
    if raw and model.history > 1:
        raise ModelError(f"{where}: trees look at one sample only")
    value = value_type = None
    if model.target is not None:
        if len(program.outputs) != 1 or math.prod(result.shape) != 1:
            raise ModelError(f"{where}: the model gives {result.shape} values, not one")
        value, value_type = value_scale(result, model.target), result.c_type
    classes = len(model.classes)
    logistic = result.bytes == 1 and classes == 2
    if value is None and (len(program.outputs) != 1 or not (result.bytes == classes or logistic)):
        raise ModelError(f"{where}: the network gives {result.bytes} values, not {classes}")
    softmax = abs(result.scale - _SOFTMAX_SCALE) <= 1e-6 and result.zero_point == _SOFTMAX_ZERO
    if value is None and not softmax:
        raise ModelError(
            f"{where}: the network must end in softmax or a logistic",
            hint="give its last layer activation='softmax'",
        )
    names = [name for feature in model.inputs for name in feature.names]
    return ModelPlan(
        name=model.name,
        classes=model.classes,
        inputs=_inputs(names, scales) if not raw else (),
        output="value" if value is not None else "logistic" if logistic else "softmax",
        arena_bytes=program.arena_bytes,
        raw=raw,
        history=model.history,
        hop=model.hop,
        value=value,
        value_type=value_type or "",
        gate=_inputs(names, scalers[gate_of(model.name)]) if model.unknown is not None else (),
    )


def _inputs(names: Sequence[str], scales: Sequence[InputScale]) -> tuple[InputPlan, ...]:
    return tuple(
        InputPlan(text, scale.offset, scale.mult, scale.shift, scale.zero_point)
        for text, scale in zip(names, scales, strict=True)
    )


def _unknown(app: App) -> dict[str, int]:
    return {n: len(m.classes) for n, m in app.models.items() if m.unknown is not None}


def _past(app: App) -> tuple[str, ...]:
    return tuple(feature.text for feature in app.past)


def _pet(pet: Pet, planted: date) -> tuple[tuple[str, int], ...]:
    return (
        ("weight_g", pet.weight_g),
        ("born", (pet.born - planted).days),
        ("kcal_per_kg", pet.kcal_per_kg),
        ("neutered", int(pet.neutered)),
        ("species", ("dog", "cat").index(pet.species)),
    )


def _totals(app: App) -> tuple[TotalPlan, ...]:
    writer = ExpressionWriter(tuple(app.models), past=_past(app))
    plans = []
    for name, total in app.totals.items():
        if total.held is not None:
            value = f"tiny_total_truth({writer.truth(total.held)})"
        else:
            assert total.rate is not None
            value = writer.value(total.rate, f"{name}_of")
        rate = total.rate.a if isinstance(total.rate, Arith) else total.rate
        table = rate.flat if isinstance(rate, LabelTable) else ()
        plans.append(
            TotalPlan(
                name, total.text, value, table, total.per_s, total.over_days, total.after_days
            )
        )
    return tuple(plans)


def _rules(app: App) -> tuple[RulePlan, ...]:
    numbers = [name for name, model in app.models.items() if model.target is not None]
    writer = ExpressionWriter(tuple(app.models), numbers, _unknown(app), _past(app))
    rules: list[RulePlan] = []
    at = 0
    for name, decision in app.decisions.items():
        rule = _rule(app, name, decision, writer)
        rules.append(replace(rule, first_action=at))
        at += len(rule.actions)
    return tuple(rules)


def _rule(app: App, name: str, decision: Decision, writer: ExpressionWriter) -> RulePlan:
    model = list(app.models).index(decision.model) if decision.model else _NO_MODEL
    notes = []
    if decision.for_samples > 1:
        notes.append(f"for {decision.for_samples} samples")
    if decision.repeat_s:
        notes.append(f"again every {duration_text(decision.repeat_s)}")
    asks = decision.escalate
    return RulePlan(
        name=name,
        text=writer.rule(decision.when, decision.clauses),
        clear=None if decision.clear is None else writer.truth(decision.clear),
        note=", ".join(notes),
        for_samples=decision.for_samples,
        repeat_s=decision.repeat_s or 0,
        model=model,
        first_action=0,
        actions=tuple(_action(app, decision, action) for action in decision.actions),
        level=None if decision.level is None else writer.value(decision.level.value, ""),
        steps=decision.level.steps if decision.level else (),
        asks=None if asks is None else writer.truth(asks.when),
        wait_s=asks.wait_s if asks else 0,
        alone=asks.act if asks else True,
    )


def _action(app: App, decision: Decision, action: Action) -> ActionPlan:
    label, when = _ANY_LABEL, ""
    if action.label is not None:
        label = labels_of(app, decision).index(action.label)
        when = f"{action.label}: "
    return ActionPlan(
        text=when + action.text,
        actuator=list(app.actuators).index(action.actuator),
        on=action.on,
        seconds=action.duration_s or 0,
        label=label,
    )
