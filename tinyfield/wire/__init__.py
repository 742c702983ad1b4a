"""The contract between node and gateway, from the wire upwards: frames on a byte stream, messages
from a node and downlinks to it as CBOR, the app's manifest, the topics of MQTT.

The firmware's twin is in ``firmware/core``; both are held to ``tests/wire/vectors.json``. The
gateway imports nothing else of tinyfield.
"""

from tinyfield.wire.cbor import MAX_MESSAGE, MAX_PUBLISHED
from tinyfield.wire.downlink import Downlink, decode_downlink, encode_downlink, stamp_downlink
from tinyfield.wire.frames import (
    MAX_PAYLOAD,
    Frame,
    FrameReader,
    FrameType,
    cobs_decode,
    cobs_encode,
    crc16,
    decode_frame,
    encode_frame,
)
from tinyfield.wire.manifest import (
    Manifest,
    ManifestAction,
    ManifestModel,
    ManifestNeighbour,
    ManifestRule,
)
from tinyfield.wire.messages import (
    ACTIVE_RULES,
    LABEL_UNKNOWN,
    Case,
    Kind,
    Message,
    Outcome,
    decode_message,
    encode_message,
    stamp_message,
)
from tinyfield.wire.topics import (
    LEAVES,
    NODE_ID,
    NODE_ID_MAX,
    TOPIC_GATEWAY_STATE,
    TOPIC_ROOT,
    is_node_id,
    parse_topic,
    topic,
    topic_filter,
)

WIRE_VERSION = 1

__all__ = [
    "ACTIVE_RULES",
    "LABEL_UNKNOWN",
    "LEAVES",
    "MAX_MESSAGE",
    "MAX_PAYLOAD",
    "MAX_PUBLISHED",
    "NODE_ID",
    "NODE_ID_MAX",
    "TOPIC_GATEWAY_STATE",
    "TOPIC_ROOT",
    "WIRE_VERSION",
    "Case",
    "Downlink",
    "Frame",
    "FrameReader",
    "FrameType",
    "Kind",
    "Manifest",
    "ManifestAction",
    "ManifestModel",
    "ManifestNeighbour",
    "ManifestRule",
    "Message",
    "Outcome",
    "cobs_decode",
    "cobs_encode",
    "crc16",
    "decode_downlink",
    "decode_frame",
    "decode_message",
    "encode_downlink",
    "encode_frame",
    "encode_message",
    "is_node_id",
    "parse_topic",
    "stamp_downlink",
    "stamp_message",
    "topic",
    "topic_filter",
]
