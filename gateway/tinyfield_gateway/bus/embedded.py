"""A broker of our own (amqtt), so that one command is a whole gateway.

It keeps nothing over a restart. That loses no decision: a node keeps each one until the
gateway's watermark covers it, and a bridge repeats its birth whenever it connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import replace

from amqtt.broker import Broker
from amqtt.errors import BrokerError

from tinyfield.errors import EnvironmentFault
from tinyfield_gateway.bus.address import BrokerAddress


class EmbeddedBroker:
    """amqtt on a thread and an event loop of its own."""

    def __init__(self, address: BrokerAddress) -> None:
        self.address = address
        """Where it listens; with port 0 the real one is known after :meth:`start`."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker", daemon=True)
        self._broker: Broker | None = None

    def start(self) -> BrokerAddress:
        """Begin to listen.

        Raises:
            EnvironmentFault: the port is taken or not allowed.
        """
        self._thread.start()
        try:
            port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(20)
        except (BrokerError, OSError) as error:
            self._loop.call_soon_threadsafe(self._loop.stop)
            reason = error.__cause__ or error
            raise EnvironmentFault(
                f"cannot open a broker at {self.address}: {reason}",
                hint=f"if a broker runs there, use it: --broker {self.address}; "
                "or another port: --embedded --broker mqtt://127.0.0.1:0",
            ) from None
        self.address = replace(self.address, port=port)
        return self.address

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._broker is not None:
            with contextlib.suppress(Exception):
                asyncio.run_coroutine_threadsafe(self._broker.shutdown(), self._loop).result(3)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(3)

    async def _start(self) -> int:
        bind = f"{self.address.host}:{self.address.port}"
        self._broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": bind}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )
        await self._broker.start()
        # amqtt does not tell which port a 0 became.
        instance = self._broker._servers["default"].instance
        return int(instance.sockets[0].getsockname()[1])
