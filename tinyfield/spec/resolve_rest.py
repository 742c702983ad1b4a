"""Site, reporting, power, network: the smaller sections."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from tinyfield.boards import Board
from tinyfield.spec.app import (
    Network,
    Power,
    Reporting,
    Site,
    Wifi,
)
from tinyfield.spec.crops import crops
from tinyfield.spec.durations import duration_text
from tinyfield.spec.frozen import build
from tinyfield.spec.known import SOILS
from tinyfield.spec.nodes import Map, Node, Scalar
from tinyfield.spec.problems import Problems
from tinyfield.spec.sections.base import ok, spelled
from tinyfield.spec.sections.rest import (
    BUILT_LINKS,
    HEARTBEAT_S,
    PowerSection,
    ReportingSection,
)
from tinyfield.spec.sections.site import SiteSection
from tinyfield.spelling import listing, nearest


def resolve_site(section: SiteSection | None, node: Node | None, problems: Problems) -> Site | None:
    """The site with its crop's table row."""
    if section is None or not isinstance(node, Map) or not ok(section):
        return None
    crop = None
    if ok(section.plant) and section.plant is not None:
        crop = crops().get(section.plant)
        if crop is None:
            near = nearest(section.plant, crops())
            hint = f"did you mean {near!r}?" if near else f"plants: {listing(crops(), 20)}"
            problems.at(
                node.items["plant"],
                f"there is no plant {section.plant!r} in the crop table",
                hint=hint,
                code="unknown",
            )
        elif section.planted is None and "planted" not in node.items:
            problems.at(
                node.items["plant"],
                "'planted' is missing: a crop's needs hang on its age",
                hint="add 'planted: 2026-04-20'",
                key=True,
                code="missing",
            )
    if ok(section.soil) and section.soil is not None and section.soil not in SOILS:
        near = nearest(section.soil, SOILS)
        hint = f"did you mean {near!r}?" if near else f"soils: {listing(SOILS)}"
        problems.at(
            node.items["soil"], f"there is no soil {section.soil!r}", hint=hint, code="unknown"
        )
    if not all(ok(getattr(section, name)) for name in type(section).model_fields):
        return None
    return build(Site)(
        plant=section.plant,
        planted=section.planted,
        latitude=section.latitude,
        soil=section.soil,
        area_m2=section.area / 10_000 if section.area is not None else None,
        crop=crop,
        utc_offset_s=section.utc_offset or 0,
    )


def has_crop(node: Node | None) -> bool:
    """Whether the file names a plant (even a misspelt one: that is another mistake)."""
    return isinstance(node, Map) and (node.damaged or "plant" in node.items)


def resolve_reporting(
    sections: Sequence[ReportingSection],
    nodes: Sequence[Node | None],
    board: Board,
    *,
    sample_s: int,
    chosen: bool,
    problems: Problems,
) -> Reporting:
    """How the node reports on that board; virtual boards always use their one stream.

    The first section that says something counts: the board's own before the app's.
    """
    heartbeat_s = next((s.heartbeat for s in sections if s.heartbeat), HEARTBEAT_S)
    heartbeat = _first(nodes, "heartbeat")
    if heartbeat is not None and sample_s > 0 and heartbeat_s < sample_s:
        problems.at(
            heartbeat,
            f"a heartbeat more often than a sample (every {duration_text(sample_s)})",
            hint=f"the node sleeps in between: write {duration_text(sample_s)} or more",
            code="window",
        )
    wanted = next((s.link for s in sections if s.link), "serial")
    link = "serial" if board.virtual else wanted
    place = _first(nodes, "link")
    if place is not None and link not in board.links:
        problems.at(
            place,
            f"{board.name} cannot report over {link}",
            code="link",
            hint=f"it has: {listing(board.links)}",
        )
    elif place is not None and chosen and link not in BUILT_LINKS:
        problems.at(
            place,
            f"link {link!r}",
            hint="write 'link: serial' for now (with 'tinyfield-gateway bridge' behind it)",
            kind="not built yet",
            code="not built",
        )
    return build(Reporting)(link=link, heartbeat_s=heartbeat_s)


def _first(nodes: Sequence[Node | None], key: str) -> Node | None:
    found = (node.items.get(key) for node in nodes if isinstance(node, Map))
    return next((node for node in found if node is not None), None)


def resolve_power(section: PowerSection | None) -> Power | None:
    """The supply, kept as it is."""
    if section is None or not ok(section):
        return None
    if not all(ok(getattr(section, name)) for name in type(section).model_fields):
        return None
    return build(Power)(battery_mah=section.battery, solar_mw=section.solar, sleep=section.sleep)


def resolve_network(node: Node | None, *, needed: bool, problems: Problems) -> Network | None:
    """Wi-Fi and broker, masked. A clone without secrets.yaml is fine while nothing needs it."""
    if not isinstance(node, Map):
        return None
    wifi = _wifi(node.items.get("wifi"), needed=needed, problems=problems)
    broker_node = node.items.get("broker")
    broker = None
    if broker_node is not None and not _absent(broker_node, needed, problems):
        value = broker_node.value()
        if isinstance(value, str):
            broker = SecretStr(value)
        else:
            problems.at(
                broker_node,
                f"expected an address, got {spelled(broker_node)}",
                hint="write 'mqtt://host:1883'",
                code="type",
                open_hint=True,
            )
    return build(Network)(wifi=wifi, broker=broker)


def _absent(node: Node, needed: bool, problems: Problems) -> bool:
    """A secret without a secrets.yaml."""
    if not (node.secret is not None and node.damaged):
        return False
    if needed and not any(d.code == "secret" and d.path == node.path for d in problems.found):
        name, node.secret = node.secret, None
        problems.at(
            node,
            "there is no secrets.yaml beside the app",
            code="secret",
            hint=f"make one with a line '{name}: …' (git ignores it)",
        )
    return True


def _wifi(node: Node | None, *, needed: bool, problems: Problems) -> Wifi | None:
    if node is None or _absent(node, needed, problems):
        return None
    value = node.value()
    if isinstance(value, str):
        return build(Wifi)(ssid=SecretStr(value))
    if isinstance(node, Map):
        unknown = [k for k in node.items if k not in ("ssid", "password")]
        texts = {k: v for k, v in node.items.items() if isinstance(v, Scalar)}
        if not unknown and "ssid" in texts:
            password = texts.get("password")
            return build(Wifi)(
                ssid=SecretStr(texts["ssid"].text),
                password=SecretStr(password.text) if password else None,
            )
    problems.at(
        node,
        "expected a network name and password",
        code="type",
        hint="write {ssid: …, password: …}",
        open_hint=True,
    )
    return None
