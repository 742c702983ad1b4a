"""One answer to a node that asks: published, and confirmed by the broker."""

from __future__ import annotations

import re

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tinyfield.errors import EnvironmentFault, UsageError
from tinyfield.wire import Downlink, encode_downlink, is_node_id, topic
from tinyfield_gateway.bus import BrokerAddress

_PATIENCE_S = 10.0
_CASE = re.compile(r"(\d{1,10})/(\d{1,10})")


def parse_case(text: str) -> tuple[int, int]:
    """Boot and number of the decision that asked, from ``7/41``.

    Raises:
        UsageError: not such a pair.
    """
    match = _CASE.fullmatch(text)
    if match is None or any(int(number) >= 2**32 for number in match.groups()):
        raise UsageError(
            f"{text}: not a decision's number", hint="write boot/number as the page shows: 7/41"
        )
    return int(match[1]), int(match[2])


def send(address: BrokerAddress, node: str, case: str, yes: bool) -> None:
    """Tell ``node`` what its case is.

    Raises:
        UsageError: no such id or number.
        EnvironmentFault: the broker does not take it.
    """
    if not is_node_id(node):
        raise UsageError(f"{node}: not a node's id", hint="small letters, digits and dashes")
    boot, seq = parse_case(case)
    payload = encode_downlink(Downlink(case_boot=boot, case_seq=seq, yes=yes))
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    if address.user:
        client.username_pw_set(address.user, address.password)
    if address.tls:
        client.tls_set()
    try:
        client.connect(address.host, address.port)
        client.loop_start()
        sent = client.publish(topic(node, "down"), payload, qos=1)
        sent.wait_for_publish(_PATIENCE_S)
        taken = sent.is_published()
    except (OSError, RuntimeError, ValueError) as error:
        raise EnvironmentFault(
            f"{address}: {error}", hint="--broker gives the address of another"
        ) from None
    finally:
        client.disconnect()
        client.loop_stop()
    if not taken:
        raise EnvironmentFault(f"{address}: the broker does not confirm it", hint="try it again")
