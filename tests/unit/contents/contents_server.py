"""A real jupyter_server over the guarded manager, in its own process and without a hub."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import requests

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
TOKEN = "the-only-token"
UNUSED = ("jupyter_server_terminals", "jupyterlab", "jupyter_lsp", "notebook_shim")
CONFIG = """
c.ServerApp.contents_manager_class = "export_guard.contents.manager.GuardedContentsManager"
c.ServerApp.root_dir = {workspace!r}
c.ServerApp.jpserver_extensions = {extensions!r}
c.IdentityProvider.token = {token!r}
c.GuardedContentsManager.filter_notebook = "contents_server.marked"
c.GuardedContentsManager.language = "en"
c.DeskCheckpoints.folder = {checkpoints!r}
"""


def marked(notebook: dict) -> dict:
    """A filter that can be seen."""
    return notebook | {"metadata": notebook["metadata"] | {"filtered": True}}


@dataclass
class Server:
    url: str
    workspace: Path
    log: Path
    process: subprocess.Popen[bytes]

    def request(self, method: str, path: str, **options) -> requests.Response:
        headers = {"Authorization": f"token {TOKEN}"} | options.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=10, **options)


def start_server(folder: Path) -> Server:
    """Start it and wait until it answers. Raises RuntimeError with its log when it does not."""
    workspace, config = folder / "workspace", folder / "config"
    for made in (workspace, config, folder / "home"):
        made.mkdir()
    values: dict[str, object] = {
        "workspace": str(workspace),
        "checkpoints": str(folder / "checkpoints"),
        "token": TOKEN,
    }
    values["extensions"] = dict.fromkeys(UNUSED, False)
    (config / "jupyter_server_config.py").write_text(CONFIG.format(**values))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(HERE))),
        "JUPYTER_CONFIG_DIR": str(config),
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, f"--port={port}", "--ServerApp.port_retries=0"],
            env=environment,
            stdout=output,
            stderr=output,
            cwd=folder,
        )
    server = Server(f"http://127.0.0.1:{port}/", workspace, log, process)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.request("GET", "api")
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return server
    process.kill()
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")


def stop_server(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(15)
    except subprocess.TimeoutExpired:
        server.process.kill()
