"""What the site keeps: encryption at rest, images, the registry's tables, keys, things half-made."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from images.build import label
from images.console import Stop
from images.recipe import IMAGES, RECIPE_LABEL
from provisioning.disks.disk import known
from provisioning.host import compose
from provisioning.host.doctor.finding import Finding, Patient, fail, ok, warn

FULL = 0.9
"""Share of a project's disk from which its members will soon be stopped."""
OLD = 24 * 3600
"""Seconds after which what is half-made is left over and not under way."""
HALF_MADE = ("*.partial", "*.new", ".restoring*", "*.part", "*.incoming")


def at_rest(patient: Patient) -> list[Finding]:
    """Data and Docker's volumes lie on encrypted devices."""
    places = {
        "data": patient.site.data,
        "docker": Path(patient.info.get("DockerRootDir") or "/var/lib/docker"),
    }
    found = []
    for name, place in places.items():
        kind = encrypted(device_of(place))
        if kind:
            found.append(ok(f"at rest {name}", f"{place} lies on {kind}"))
        else:
            fix = "see docs/operations/encryption-at-rest.md"
            found.append(warn(f"at rest {name}", f"{place} does not lie on an encrypted device", fix))
    return found


def device_of(place: Path) -> int:
    """The device number of the file system where ``place`` is, or will be."""
    while not place.exists():
        place = place.parent
    return place.stat().st_dev


def encrypted(device: int, sys: Path = Path("/sys/dev/block")) -> str:
    """``dm-crypt`` where the device, or one that it stands on (LVM, RAID, a partition), is; else empty.

    ``/sys/dev/block/<major>:<minor>/dm/uuid`` begins with ``CRYPT-`` for dm-crypt (cryptsetup);
    ``slaves/`` holds what a device stands on.
    """
    waiting = [sys / f"{os.major(device)}:{os.minor(device)}"]
    for _ in range(32):
        if not waiting:
            return ""
        place = waiting.pop()
        try:
            if (place / "dm/uuid").read_text().startswith("CRYPT-"):
                return "dm-crypt"
        except OSError:
            pass
        below = place / "slaves"
        waiting += sorted(below.iterdir()) if below.is_dir() else []
    return ""


def images(patient: Patient) -> list[Finding]:
    """Every image is there, made by the build, and what runs is the one of that name."""
    found = []
    for image in IMAGES:
        if not label(image.tag, RECIPE_LABEL):
            found.append(
                fail(f"image {image.name}", f"{image.tag} is missing or not the build's", "run make up")
            )
    ids = (
        {
            image.tag: patient.docker("image", "inspect", "--format", "{{.Id}}", image.tag).strip()
            for image in IMAGES
        }
        if not found
        else {}
    )
    for each in patient.containers:
        tag = each["Config"]["Image"]
        if tag in ids and each["Image"] != ids[tag]:
            name = each["Name"].lstrip("/")
            found.append(
                warn(
                    f"image {name}",
                    "runs an older image than the one built last",
                    "make up, or stop the desk",
                )
            )
    return found or [ok("images", f"{len(IMAGES)} are there, and what runs is of them")]


def registry(patient: Patient) -> list[Finding]:
    """The registry's tables are those of this version."""
    try:
        said = json.loads(compose.carrel(patient.site, "registry", "status", "--json"))
    except (Stop, ValueError) as error:
        return [fail("registry", f"cannot be read ({error})", "make up; see that nothing else holds it")]
    return [migrations(said)]


def migrations(said: Mapping[str, Any]) -> Finding:
    """``carrel registry status``: its revision, and this version's."""
    if said.get("revision") == said.get("head"):
        return ok("registry", f"at revision {said.get('head')}")
    text = f"at revision {said.get('revision')}, not {said.get('head')}"
    return fail("registry", text, "back it up, then: carrel registry upgrade")


def keys(patient: Patient) -> list[Finding]:
    """The keys folder: apart from the data, and nobody else's."""
    return keys_folder(patient.site.keys, patient.site.data)


def keys_folder(folder: Path, data: Path) -> list[Finding]:
    """As `keys`, of any two folders."""
    if not folder.exists():
        return [warn("keys", f"{folder} does not exist", "make up makes it")]
    found = []
    if folder.resolve().is_relative_to(data.resolve()) or data.resolve().is_relative_to(folder.resolve()):
        found.append(fail("keys", f"{folder} and {data} lie in one another", "move the keys elsewhere"))
    elif device_of(folder) == device_of(data):
        fix = "put the keys on another encrypted disk, see docs/operations/encryption-at-rest.md"
        found.append(warn("keys", f"{folder} lies on the same file system as the data", fix))
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            found.append(fail("keys", f"{path} is a link", "put the key itself there"))
        elif stat.S_IMODE(status.st_mode) & (0o022 if path.suffix == ".pub" else 0o077):
            found.append(fail("keys", f"{path} can be read or changed by others", f"chmod go= {path}"))
    return found or [ok("keys", f"{folder} is its owner's alone, on another file system than the data")]


def secrets_file(patient: Patient) -> list[Finding]:
    """The services' tokens are their owner's alone."""
    found = []
    for name in ("secrets.env", "demo.json"):
        path = patient.site.var / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found.append(fail("secrets", f"{path} can be read by others", f"chmod 0600 {path}"))
    return found or [ok("secrets", "their owner's alone")]


def half_made(patient: Patient) -> list[Finding]:
    """Nothing that was begun and never ended lies about."""
    return left_over([patient.site.var, patient.site.data, *_below(patient.site.data)], time.time())


def _below(data: Path) -> list[Path]:
    """The folders of ours, two deep; what members and engines write to is not searched."""
    tops = [data / name for name in ("extracts", "templates", "airlock", "audit")]
    return [*tops, *(each for top in tops if top.is_dir() for each in sorted(top.iterdir()) if each.is_dir())]


def project_disks(patient: Patient) -> list[Finding]:
    """Each project's disk is mounted and has room."""
    found = []
    for disk in known(patient.site.data):
        name = f"disk of {disk.project}"
        if not disk.stands:
            found.append(fail(name, f"{disk.image} is not mounted", "make up"))
            continue
        state = os.statvfs(disk.place)
        used = 1 - state.f_bavail / max(state.f_blocks, 1)
        text = f"{used:.0%} of {state.f_blocks * state.f_frsize / 1024**3:.1f} GiB is used"
        if used >= FULL:
            fix = f"its members delete files, or: carrel quota set {disk.project} --disk …"
            found.append(warn(name, text, fix))
        else:
            found.append(ok(name, text))
    return found


def left_over(folders: list[Path], now: float) -> list[Finding]:
    """As `half_made`, of any folders at a time."""
    found = []
    for folder in folders:
        for pattern in HALF_MADE:
            for path in sorted(folder.glob(pattern)):
                if path.name == ".restoring":
                    fix = "run python3 -m provisioning.host restore again: it finishes or rolls back"
                    found.append(fail("half-made", f"a restore was cut short ({path})", fix))
                elif now - path.lstat().st_mtime > OLD:
                    found.append(
                        warn("half-made", f"{path} was never finished", "remove it if nothing works on it")
                    )
    return found or [ok("half-made", "nothing lies about")]
