"""Where decisions go on to from the store: one tenant so far, a file of JSON lines."""

from tinyfield_gateway.sinks.follow import Follower, Sink
from tinyfield_gateway.sinks.jsonl import JsonLines

__all__ = ["Follower", "JsonLines", "Sink"]
