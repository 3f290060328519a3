"""The machine: Docker itself, whether its limits limit, room on the disks, the clocks."""

from __future__ import annotations

import os
import re
import subprocess
import time
from datetime import datetime
from pathlib import Path

from provisioning.host.doctor.finding import Finding, Patient, fail, ok, warn

OLDEST_DOCKER = (20, 10)
LITTLE, TOO_LITTLE = 0.15, 0.05
"""Shares of a file system that are free."""
CLOCKS_APART, CLOCKS_FAR_APART = 2.0, 30.0
"""Seconds. A one-time password (RFC 6238) is good for 30."""


def docker_engine(patient: Patient) -> list[Finding]:
    """Docker answers, and is no older than what Carrel was tested with."""
    said = patient.info.get("ServerVersion") or ""
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if len(version) < 2:
        return [fail("docker", "the daemon does not answer", "start it: systemctl start docker")]
    if version < OLDEST_DOCKER:
        return [fail("docker", f"version {said} is older than 20.10", "install a newer one")]
    return [ok("docker", f"version {said} answers")]


def container_limits(patient: Patient) -> list[Finding]:
    """The kernel enforces what containers are limited to."""
    wanted = {
        "MemoryLimit": "memory",
        "SwapLimit": "swap",
        "CpuCfsQuota": "CPU",
        "PidsLimit": "processes",
    }
    missing = [what for key, what in wanted.items() if not patient.info.get(key)]
    found = []
    if missing:
        found.append(
            fail(
                "limits",
                f"the kernel does not limit {', '.join(missing)} of containers",
                "boot with cgroup_enable=memory swapaccount=1, or with cgroup v2",
            )
        )
    if not any("seccomp" in each for each in patient.info.get("SecurityOptions") or []):
        found.append(fail("limits", "containers run without seccomp", "use a Docker built with seccomp"))
    return found or [
        ok("limits", f"enforced by cgroup v{patient.info.get('CgroupVersion', '?')}, with seccomp")
    ]


def disk(patient: Patient) -> list[Finding]:
    """Room and inodes where the data and Docker are."""
    places = {
        "data": patient.site.data,
        "docker": Path(patient.info.get("DockerRootDir") or "/var/lib/docker"),
    }
    return [room(name, place) for name, place in places.items()]


def room(name: str, place: Path) -> Finding:
    """What is free where ``place`` is, or will be."""
    while not place.exists():
        place = place.parent
    status = os.statvfs(place)
    # Some file systems (btrfs) have no fixed number of inodes, and say 0.
    shares = {"bytes": (status.f_bavail, status.f_blocks), "inodes": (status.f_favail, status.f_files)}
    free = {what: part / whole for what, (part, whole) in shares.items() if whole}
    what, least = min(free.items(), key=lambda item: item[1])
    text = f"{least:.0%} of {what} free at {place}"
    if least < TOO_LITTLE:
        return fail(f"disk {name}", text, "free some now: writes begin to fail")
    if least < LITTLE:
        return warn(f"disk {name}", text, "free some, or move it to a larger disk")
    return ok(f"disk {name}", text)


def clocks(patient: Patient) -> list[Finding]:
    """Host, Docker and the data's file system agree on the time."""
    before = time.time()
    said = patient.docker("info", "--format", "{{.SystemTime}}").strip()
    found = [apart("docker", _seconds(said) - (before + time.time()) / 2)]
    probe = patient.site.var / ".clock"
    try:
        probe.touch()
        found.append(apart("file system", probe.stat().st_mtime - time.time()))
    except OSError:
        found.append(warn("clock file system", f"{patient.site.var} cannot be written to", "run it as root"))
    finally:
        probe.unlink(missing_ok=True)
    return found


def apart(name: str, seconds: float) -> Finding:
    """Another clock is so many seconds ahead of the host's."""
    if abs(seconds) > CLOCKS_FAR_APART:
        return fail(f"clock {name}", f"{seconds:+.0f} s from the host's", "synchronise both with NTP")
    if abs(seconds) > CLOCKS_APART:
        return warn(f"clock {name}", f"{seconds:+.1f} s from the host's", "synchronise both with NTP")
    return ok(f"clock {name}", "agrees with the host's")


def _seconds(moment: str) -> float:
    # Docker gives nanoseconds, of which the library takes six digits.
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", moment)).timestamp()


def time_synchronised(patient: Patient) -> list[Finding]:
    """The host's clock follows others, by what systemd knows."""
    try:
        done = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return [ntp(None)]
    return [ntp(done.stdout.strip() if done.returncode == 0 else None)]


def ntp(said: str | None) -> Finding:
    """``yes``, ``no``, or None where nobody can say."""
    if said == "yes":
        return ok("ntp", "the clock is synchronised")
    if said is None:
        return warn(
            "ntp",
            "systemd is not there to say whether the clock is synchronised",
            "see to it: chronyc tracking",
        )
    return fail("ntp", "the clock is not synchronised", "switch it on: timedatectl set-ntp true")
