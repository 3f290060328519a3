"""`make up`: from a fresh machine to a running site with a finished analysis. Run again, it finishes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from images import build
from images.console import Stop, Stopwatch, say
from provisioning.host import checks, compose, demo, docker_engine
from provisioning.host.settings import Site


@contextmanager
def alone(site: Site) -> Iterator[None]:
    """One `make up` at a time; a second one would pull the rug from under the first."""
    site.var.mkdir(parents=True, exist_ok=True)
    with (site.var / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Stop("another make up, down or clean is under way; wait for it to end") from error
        yield


def up(site: Site) -> None:
    """Set the whole site up. Raises `Stop` with the line to show."""
    watch = Stopwatch()
    with alone(site):
        docker_engine.ensure(site.var / "log")
        watch.lap("docker engine")
        checks.disk(site)
        checks.port(site)
        os.environ.setdefault("DOCKER_BUILDKIT", "0")
        build.build_all(site.var, watch=watch)
        demo.folders(site)
        compose.up(site)
        watch.lap("services")
        made = demo.set_up(site)
        watch.lap("demo site")
        made["run"] = demo.analyse(site, made)
        demo.remember(site, made)
        watch.lap("first analysis")
    _tell(site, made, watch)


def _tell(site: Site, made: dict, watch: Stopwatch) -> None:
    slow = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in watch.steps.items() if seconds >= 1)
    say(f"ready in {watch.total:.0f} s ({slow})")
    print(f"\n  Carrel is at          {made['url']}")
    print(f"  The report is at      {made['run']['url']}")
    print(f"  and on disk at        {made['run']['report']}\n")
    for role, user in made["users"].items():
        print(f"  {role:<18} {user['name']:<10} {user['password']}")
    print(f"\n  All of this stands in {site.demo_file}, too. Stop with: make down\n")
