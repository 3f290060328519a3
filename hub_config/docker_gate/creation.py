"""What the gate lets a caller create: containers of three roles, desk networks, socket volumes."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub_config import desk_container, naming
from hub_config.docker_gate.folders import DataFolder
from hub_config.docker_gate.refused import Refused
from kernels import isolation

RULES = {"desk": desk_container.RULES, "engine": isolation.RULES, "run-engine": isolation.RULES}
IMAGES = {"desk": ("desk",), "engine": ("engine-",), "run-engine": ("engine-",)}

NETWORK_OPTIONS = {"com.docker.network.bridge.inhibit_ipv4": "true"}
"""The bridge gets no address, so that a desk can't reach the host through it."""

SOCKET_OPTIONS = {
    "type": "tmpfs",
    "device": "tmpfs",
    "o": (
        f"size=1m,nr_inodes=512,uid={isolation.ENGINE_UID},gid={isolation.ENGINE_GID},"
        "mode=2770,nosuid,nodev,noexec"
    ),
}
"""Sockets only: a hostile engine can fill one megabyte of it and no more."""


@dataclass(frozen=True)
class Site:
    """What the gate knows of its site."""

    name: str
    data: DataFolder
    desk_subnets: ipaddress.IPv4Network
    images: str = "carrel/"
    """Prefix of the images that may be started."""


def container(body: dict[str, Any], name: str, site: Site) -> dict[str, Any]:
    """``body`` as it goes to Docker, its mounts resolved. Raises `Refused`."""
    labels = _labels(body, site)
    role = labels.get(naming.ROLE_LABEL, "")
    if role not in RULES:
        raise Refused(f"a container of role {role!r} is not one of {', '.join(RULES)}")
    expected = _container_name(role, labels, site)
    if name != expected:
        raise Refused(f"this container must be called {expected}, not {name!r}")
    prefixes = tuple(site.images + prefix for prefix in IMAGES[role])
    image = body.get("Image")
    if not isinstance(image, str) or not image.startswith(prefixes):
        raise Refused(f"a container of role {role} may not run the image {image!r}")
    breaches = RULES[role].breaches(body)
    if breaches:
        raise Refused("; ".join(breaches))
    host = dict(body["HostConfig"])
    names = naming.DeskNames(
        site.name, labels.get(naming.PROJECT_LABEL, ""), labels.get(naming.ACCOUNT_LABEL, "")
    )
    if role == "desk" and host.get("NetworkMode") != names.network:
        raise Refused(f"a desk is on its own network {names.network} and no other")
    host["Mounts"] = [_mount(mount, role, labels, names, site) for mount in host.get("Mounts") or []]
    return {**body, "HostConfig": host}


def network(body: dict[str, Any], site: Site) -> dict[str, Any]:
    """A desk's network: internal, its bridge without an address, in the site's range."""
    labels = _labels(body, site)
    names = naming.DeskNames(
        site.name, labels.get(naming.PROJECT_LABEL, ""), labels.get(naming.ACCOUNT_LABEL, "")
    )
    wanted = {
        "Name": names.network,
        "Driver": "bridge",
        "Internal": True,
        "CheckDuplicate": True,
        "Options": NETWORK_OPTIONS,
        "Labels": names.labels("network"),
    }
    _same(body, wanted, extra={"IPAM"})
    try:
        if set(body["IPAM"]) != {"Config"}:
            raise Refused("IPAM may hold Config and nothing else")
        (config,) = body["IPAM"]["Config"]
        subnet = ipaddress.IPv4Network(config["Subnet"])
        fine = set(config) == {"Subnet"} and subnet.prefixlen == 29 and subnet.subnet_of(site.desk_subnets)
    except (KeyError, TypeError, ValueError):
        fine = False
    if not fine:
        raise Refused(f"a desk's network is one /29 of {site.desk_subnets}")
    return body


def volume(body: dict[str, Any], site: Site) -> dict[str, Any]:
    """The socket volume of a desk and its engine."""
    labels = _labels(body, site)
    names = naming.DeskNames(
        site.name, labels.get(naming.PROJECT_LABEL, ""), labels.get(naming.ACCOUNT_LABEL, "")
    )
    wanted = {
        "Name": names.sockets,
        "Driver": "local",
        "DriverOpts": SOCKET_OPTIONS,
        "Labels": names.labels("sockets"),
    }
    _same(body, wanted, extra=set())
    return body


def _labels(body: Mapping[str, Any], site: Site) -> dict[str, str]:
    labels = body.get("Labels")
    if not isinstance(labels, dict) or labels.get(naming.SITE_LABEL) != site.name:
        raise Refused(f"the label {naming.SITE_LABEL} must be {site.name}")
    for label in (naming.PROJECT_LABEL, naming.ACCOUNT_LABEL):
        if not naming.NAME.fullmatch(str(labels.get(label, ""))):
            raise Refused(f"the label {label} is missing or not a name")
    return {str(key): str(value) for key, value in labels.items()}


def _container_name(role: str, labels: Mapping[str, str], site: Site) -> str:
    if role == "run-engine":
        run = labels.get(naming.RUN_LABEL, "")
        if not naming.RUN_ID.fullmatch(run):
            raise Refused(f"the label {naming.RUN_LABEL} is missing or not a run's id")
        return naming.run_engine_name(site.name, run)
    names = naming.DeskNames(site.name, labels[naming.PROJECT_LABEL], labels[naming.ACCOUNT_LABEL])
    return names.desk if role == "desk" else names.engine


def _mount(
    mount: Mapping[str, Any], role: str, labels: Mapping[str, str], names: naming.DeskNames, site: Site
) -> dict[str, Any]:
    if mount["Type"] == "volume":
        whole = {"Type": "volume", "Source": names.sockets, "Target": "/run/carrel", "ReadOnly": False}
        if mount != whole or role == "run-engine":
            raise Refused(f"the volume {mount.get('Source')} may not be mounted at {mount.get('Target')}")
        return dict(mount)
    return {**mount, "Source": site.data.resolve(role, mount, labels)}


def _same(body: Mapping[str, Any], wanted: Mapping[str, Any], extra: set[str]) -> None:
    # Even with no value: Docker reads a key in any case, and the last one counts.
    for key in sorted(set(body) - set(wanted) - extra):
        raise Refused(f"{key} may not be set")
    for key, value in wanted.items():
        if body.get(key) != value:
            raise Refused(f"{key} must be {value!r}")
