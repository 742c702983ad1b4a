"""Where messages come from and downlinks go to: an MQTT broker, ours or another."""

from tinyfield_gateway.bus.address import BrokerAddress, parse_broker
from tinyfield_gateway.bus.client import Bus, Delivery
from tinyfield_gateway.bus.embedded import EmbeddedBroker

__all__ = ["BrokerAddress", "Bus", "Delivery", "EmbeddedBroker", "parse_broker"]
