"""The manager of one kernel, whose sockets take no more from an engine than a desk can hold."""

from __future__ import annotations

from typing import Any

import zmq
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import Integer

MIB = 1024 * 1024


class EngineKernelManager(ServerKernelManager):
    """Bounds what ZMQ takes in before anybody has looked at it.

    A message of a larger part ends its connection, which ZMQ then makes again. Messages that wait beyond
    the mark wait, or are dropped, in the engine.
    """

    message_bytes = Integer(16 * MIB, min=1, config=True, help="Largest part of one message, in bytes.")
    waiting_messages = Integer(16, min=1, config=True, help="Messages that wait in one of its sockets.")

    def _create_connected_socket(
        self, channel: str, identity: bytes | None = None
    ) -> zmq.sugar.socket.Socket[Any]:
        """As the stock manager; the options hold for connections made after they are set."""
        # The stock method connects at once, so the context's defaults for new sockets carry them.
        self.context.setsockopt(zmq.MAXMSGSIZE, self.message_bytes)
        self.context.setsockopt(zmq.RCVHWM, self.waiting_messages)
        return super()._create_connected_socket(channel, identity=identity)
