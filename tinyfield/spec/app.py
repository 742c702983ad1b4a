"""The app as every later stage sees it: resolved, in integers, frozen.

``load_app`` makes it from the YAML; nothing here knows the file's layout. It is long because each
section has its type here, with the units of all its values, and has no logic.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, InstanceOf, SecretStr

from tinyfield.spec.architectures import OPTIONS, UNKNOWN
from tinyfield.spec.crops import Crop
from tinyfield.spec.diagnostics import Diagnostic
from tinyfield.spec.expr import Clause, Expr, FeatureRef, Numeric, TimeRef, dump, walk
from tinyfield.spec.frozen import Frozen
from tinyfield.spec.mark import Mark
from tinyfield.spec.scenario import Scenario

SITE_SOURCES = ("site.kc", "site.p", "site.root_depth", "site.stage")
"""What the node derives from the crop table and the day; units and scales in ``features.py``."""


class Channel(Frozen):
    """One measured quantity.

    Attributes:
        name: ``sensor.quantity``, such as ``soil.moisture``.
        unit, scale: physical = value · 10^scale in ``unit``.
        minimum, maximum: the least and greatest scaled integer the driver can give.
        frames: of a fast channel, how many frames a sample brings; 0 for one reading a sample.
        rate_mhz: of a fast channel, frames a second in thousandths.
        continuous: a fast channel that never pauses, so that windows may reach over samples.
        told: of a neighbour: what the gateway tells of it, read from no pin.
    """

    name: str
    sensor: str
    quantity: str
    unit: str
    scale: int
    minimum: int
    maximum: int
    frames: int = 0
    rate_mhz: int = 0
    continuous: bool = False
    told: bool = False

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.rate_mhz, 1000)


class Neighbour(Frozen):
    """Another node's decision, told by the gateway; after ``expires_s`` nothing is known of it."""

    node: str
    decision: str
    expires_s: int


class Sensor(Frozen):
    """A sensor with its parameters resolved for the chosen board.

    Attributes:
        params: dotted parameter name (``pin``, ``calibrate.dry``, ``address``) to a whole number
            in the driver's own unit; pins as HAL pin numbers; booleans as 0 and 1.
        channels: names of its channels, in the order its driver reads them.
        frames: of a fast sensor, frames a sample; else 0.
        rate_mhz: of a fast sensor, frames a second in thousandths.
        continuous: a fast sensor that never pauses, so that windows may reach over samples.
        compensate: what is taken out of its readings, and the channel that tells it.
        neighbour: whose decision it is, if its reading comes over the link.
    """

    name: str
    driver: str
    params: dict[str, int]
    channels: tuple[str, ...]
    frames: int = 0
    rate_mhz: int = 0
    continuous: bool = False
    compensate: tuple[tuple[str, str], ...] = ()
    neighbour: Neighbour | None = None


class Actuator(Frozen):
    """An actuator with its interlocks; times in s. Its index in ``App.actuators`` is its id.

    Attributes:
        safe: the state at boot, on a fault and when nothing is known.
        excludes: actuators that must be off while this one is on (symmetric).
        max_starts: most times on in a day; 0 = any number.
    """

    name: str
    driver: str
    params: dict[str, int]
    max_on_s: int
    min_off_s: int
    safe: bool
    excludes: tuple[str, ...]
    max_starts: int = 0


class Frames(Frozen):
    """What a feature over a window of frames is made of; the names are those of
    ``tinyfield.spec.signals``.

    Attributes:
        channels: ids of one channel, or of a vector's x, y and z.
        signal: what is made of the vector first; None of a channel, or for the vector itself.
        axis: ids of the second vector's x, y and z, for a signal that is taken along one.
        jerk: whether successive frames are subtracted then.
        statistic: what is told of the window.
        given: its arguments, in order: a lag in s, frequencies in Hz, the id of another channel.
        count: frames in the window.
    """

    channels: tuple[int, ...]
    signal: str | None
    jerk: bool
    statistic: str
    given: tuple[InstanceOf[Fraction], ...]
    count: int
    axis: tuple[int, ...] = ()


class Feature(Frozen):
    """One input of a model.

    Attributes:
        text: as the user wrote it.
        source: a channel name, one of ``SITE_SOURCES``, or a time (tinyfield.spec.times).
        op: of a channel, one of ``CHANNEL_OPS`` (tinyfield.spec.features); of the site, value or
            one_hot; of a time, cyclic; of a window of frames, frames.
        window_s: the span in whole s for windowed ops, the lag, or the average's time.
        unit, scale: of the feature's integer value.
        width: inputs it makes: 1, k for one_hot, 2 for cyclic.
        channel: channel id (of a vector, its x), None for those of the site and of the time.
        other: for minus, the id of the channel that is taken away.
        factors: for minus, what brings each channel to ``scale``.
        frames: for frames, what it is made of.
    """

    text: str
    source: str
    op: Literal[
        "last",
        "mean",
        "min",
        "max",
        "range",
        "sum",
        "slope",
        "std",
        "lag",
        "change",
        "ewma",
        "deviation",
        "relative",
        "minus",
        "one_hot",
        "value",
        "cyclic",
        "frames",
    ]
    window_s: int | None
    unit: str
    scale: int
    width: int
    channel: int | None
    other: int | None = None
    factors: tuple[int, int] = (1, 1)
    frames: Frames | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each input that it makes."""
        if self.op == "cyclic":
            return tuple(f"{self.text} {part}" for part in ("sine", "cosine"))
        if self.op == "one_hot":
            return tuple(f"{self.text} = {index}" for index in range(self.width))
        return (self.text,)


class Augment(Frozen):
    """What else is made of each training recording: ``copies`` of it, every vector turned by a
    random (or random but slight) rotation of each copy, the samples beginning at another moment;
    and rows between those of recordings that are neighbours in the number ``between`` of their
    sites."""

    rotate: Literal["random", "slightly", "no"]
    shift: bool
    copies: int
    between: str | None = None


class Train(Frozen):
    """Where the examples come from: data set, its stand-in generator, label column, split; what
    else is made of them; whether the shipped model is fitted to the validation rows too, or to
    all."""

    dataset: str
    stand_in: str | None
    label: str
    split: str
    augment: Augment | None = None
    refit: bool | Literal["all"] = False


class Compress(Frozen):
    """How the trained model is made small."""

    quantize: Literal["int8", "16x8", "auto"] = "int8"
    prune: Decimal | Literal["auto"] | None = None
    share: int | None = None
    sparse: Decimal | None = None
    huffman: Literal["auto", "yes", "no"] = "auto"


class Budget(Frozen):
    """What the model may cost: bytes and µs; None = no limit."""

    flash_bytes: int | None = None
    ram_bytes: int | None = None
    latency_us: int | None = None


class Accept(Frozen):
    """What the model must reach: scores 0 to 1; of a regression mean absolute and root mean square
    error in the target's unit; ``max_drop`` from float to int8, of macro F1 or of the MAE."""

    accuracy: float | None = None
    macro_f1: float | None = None
    auc: float | None = None
    mae: float | None = None
    rmse: float | None = None
    max_drop: float | None = None


class Target(Frozen):
    """The number that a regression gives: physical = value · 10^scale in ``unit``.

    Attributes:
        name: the data set's column, with the time ahead if there is one: ``pm2_5 in 6 h``.
        minimum, maximum: the least and greatest integer that the node gives.
    """

    name: str
    unit: str
    scale: int
    minimum: int
    maximum: int

    @property
    def step(self) -> float:
        """One step of the integer, in the unit."""
        return float(10.0**self.scale)


class Model(Frozen):
    """A classifier or, with a ``target`` instead of classes, a regression: inputs, how it is
    trained and what it may cost.

    Of the options from ``hidden`` to ``covariance``, those count that its architecture has.
    ``source`` and ``function`` say where the app's own network is. ``unknown`` is the share of
    known rows that may be called unknown; None where nothing is.
    """

    name: str
    inputs: tuple[Feature, ...]
    classes: tuple[str, ...]
    target: Target | None = None
    train: Train
    architecture: str
    hidden: tuple[int, ...] = ()
    l2: float = 0.0
    trees: int = 1
    depth: int = 1
    min_leaf: int = 1
    leaves: int = 31
    ordered: bool = False
    projection: int = 1
    density: float = 1.0
    history: int = 1
    hop: int = 1
    filters: int = 1
    kernel: int | tuple[int, int] = 1
    blocks: int = 1
    units: int = 1
    false_alarms: float = 0.0
    components: int = 1
    covariance: str = "full"
    source: str = ""
    function: str = ""
    unknown: float | None = None
    compress: Compress
    budget: Budget
    accept: Accept

    @property
    def options(self) -> dict[str, object]:
        """The options of its architecture, by key."""
        keys = [*OPTIONS.get(self.architecture, ())]
        if self.source:
            keys += ["source", "function"]
        return {key: getattr(self, key) for key in keys}

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can say: its classes and, where ``unknown`` says so, that it is none of them."""
        return self.classes if self.unknown is None else (*self.classes, UNKNOWN)

    @property
    def width(self) -> int:
        """How many int32 inputs its features make."""
        return sum(feature.width for feature in self.inputs)


class Pet(Frozen):
    """The animal that wears the node.

    Attributes:
        weight_g: what it should weigh, in gram.
        kcal_per_kg: energy of its food.
        active: the total that says how long it moves in a day; None = not known.
    """

    species: Literal["dog", "cat"]
    weight_g: int
    born: date
    neutered: bool
    kcal_per_kg: int
    active: str | None


class Total(Frozen):
    """What a day brings. Its index in ``App.totals`` is its id.

    Attributes:
        text: as the user wrote it.
        held: the condition whose time is counted; None for a sum.
        rate: what is summed up over time; None for a time.
        unit, scale: of the total's integer value; of a time, s and 0.
        per_s: seconds in the rate's unit of time.
        over_days: days of the average that is usual; 0 = none is kept.
        after_days: days before it is known.
        minimum, maximum: least and greatest scaled integer of a day.
    """

    name: str
    text: str
    held: InstanceOf[Expr] | None
    rate: InstanceOf[Numeric] | None
    unit: str
    scale: int
    per_s: int
    over_days: int
    after_days: int
    minimum: int
    maximum: int


class Action(Frozen):
    """Something a firing rule asks of an actuator.

    Attributes:
        duration_s: None = until another rule or an interlock ends it.
        label: only when the model's label is this class; None = whatever the label.
    """

    actuator: str
    on: bool
    duration_s: int | None
    label: str | None

    @property
    def text(self) -> str:
        """``valve on for 8 min``."""
        from tinyfield.spec.durations import duration_text

        switch = "on" if self.on else "off"
        tail = f" for {duration_text(self.duration_s)}" if self.duration_s is not None else ""
        return f"{self.actuator} {switch}{tail}"


class Level(Frozen):
    """Which step of a number is reached, as a label.

    Attributes:
        steps: the least scaled integer of each label, rising; below the first, it holds too.
    """

    value: InstanceOf[Numeric]
    labels: tuple[str, ...]
    steps: tuple[int, ...]


class Escalation(Frozen):
    """Which cases of a rule are passed up to the edge before it acts.

    Attributes:
        when: true: the edge is asked.
        wait_s: how long the node waits for the answer.
        act: whether it acts if none comes.
    """

    when: InstanceOf[Expr]
    text: str
    wait_s: int
    act: bool


class Decision(Frozen):
    """A rule. Its index in ``App.decisions`` is the rule id.

    Attributes:
        clauses: leaf conditions of ``when`` in text order; bit i of the why mask is clause i.
        for_samples: consecutive samples ``when`` must hold before the rule fires.
        clear: ends the rule's activity; None = when ``when`` is false.
        repeat_s: fires again this often while ``when`` stays true; None = once an activation.
        model: whose label and confidence it names; None for rules on readings alone.
        level: whose step is its label; None = the model's class, or on and off.
        escalate: which cases the edge is asked about; None = the node settles them all.
    """

    name: str
    when: InstanceOf[Expr]
    clauses: tuple[InstanceOf[Clause], ...]
    for_samples: int
    clear: InstanceOf[Expr] | None
    repeat_s: int | None
    severity: Literal["info", "warning", "critical"]
    model: str | None
    actions: tuple[Action, ...]
    level: Level | None = None
    escalate: Escalation | None = None


class Reporting(Frozen):
    """How the node reports, and how often it says that it lives, in s."""

    link: str
    heartbeat_s: int


class Site(Frozen):
    """Where and what the node watches; ``utc_offset_s`` is local time less UTC, in s."""

    plant: str | None = None
    planted: date | None = None
    latitude: float | None = None
    soil: str | None = None
    area_m2: float | None = None
    crop: InstanceOf[Crop] | None = None
    utc_offset_s: int = 0


class Power(Frozen):
    """Supply: battery in mAh, solar panel in mW, sleep mode."""

    battery_mah: int | None = None
    solar_mw: int | None = None
    sleep: Literal["deep", "light", "none"] = "deep"


class Wifi(Frozen):
    """Network name and password; the password never shows in text."""

    ssid: SecretStr
    password: SecretStr | None = None


class Network(Frozen):
    """What a wireless link needs; secrets never show in text."""

    wifi: Wifi | None = None
    broker: SecretStr | None = None


class App(Frozen):
    """A whole app for one board and one node.

    Attributes:
        node: id of the node, ``[a-z0-9-]``.
        board: the board it is resolved for; ``own_board`` is the file's own.
        path: the app file.
        sample_s: sampling period in s.
        channels: in the order of sensors, then of the driver; the index is the channel id.
        models, totals, actuators, decisions: in the file's order; the index is the id.
        warnings: what is allowed but worth a look.
    """

    name: str
    node: str
    board: str
    own_board: str
    path: Path
    sample_s: int
    site: Site | None
    pet: Pet | None = None
    sensors: dict[str, Sensor]
    channels: tuple[Channel, ...]
    models: dict[str, Model]
    totals: dict[str, Total] = Field(default={})
    actuators: dict[str, Actuator]
    decisions: dict[str, Decision]
    reporting: Reporting
    power: Power | None
    network: Network | None
    tests: dict[str, Scenario]
    warnings: tuple[InstanceOf[Diagnostic], ...] = ()
    marks: dict[str, InstanceOf[Mark]] = Field(default={})

    @property
    def other_boards(self) -> tuple[str, ...]:
        """The boards that the file has something to say about under ``boards:``, in its order."""
        named = (path.split(".") for path in self.marks if path.startswith("boards."))
        return tuple(dict.fromkeys(parts[1] for parts in named))

    @property
    def reads_time(self) -> bool:
        """Whether some model or rule goes by the clock."""
        return any(f.op == "cyclic" for m in self.models.values() for f in m.inputs) or any(
            isinstance(node, TimeRef) for node in self._nodes()
        )

    @property
    def past(self) -> tuple[Feature, ...]:
        """What rules, levels and totals read of the channels' past, each once, in that order."""
        found = {n.name: n.feature for n in self._nodes() if isinstance(n, FeatureRef)}
        return tuple(found.values())

    def _nodes(self) -> Iterator[Expr]:
        """Every node of every rule, level and total."""
        for total in self.totals.values():
            for expr in (total.held, total.rate):
                yield from () if expr is None else walk(expr)
        for rule in self.decisions.values():
            level = None if rule.level is None else rule.level.value
            asks = None if rule.escalate is None else rule.escalate.when
            for expr in (rule.when, rule.clear, level, asks):
                yield from () if expr is None else walk(expr)

    def channel_id(self, name: str) -> int:
        """The id of a channel; KeyError if there is none of that name."""
        for index, channel in enumerate(self.channels):
            if channel.name == name:
                return index
        raise KeyError(name)

    def where(self, path: str) -> str:
        """``file:line:col`` of a key path such as ``models.need.budget.ram``, for messages of
        later stages; the nearest enclosing key if that one is not written, else the file."""
        while path:
            if path in self.marks:
                mark = self.marks[path]
                return f"{mark.file}:{mark.line}:{mark.column}"
            path = path.rpartition(".")[0]
        return str(self.path)

    def dump(self) -> str:
        """The whole app as stable JSON text; secrets are masked."""
        import json

        def plain(value: Any) -> Any:
            if isinstance(value, Expr):
                return dump(value)
            if isinstance(value, Clause):
                return f"{value.text}: {dump(value.expr)}"
            if isinstance(value, Crop):
                return value.name
            if isinstance(value, Frozen):
                return {k: v for k, v in value if k not in ("path", "warnings", "marks")}
            return str(value)

        return json.dumps(plain(self), default=plain, indent=2)
