"""The outside: whatever reaches this listener has left."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import threading
import time
from types import TracebackType

CORS = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SERVED = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"


class Outside:
    """Takes every TCP connection, datagram and ping that comes to this machine for it, and keeps the bytes.

    A request for ``/served`` is answered with `served`; any other with an empty 200.
    """

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.served = b""
        self._closing = False
        self._tcp = socket.create_server(("0.0.0.0", 0))
        self.port = int(self._tcp.getsockname()[1])
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("0.0.0.0", self.port))
        self._icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

    def __enter__(self) -> Outside:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True

    @property
    def browser_url(self) -> str:
        """Where a browser on this machine finds it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def addresses(self) -> list[str]:
        """This machine's addresses in all its networks, containers' bridges included."""
        shown = subprocess.run(["ip", "-json", "-4", "address"], capture_output=True, check=True).stdout
        found = [each["local"] for link in json.loads(shown) for each in link["addr_info"]]
        return [address for address in found if not address.startswith("127.")]

    def everything(self) -> bytes:
        """All that was heard so far."""
        return b"\n".join(self.heard)

    def hears(self, mark: bytes, within: float = 0.5) -> bytes | None:
        """What was heard, once ``mark`` is in it; None when it does not come."""
        deadline = time.monotonic() + within
        while mark not in (heard := self.everything()):
            if time.monotonic() > deadline:
                return None
            time.sleep(0.05)
        return heard

    def _listen(self) -> None:
        sources = [self._tcp, self._udp, self._icmp]
        while not self._closing:
            for ready in select.select(sources, [], [], 0.2)[0]:
                if ready is self._tcp:
                    peer, _ = self._tcp.accept()
                    threading.Thread(target=self._serve, args=(peer,), daemon=True).start()
                else:
                    self.heard.append(ready.recv(65536))
        for source in sources:
            source.close()

    def _serve(self, peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            peer.settimeout(2)
            got = peer.recv(1 << 20)
            self.heard.append(got)
            if b" /served" in got.partition(b"\r\n")[0]:
                peer.sendall(SERVED % (len(self.served), self.served))
                return
            peer.sendall(CORS)
            while more := peer.recv(1 << 20):
                self.heard.append(more)
