"""Between one node's byte stream and MQTT."""

from tinyfield_gateway.bridge.run import run

__all__ = ["run"]
