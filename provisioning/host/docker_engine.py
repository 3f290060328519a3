"""Finding a Docker engine, or installing the distribution's and starting it where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from images.console import Stop, run, say

PACKAGES = ("docker.io", "iptables", "docker-compose", "debootstrap")
INSTALL = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"


def _info() -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["docker", "info", "--format", "{{.ServerVersion}}"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess([], 1, "", str(error))


def answers() -> bool:
    """Whether an engine answers."""
    done = _info()
    return done.returncode == 0 and bool(done.stdout.strip()) and "ERROR" not in done.stdout


def _may_install() -> bool:
    allowed = os.environ.get("CARREL_INSTALL", "yes") != "no"
    return allowed and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: tuple[str, ...], why: str) -> None:
    """Install Debian packages. Raises `Stop` with the command where this process may not."""
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if not _may_install():
        raise Stop(f"{why}; mend it with: sudo {command}")
    say(f"installing {' '.join(packages)}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run(["apt-get", "update", "--quiet"], why="The package lists could not be fetched", timeout=600)
    run(
        ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages],
        why=why,
        timeout=1200,
    )


def missing_tools() -> tuple[str, ...]:
    """Packages for tools that `make up` uses beside the engine, and that are not here."""
    wanted = []
    if compose_command() is None:
        wanted.append("docker-compose")
    try:
        import ensurepip  # noqa: F401, PLC0415 (Debian keeps it in a package of its own)
    except ImportError:
        wanted.append("python3-venv")
    return tuple(wanted)


def compose_command() -> list[str] | None:
    """`docker compose` where there is such a plugin, else `docker-compose`, else None."""
    if shutil.which("docker"):
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)  # noqa: S607
        if plugin.returncode == 0:
            return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def ensure(log_folder: Path) -> None:
    """See that an engine answers, installing and starting one where that is needed and allowed.

    Raises
    ------
    Stop
        Where it can't: what is missing, and the command that mends it.
    """
    if not answers():
        if os.environ.get("DOCKER_HOST"):
            if not shutil.which("docker"):
                raise Stop("There is no docker command here; install it: sudo apt-get install docker.io")
            raise Stop(
                f"The Docker engine at DOCKER_HOST={os.environ['DOCKER_HOST']} does not answer; "
                "start it there, or unset DOCKER_HOST to use this machine's"
            )
        _refuse_without_permission()
        if not shutil.which("dockerd"):
            install(PACKAGES, "There is no Docker engine on this machine")
        if not answers():
            _start(log_folder)
    missing = missing_tools()
    if missing:
        install(missing, f"{', '.join(missing)} is not installed")


def _refuse_without_permission() -> None:
    """Debian's dockerd is not on a user's PATH, so the client's error is looked at before it is missed."""
    if "permission denied" in _info().stderr.lower():
        raise Stop(
            "This user may not use Docker; mend it with: sudo usermod -aG docker $USER, and sign in anew"
        )


def _start(log_folder: Path) -> None:
    if os.geteuid() != 0:
        raise Stop("The Docker daemon does not run; mend it with: sudo systemctl start docker")
    log = log_folder / "dockerd.log"
    if Path("/run/systemd/system").is_dir() and shutil.which("systemctl"):
        say("starting the Docker daemon with systemd")
        run(["systemctl", "start", "docker"], why="The Docker daemon could not be started")
    else:
        say("starting the Docker daemon")
        log_folder.mkdir(parents=True, exist_ok=True)
        # A daemon that was killed leaves its pid file, and the next one would not start.
        for stale in (Path("/var/run/docker.pid"), Path("/run/docker/containerd/containerd.pid")):
            if stale.exists() and not Path("/proc", stale.read_text().strip()).exists():
                stale.unlink()
        with log.open("ab") as output:
            subprocess.Popen(
                ["dockerd"],  # noqa: S607
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
    deadline = time.monotonic() + 60
    while not answers():
        if time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else ""
            raise Stop(f"The Docker daemon does not answer after 60 s; see {log}\n{tail}".rstrip())
        time.sleep(0.3)
