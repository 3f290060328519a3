"""A real desk's server in its own process, before a hub that knows one token."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

REPOSITORY = Path(__file__).parents[3]
TOKEN = "the-only-token"
SCOPE = "access:servers!server=lin/cohort"
PREFIX = "/user/lin/cohort/"
CONFIG = """
import export_guard.desk_settings
export_guard.desk_settings.configure(c, root_dir={workspace!r})
# This process runs its kernels itself; a desk's provisioner is another package's.
c.KernelSpecManager.ensure_native_kernel = True
c.ServerApp.jpserver_extensions.update({extensions!r})
"""


class Hub(BaseHTTPRequestHandler):
    """What a single-user server asks of its hub: is it there, and whose token is this."""

    def do_GET(self) -> None:
        user = {"name": "lin", "kind": "user", "groups": [], "scopes": [SCOPE], "admin": False}
        known = self.headers.get("Authorization", "").endswith(TOKEN)
        is_user = self.path.startswith("/hub/api/user")
        self.send_response(403 if is_user and not known else 200)
        self.send_header("X-JupyterHub-Version", "6.1.1")
        self.end_headers()
        self.wfile.write(json.dumps(user if is_user and known else {"version": "6.1.1"}).encode())

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Desk:
    """A listening desk: where it is, its workspace, its log."""

    url: str
    workspace: Path
    log: Path
    process: subprocess.Popen[bytes]

    def request(self, method: str, path: str, **options) -> requests.Response:
        headers = {"Authorization": f"token {TOKEN}"} | options.pop("headers", {})
        options.setdefault("timeout", 20)
        return requests.request(method, self.url + path, headers=headers, allow_redirects=False, **options)

    def events(self) -> list[dict]:
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"event"')]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_desk(
    folder: Path, *, extensions: dict[str, bool] | None = None, python_path: str = ""
) -> tuple[Desk, ThreadingHTTPServer]:
    """Start a desk and wait until it answers. Raises RuntimeError with its log when it does not."""
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    workspace, home, config = folder / "workspace", folder / "home", folder / "config"
    for made in (workspace, home, config):
        made.mkdir()
    settings = CONFIG.format(workspace=str(workspace), extensions=extensions or {})
    (config / "jupyter_server_config.py").write_text(settings)
    port = free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), python_path])),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTERHUB_API_TOKEN": "the-desk-itself",
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub.server_port}/hub/api",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-lin-cohort",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps([SCOPE]),
        "JUPYTERHUB_SERVICE_PREFIX": PREFIX,
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}{PREFIX}",
        "JUPYTERHUB_USER": "lin",
        "CARREL_PROJECT": "cohort",
        **{name: value for name, value in os.environ.items() if name.startswith("CARREL_DISPLAY_")},
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "export_guard.start", "--allow-root"],
            env=environment,
            stdout=output,
            stderr=output,
            cwd=folder,
        )
    desk = Desk(f"http://127.0.0.1:{port}{PREFIX}", workspace, log, process)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            desk.request("GET", "api", timeout=1)
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return desk, hub
    process.kill()
    hub.shutdown()
    raise RuntimeError(f"the desk did not start:\n{log.read_text()[-3000:]}")


def stop_desk(desk: Desk, hub: ThreadingHTTPServer) -> None:
    desk.process.terminate()
    try:
        desk.process.wait(15)
    except subprocess.TimeoutExpired:
        desk.process.kill()
    hub.shutdown()
    hub.server_close()
