"""The address of a broker: ``mqtt://[user:password@]host[:port]`` or ``mqtts://…``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tinyfield.errors import UsageError


@dataclass(frozen=True)
class BrokerAddress:
    """Where a broker listens."""

    host: str = "127.0.0.1"
    port: int = 1883
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.tls else ''}://{host}:{self.port}"


def parse_broker(text: str) -> BrokerAddress:
    """An address from what the operator wrote; a bare ``host:port`` will do.

    Raises:
        UsageError: not such an address.
    """
    hint = "use mqtt://HOST:1883, or mqtts://USER:PASSWORD@HOST:8883"
    try:
        parts = urlsplit(text if "://" in text else f"mqtt://{text}")
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--broker {text}: {error}", hint=hint) from None
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.path not in ("", "/"):
        raise UsageError(f"--broker {text}: not the address of a broker", hint=hint)
    tls = parts.scheme == "mqtts"
    return BrokerAddress(
        host=parts.hostname,
        port=(8883 if tls else 1883) if port is None else port,
        tls=tls,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
