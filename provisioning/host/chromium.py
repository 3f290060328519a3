"""Chromium for the browser tests, with a typeface for Chinese."""

from __future__ import annotations

import os
import shutil

from provisioning.host.docker_engine import install

PACKAGES = ("chromium", "fonts-noto-cjk")


def ensure() -> None:
    """Install the distribution's where there is none (``CARREL_CHROMIUM`` names another).

    Raises `images.console.Stop` with the command where this process may not.
    """
    if not (os.environ.get("CARREL_CHROMIUM") or shutil.which("chromium")):
        install(PACKAGES, "Chromium, which the browser tests drive, is not installed")
