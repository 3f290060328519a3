"""OpenLDAP's slapd for the tests of signing in with a directory."""

from __future__ import annotations

import shutil

from provisioning.host.docker_engine import install

PACKAGES = ("slapd",)
SBIN = "/usr/sbin:/usr/local/sbin"


def ensure() -> str:
    """The program; the distribution's is installed where there is none.

    Raises `images.console.Stop` with the command where this process may not.
    """
    found = shutil.which("slapd", path=SBIN)
    if found is None:
        install(PACKAGES, "slapd, which the tests of signing in use, is not installed")
        found = shutil.which("slapd", path=SBIN)
    return str(found)
