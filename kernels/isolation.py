"""The one place that writes an engine container's isolation.

`engine_container` makes the body of Docker's ``POST /containers/create`` for a desk's engine and
for a template run's. `breaches` says in what a body differs from that isolation; the Docker gate
refuses a body with any breach, so that a hub that was taken over cannot start a weaker engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kernels.container_rules import ContainerRules

ENGINE_UID = 2000
ENGINE_GID = 2000
"""Also the group of the sockets and the workspace, which the desk's uid belongs to."""

ROLE_LABEL = "carrel.role"
ENGINE_ROLES = ("engine", "run-engine")

ULIMITS = [
    {"Name": "core", "Soft": 0, "Hard": 0},
    {"Name": "nofile", "Soft": 4096, "Hard": 4096},
]

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True)
class Limits:
    """What one engine may use at most."""

    memory: int = 2 * GIB
    """Bytes, with no swap beside it."""
    cpus: float = 1.0
    pids: int = 256
    tmp: int = 512 * MIB
    """Bytes of the tmpfs at /tmp, which count as memory too."""
    shm: int = 256 * MIB
    """Bytes of /dev/shm (data loaders of torch use it)."""
    gpus: int = 0


@dataclass(frozen=True)
class Mount:
    """A host folder (``bind``) or a named ``volume`` at ``target``."""

    source: str
    target: str
    read_only: bool = True
    kind: str = "bind"

    def body(self) -> dict[str, Any]:
        """As an entry of Docker's ``HostConfig.Mounts``."""
        mount: dict[str, Any] = {
            "Type": self.kind,
            "Source": self.source,
            "Target": self.target,
            "ReadOnly": self.read_only,
        }
        if self.kind == "bind":
            # A mount made inside the folder later on must not show up in the engine.
            mount["BindOptions"] = {"Propagation": "rprivate"}
        return mount


def engine_container(
    *,
    image: str,
    role: str,
    mounts: Iterable[Mount],
    limits: Limits,
    labels: Mapping[str, str],
    environment: Mapping[str, str] | None = None,
    command: list[str] | None = None,
    working_dir: str = "/workspace",
    restart_attempts: int = 0,
) -> dict[str, Any]:
    """The create body of an engine.

    Parameters
    ----------
    role
        ``engine`` (a desk's) or ``run-engine`` (a template run's).
    command
        Replaces the image's command (the launcher).
    restart_attempts
        How often Docker starts the engine again after it failed; 0 for a run.
    """
    host: dict[str, Any] = {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "IpcMode": "private",
        "Memory": limits.memory,
        "MemorySwap": limits.memory,
        "NanoCpus": int(limits.cpus * 1e9),
        "PidsLimit": limits.pids,
        "ShmSize": limits.shm,
        "Tmpfs": {"/tmp": f"rw,nosuid,nodev,size={limits.tmp},mode=1777"},  # noqa: S108
        "Ulimits": ULIMITS,
        "OomScoreAdj": 500,
        "Mounts": [mount.body() for mount in mounts],
        "RestartPolicy": (
            {"Name": "on-failure", "MaximumRetryCount": restart_attempts}
            if restart_attempts
            else {"Name": "no"}
        ),
        # An engine writes what it likes on its console; the host's disk must not pay for it.
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
    }
    if limits.gpus:
        host["DeviceRequests"] = [{"Driver": "nvidia", "Count": limits.gpus, "Capabilities": [["gpu"]]}]
    body: dict[str, Any] = {
        "Image": image,
        "User": f"{ENGINE_UID}:{ENGINE_GID}",
        "WorkingDir": working_dir,
        "Env": [f"{name}={value}" for name, value in sorted((environment or {}).items())],
        "Labels": {**labels, ROLE_LABEL: role},
        "NetworkDisabled": True,
        "HostConfig": host,
    }
    if command:
        body["Cmd"] = command
    return body


RULES = ContainerRules(
    user=f"{ENGINE_UID}:{ENGINE_GID}",
    body={"NetworkDisabled": True},
    host={
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "IpcMode": "private",
        "Ulimits": ULIMITS,
        "OomScoreAdj": 500,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
    },
    tmpfs=("/tmp",),  # noqa: S108
    gpus=True,
)
"""What every engine must have; `engine_container` writes it, the Docker gate holds a hub to it."""


def breaches(body: Mapping[str, Any]) -> list[str]:
    """In what an engine's create body is weaker than `engine_container` writes it.

    Mount sources are the Docker gate's to check, since only it knows the site's folders.
    """
    return RULES.breaches(body)
