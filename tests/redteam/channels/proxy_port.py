from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

SERVE = """
import http.server, os, threading
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(secret)))
        self.end_headers()
        self.wfile.write(secret)
    def log_message(self, *_):
        pass
door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=door.serve_forever, daemon=True).start()
print(door.server_port)
"""


@channel(
    "proxy-port",
    "A server that a kernel starts, by jupyter-server-proxy's address for its port",
    closed_by="no proxying by port; an engine's ports are not the desk's",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    port = site.said(SERVE)
    return site.get(f"proxy/{port}/").body
