"""What follows from TLS at the proxy (``CARREL_TLS=on``): headers, and how desks reach the portal."""

from __future__ import annotations

import os
from pathlib import Path

CERTIFICATE = Path("/etc/carrel-tls/cert.pem")
SECONDS = 365 * 86400


def on() -> bool:
    """Whether the proxy speaks TLS."""
    return os.environ.get("CARREL_TLS") == "on"


def headers() -> dict[str, str]:
    """HTTP Strict Transport Security (RFC 6797), where there is TLS to insist on."""
    return {"Strict-Transport-Security": f"max-age={SECONDS}"} if on() else {}


def for_desks(certificate: Path = CERTIFICATE) -> dict[str, str]:
    """A desk's environment: the portal over TLS, and the one certificate that it may show."""
    if not on():
        return {}
    return {
        "CARREL_TLS": "on",
        "CARREL_PORTAL_URL": "https://proxy:8000/services/portal/",
        "CARREL_PORTAL_CERTIFICATE": certificate.read_text(encoding="ascii"),
    }
