"""The Docker calls that the gate passes on, one line each. What is not here is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ID = r"(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]{0,127})"


@dataclass(frozen=True)
class Call:
    """A method and path of the Docker Engine API, without its version prefix."""

    method: str
    path: re.Pattern[str]
    subject: str = ""
    """``container``, ``network`` or ``volume``: the one named must carry the site's label."""
    creates: str = ""
    """``container``, ``network`` or ``volume``: the body goes through `creation`."""
    note: str = ""
    query: frozenset[str] = frozenset()
    """Names of the query's arguments that may be passed on."""

    @property
    def has_body(self) -> bool:
        """Whether Docker reads a body here. To others none is passed on: old API versions read one."""
        return bool(self.creates) or self.note == "guest"


def _call(method: str, path: str, *, query: str = "", **more: str) -> Call:
    return Call(method, re.compile(path.replace("{name}", _ID)), query=frozenset(query.split()), **more)


LOGS = "stdout stderr timestamps follow tail since until"

CALLS = (
    _call("GET", "/_ping"),
    _call("HEAD", "/_ping"),
    _call("GET", "/version"),
    _call("GET", r"/images/(?P<image>[a-z0-9][a-z0-9._/:-]{0,200})/json", note="image"),
    _call("GET", "/containers/json", note="list", query="all filters limit size trunc_cmd"),
    _call("POST", "/containers/create", creates="container", query="name"),
    _call("GET", "/containers/{name}/json", subject="container"),
    _call("GET", "/containers/{name}/logs", subject="container", query=LOGS),
    _call("GET", "/containers/{name}/stats", subject="container", note="stats", query="stream one-shot"),
    _call("POST", "/containers/{name}/start", subject="container"),
    _call("POST", "/containers/{name}/stop", subject="container", query="t"),
    _call("POST", "/containers/{name}/kill", subject="container", query="signal"),
    _call("POST", "/containers/{name}/wait", subject="container", query="condition"),
    _call("DELETE", "/containers/{name}", subject="container", query="v force link"),
    _call("POST", "/networks/create", creates="network"),
    _call("GET", "/networks/{name}", subject="network"),
    _call("DELETE", "/networks/{name}", subject="network"),
    _call("POST", "/networks/{name}/connect", subject="network", note="guest"),
    _call("POST", "/networks/{name}/disconnect", subject="network", note="guest"),
    _call("POST", "/volumes/create", creates="volume"),
    _call("GET", "/volumes/{name}", subject="volume"),
    _call("DELETE", "/volumes/{name}", subject="volume", query="force"),
)

_VERSION = re.compile(r"/v1\.(\d{1,3})(?=/)")
OLDEST_VERSION = 24
"""Of API 1: before it, starting a container could change its settings."""


def find(method: str, raw_path: str) -> tuple[Call, re.Match[str]] | None:
    """The call that ``method`` and ``raw_path`` are, or None.

    The raw path is matched, undecoded: a percent sign, a dot segment or a double slash matches
    nothing, so that gate and Docker can't read one path in two ways.
    """
    path, version = raw_path, _VERSION.match(raw_path)
    if version:
        path = raw_path[version.end() :]
    if ".." in path or (version and int(version[1]) < OLDEST_VERSION):
        return None
    for call in CALLS:
        if call.method == method and (match := call.path.fullmatch(path)):
            return call, match
    return None
