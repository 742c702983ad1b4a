"""Checks the sections against each other and puts the ``App`` together.

It is long because every section passes here, in the order in which they need each other; what a
section alone must be stands in the ``resolve_`` module of its name.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tinyfield.boards import Board, board_names
from tinyfield.boards import board as board_of
from tinyfield.spec.app import (
    Actuator,
    App,
    Channel,
    Decision,
    Model,
    Pet,
    Reporting,
    Sensor,
    Target,
    Total,
)
from tinyfield.spec.architectures import UNKNOWN
from tinyfield.spec.fineness import check_fineness
from tinyfield.spec.frozen import build
from tinyfield.spec.mark import Mark
from tinyfield.spec.nodes import Map, Node
from tinyfield.spec.problems import Problems
from tinyfield.spec.resolve_compensate import resolve_compensate
from tinyfield.spec.resolve_fast import alike, sampling
from tinyfield.spec.resolve_models import resolve_model
from tinyfield.spec.resolve_neighbours import check_heartbeat, check_twice, resolve_neighbour
from tinyfield.spec.resolve_parts import (
    Part,
    channels_of,
    check_addresses,
    read_part,
    valid_name,
)
from tinyfield.spec.resolve_pet import check_active, resolve_pet
from tinyfield.spec.resolve_pins import Wiring, override_pins, wire
from tinyfield.spec.resolve_rest import (
    has_crop,
    resolve_network,
    resolve_power,
    resolve_reporting,
    resolve_site,
)
from tinyfield.spec.resolve_rules import resolve_decision
from tinyfield.spec.resolve_tests import resolve_test
from tinyfield.spec.resolve_totals import resolve_total
from tinyfield.spec.rule_types import Scope
from tinyfield.spec.scenario import Scenario
from tinyfield.spec.sections.app import AppSection
from tinyfield.spec.sections.base import ok
from tinyfield.spec.sections.rest import BUILT_LINKS, WIRELESS, BoardSection, ReportingSection
from tinyfield.spec.unsure import Unsure
from tinyfield.spelling import listing, nearest


class Resolver:
    """Holds what the checks of one file share."""

    def __init__(self, path: Path, root: Map, section: AppSection, problems: Problems) -> None:
        self.path = path
        self.root = root
        self.section = section
        self.problems = problems
        self.sample_s = section.sample if ok(section.sample) else 0
        self.unsure = Unsure()
        self.names: dict[str, str] = {}

    def app(self, board: str | None, node: str | None) -> App | None:
        section, problems = self.section, self.problems
        site = resolve_site(
            section.site if ok(section.site) else None, self.root.items.get("site"), problems
        )
        own = self._board()
        chosen = board_of(board) if board is not None else own
        sensor_parts = self._parts("sensors", ["driver", "compensate"])
        self._sample_fast(sensor_parts)
        actuator_parts = self._parts(
            "actuators", ["driver", "max_on", "min_off", "max_starts", "safe", "excludes"]
        )
        check_addresses(sensor_parts, problems)
        parts = sensor_parts + actuator_parts
        channels = tuple(ch for part in sensor_parts for ch in channels_of(part))
        compensate = {
            part.name: resolve_compensate(part, channels, self.unsure, problems)
            for part in sensor_parts
        }
        called = node or (section.node if ok(section.node) else None) or self._own_id()
        neighbours = {
            part.name: resolve_neighbour(
                part, node=called, sample_s=self.sample_s, problems=problems
            )
            for part in sensor_parts
        }
        check_twice(sensor_parts, problems)
        actuators = self._actuators(actuator_parts)
        reporting = self._reporting(own, chosen)
        pins = self._wire(parts, own, chosen)
        models = self._models(channels)
        scope = self._scope(channels, models)
        totals = self._totals(scope)
        pet = self._pet(totals)
        decisions = self._decisions(replace(scope, totals=totals), actuators)
        if reporting is not None:
            beat = reporting.heartbeat_s
            check_heartbeat(sensor_parts, neighbours, decisions, beat, problems)
        tests = self._tests(channels, models, totals, decisions)
        # A link that is not built yet is complaint enough.
        needed = reporting is not None and reporting.link in {*WIRELESS} & {*BUILT_LINKS}
        network = resolve_network(self.root.items.get("network"), needed=needed, problems=problems)
        power = resolve_power(section.power if ok(section.power) else None)
        if problems.wrong or chosen is None or own is None or reporting is None:
            return None
        override = self._override(chosen.name)
        if override is not None and override.power is not None:
            power = resolve_power(override.power)
        return build(App)(
            name=section.app,
            node=called,
            board=chosen.name,
            own_board=own.name,
            path=self.path,
            sample_s=self.sample_s,
            site=site,
            pet=pet,
            sensors={
                part.name: build(Sensor)(
                    name=part.name,
                    driver=part.driver.name,
                    params={**part.params, **pins.get(part.name, {})},
                    channels=tuple(ch.name for ch in channels_of(part)),
                    compensate=tuple(compensate[part.name].items()),
                    neighbour=neighbours[part.name],
                    **(vars(part.fast) if part.fast else {}),
                )
                for part in sensor_parts
            },
            channels=channels,
            models={name: model for name, model in models.items() if model is not None},
            totals={name: total for name, total in totals.items() if total is not None},
            actuators={
                name: actuator.model_copy(
                    update={"params": {**actuator.params, **pins.get(name, {})}}
                )
                for name, actuator in actuators.items()
            },
            decisions={n: d for n, d in decisions.items() if d is not None},
            reporting=reporting,
            power=power,
            network=network,
            tests=tests,
            warnings=problems.warnings(),
            marks=_marks(self.root),
        )

    def _own_id(self) -> str:
        """The id of a node that nobody gave one."""
        return self.section.app.replace("_", "-") if ok(self.section.app) else ""

    def _board(self) -> Board | None:
        name = self.section.board
        if not ok(name):
            return None
        return self._known_board(name, self.root.items["board"], key=False)

    def _known_board(self, name: str, node: Node, *, key: bool) -> Board | None:
        if name in board_names():
            return board_of(name)
        near = nearest(name, board_names())
        hint = f"did you mean {near!r}?" if near else f"boards: {listing(board_names())}"
        self.problems.at(node, f"there is no board {name!r}", hint=hint, key=key, code="unknown")
        # Taken for the near one, so that the pins are checked as they are meant.
        return board_of(near) if near else None

    def _items(self, key: str) -> list[tuple[str, Map]]:
        """The entries of a section that are mappings; the others are remembered as unsure."""
        node = self.root.items.get(key)
        found: list[tuple[str, Map]] = []
        for name, item in node.children() if isinstance(node, Map) else ():
            good = valid_name(name, item, self.problems)
            if isinstance(item, Map):
                found.append((name, item))
            if not good or not isinstance(item, Map) or item.damaged:
                self.unsure.add(name)
            self._unique(name, key, item)
        missing = node is None and key in ("sensors", "decisions")
        if missing or (node is not None and (node.damaged or not isinstance(node, Map))):
            self.unsure.lost = True
        return found

    def _unique(self, name: str, key: str, item: Node) -> None:
        kind = {
            "models": "model",
            "totals": "total",
            "decisions": "decision",
            "actuators": "actuator",
            "sensors": "sensor",
        }.get(key)
        if kind is None:
            return
        other = self.names.setdefault(name, kind)
        if other != kind:
            self.problems.at(
                item,
                f"{name!r} is already the name of a {other}".replace("a actuator", "an actuator"),
                hint=f"rename this {kind}",
                key=True,
                code="duplicate",
            )

    def _parts(self, key: str, own_keys: list[str]) -> list[Part]:
        kind = key.removesuffix("s")
        sections = self.section.sensors if key == "sensors" else self.section.actuators
        parts = []
        for name, node in self._items(key):
            section = sections.get(name) if ok(sections) else None
            if section is None or not ok(section) or not ok(section.driver):
                self.unsure.add(name)
                continue
            before = len(self.problems.found)
            part = read_part(
                name, node, section.driver, kind=kind, own_keys=own_keys, problems=self.problems
            )
            if part is None:
                self.unsure.add(name)
            else:
                parts.append(part)
            if any(d.code == "pin" for d in self.problems.found[before:]):
                self.unsure.add(name)
        return parts

    def _sample_fast(self, parts: list[Part]) -> None:
        fast = [part for part in parts if part.driver.fast is not None]
        for part in fast:
            section = self.section.sensors[part.name]
            part.fast = sampling(part, section, self.sample_s, self.problems)
            if part.fast is None:
                self.unsure.add(part.name)
        alike(fast, self.problems)

    def _actuators(self, parts: list[Part]) -> dict[str, Actuator]:
        sections = self.section.actuators
        names = [part.name for part in parts]
        found: dict[str, Actuator] = {}
        pairs: dict[str, set[str]] = {name: set() for name in names}
        for part in parts:
            section = sections[part.name]
            starts = part.node.items.get("max_starts")
            if starts is not None and ok(section.safe) and section.safe:
                self.problems.at(
                    starts,
                    "what is safe on goes on at every boot and after every 'off': no number of "
                    "times holds",
                    hint="remove 'max_starts', or write 'safe: off'",
                    code="interlock",
                )
            node = part.node.items.get("excludes")
            if node is not None and ok(section.excludes):
                for (_, item), other in zip(node.children(), section.excludes, strict=False):
                    if other == part.name:
                        self.problems.at(
                            item, f"{other!r} excludes itself", hint="remove it", code="interlock"
                        )
                    elif other in pairs:
                        pairs[part.name].add(other)
                        pairs[other].add(part.name)
                    elif other not in self.unsure:
                        near = nearest(other, names)
                        hint = f"did you mean {near!r}?" if near else f"actuators: {listing(names)}"
                        self.problems.at(
                            item, f"there is no actuator {other!r}", hint=hint, code="unknown"
                        )
        for part in parts:
            section = sections[part.name]
            max_on = section.max_on if ok(section.max_on) else 0
            found[part.name] = build(Actuator)(
                name=part.name,
                driver=part.driver.name,
                params=dict(part.params),
                max_on_s=max_on,
                min_off_s=section.min_off if ok(section.min_off) else 0,
                safe=section.safe if ok(section.safe) else False,
                excludes=tuple(n for n in names if n in pairs[part.name]),
                max_starts=(section.max_starts or 0) if ok(section.max_starts) else 0,
            )
        return found

    def _override(self, name: str) -> BoardSection | None:
        boards = self.section.boards
        section = boards.get(name) if ok(boards) else None
        return section if section is not None and ok(section) else None

    def _reporting(self, own: Board | None, chosen: Board | None) -> Reporting | None:
        """The chosen board's reporting; every other board's is checked too."""
        result: Reporting | None = None
        boards = [own, chosen, *self._other_boards(own, chosen)]
        for target in dict.fromkeys(b for b in boards if b is not None):
            found = resolve_reporting(
                self._reporting_sections(target),
                [
                    _down(self.root, "boards", target.name, "reporting"),
                    self.root.items.get("reporting"),
                ],
                target,
                sample_s=self.sample_s,
                chosen=target is chosen,
                problems=self.problems,
            )
            if target is chosen:
                result = found
        return result

    def _reporting_sections(self, target: Board) -> list[ReportingSection]:
        """What is said of reporting on a board: its own section before the app's."""
        override = self._override(target.name)
        sections = [override.reporting if override else None, self.section.reporting]
        return [section for section in sections if section]

    def _is_wireless(self, target: Board) -> bool:
        links = (section.link for section in self._reporting_sections(target))
        return not target.virtual and next((link for link in links if link), "") in WIRELESS

    def _other_boards(self, own: Board | None, chosen: Board | None) -> list[Board]:
        """Boards with a section of their own; those nobody knows are reported."""
        node = self.root.items.get("boards")
        found = []
        for name, item in node.children() if isinstance(node, Map) else ():
            if name in board_names():
                target = board_of(name)
                if target is not own and target is not chosen:
                    found.append(target)
            else:
                self._known_board(name, item, key=True)
        return found

    def _wire(
        self, parts: list[Part], own: Board | None, chosen: Board | None
    ) -> dict[str, dict[str, int]]:
        """Pins on the chosen board; every board the file names is checked."""
        boards = [own, chosen, *self._other_boards(own, chosen)]
        pins_of = own if chosen is not None and chosen.virtual else chosen
        result: dict[str, dict[str, int]] = {}
        for target in dict.fromkeys(b for b in boards if b is not None):
            pins_node = _down(self.root, "boards", target.name, "pins")
            named = override_pins(pins_node, parts, self.problems, self.unsure)
            if target is chosen and target.virtual and named:
                pins_of = target
            if target.virtual and not named and target is not own:
                continue
            section = _down(self.root, "boards", target.name) if target is not own else None
            wiring = Wiring(target, named, section, radio=self._is_wireless(target))
            numbers = wire(parts, wiring, self.problems)
            if target is pins_of:
                result = numbers
        return result

    def _models(self, channels: tuple[Channel, ...]) -> dict[str, Model | None]:
        found: dict[str, Model | None] = {}
        sections = self.section.models
        for name, node in self._items("models"):
            section = sections.get(name) if ok(sections) else None
            if section is None or not ok(section):
                self.unsure.add(name)
                found[name] = None
                continue
            found[name] = resolve_model(
                name,
                section,
                node,
                channels,
                sample_s=self.sample_s,
                has_crop=has_crop(self.root.items.get("site")),
                unsure=self.unsure,
                problems=self.problems,
            )
        return found

    def _scope(self, channels: tuple[Channel, ...], models: dict[str, Model | None]) -> Scope:
        """What totals and rules may name."""
        classes: dict[str, tuple[str, ...]] = {}
        values: dict[str, Target] = {}
        for name, model in models.items():
            section = self.section.models.get(name) if ok(self.section.models) else None
            if model is not None and model.target is not None:
                values[name] = model.target
            elif section is not None and ok(section) and ok(section.classes) and section.classes:
                unknown = (UNKNOWN,) if "unknown" in section.model_fields_set else ()
                classes[name] = (*section.classes, *unknown)
            else:
                self.unsure.add(name)
        decisions = self.root.items.get("decisions")
        rules = decisions.children() if isinstance(decisions, Map) else ()
        return Scope(
            channels=channels,
            models=classes,
            values=values,
            decisions={
                name: index
                for index, name in enumerate(n for n, item in rules if isinstance(item, Map))
            },
            has_crop=has_crop(self.root.items.get("site")),
            unsure=self.unsure,
            has_pet="pet" in self.root.items,
            sample_s=self.sample_s,
        )

    def _pet(self, totals: dict[str, Total | None]) -> Pet | None:
        section = self.section.pet if ok(self.section.pet) else None
        node = self.root.items.get("pet")
        pet = resolve_pet(section, node, self.problems)
        active = check_active(section, node, totals, self.unsure, self.problems)
        return pet.model_copy(update={"active": active}) if pet is not None else None

    def _totals(self, scope: Scope) -> dict[str, Total | None]:
        found: dict[str, Total | None] = {}
        sections = self.section.totals
        for name, node in self._items("totals"):
            section = sections.get(name) if ok(sections) else None
            if section is None or not ok(section):
                found[name] = None
                continue
            found[name] = resolve_total(name, section, node, scope, self.problems)
        return found

    def _decisions(
        self, scope: Scope, actuators: dict[str, Actuator]
    ) -> dict[str, Decision | None]:
        sections = self.section.decisions
        found: dict[str, Decision | None] = {}
        for name, node in self._items("decisions"):
            rule = sections.get(name) if ok(sections) else None
            if rule is None or not ok(rule):
                found[name] = None
                continue
            found[name] = resolve_decision(
                name,
                rule,
                node,
                replace(scope, own_name=name),
                actuators,
                sample_s=self.sample_s,
                problems=self.problems,
            )
        check_fineness(found, dict(self._items("decisions")), self.problems)
        return found

    def _tests(
        self,
        channels: tuple[Channel, ...],
        models: dict[str, Model | None],
        totals: dict[str, Total | None],
        decisions: dict[str, Decision | None],
    ) -> dict[str, Scenario]:
        node, sections = self.root.items.get("tests"), self.section.tests
        found: dict[str, Scenario] = {}
        for name, item in node.children() if isinstance(node, Map) else ():
            section = sections.get(name) if ok(sections) else None
            if section is None or not ok(section) or not isinstance(item, Map):
                continue
            test = resolve_test(
                name,
                section,
                item,
                channels=channels,
                models=models,
                totals=totals,
                decisions=decisions,
                folder=self.path.parent,
                unsure=self.unsure,
                problems=self.problems,
            )
            if test is not None:
                found[name] = test
        return found


def _down(root: Map, *keys: str) -> Node | None:
    """The node at exactly that path, or None."""
    node: Node = root
    for key in keys:
        if not isinstance(node, Map) or key not in node.items:
            return None
        node = node.items[key]
    return node


def _marks(root: Map) -> dict[str, Mark]:
    """Where each key path stands."""
    marks: dict[str, Mark] = {}
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        marks[node.path] = (node.key or node).mark()
        todo.extend(child for _, child in node.children())
    return marks
