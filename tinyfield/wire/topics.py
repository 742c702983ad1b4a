"""Node ids, and the topics of MQTT that they stand in."""

from __future__ import annotations

import re

from tinyfield.errors import WireError

NODE_ID_MAX = 16
"""Characters of a node's id: a birth and a heartbeat must stay within 51 B."""

NODE_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

TOPIC_ROOT = "tf/v1"
TOPIC_GATEWAY_STATE = f"{TOPIC_ROOT}/gw/state"
LEAVES = ("up", "birth", "will", "down", "event")


def is_node_id(text: str) -> bool:
    """Whether ``text`` can name a node: lower case, digits, single inner dashes, 1–16 long."""
    return len(text) <= NODE_ID_MAX and NODE_ID.fullmatch(text) is not None


def topic(node: str, leaf: str) -> str:
    """``tf/v1/n/<node>/<leaf>``; leaf one of up, birth, will, down, event, cmd/…, state/…

    Raises:
        WireError: the node's id could not stand in a topic.
    """
    if not is_node_id(node):
        raise WireError(f"node id {node!r}: lower case, digits, dashes, at most {NODE_ID_MAX}")
    return f"{TOPIC_ROOT}/n/{node}/{leaf}"


def topic_filter(leaf: str) -> str:
    """The subscription for one leaf of every node."""
    return f"{TOPIC_ROOT}/n/+/{leaf}"


def parse_topic(text: str) -> tuple[str, str]:
    """Node and leaf of a topic.

    Raises:
        WireError: not a topic of a node.
    """
    match = re.fullmatch(rf"{TOPIC_ROOT}/n/([^/]+)/(.+)", text)
    if not match or not is_node_id(match[1]):
        raise WireError(f"topic {text!r} belongs to no node")
    return match[1], match[2]
