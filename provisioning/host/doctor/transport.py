"""The proxy's certificate: its end, its names, who reads its key, and whether it is the one that is shown."""

from __future__ import annotations

import socket
import ssl
import stat
import time
from pathlib import Path

from provisioning.host import tls
from provisioning.host.doctor.finding import Finding, Patient, fail, ok, warn

SOON = 30
"""Days."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def certificate(patient: Patient) -> list[Finding]:
    """All of it, where the site speaks TLS."""
    site = patient.site
    if not site.tls:
        if site.bind in LOOPBACK:
            return [ok("tls", "off, and the port is on the loopback address only")]
        fix = "set CARREL_TLS_CERT and CARREL_TLS_KEY, or CARREL_BIND=127.0.0.1 behind a TLS proxy"
        return [fail("tls", f"passwords cross the network in the clear ({site.bind}:{site.port})", fix)]
    try:
        tls.pair(site.certificate, site.tls_key)
        known = tls.decoded(site.certificate)
    except (OSError, ssl.SSLError) as error:
        return [fail("tls", f"certificate and key are no pair ({error})", "run make up")]
    ends = ssl.cert_time_to_seconds(known["notAfter"])
    return [
        expiry((ends - time.time()) / 86400),
        names({name for _, name in known.get("subjectAltName", ())}, site.host_name or site.bind),
        key_mode(site.tls_key),
        shown(site.certificate, "127.0.0.1" if site.bind == "0.0.0.0" else site.bind, site.port),  # noqa: S104
    ]


def expiry(days: float) -> Finding:
    """The certificate ends in so many days."""
    if days <= 0:
        return fail(
            "tls expiry", f"the certificate ended {-days:.0f} days ago", "put a new one in place, make up"
        )
    if days < SOON:
        return warn(
            "tls expiry", f"the certificate ends in {days:.0f} days", "put a new one in place, make up"
        )
    return ok("tls expiry", f"the certificate ends in {days:.0f} days")


def names(held: set[str], wanted: str) -> Finding:
    """The certificate holds the name that people type."""
    wild = "*." + wanted.partition(".")[2]
    if wanted in held or wild in held or wanted == "0.0.0.0":  # noqa: S104
        return ok("tls name", f"the certificate is for {', '.join(sorted(held))}")
    return fail(
        "tls name", f"the certificate is not for {wanted}", "set CARREL_HOST_NAME to what people type"
    )


def key_mode(key: Path) -> Finding:
    """Nobody but its owner reads the key."""
    status = key.stat()
    if stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != tls.FRONT_UID:
        return fail(
            "tls key", f"{key} can be read by others", f"chown {tls.FRONT_UID} {key}; chmod 0400 {key}"
        )
    return ok("tls key", "its owner's alone")


def shown(certificate: Path, host: str, port: int) -> Finding:
    """The proxy shows this certificate, not the one of before."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is compared byte for byte below
    try:
        with socket.create_connection((host, port), timeout=5) as raw, context.wrap_socket(raw) as wrapped:
            served = wrapped.getpeercert(binary_form=True)
            version = wrapped.version()
    except OSError as error:
        return fail("tls proxy", f"no TLS at {host}:{port} ({error})", "make up")
    first = certificate.read_text().partition("-----END CERTIFICATE-----")
    if served != ssl.PEM_cert_to_DER_cert(first[0] + first[1]):
        fix = "docker restart the proxy and the hub; desks take it when they are started next"
        return fail("tls proxy", "the proxy shows another certificate", fix)
    return ok("tls proxy", f"shows this certificate over {version}")
