"""The kernel websocket: the server's own connection class, with what a desk changes about it."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class DeskChannels(ZMQChannelsWebsocketConnection):
    """Sends each message at once.

    Tornado switches Nagle's algorithm on again after each HTTP response
    (`HTTP1Connection._finish_request`), the upgrade to a websocket included. A kernel answers one
    cell with several small messages, so each then waits for the browser's delayed acknowledgement
    of the one before, about 40 ms.
    """

    def connect(self) -> Any:
        """Connect to the kernel's channels, without delaying small messages."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
