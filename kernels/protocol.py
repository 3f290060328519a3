"""What a desk and an engine's launcher say to each other.

One request and one reply a connection, each one line of JSON of at most `MAX_LINE` bytes, over a
unix socket on the volume that the two containers share. Either side treats the other's line as
hostile: it is bounded before it is parsed, and checked field by field before it is used.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

SOCKETS = "/run/carrel"
"""Where the shared socket volume is mounted in both containers."""

LAUNCHER_SOCKET = "launcher.sock"

MAX_LINE = 64 * 1024
"""Bytes in one request or reply. A list of `MAX_KERNELS` kernels fits."""

MAX_KERNELS = 64

MAX_APPLICATIONS = 8
"""Applications that run in one engine at a time."""

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
"""With ``transport=ipc`` a port is only the suffix of a socket's file name."""

_KERNEL_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_KERNEL_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = re.compile(r"[\x21-\x7e]{16,128}")


class ProtocolError(ValueError):
    """A line that is not what the protocol says."""


@dataclass(frozen=True)
class Kernel:
    """One kernel as the launcher knows it."""

    kernel_id: str
    name: str
    key: str
    """The HMAC key of its ZMQ messages. The engine holds it anyway."""
    cwd: str = "/workspace"


def kernel_address(kernel_id: str, sockets: str = SOCKETS) -> str:
    """The ``ip`` of a kernel's connection. Short: a unix socket's path holds 107 bytes."""
    return f"{sockets}/k-{check_kernel_id(kernel_id).replace('-', '')[:16]}"


def encode(message: dict[str, Any]) -> bytes:
    """``message`` as one line.

    Raises
    ------
    ProtocolError
        When the line would be longer than the other side reads.
    """
    line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise ProtocolError(f"message of {len(line)} bytes is over {MAX_LINE}")
    return line


def decode(line: bytes) -> dict[str, Any]:
    """The message in ``line``; anything but one JSON object raises `ProtocolError`."""
    if len(line) > MAX_LINE:
        raise ProtocolError(f"line of over {MAX_LINE} bytes")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("not a line of JSON") from error
    if not isinstance(message, dict):
        raise ProtocolError("not a JSON object")
    return message


def _matching(value: object, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ProtocolError(f"{what} is not valid")
    return value


def check_kernel_id(value: object) -> str:
    """``value`` if it is a lower-case UUID; a file name is made from it."""
    return _matching(value, _KERNEL_ID, "kernel_id")


def check_kernel(message: dict[str, Any]) -> Kernel:
    """The kernel that ``message`` describes, each field checked."""
    cwd = message.get("cwd", "/workspace")
    if not isinstance(cwd, str) or not cwd.startswith("/") or len(cwd) > 4096 or "\0" in cwd:
        raise ProtocolError("cwd is not an absolute path")
    return Kernel(
        kernel_id=check_kernel_id(message.get("kernel_id")),
        name=_matching(message.get("name"), _KERNEL_NAME, "name"),
        key=_matching(message.get("key"), _KEY, "key"),
        cwd=cwd,
    )


def check_integer(message: dict[str, Any], field: str, lowest: int, highest: int) -> int:
    """The integer in ``message[field]``, refused outside ``lowest``..``highest``."""
    value = message.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise ProtocolError(f"{field} is not an integer from {lowest} to {highest}")
    return value
