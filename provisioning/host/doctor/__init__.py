"""``carrel doctor``: whether a site is as it should be, one line a check, with the fix.

Each module checks one subject; each check is a function of a `Patient` (or of what was read of it) that
returns findings. It runs on the host, since a container sees neither the daemon nor the other containers.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from provisioning.host.doctor import containers, data, machine, networks, trail, transport
from provisioning.host.doctor.finding import Finding, Patient, fail
from provisioning.host.settings import Site

CHECKS: tuple[Callable[[Patient], list[Finding]], ...] = (
    machine.docker_engine,
    machine.container_limits,
    machine.disk,
    machine.clocks,
    machine.time_synchronised,
    data.at_rest,
    data.images,
    containers.services,
    containers.isolation,
    networks.internal,
    transport.certificate,
    data.registry,
    trail.audit_trail,
    data.keys,
    data.secrets_file,
    data.half_made,
    data.project_disks,
)


def examine(site: Site) -> list[Finding]:
    """Every check's findings. A check that breaks is a failure of its own, not the end of the others."""
    patient = Patient(site)
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check(patient)
        except Exception as error:
            name = check.__name__.replace("_", " ")
            found.append(fail(name, f"could not be checked: {error}", "see that Docker answers: docker info"))
    return found


def report(found: list[Finding], as_json: bool) -> str:
    """The findings for a person, or as JSON."""
    if as_json:
        return json.dumps([each.row() for each in found], ensure_ascii=False, indent=1)
    return "\n".join(each.line() for each in found)
