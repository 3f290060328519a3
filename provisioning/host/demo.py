"""The demo site: people, projects, extracts from real data, and one finished standard analysis."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from images.console import Stop, say
from provisioning.host import checks
from provisioning.host.compose import carrel
from provisioning.host.person import PORTAL, Person
from provisioning.host.settings import Site

CARREL_UID = 2010
ENGINE_GID = 2000
PACKAGE = "/opt/carrel/lib/python3.11/site-packages"
"""Where Carrel's code is in the hub's image."""

PEOPLE = {
    "clinician": "li-wei",
    "second_clinician": "ma-chao",
    "engineer": "chen-jing",
    "admin": "zhao-lei",
    "reviewer": "sun-yan",
    "auditor": "wu-fang",
}
EXTRACTS = {"rotterdam": "breast-survival", "omop-sample": "ehr-quality"}
"""Each extract and the one project that it is granted to."""

RUN_WITHIN = 900
"""Seconds that the first analysis may take."""


def folders(site: Site) -> None:
    """The data folder, with the owners that its parts have."""
    checks.root()
    for name, uid, mode in (
        (".", 0, 0o750),
        ("extracts", CARREL_UID, 0o2750),
        ("templates", CARREL_UID, 0o2750),
        ("runs", 0, 0o750),
        ("airlock", CARREL_UID, 0o700),
        ("audit", CARREL_UID, 0o700),
    ):
        folder = site.data / name
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, uid, ENGINE_GID)
        folder.chmod(mode)
    site.config.mkdir(exist_ok=True)
    # Apart from the data: the services' uid alone reads it.
    site.keys.mkdir(parents=True, exist_ok=True)
    os.chown(site.keys, CARREL_UID, CARREL_UID)
    site.keys.chmod(0o700)
    handover = site.var / "handover"
    handover.mkdir(exist_ok=True)
    os.chown(handover, CARREL_UID, CARREL_UID)
    handover.chmod(0o700)


def provision(site: Site) -> dict[str, dict[str, str]]:
    """Extracts, template, people and projects; returns the new accounts' password and totp."""
    folders(site)
    carrel(site, "registry", "upgrade")
    for extract in EXTRACTS:
        carrel(site, "extract", "register", f"{PACKAGE}/provisioning/demo/data/{extract}")
    carrel(site, "template", "publish", f"{PACKAGE}/templates_nb/published/survival-cohort")
    handed = site.var / "handover/passwords.json"
    demo_file = f"{PACKAGE}/provisioning/demo/site.yaml"
    carrel(site, "apply", demo_file, "--enrol", "--passwords-out", "/handover/passwords.json")
    return json.loads(handed.read_text()) if handed.exists() else {}


def remember(site: Site, document: dict[str, Any]) -> None:
    """Write ``var/demo.json``: whole or not at all, for its owner alone."""
    temporary = site.demo_file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.write("\n")
    temporary.rename(site.demo_file)


def recall(site: Site) -> dict[str, Any]:
    """What ``var/demo.json`` says; empty when there is none."""
    try:
        return json.loads(site.demo_file.read_text())
    except (OSError, ValueError):
        return {}


def document(site: Site, new: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The demo's file: what it said before, with the passwords and one-time-code secrets that are new.

    An account whose password or secret nobody knows any more (the file was lost) gets another.
    """
    before = recall(site)
    users = {}
    for role, name in PEOPLE.items():
        known = new.get(name) or before.get("users", {}).get(role, {})
        password = known.get("password") or _new_password(site, name)
        users[role] = {"name": name, "password": password, "totp": known.get("totp") or _new_totp(site, name)}
    return {
        "url": site.url,
        "users": users,
        "projects": sorted(set(EXTRACTS.values())),
        "extracts": EXTRACTS,
        "run": before.get("run"),
    }


def _new_password(site: Site, name: str) -> str:
    import secrets  # noqa: PLC0415 (seldom needed)

    password = secrets.token_urlsafe(15)
    carrel(site, "user", "set-password", name, stdin=password + "\n")
    return password


def _new_totp(site: Site, name: str) -> str:
    return str(json.loads(carrel(site, "user", "reset-totp", name, "--enrol", "--json"))["totp"])


def set_up(site: Site) -> dict[str, Any]:
    """Make the demo site what it should be, and remember it."""
    made = document(site, provision(site))
    remember(site, made)
    # Only now: had this been cut short, the passwords would be lost with the folder.
    shutil.rmtree(site.var / "handover", ignore_errors=True)
    return made


def analyse(site: Site, demo: dict[str, Any]) -> dict[str, Any]:
    """See that the first standard analysis is done, as a clinician would ask for it; returns the run."""
    clinician = demo["users"]["clinician"]
    person = Person(site.url, "zh-CN", site.certificate if site.tls else None)
    if not person.sign_in(clinician["name"], clinician["password"], clinician.get("totp", "")):
        raise Stop(
            f"{clinician['name']} can't sign in with the password in {site.demo_file}; "
            "take that file away and run make up again"
        )
    asked = json.loads((Path(__file__).parents[1] / "demo/run.json").read_text())
    runs = f"projects/{asked['project']}/runs"
    kept = site.data / "runs" / asked["project"]
    run = _standing(person, runs, demo, kept)
    if run is None:
        say("asking for the standard analysis, as the clinician would")
        order = {key: asked[key] for key in ("template", "extracts", "parameters", "language")}
        run = person.portal(runs, order)
    run = _watch(person, f"{runs}/{run['id']}", run)
    if run["status"] != "succeeded":
        raise Stop(f"The first analysis {run['status']}: {run.get('error')}")
    place = f"{site.url}{PORTAL}projects/{asked['project']}/runs/{run['id']}"
    folder = site.data / "runs" / asked["project"] / run["id"]
    return {"id": run["id"], "project": asked["project"], "url": place, "report": str(folder / "report.html")}


def _standing(person: Person, runs: str, demo: dict[str, Any], kept: Path) -> dict[str, Any] | None:
    """The demo's run, if there is one that did not fail and whose report was not taken away."""
    wanted = (demo.get("run") or {}).get("id")
    listed = person.portal(runs)["runs"]
    good = [
        run
        for run in listed
        if run["status"] in ("running", "queued")
        or (run["status"] == "succeeded" and (kept / run["id"] / "report.html").exists())
    ]
    return next((run for run in good if run["id"] == wanted), good[-1] if good else None)


def _watch(person: Person, path: str, run: dict[str, Any]) -> dict[str, Any]:
    shown = None
    deadline = time.monotonic() + RUN_WITHIN
    while run["status"] in ("queued", "running"):
        if time.monotonic() > deadline:
            raise Stop(f"The first analysis is not done after {RUN_WITHIN} s; look at it in the portal")
        time.sleep(0.5)
        run = person.portal(path)
        progress = run.get("progress") or {}
        line = (
            f"{progress.get('cell')}/{progress.get('cells')} {(progress.get('message') or {}).get('en', '')}"
        )
        if progress and line != shown:
            shown = line
            say(f"  analysis: {line}")
    return run
