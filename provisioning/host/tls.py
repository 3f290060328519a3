"""The proxy's certificate and key in ``var/tls``: made for the demo, or the admin's own, copied there."""

from __future__ import annotations

import os
import shutil
import ssl
import time
from pathlib import Path

from images.console import Stop, run, say
from images.recipe import by_name
from provisioning.host.settings import Site

FRONT_UID = 2010
"""The proxy's, which alone may read the key."""
RENEW = 30 * 86400
"""Seconds before its end at which `make up` makes a self-signed certificate anew."""


def prepare(site: Site) -> None:
    """See that certificate and key are there. Raises `Stop` when they are no pair."""
    if not site.tls:
        return
    folder = site.var / "tls"
    folder.mkdir(exist_ok=True)
    os.chown(folder, FRONT_UID, FRONT_UID)
    folder.chmod(0o755)
    if site.own_certificate is not None:
        _copy(site, *site.own_certificate)
    elif not _good(site):
        say("making a self-signed certificate")
        run(
            ["docker", "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL"]
            + ["--security-opt=no-new-privileges:true", f"--label=carrel.site={site.name}"]
            + [f"--volume={folder}:/tls", by_name("hub").tag, "python", "-m", "provisioning.tls", "/tls"]
            + site.names(),
            why="The certificate could not be made",
        )


def _good(site: Site) -> bool:
    """Whether a self-signed certificate stands, for these names, and not soon at its end."""
    try:
        pair(site.certificate, site.tls_key)
        known = decoded(site.certificate)
    except (OSError, ssl.SSLError):
        return False
    named = {name for _, name in known.get("subjectAltName", ())}
    ends = ssl.cert_time_to_seconds(known["notAfter"])
    return set(site.names()) <= named and ends - time.time() > RENEW


def decoded(certificate: Path) -> dict:
    """A PEM certificate's fields, as `ssl.SSLSocket.getpeercert` gives them."""
    # The standard library has this for its own tests only; the host has no other library.
    return ssl._ssl._test_decode_cert(str(certificate))  # type: ignore[attr-defined]


def pair(certificate: Path, key: Path) -> None:
    """Raise `ssl.SSLError` or `OSError` unless ``key`` is the certificate's."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")


def _copy(site: Site, certificate: Path, key: Path) -> None:
    try:
        pair(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise Stop(
            f"CARREL_TLS_CERT={certificate} and CARREL_TLS_KEY={key} can't be used "
            f"({error.strerror or error.reason if isinstance(error, ssl.SSLError) else error.strerror}); "
            "name a PEM certificate (with its chain) and its key without a passphrase"
        ) from error
    for source, target, mode in ((certificate, site.certificate, 0o444), (key, site.tls_key, 0o400)):
        new = target.with_suffix(".new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file, source.open("rb") as content:
            shutil.copyfileobj(content, file)
        os.chown(new, FRONT_UID, FRONT_UID)
        new.chmod(mode)
        new.rename(target)
