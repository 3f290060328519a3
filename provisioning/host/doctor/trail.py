"""The audit trail: that its head is signed, anchored outside, and handed on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from images.console import Stop
from provisioning.host import compose
from provisioning.host.doctor.finding import Finding, Patient, fail, ok, warn

UNSIGNED = 3600
"""Seconds after which a record that no signed head covers says that nobody signs."""
ANCHOR = 30 * 24 * 3600
WAITING = 3600
"""Seconds that a record may wait for a syslog receiver."""


def audit_trail(patient: Patient) -> list[Finding]:
    """The ages of the last signed head and of the last anchor, and what waits for a receiver."""
    try:
        said = json.loads(compose.carrel(patient.site, "audit", "status", "--json"))
    except (Stop, ValueError) as error:
        return [fail("audit trail", f"cannot be read ({error})", "make up; see that nothing else holds it")]
    return standing(said, patient.site.name)


def standing(said: Mapping[str, Any], site: str) -> list[Finding]:
    """``carrel audit status``."""
    found = []
    if said["unsigned_seconds"] > UNSIGNED:
        waits = _long(said["unsigned_seconds"])
        fix = f"see what the keeper says: docker logs {site}.hub 2>&1 | grep carrel.audit"
        found.append(fail("audit head", f"a record has waited for a signed head for {waits}", fix))
    elif said["head"]:
        found.append(ok("audit head", f"record {said['head']['number']} is signed"))
    anchor = said["anchor"]
    keep = "carrel audit anchor --out FILE, and keep FILE outside the site"
    if said["last"] and anchor is None:
        found.append(warn("audit anchor", "no head was ever anchored outside", keep))
    elif anchor and anchor["age_seconds"] > ANCHOR:
        found.append(warn("audit anchor", f"the last is {_long(anchor['age_seconds'])} old", keep))
    elif anchor:
        found.append(ok("audit anchor", f"record {anchor['number']}, {_long(anchor['age_seconds'])} ago"))
    for receiver in said["receivers"]:
        name, waits = receiver["address"], receiver["waiting_seconds"]
        if waits > WAITING:
            fix = "see that it listens, and that the hub's container reaches it"
            found.append(warn("audit syslog", f"{name} has not taken records for {_long(waits)}", fix))
        else:
            found.append(ok("audit syslog", f"{name} has the records up to {receiver['number']}"))
    return found or [ok("audit trail", "no record yet")]


def _long(seconds: int) -> str:
    days, hours = seconds // 86400, seconds // 3600
    return f"{days} days" if days >= 2 else f"{hours} h" if hours >= 2 else f"{seconds // 60} min"
