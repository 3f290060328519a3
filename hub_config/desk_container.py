"""The create body of a desk's container, and the rules that the Docker gate holds it to.

A desk runs trusted code only, yet it reads what an engine wrote; so it is kept nearly as tight: no
capability, a read-only root, no extract, and an internal network on which it meets only the proxy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernels.container_rules import ContainerRules
from kernels.isolation import ENGINE_GID, MIB, Mount

DESK_UID = 2001
DESK_GID = 2001
PORT = 8888

NO_DNS = "192.0.2.1"
"""A test address (RFC 5737) that no host has: Docker's resolver forwards outside names to it, in vain."""

RULES = ContainerRules(
    user=f"{DESK_UID}:{DESK_GID}",
    host={
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "IpcMode": "private",
        "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],
        "GroupAdd": [str(ENGINE_GID)],
        "Dns": [NO_DNS],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "5m", "max-file": "2"}},
    },
    host_any=("NetworkMode",),
    tmpfs=("/tmp",),  # noqa: S108
)


def desk_container(
    *,
    image: str,
    network: str,
    mounts: list[Mount],
    labels: Mapping[str, str],
    environment: Mapping[str, str],
    command: list[str],
    memory: int = 512 * MIB,
    cpus: float = 2.0,
    pids: int = 128,
) -> dict[str, Any]:
    """The create body of a desk; ``memory`` in bytes."""
    return {
        "Image": image,
        "User": RULES.user,
        "WorkingDir": "/workspace",
        "Env": [f"{name}={value}" for name, value in sorted(environment.items())],
        "Labels": dict(labels),
        "Cmd": command,
        "HostConfig": {
            **RULES.host,
            "NetworkMode": network,
            "Memory": memory,
            "MemorySwap": memory,
            "NanoCpus": int(cpus * 1e9),
            "PidsLimit": pids,
            "ShmSize": 16 * MIB,
            "Tmpfs": {"/tmp": f"rw,nosuid,nodev,size={64 * MIB},mode=1777"},  # noqa: S108
            "Mounts": [mount.body() for mount in mounts],
            "RestartPolicy": {"Name": "no"},
        },
    }
