"""A real jupyter_server with the desk's own addresses, in its own process, before the test's portal."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

HERE = Path(__file__).parent
TOKEN = "the-persons-own-token"
UNUSED = ("jupyter_server_terminals", "jupyterlab", "jupyter_lsp", "jupyter_server_proxy", "notebook_shim")
CONFIG = """
c.ServerApp.contents_manager_class = "export_guard.contents.manager.GuardedContentsManager"
c.ServerApp.root_dir = {workspace!r}
c.ServerApp.base_url = "/user/li-wei/heart/"
c.ServerApp.jpserver_extensions = {extensions!r}
c.ServerApp.reraise_server_extension_failures = True
c.IdentityProvider.token = {token!r}
c.PortalClient.patience = 5.0
c.DeskCheckpoints.folder = {checkpoints!r}
"""


@dataclass
class DeskServer:
    url: str
    workspace: Path
    home: Path
    log: Path
    process: subprocess.Popen[bytes]

    async def ask(self, method: str, path: str, **values: Any) -> tuple[int, Any]:
        """Status and JSON of an answer; as the person, unless ``headers`` say otherwise."""
        headers = values.pop("headers", {"Authorization": f"token {TOKEN}"})
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method, f"{self.url}{path}", headers=headers, allow_redirects=False, **values
            ) as answer,
        ):
            text = await answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, await answer.json() if is_json and text else text.decode()


async def start_desk_server(folder: Path, portal_url: str, desk_token: str) -> DeskServer:
    workspace, config, home = folder / "workspace", folder / "config", folder / "home"
    for made in (workspace, config, home):
        made.mkdir(exist_ok=True)
    extensions = {**dict.fromkeys(UNUSED, False), "airlock_desk_extension": True}
    values = {"workspace": str(workspace), "token": TOKEN, "extensions": extensions}
    values["checkpoints"] = str(folder / "checkpoints")
    (config / "jupyter_server_config.py").write_text(CONFIG.format(**values))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join((str(HERE.parents[2]), str(HERE))),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTERHUB_API_TOKEN": desk_token,
        "JUPYTERHUB_USER": "li-wei",
        "CARREL_PROJECT": "heart",
        "CARREL_PORTAL_URL": portal_url,
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"]
    log = folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=folder)
    desk = DeskServer(f"http://127.0.0.1:{port}/user/li-wei/heart/", workspace, home, log, process)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            await desk.ask("GET", "api")
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
        else:
            return desk
    process.kill()
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")
