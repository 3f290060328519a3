"""A person's server under a hub, stock's or Carrel's, used as their browser uses it.

Both sites are driven by this one class, so that what is compared differs on the server's side only.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import Any

from images.console import Stop
from provisioning.host.person import Person

POLL = 0.05
"""Seconds between two questions whether a server is ready, or gone."""
WITHIN = 120.0
"""Seconds that a start or a stop may take."""


@dataclass(frozen=True)
class Server:
    """One server, by the person who may have it.

    Attributes
    ----------
    person
        Somebody who is signed in at the hub.
    name
        Of a named server; empty for the one without a name.
    containers
        What it runs in, once it runs: names in Docker.
    """

    person: Person
    user: str
    name: str
    containers: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where the proxy has it, with a closing slash."""
        return f"/user/{self.user}/{self.name}/" if self.name else f"/user/{self.user}/"

    @property
    def url(self) -> str:
        """The whole address."""
        return self.person.url + self.path

    def _api(self) -> str:
        user = f"/hub/api/users/{self.user}"
        return f"{user}/servers/{self.name}" if self.name else f"{user}/server"

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, xsrf: str, good: tuple[int, ...]
    ) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-XSRFToken": self.person.xsrf(xsrf)}
        status, answer = self.person.request(path, data=data, method=method, headers=headers)
        if status not in good:
            raise Stop(f"{method} {path} answered {status}: {answer.strip()[:200]}")
        return json.loads(answer) if answer else None

    def _ask_hub(self, method: str, path: str, good: tuple[int, ...]) -> Any:
        return self._ask(method, path, {} if method == "POST" else None, "/hub/", good)

    def state(self) -> dict[str, Any] | None:
        """The hub's record of this server; None when there is none that runs, starts or stops."""
        servers = self._ask_hub("GET", f"/hub/api/users/{self.user}", (200,)).get("servers") or {}
        found = servers.get(self.name)
        return found if found and (found.get("ready") or found.get("pending")) else None

    def start(self) -> None:
        """Ask the hub to start it, and wait until the hub says that it is ready."""
        self._ask_hub("POST", self._api(), (201, 202))
        self._wait(lambda state: state is not None and state.get("ready"), "start")

    def stop(self) -> None:
        """Have it stopped, and wait until it is gone: that counts, not what the hub answers."""
        with contextlib.suppress(Stop):
            self._ask_hub("DELETE", self._api(), (202, 204))
        self._wait(lambda state: state is None, "stop")

    def _wait(self, reached: Any, what: str) -> None:
        deadline = time.monotonic() + WITHIN
        while not reached(state := self.state()):
            if time.monotonic() > deadline or (what == "start" and state is None):
                raise Stop(f"the server at {self.path} did not {what}")
            time.sleep(POLL)

    def open(self) -> None:
        """Load its first page, as the browser does after the start; it signs in at the server on the way."""
        status, page = self.person.request(f"{self.path}lab")
        if status != 200 or "jupyter-config-data" not in page:
            raise Stop(f"{self.path}lab answered {status} and is not JupyterLab's page")

    def start_kernel(self) -> str:
        """Start a Python kernel; returns its id."""
        return str(self._ask("POST", f"{self.path}api/kernels", {"name": "python3"}, self.path, (201,))["id"])

    def end_kernel(self, kernel_id: str) -> None:
        """Shut it down."""
        self._ask("DELETE", f"{self.path}api/kernels/{kernel_id}", None, self.path, (204,))
