"""Whether the site's networks lead nowhere but where they should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub_config.docker_gate.creation import NETWORK_OPTIONS
from provisioning.host.doctor.finding import Finding, Patient, fail, ok


def internal(patient: Patient) -> list[Finding]:
    """Every network of the site; only the front leads out, and the hub's own where it was asked for."""
    found = []
    names = set()
    for each in patient.networks:
        names.add(each["Name"])
        wrong = deviations(each, patient.site.name, hub_outside=patient.site.hub_outside)
        if wrong:
            found.append(
                fail(
                    f"network {each['Name']}",
                    "; ".join(wrong),
                    "remove it (docker network rm) and run make up",
                )
            )
    for wanted in (f"{patient.site.name}_front", f"{patient.site.name}_control"):
        if wanted not in names:
            found.append(fail(f"network {wanted}", "is missing", "run make up"))
    return found or [ok("networks", f"{len(names)}, of which only {patient.site.name}_front leads out")]


def deviations(inspected: Mapping[str, Any], site: str, *, hub_outside: bool = False) -> list[str]:
    """In what a network differs from what it should be; ``hub_outside``: as ``CARREL_HUB_OUTSIDE`` says."""
    name = inspected["Name"]
    members = {each.get("Name") for each in (inspected.get("Containers") or {}).values()}
    leading_out = {f"{site}_front": "proxy"} | ({f"{site}_outside": "hub"} if hub_outside else {})
    if name in leading_out:
        strangers = members - {f"{site}.{leading_out[name]}"}
        return [f"{', '.join(sorted(map(str, strangers)))} can reach outside"] if strangers else []
    found = [] if inspected.get("Internal") is True else ["it is not internal"]
    if name == f"{site}_control":
        allowed = {f"{site}.{part}" for part in ("proxy", "hub", "portal")}
    else:
        allowed = {f"{site}.proxy", f"{site}.hub", name.replace(".network.", ".desk.", 1)}
        options = inspected.get("Options") or {}
        if any(options.get(key) != value for key, value in NETWORK_OPTIONS.items()):
            found.append("its bridge has an address on the host")
    strangers = members - allowed
    if strangers:
        found.append(f"{', '.join(sorted(map(str, strangers)))} does not belong on it")
    return found
