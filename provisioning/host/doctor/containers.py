"""Whether every running container is as isolated as the code that starts it says.

What is compared is Docker's record of the container *and* what the kernel says of its first process: a
record can be right and the process not.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub_config.desk_container import RULES as DESK_RULES
from kernels.container_rules import ContainerRules
from kernels.isolation import RULES as ENGINE_RULES
from provisioning.host.doctor.finding import Finding, Patient, fail, ok, warn

SERVICES = ("disks", "gate", "proxy", "hub", "portal")
FILES = {"CHOWN", "FOWNER", "FSETID", "DAC_OVERRIDE"}
CAPABILITIES = {"gate": FILES, "disks": FILES | {"SYS_ADMIN", "MKNOD"}}
"""Of the two services that are root's, neither on a network; the others have none."""
DISKS_ALONE = {"Devices": ["/dev/loop-control"], "DeviceCgroupRules": ["b 7:* rwm"]}
DOCKER_SOCKET = "docker.sock"

WRITABLE = {
    "desk": {"/run/carrel", "/workspace", "/home/desk"},
    "engine": {"/run/carrel", "/workspace"},
    "run-engine": {"/run"},
}
"""Mounts that a container may write to; every other one is read-only."""
RULES: dict[str, ContainerRules] = {"desk": DESK_RULES, "engine": ENGINE_RULES, "run-engine": ENGINE_RULES}
LIMITS = ("Memory", "NanoCpus", "PidsLimit", "ShmSize")

NOTHING: dict[str, tuple[Any, ...]] = {
    "Privileged": (False,),
    "CapAdd": (None, []),
    "PidMode": ("",),
    "UTSMode": ("",),
    "UsernsMode": ("",),
    "Devices": (None, []),
    "DeviceCgroupRules": (None, []),
    "VolumesFrom": (None, []),
    "ExtraHosts": (None, []),
    "Links": (None, []),
    "Sysctls": (None, {}),
    "Runtime": ("runc", ""),
    "PublishAllPorts": (False,),
}
"""Settings of Docker that no container of Carrel's uses, with what Docker shows then."""


def services(patient: Patient) -> list[Finding]:
    """The four services run and say that they are healthy."""
    states = {}
    for each in patient.containers:
        name = each["Name"].lstrip("/")
        states[name] = each["State"].get("Health", {}).get("Status", "running")
    found = []
    for service in SERVICES:
        state = states.get(f"{patient.site.name}.{service}", "not running")
        if state == "healthy":
            found.append(ok(f"service {service}", "healthy"))
        elif state == "starting":
            found.append(warn(f"service {service}", "starting", "look again in a minute"))
        else:
            found.append(
                fail(f"service {service}", state, f"make up; docker logs {patient.site.name}.{service}")
            )
    return found


def isolation(patient: Patient) -> list[Finding]:
    """Every running container of the site."""
    found = []
    for each in patient.containers:
        name = each["Name"].lstrip("/")
        wrong = deviations(each, patient.site.data) + process_deviations(each)
        if wrong:
            fix = "stop it and start it anew (its owner signs in again, or make up)"
            found.append(fail(f"isolation {name}", "; ".join(wrong), fix))
        else:
            found.append(ok(f"isolation {name}", "as written"))
    return found


def deviations(inspected: Mapping[str, Any], data: Path) -> list[str]:
    """In what a container that runs differs from its rules, by Docker's own record of it."""
    config, host = inspected["Config"], inspected["HostConfig"]
    role = (config.get("Labels") or {}).get("carrel.role", "")
    if role == "part":
        return _service(inspected)
    rules = RULES.get(role)
    if rules is None:
        return [f"its role {role!r} is not one of Carrel's"]
    found = [
        f"{key} is {host.get(key)!r}" for key, fine in NOTHING.items() if host.get(key, fine[0]) not in fine
    ]
    found += [
        f"{key} is {host.get(key)!r}, not {value!r}"
        for key, value in rules.host.items()
        if not _same(host.get(key), value)
    ]
    found += [f"{key} is not set" for key, value in rules.body.items() if config.get(key) != value]
    if config.get("User") != rules.user:
        found.append(f"it runs as {config.get('User') or 'root'}, not {rules.user}")
    found += [f"{key} is not limited" for key in LIMITS if not _positive(host.get(key))]
    if host.get("MemorySwap") != host.get("Memory"):
        found.append("it may swap")
    if host.get("PortBindings"):
        found.append("it publishes a port")
    if set(host.get("Tmpfs") or {}) != set(rules.tmpfs):
        found.append(f"its tmpfs are {sorted(host.get('Tmpfs') or {})}")
    return found + _networks(inspected, role) + _mounts(inspected, role, data)


def _same(shown: Any, wanted: Any) -> bool:
    """Docker may give a list in another order."""
    if isinstance(wanted, list) and isinstance(shown, list):
        return sorted(map(str, (_key(each) for each in shown))) == sorted(
            map(str, (_key(each) for each in wanted))
        )
    return shown == wanted


def _key(value: Any) -> Any:
    return sorted(value.items()) if isinstance(value, Mapping) else value


def _positive(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _networks(inspected: Mapping[str, Any], role: str) -> list[str]:
    joined = sorted(inspected["NetworkSettings"].get("Networks") or {})
    if role == "desk":
        own = inspected["Name"].lstrip("/").replace(".desk.", ".network.", 1)
        return [] if joined == [own] else [f"it is on the networks {joined}, not on {own} alone"]
    return [] if joined in ([], ["none"]) else [f"it is on the networks {joined}"]


def _mounts(inspected: Mapping[str, Any], role: str, data: Path) -> list[str]:
    found = []
    for mount in inspected.get("Mounts") or []:
        target = mount["Destination"]
        if mount.get("RW") and target not in WRITABLE[role]:
            found.append(f"{target} is writable")
        if role == "desk" and target.startswith("/data"):
            found.append(f"an extract is mounted at {target}")
        if mount["Type"] == "bind" and not Path(mount["Source"]).is_relative_to(data):
            found.append(f"{mount['Source']} of the host is mounted at {target}")
        if mount["Type"] not in ("bind", "volume", "tmpfs"):
            found.append(f"a {mount['Type']} is mounted at {target}")
    return found


def _service(inspected: Mapping[str, Any]) -> list[str]:
    host = inspected["HostConfig"]
    name = inspected["Name"].rpartition(".")[2]
    own = DISKS_ALONE if name == "disks" else {}
    found = [
        f"{key} is {host.get(key)!r}"
        for key, fine in NOTHING.items()
        if key not in ("CapAdd", *own) and host.get(key, fine[0]) not in fine
    ]
    found += [f"{key} is {host.get(key)!r}" for key, value in own.items() if _devices(host, key) != value]
    added = {each.removeprefix("CAP_") for each in host.get("CapAdd") or []}
    if added != CAPABILITIES.get(name, set()):
        found.append(f"it has the capabilities {sorted(added)}")
    if host.get("CapDrop") != ["ALL"]:
        found.append("it does not drop all capabilities")
    if host.get("ReadonlyRootfs") is not True:
        found.append("its root is writable")
    if not any(str(each).startswith("no-new-privileges") for each in host.get("SecurityOpt") or []):
        found.append("it may gain privileges")
    holds = any(mount["Source"].endswith(DOCKER_SOCKET) for mount in inspected.get("Mounts") or [])
    if holds and name != "gate":
        found.append("it holds the Docker socket")
    if name in CAPABILITIES and host.get("NetworkMode") != "none":
        found.append("it is on a network")
    return found


def _devices(host: Mapping[str, Any], key: str) -> list[str]:
    return [each["PathOnHost"] if isinstance(each, Mapping) else each for each in host.get(key) or []]


def process_deviations(inspected: Mapping[str, Any], proc: Path = Path("/proc")) -> list[str]:
    """What the kernel says of a container's first process; nothing where this is not the daemon's machine."""
    try:
        text = (proc / str(inspected["State"]["Pid"]) / "status").read_text()
    except OSError:
        return []
    status = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    found: list[str] = []
    if inspected["Name"].rpartition(".")[2] in CAPABILITIES:
        return found
    if int(status.get("CapEff", "0").strip(), 16) or int(status.get("CapBnd", "0").strip(), 16):
        found.append("its process holds capabilities")
    if status.get("NoNewPrivs", "1").strip() != "1":
        found.append("its process may gain privileges")
    if status.get("Seccomp", "2").strip() != "2":
        found.append("its process is not held by seccomp")
    if status.get("Uid", "1").split()[0] == "0":
        found.append("its process is root")
    return found
