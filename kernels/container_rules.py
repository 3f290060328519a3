"""Comparing a container's create body with the rules of its kind. Default deny.

A key that the rules do not name is a breach, whatever its value: what a later Docker adds to
``HostConfig`` opens nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_LIMITS = ("Memory", "MemorySwap", "NanoCpus", "PidsLimit", "ShmSize")
_FREE = {"Image", "WorkingDir", "Env", "Labels", "Cmd", "HostConfig", "User"}
_CHECKED_BELOW = {"Tmpfs", "Mounts", "RestartPolicy", "DeviceRequests"}
_MOUNT_KEYS = {"Type", "Source", "Target", "ReadOnly", "BindOptions"}


@dataclass(frozen=True)
class ContainerRules:
    """What the create body of one kind of container must say."""

    user: str
    host: Mapping[str, Any]
    """Keys of ``HostConfig`` with the one value that each may have."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """The same for the body's own keys."""
    host_any: tuple[str, ...] = ()
    """Keys of ``HostConfig`` that the caller checks itself."""
    tmpfs: tuple[str, ...] = ("/tmp",)  # noqa: S108
    gpus: bool = False

    def breaches(self, body: Mapping[str, Any]) -> list[str]:
        """Each way in which ``body`` is weaker, or other, than these rules; empty when it keeps them."""
        found = [
            f"{key} is not a setting of this container" for key in sorted(set(body) - _FREE - set(self.body))
        ]
        found += [f"{key} must be {value!r}" for key, value in self.body.items() if body.get(key) != value]
        if body.get("User") != self.user:
            found.append(f"User must be {self.user}")
        host = body.get("HostConfig")
        if not isinstance(host, Mapping):
            return [*found, "HostConfig is missing"]
        allowed = set(self.host) | set(self.host_any) | set(_LIMITS) | _CHECKED_BELOW
        found += [
            f"HostConfig.{key} is not a setting of this container" for key in sorted(set(host) - allowed)
        ]
        found += [
            f"HostConfig.{key} must be {value!r}"
            for key, value in self.host.items()
            if host.get(key) != value
        ]
        return (
            found + _limits(host) + self._tmpfs(host) + _restart(host) + _mounts(host) + self._devices(host)
        )

    def _tmpfs(self, host: Mapping[str, Any]) -> list[str]:
        tmpfs = host.get("Tmpfs")
        if not isinstance(tmpfs, Mapping) or set(tmpfs) != set(self.tmpfs):
            return [f"HostConfig.Tmpfs must be {', '.join(self.tmpfs)} alone"]
        return [
            f"HostConfig.Tmpfs {place} must be nosuid, nodev and sized"
            for place, options in tmpfs.items()
            if not _confined(str(options).split(","))
        ]

    def _devices(self, host: Mapping[str, Any]) -> list[str]:
        requests = host.get("DeviceRequests") or []
        if not isinstance(requests, list):
            return ["HostConfig.DeviceRequests must be a list"]
        if requests and not self.gpus:
            return ["HostConfig.DeviceRequests is not a setting of this container"]
        fine = all(
            isinstance(request, Mapping)
            and set(request) == {"Driver", "Count", "Capabilities"}
            and request["Driver"] == "nvidia"
            and request["Capabilities"] == [["gpu"]]
            and isinstance(request["Count"], int)
            and request["Count"] > 0
            for request in requests
        )
        return [] if fine else ["HostConfig.DeviceRequests may only ask for a number of GPUs"]


def _confined(options: list[str]) -> bool:
    """Sized, with nosuid and nodev, and no option that takes them back: of two the last one counts."""
    known = all(re.fullmatch(r"rw|nosuid|nodev|noexec|(size|mode)=\d+", option) for option in options)
    sized = any(option.startswith("size=") for option in options)
    return known and sized and {"nosuid", "nodev"} <= set(options)


def _limits(host: Mapping[str, Any]) -> list[str]:
    found = [
        f"HostConfig.{key} must be a positive limit"
        for key in _LIMITS
        if not isinstance(host.get(key), int) or isinstance(host.get(key), bool) or host[key] <= 0
    ]
    if host.get("MemorySwap") != host.get("Memory"):
        found.append("HostConfig.MemorySwap must equal Memory (no swap)")
    return found


def _restart(host: Mapping[str, Any]) -> list[str]:
    policy = host.get("RestartPolicy")
    if not isinstance(policy, Mapping) or set(policy) - {"Name", "MaximumRetryCount"}:
        return ["HostConfig.RestartPolicy must be no or on-failure"]
    attempts = policy.get("MaximumRetryCount", 0)
    # On failure, 0 would be without end.
    least = {"no": 0, "on-failure": 1}.get(str(policy.get("Name")))
    if least is None:
        return ["HostConfig.RestartPolicy must be no or on-failure"]
    fine = isinstance(attempts, int) and not isinstance(attempts, bool) and least <= attempts <= 5 * least
    return [] if fine else ["HostConfig.RestartPolicy retries too often"]


def _mounts(host: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    mounts = host.get("Mounts") or []
    if not isinstance(mounts, list):
        return ["HostConfig.Mounts must be a list"]
    for mount in mounts:
        if not isinstance(mount, Mapping) or set(mount) - _MOUNT_KEYS:
            found.append("a mount has settings that are not allowed")
        elif mount.get("Type") not in ("bind", "volume"):
            found.append(f"a mount of type {mount.get('Type')!r} is not allowed")
        elif mount["Type"] == "bind" and mount.get("BindOptions") != {"Propagation": "rprivate"}:
            found.append(f"the mount at {mount.get('Target')} must be rprivate")
    return found
