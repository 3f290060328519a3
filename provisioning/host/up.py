"""`make up`: from a fresh machine to a running site with a finished analysis. Run again, it finishes."""

from __future__ import annotations

import os

from images import build
from images.console import Stopwatch, say
from provisioning.host import checks, compose, demo, disks, docker_engine, tls
from provisioning.host.lock import alone
from provisioning.host.settings import Site


def up(site: Site) -> None:
    """Set the whole site up. Raises `Stop` with the line to show."""
    watch = Stopwatch()
    with alone(site):
        docker_engine.ensure(site.var / "log")
        watch.lap("docker engine")
        checks.root()
        checks.disk(site)
        checks.one_folder(site)
        checks.port(site)
        os.environ.setdefault("DOCKER_BUILDKIT", "0")
        build.build_all(site.var, watch=watch)
        checks.restore(site)
        disks.share(site)
        demo.folders(site)
        disks.make_way(site)
        tls.prepare(site)
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
        print(f"  {role:<18} {user['name']:<10} {user['password']}  code secret {user['totp']}")
    print(f"\n  All of this stands in {site.demo_file}, too. Stop with: make down\n")
