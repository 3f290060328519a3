"""How long an account stays shut after wrong tries, and an address after many.

NIST SP 800-63B, 5.2.2: tries are limited per account, with waits that grow. A try is counted before it is
checked, so that many at once do not get more tries than one after the other.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from provisioning.registry.models import ThrottledAddress

IPV6_NETWORK = 64
"""Bits: who has one IPv6 address has its /64 (RFC 6177)."""


@dataclass(frozen=True)
class LockOut:
    """After `free` wrong tries in a row each further one costs a wait; from try `after` on, a lock."""

    free: int = 2
    after: int = 5
    lock: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(hours=1)
    address_tries: int = 100
    address_window: timedelta = timedelta(minutes=15)

    def wait(self, failed: int) -> timedelta:
        """How long an account stays shut after ``failed`` wrong tries in a row."""
        if failed <= self.free:
            return timedelta(0)
        if failed < self.after:
            return min(timedelta(seconds=2 ** (failed - self.free)), self.lock)
        return min(self.lock * 2 ** min(failed - self.after, 16), self.longest)


def network_of(address: str) -> str:
    """What ``address`` is counted under: itself, or its network for IPv6."""
    try:
        parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
    return str(parsed)


def throttled(session: Session, address: str, rules: LockOut, now: datetime) -> datetime | None:
    """Count a try from ``address``; the moment until when none is taken, or None where this one is."""
    session.execute(delete(ThrottledAddress).where(ThrottledAddress.since <= now - rules.address_window))
    key = network_of(address)
    row = session.get(ThrottledAddress, key, populate_existing=True)
    if row is None:
        session.add(ThrottledAddress(address=key, failed=1, since=now))
        return None
    if row.failed >= rules.address_tries:
        return row.since + rules.address_window
    row.failed += 1
    return None


def forgive(session: Session, address: str) -> None:
    """Take one try back: it was right."""
    row = session.get(ThrottledAddress, network_of(address), populate_existing=True)
    if row is not None and row.failed > 0:
        row.failed -= 1
