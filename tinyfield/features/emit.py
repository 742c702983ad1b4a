"""The app's features as C: what the node runs, and what training calls through ctypes.

One state struct holds the windows of every model's inputs and of what rules read of a channel.
Windows of equal length share a ring; features of one channel over one window share its buckets; a
bucket keeps only the accumulators that some feature reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinyfield.errors import SpecError
from tinyfield.features.emit_frames import Burst, FramePlan
from tinyfield.spec.buckets import Shape, ewma_samples, factor_of, shape_of

if TYPE_CHECKING:
    from tinyfield.spec import App, Feature

_KINDS = {  # what a bucket must keep for each operation, beside the count
    "mean": ("sums",),
    "sum": ("sums",),
    "slope": ("sums",),
    "min": ("minima",),
    "max": ("maxima",),
    "std": ("sums", "squares"),
    "range": ("minima", "maxima"),
    "lag": ("sums",),
    "change": ("sums",),
}
_AVERAGED = {"ewma": "", "deviation": "tiny_difference", "relative": "tiny_relative"}
_LASTS = ("last", "one_hot", "change", "deviation", "relative", "minus")  # read the latest reading
_TYPES = {
    "counts": ("uint8_t", "tiny_count_push"),
    "sums": ("int32_t", "tiny_sum_push"),
    "minima": ("int32_t", "tiny_min_push"),
    "maxima": ("int32_t", "tiny_max_push"),
    "squares": ("int64_t", "tiny_square_push"),
}
_SITE = {
    "site.kc": "tiny_site_kc(crop, when->day)",
    "site.p": "tiny_site_p(crop)",
    "site.root_depth": "tiny_site_root_depth(crop, when->day)",
    "site.stage": "tiny_site_stage(crop, when->day)",
}
_PAST = "void app_past(const app_features_t *s, int32_t *out)"
_TIME = {"time.hour": "tiny_when_hour_cyclic", "time.year": "tiny_when_year_cyclic"}


@dataclass(frozen=True)
class FeatureSource:
    """The generated pair of files.

    Attributes:
        header: text of ``app_features.h``. (Not ``features.h``: glibc has a header of that name,
            and a folder holding another may not stand on the include path.)
        source: text of ``app_features.c``, compiled with ``-I firmware/core``.
        widths: number of int32 inputs of each model.
        bursts: the fast sensors, whose frames are pushed before each row.
        frames_ram: bytes of the state that windows of frames and what is made of them take.
    """

    header: str
    source: str
    widths: dict[str, int]
    bursts: tuple[Burst, ...] = ()
    frames_ram: int = 0


@dataclass
class _Group:
    """The buckets of one channel over one window."""

    name: str
    channel: int
    channel_name: str
    ring: str
    shape: Shape
    kinds: set[str] = field(default_factory=lambda: {"counts"})


class _Plan:
    """Which rings, buckets and held values the app's features need, in order of first use.

    Features of rules come last; what one shares with a model's input is kept once.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.rings: dict[Shape, str] = {}
        self.groups: dict[tuple[int, Shape], _Group] = {}
        self.lasts: dict[int, str] = {}
        self.ewmas: dict[tuple[int, int], str] = {}
        identifiers = tuple(self._identifier(i) for i in range(len(app.channels)))
        self.frames = FramePlan(app, identifiers)
        for model in app.models.values():
            for feature in model.inputs:
                self._add(feature)
        for feature in app.past:
            self._add(feature)

    @property
    def idle(self) -> bool:
        """Whether nothing reads a channel."""
        return not (self.lasts or self.ewmas or self.groups or self.frames)

    def _add(self, feature: Feature) -> None:
        if feature.channel is None:
            if feature.source not in _SITE and feature.source not in _TIME:
                raise SpecError(f"`{feature.text}` names no channel, site value or time")
            return
        if feature.frames is not None:
            self.frames.add(feature, feature.frames)
            return
        channel = feature.channel
        if feature.op in _LASTS:
            for read in (channel, feature.other):
                if read is not None:
                    self.lasts.setdefault(read, f"last_{self._identifier(read)}")
        if feature.op in _AVERAGED:
            name = f"{self._identifier(channel)}_{_span(feature)}_ewma"
            self.ewmas.setdefault((channel, self._samples(feature)), name)
        if feature.op not in _KINDS and feature.op in (*_LASTS, "ewma"):
            return
        shape = self._shape(feature)
        ago = "_ago" if feature.op in ("lag", "change") else ""
        ring = self.rings.setdefault(shape, f"ring_{_span(feature)}{ago}")
        group = self.groups.get((channel, shape))
        if group is None:
            name = f"{self._identifier(channel)}_{_span(feature)}{ago}"
            group = _Group(name, channel, self.app.channels[channel].name, ring, shape)
            self.groups[channel, shape] = group
        group.kinds.update(_KINDS[feature.op])

    def _shape(self, feature: Feature) -> Shape:
        if feature.op not in _KINDS or feature.window_s is None or feature.channel is None:
            raise SpecError(f"`{feature.text}` is no feature over a window")
        channel = self.app.channels[feature.channel]
        ends = (channel.minimum, channel.maximum)
        what = f"`{feature.text}`"
        return shape_of(feature.op, feature.window_s, self.app.sample_s, ends, what=what)

    def _samples(self, feature: Feature) -> int:
        return ewma_samples(feature.window_s or 0, self.app.sample_s, what=f"`{feature.text}`")

    def _identifier(self, channel: int) -> str:
        name = self.app.channels[channel].name.replace(".", "_").replace("-", "_")
        same = [c for c in self.app.channels if c.name.replace(".", "_").replace("-", "_") == name]
        return name if len(same) == 1 else f"{name}_{channel}"

    def read(self, feature: Feature) -> str:
        """The C expression of a feature's value (a one-hot's index)."""
        if feature.channel is None:
            return _SITE[feature.source]
        if feature.frames is not None:
            return self.frames.read(feature, feature.frames)
        last = f"tiny_last(&s->{self.lasts.get(feature.channel)})"
        if feature.op in ("last", "one_hot"):
            return last
        if feature.op == "minus" and feature.other is not None:
            pair = (last, f"tiny_last(&s->{self.lasts[feature.other]})")
            one, other = (
                value if factor == 1 else f"tiny_finer({value}, {factor})"
                for value, factor in zip(pair, feature.factors, strict=True)
            )
            return f"tiny_difference({one}, {other})"
        if feature.op in _AVERAGED:
            level = f"tiny_ewma(&s->{self.ewmas[feature.channel, self._samples(feature)]})"
            compare = _AVERAGED[feature.op]
            return f"{compare}({last}, {level})" if compare else level
        shape = self._shape(feature)
        group = self.groups[feature.channel, shape]
        if feature.op == "range":
            high, low = self._window("max", group), self._window("min", group)
            return f"tiny_difference({high}, {low})"
        if feature.op in ("lag", "change"):
            ago = self._window("oldest", group, ("sums",), buckets=True)
            return ago if feature.op == "lag" else f"tiny_difference({last}, {ago})"
        factor = factor_of(feature.op, feature.window_s or 0, self.app.sample_s)
        scaling = f", {factor.numerator}, {factor.denominator}"
        call = self._window(feature.op, group, buckets=feature.op == "slope")
        return call[:-1] + scaling + ")" if feature.op in ("sum", "slope") else call

    def _window(
        self, op: str, group: _Group, kinds: tuple[str, ...] = (), *, buckets: bool = False
    ) -> str:
        """A call of ``tiny_window_<op>`` on a group's buckets."""
        shape, cells = group.shape, f"s->{group.name}"
        arguments = [
            f"&s->{group.ring}",
            *([str(shape.buckets)] if buckets else []),
            f"{shape.size}",
        ]
        arguments += [f"{cells}.{kind}" for kind in ("counts", *(kinds or _KINDS[op]))]
        return f"tiny_window_{op}({', '.join(arguments)})"


def emit_features(app: App) -> FeatureSource:
    """Generates ``app_features.h`` and ``app_features.c`` for all models and rules of ``app``.

    Raises:
        SpecError: a window shorter than a sample, or too long for the node's arithmetic.
    """
    plan = _Plan(app)
    widths = {name: sum(f.width for f in model.inputs) for name, model in app.models.items()}
    return FeatureSource(
        header=_text(_header(plan, widths)),
        source=_text(_source(plan)),
        widths=widths,
        bursts=plan.frames.bursts,
        frames_ram=plan.frames.ram,
    )


def _text(lines: Iterator[str]) -> str:
    """Lines of at most 100 columns, broken after commas where there are some."""
    wrapped: list[str] = []
    for whole in lines:
        line = whole
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        while len(line) > 100:
            cut = line.rfind(", ", 0, 100) + 1 or line.rfind(" ", len(indent) + 1, 100)
            if cut <= len(indent):
                break
            wrapped.append(line[:cut])
            line = indent + line[cut:].lstrip()
        wrapped.append(line)
    return "\n".join(wrapped) + "\n"


def _header(plan: _Plan, widths: dict[str, int]) -> Iterator[str]:
    yield "/* Generated by tinyfield: inputs of the app's models. Every build writes it anew. */"
    yield "#ifndef APP_FEATURES_H"
    yield "#define APP_FEATURES_H"
    yield ""
    yield '#include "features/baseline.h"'
    yield '#include "features/site.h"'
    yield '#include "features/when.h"'
    yield '#include "features/window.h"'
    for name in plan.frames.headers():
        yield f'#include "{name}"'
    yield ""
    yield f"#define APP_FEATURES_CHANNELS {max(1, len(plan.app.channels))}"
    for name, width in widths.items():
        yield f"#define APP_FEATURES_{name.upper()} {width}"
    yield ""
    yield "typedef struct {"
    for ring in plan.rings.values():
        yield f"    tiny_ring_t {ring};"
    for last in plan.lasts.values():
        yield f"    tiny_last_t {last};"
    for ewma in plan.ewmas.values():
        yield f"    tiny_ewma_t {ewma};"
    for group in plan.groups.values():
        yield "    struct {"
        for kind in _ordered(group):
            yield f"        {_TYPES[kind][0]} {kind}[{group.shape.buckets}];"
        yield f"    }} {group.name};"
    yield from plan.frames.members()
    if plan.idle:
        yield "    uint8_t nothing; /* no model reads a channel */"
    yield "} app_features_t;"
    yield ""
    yield "void app_features_init(app_features_t *s);"
    yield from plan.frames.declarations()
    yield ""
    yield "/* One call a sample, with one value a channel, in channel order. */"
    yield "void app_features_push(app_features_t *s, const int32_t *channels);"
    for name in widths:
        yield ""
        yield f"/* The inputs of `{name}`; TINY_E_MISSING when one of them has no value. */"
        yield _signature(name) + ";"
    if plan.app.past:
        yield ""
        yield "/* What rules, levels and totals read of the channels' past, each with a value or"
        yield " * TINY_MISSING. */"
        yield _PAST + ";"
    yield ""
    yield "#endif"


def _source(plan: _Plan) -> Iterator[str]:
    yield "/* Generated by tinyfield; every build writes it anew. */"
    yield '#include "app_features.h"'
    yield ""
    yield "#include <string.h>"
    yield ""
    yield "void app_features_init(app_features_t *s)"
    yield "{"
    yield "    memset(s, 0, sizeof *s);"
    for last in plan.lasts.values():
        yield f"    tiny_last_init(&s->{last});"
    yield from plan.frames.start()
    yield "}"
    yield ""
    yield from plan.frames.functions()
    yield "void app_features_push(app_features_t *s, const int32_t *channels)"
    yield "{"
    if plan.idle:
        yield "    (void)s;"
        yield "    (void)channels;"
    for channel, last in plan.lasts.items():
        yield f"    tiny_last_push(&s->{last}, channels[{channel}]);"
    for (channel, samples), ewma in plan.ewmas.items():
        yield f"    tiny_ewma_push(&s->{ewma}, channels[{channel}], {samples});"
    for shape, ring in plan.rings.items():
        yield f"    tiny_ring_step(&s->{ring}, {shape.buckets}, {shape.size});"
    for group in plan.groups.values():
        yield f"    /* {group.channel_name}: {group.shape.buckets} x {group.shape.size} samples */"
        for kind in _ordered(group):
            push, cells = _TYPES[kind][1], f"s->{group.name}.{kind}"
            yield f"    {push}(&s->{group.ring}, {cells}, channels[{group.channel}]);"
    yield from plan.frames.push()
    yield "}"
    for name, model in plan.app.models.items():
        yield ""
        yield from _model(plan, name, model.inputs)
    if plan.app.past:
        yield ""
        yield _PAST
        yield "{"
        for at, feature in enumerate(plan.app.past):
            yield f"    /* {feature.text.replace('*/', '* /')} */"
            yield f"    out[{at}] = {plan.read(feature)};"
        yield "}"


def _model(plan: _Plan, name: str, inputs: tuple[Feature, ...]) -> Iterator[str]:
    yield _signature(name)
    yield "{"
    if not any(f.channel is not None for f in inputs):
        yield "    (void)s;"
    if any(f.source in _SITE for f in inputs):
        yield "    if (crop == NULL) {"
        yield "        return TINY_E_ARGUMENT;"
        yield "    }"
    else:
        yield "    (void)crop;"
    if not any(f.source in _TIME or "when" in plan.read(f) for f in inputs):
        yield "    (void)when;"
    at = 0
    for feature in inputs:
        yield f"    /* {feature.text.replace('*/', '* /')} */"
        if feature.source in _TIME:
            yield f"    {_TIME[feature.source]}(when, &out[{at}]);"
        elif feature.op == "one_hot":
            yield f"    tiny_one_hot({plan.read(feature)}, {feature.width}, &out[{at}]);"
        else:
            yield f"    out[{at}] = {plan.read(feature)};"
        at += feature.width
    yield f"    return tiny_complete(out, {at});"
    yield "}"


def _signature(name: str) -> str:
    return (
        f"tiny_status_t app_features_{name}(const app_features_t *s, "
        f"const tiny_crop_t TINY_ROM *crop, const tiny_when_t *when, int32_t *out)"
    )


def _ordered(group: _Group) -> list[str]:
    return [kind for kind in _TYPES if kind in group.kinds]


def _span(feature: Feature) -> str:
    seconds = feature.window_s or 0
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
