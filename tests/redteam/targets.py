"""The two sides that an attack runs against: a stock site's server, and a Carrel desk.

`Target` is all that an attack sees. What stands below the line "for the judge" is not the attacker's to
use: it looks into containers from the machine.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from site_fixtures import SITE_FILE, TestProject

from bench.server import Server
from bench.stock.site import StockSite
from images.console import Stop
from provisioning.host import demo
from tests.redteam import channel, evidence
from tests.redteam.browsing import Chromium, Window
from tests.redteam.gallery import Gallery
from tests.redteam.outside import Outside
from tests.redteam.wire import GONE, Message, Wire

SECRET = """\
import hashlib
secret = hashlib.shake_256(bytes.fromhex({token!r}) + {name!r}.encode()).digest({size})
"""
BUDGET = 8 << 20
"""Bytes of the display budget that `Target.tighten` sets; stock has none."""


@dataclass(frozen=True)
class Answer:
    """What one HTTP request brought."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON; an empty object when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


NOTHING = Answer(0, http.client.HTTPMessage(), b"")


class Target:
    """One person's running server, as that person's browser and programs reach it."""

    def __init__(self, server: Server, outside: Outside, chromium: Chromium):
        self.chromium = chromium
        self.server = server
        self.person = server.person
        self.url = server.person.url
        self.user = server.user
        self.path = server.path
        self.outside = outside
        self.secrets_token = secrets.token_bytes(32)
        self.planted = False
        self.kernel_id = ""
        self._wire: Wire | None = None

    # HTTP.

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        *,
        cookies: bool = True,
        within: float = 15.0,
    ) -> Answer:
        """One request, its path exactly as given; below the server unless it begins with a slash.

        With the person's cookies it also carries the XSRF token that a page of theirs would send.
        """
        whole = path if path.startswith("/") else self.path + path
        sent = dict(headers or {})
        if cookies:
            owner = "/hub/" if whole.startswith("/hub/") else self.path
            sent |= {"Cookie": self.cookies(owner), "X-XSRFToken": self.person.xsrf(owner)}
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=within)
        with contextlib.closing(connection):
            try:
                connection.request(method, whole, body, sent)
                answer = connection.getresponse()
                return Answer(answer.status, answer.headers, answer.read())
            except (OSError, http.client.HTTPException):
                return NOTHING

    def get(self, path: str, **headers: str) -> Answer:
        """A GET with the person's cookies."""
        return self.ask("GET", path, headers=headers)

    def cookies(self, below: str) -> str:
        """The person's cookies for pages below ``below``, as a header's value."""
        found = (cookie for cookie in self.person.cookies if below.startswith(cookie.path))
        return "; ".join(f"{c.name}={c.value}" for c in sorted(found, key=lambda c: -len(c.path)))

    def token(self, **wanted: Any) -> str | None:
        """An API token of the person's, if the hub gives them one."""
        return self.ask("POST", f"/hub/api/users/{self.user}/tokens", wanted).document.get("token")

    def fetch_with(self, token: str | None, path: str) -> bytes | None:
        """What a program elsewhere gets with a token and no cookie."""
        if not token:
            return None
        return self.ask("GET", path, headers={"Authorization": f"token {token}"}, cookies=False).body

    # Kernels.

    def wire(self, kernel_id: str = "") -> Wire:
        """A websocket of its own to the kernel."""
        return Wire(self, kernel_id or self.kernel_id)

    def run(self, code: str, within: float = 60.0) -> list[Message]:
        """Run a cell in the kernel over a websocket that stays open."""
        for again in (True, False):
            if self._wire is None:
                self._wire = self.wire()
            try:
                return self._wire.run(code, within)
            except GONE:
                self._wire = None
                if not again:
                    raise
        raise AssertionError("the second round returns or raises")

    def said(self, code: str, within: float = 60.0) -> str:
        """What a cell prints, and the name and value of its error."""
        lines = []
        for message in self.run(code, within):
            if message.type == "stream":
                lines.append(str(message.content.get("text")))
            elif message.type == "error":
                lines.append(f"{message.content.get('ename')}: {message.content.get('evalue')}")
        # Carrel puts invisible joiners into text, so that no browser makes a link of it.
        return "".join(lines).replace("\u2060", "").strip()

    def keep(self, *names: str) -> None:
        """Have the kernel write its secret to files of the workspace."""
        for name in names:
            self.run(f"open({name!r}, 'wb').write(secret);")

    # People.

    @cached_property
    def other(self) -> Target:
        """Somebody else's server at the same site."""
        raise NotImplementedError

    @cached_property
    def window(self) -> Window:
        """This person's browser."""
        return Window(self.chromium, self)

    @cached_property
    def gallery(self) -> Gallery:
        """The page in which all beacons are shown to this person."""
        return Gallery(self)

    # For the judge.

    def secret(self, name: str, size: int) -> bytes:
        """The secret of the channel ``name``."""
        return evidence.derived(self.secrets_token, name, size)

    def hold_secret(self, name: str, size: int) -> None:
        """Put it into the kernel's variable ``secret``: what a person types is 32 bytes."""
        self.run(SECRET.format(token=self.secrets_token.hex(), name=name, size=size))

    def inside(self, path: str) -> bytes | None:
        """A file of the container that runs kernels, relative to where they start."""
        command = ["docker", "exec", self.server.containers[-1], "cat", "--", path]
        done = subprocess.run(command, capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    @cached_property
    def credential(self) -> bytes:
        """The hub's token that the server holds: what an attack that reaches for the server brings."""
        line = "{{range .Config.Env}}{{println .}}{{end}}"
        command = ["docker", "inspect", "--format", line, self.server.containers[0]]
        shown = subprocess.run(command, capture_output=True, check=True).stdout
        held = dict(line.partition(b"=")[::2] for line in shown.splitlines())
        return held[b"JUPYTERHUB_API_TOKEN"]

    def answers(self, within: float = 3.0) -> bool:
        """Whether the server still serves: it says so itself, no proxy or hub for it."""
        return self.ask("GET", "api/status", within=within).status == 200

    def start(self) -> None:
        """Start the server, and a kernel on it."""
        if self.server.state() is None:
            self.server.start()
        self.server.open()
        self.new_kernel()

    def new_kernel(self) -> None:
        """Go on with a fresh kernel."""
        if self._wire is not None:
            self._wire.socket.close()
            self._wire = None
        self.kernel_id = self.server.start_kernel()

    def restart(self) -> None:
        """Stop and start the server."""
        if self._wire is not None:
            self._wire.socket.close()
            self._wire = None
        self.__dict__.pop("credential", None)
        self.server.stop()
        self.start()

    def plant(self) -> None:
        """Have every channel leave what works from the next start on, and start again; once."""
        if not self.planted:
            self.planted = True
            for each in channel.load():
                if each.plant:
                    each.plant(self, self.secret(each.id, each.size))
            self.restart()

    def tighten(self) -> None:
        """Make the display budget, where there is one, small enough to be spent in a test."""

    def repair(self) -> None:
        """See that the next attack finds a server and a kernel that answer."""
        if self._works():
            return
        with contextlib.suppress(Stop, *GONE):
            self.new_kernel()
            if self._works():
                return
        self.restart()

    def _works(self) -> bool:
        """Whether a cell is run, whatever of it may be shown."""
        try:
            got = self.answers() and self.run("1;", 4)
        except GONE:
            return False
        found = {message.content.get("execution_state", message.type) for message in got or ()}
        return {"execute_reply", "idle"} <= found

    def close(self) -> None:
        """Leave the window and the websocket."""
        if "window" in self.__dict__:
            self.window.close()
        if self._wire is not None:
            self._wire.socket.close()


def wait_for(condition: Any, within: float = 5.0) -> bool:
    """Whether ``condition()`` comes true in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class StockTarget(Target):
    """A server of `bench.stock`."""

    def __init__(self, site: StockSite, user: str, outside: Outside, chromium: Chromium):
        super().__init__(site.server(user), outside, chromium)
        self.site = site

    @cached_property
    def other(self) -> Target:
        name = next(name for name in self.site.users if name != self.user)
        found = StockTarget(self.site, name, self.outside, self.chromium)
        found.start()
        return found


class CarrelTarget(Target):
    """The desk of a project that was made for the red team."""

    def __init__(self, make_project: Callable[[], TestProject], outside: Outside, chromium: Chromium):
        self.make_project = make_project
        self.project = make_project()
        self.tightened = False
        super().__init__(self.project.desk(), outside, chromium)

    def tighten(self) -> None:
        if not self.tightened:
            self.tightened = True
            self._apply(f"gpus: 0, display_bytes: {BUDGET}")
            self.restart()

    def _apply(self, quotas: str) -> None:
        project, handover = self.project, self.project.site.var / "handover"
        text = SITE_FILE.format(account=project.account, project=project.name, extract=project.extract)
        demo.folders(project.site)
        try:
            (handover / "site.yaml").write_text(text.replace("gpus: 0", quotas))
            project.carrel("apply", "/handover/site.yaml")
        finally:
            shutil.rmtree(handover, ignore_errors=True)

    @cached_property
    def other(self) -> Target:
        found = CarrelTarget(self.make_project, self.outside, self.chromium)
        found.start()
        return found


@contextlib.contextmanager
def closing(target: Target) -> Iterator[Target]:
    """A started target, left at the end."""
    target.start()
    try:
        yield target
    finally:
        target.close()
