from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

FORGE = """
import json, os, socket, threading
here = "/run/carrel/launcher.sock"
kernels = [{"kernel_id": "../../home/desk/x", "name": "../x", "key": "k" * 16, "cwd": "/"},
           {"kernel_id": "a" * 8, "name": 7, "key": None}, [], None, {"kernel_id": {}}]
answers = [b"{" * 60_000 + b"\\n", b"[" * 200_000, b"x" * 1_000_000, b"", b"null\\n", b'{"ok": true}\\n',
           json.dumps({"ok": True, "kernels": kernels * 2000}).encode() + b"\\n",
           json.dumps({"ok": True, "kernels": "x", "pid": "x" * 50_000}).encode() + b"\\n",
           b'{"ok": true, "pid": 1e999, "alive": [], "returncode": "x"}\\n', b"\\xff\\xfe\\n"]
def answer(door):
    number = 0
    while True:
        peer, _ = door.accept()
        with peer:
            try:
                peer.settimeout(0.5)
                peer.recv(65536)
                peer.sendall(answers[number % len(answers)])
            except OSError:
                pass
        number += 1
if os.path.exists(here):
    os.unlink(here)
    door = socket.socket(socket.AF_UNIX)
    door.bind(here)
    door.listen(32)
    threading.Thread(target=answer, args=(door,), daemon=True).start()
"""


@channel(
    "launcher-forged",
    "The engine's launcher replaced by one that answers the desk with nonsense: deep, long, false, half",
    direction="stop",
    closed_by="the desk bounds and checks what a launcher says",
    stock="a stock server starts its kernels itself",
    stage=2,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(FORGE)
    for _ in range(6):
        site.ask("POST", "api/kernels", {"name": "python3"}, within=0.5)
        site.ask("GET", "api/kernels", within=2)
        if not site.answers():
            return secret
    return None
