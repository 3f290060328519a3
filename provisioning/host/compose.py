"""Bringing the services up and down, and saying what failed."""

from __future__ import annotations

import json
import subprocess
import time

from images.console import Stop, run, say
from images.recipe import ROOT, by_name
from provisioning.host.docker_engine import compose_command
from provisioning.host.settings import Site

SERVICES = ("disks", "gate", "proxy", "hub", "portal")
HEALTHY_WITHIN = 120
"""Seconds."""


def compose(site: Site, *arguments: str, why: str) -> str:
    """Run docker-compose on the site's file."""
    command = compose_command()
    if command is None:
        raise Stop("docker-compose is not installed; mend it with: apt-get install docker-compose")
    done = subprocess.run(  # noqa: S603
        [*command, *files(site), *arguments],
        env=site.environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise Stop(f"{why}:\n{tail}")
    return done.stdout


def files(site: Site) -> list[str]:
    """The compose files of this site, as arguments."""
    names = ["docker-compose.yml"]
    if site.tls:
        names.append("docker-compose.tls.yml")
    if site.redirect_port is not None:
        names.append("docker-compose.redirect.yml")
    if site.hub_outside:
        names.append("docker-compose.outside.yml")
    return [part for name in names for part in ("--file", str(ROOT / name))]


def up(site: Site) -> None:
    """Start the services and wait until each says that it is healthy."""
    compose(site, "up", "--detach", "--no-build", "--remove-orphans", why="The services could not be started")
    deadline = time.monotonic() + HEALTHY_WITHIN
    waiting = list(SERVICES)
    while waiting:
        states = {service: health(site, service) for service in waiting}
        waiting = [service for service, state in states.items() if state != "healthy"]
        for service in waiting:
            if (
                states[service] in ("exited", "dead", "absent", "unhealthy", "restarting")
                or time.monotonic() > deadline
            ):
                raise Stop(
                    f"The {service} is {states[service]}; the last it said:\n{last_words(site, service)}"
                )
        if waiting:
            time.sleep(0.5)


def health(site: Site, service: str) -> str:
    """``healthy``, ``starting`` or what else the service's container is."""
    command = ["docker", "inspect", "--format", "{{json .State}}", f"{site.name}.{service}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        return "absent"
    state = json.loads(done.stdout)
    if state["Status"] != "running":
        return str(state["Status"])
    return str(state.get("Health", {}).get("Status", "running"))


def last_words(site: Site, service: str, lines: int = 15) -> str:
    """The last lines of a service's log."""
    command = ["docker", "logs", "--tail", str(lines), f"{site.name}.{service}"]
    done = subprocess.run(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return "\n".join(f"  {line}" for line in done.stdout.strip().splitlines()[-lines:])


def desk_containers(site: Site) -> list[str]:
    """Every container of the site, the desks', engines' and runs' among them."""
    command = ["docker", "ps", "--all", "--quiet", "--filter", f"label=carrel.site={site.name}"]
    return run(command, why="Docker does not answer").split()


def engines(site: Site) -> list[str]:
    """The containers that have a project's files, by id: desks, engines and runs."""
    found = []
    for role in ("desk", "engine", "run-engine"):
        command = ["docker", "ps", "--all", "--quiet", "--filter", f"label=carrel.site={site.name}"]
        said = run([*command, "--filter", f"label=carrel.role={role}"], why="Docker does not answer")
        found += said.split()
    return found


def down(site: Site) -> None:
    """Stop the site: desks, runs and services. What people made stays."""
    containers = desk_containers(site)
    if containers:
        say(f"stopping {len(containers)} containers")
        run(["docker", "rm", "--force", *containers], why="The containers could not be removed")
    for network in labelled(site, "network"):
        run(["docker", "network", "rm", network], why="A network could not be removed")


def labelled(site: Site, kind: str) -> list[str]:
    """The site's networks or volumes, by name."""
    command = ["docker", kind, "ls", "--quiet", "--filter", f"label=carrel.site={site.name}"]
    return run(command, why="Docker does not answer").split()


def carrel(site: Site, *arguments: str, stdin: str = "", check: bool = True) -> str:
    """Run the `carrel` command on the site's registry, in a container with no network.

    Raises
    ------
    Stop
        With the command's own line, when it refuses.
    """
    image = by_name("hub").tag
    done = subprocess.run(  # noqa: S603
        ["docker", "run", "--rm", "--interactive", "--network=none", "--read-only", "--cap-drop=ALL"]
        + ["--security-opt=no-new-privileges:true", "--tmpfs=/tmp", f"--label=carrel.site={site.name}"]
        + [f"--volume={site.name}_registry:/srv/registry", f"--volume={site.data}:/srv/carrel"]
        + [f"--volume={site.keys}:/srv/keys"]
        + [f"--volume={site.var / 'handover'}:/handover", image, "carrel", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        raise Stop(f"carrel {' '.join(arguments[:2])}: {said[-1]}")
    return done.stdout
