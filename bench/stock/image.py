"""Builds the stock single-user image out of the wheels that Carrel's desk and engine are made of."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

from images import wheels
from images.build import image_id, label, tree_digest
from images.console import Stop, run, say
from images.recipe import BASE, OWNER_LABEL, RECIPE_LABEL, ROOT, VERSION

TAG = f"carrel-bench/stock:{VERSION}"
LOCKS = ("desk", "stats")
"""The desk's and the engine's ``requirements/<name>.txt``: stock Jupyter has both in one."""

FOLDER = Path(__file__).parent
WHEELS_DOCKERFILE = ROOT / "images/wheels.dockerfile"


def pins(lock: str) -> dict[str, str]:
    """Each package of a lock file with its whole entry: version and hashes."""
    entries = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    return {entry.partition("==")[0]: entry for entry in entries if "==" in entry.partition("\n")[0]}


def merged(locks: tuple[str, ...] = LOCKS) -> str:
    """One lock file with what any of ``locks`` names. Raises `Stop` where two name different versions."""
    packages: dict[str, str] = {}
    for name in locks:
        for package, entry in pins((ROOT / f"requirements/{name}.txt").read_text()).items():
            first = packages.setdefault(package, entry)
            if _version(first) != _version(entry):
                raise Stop(
                    f"{' and '.join(locks)} lock different versions of {package}; mend it with: make lock"
                )
    return "".join(packages[package] for package in sorted(packages))


def _version(entry: str) -> str:
    return entry.partition("\n")[0].split()[0]


def build(var: Path = ROOT / "var") -> str:
    """Build the image unless it stands and nothing that goes into it has changed; returns its tag.

    Raises
    ------
    Stop
        When `make up` has not built the base yet, or the build fails.
    """
    parent = image_id(BASE.tag)
    if not parent:
        raise Stop(f"There is no image {BASE.tag}; make it first with: make up")
    lock = merged()
    parts = tree_digest(FOLDER / "Dockerfile", WHEELS_DOCKERFILE)
    recipe = hashlib.sha256((parts + lock + parent).encode()).hexdigest()
    if label(TAG, RECIPE_LABEL) == recipe:
        return TAG
    context = var / "context" / "stock"
    labels = [f"--label={OWNER_LABEL}=stock", f"--label={RECIPE_LABEL}={recipe}"]
    arguments = [f"--build-arg=BASE={BASE.tag}", f"--build-arg=PARENT={BASE.tag}"]
    say(f"building {TAG}")
    os.environ.setdefault("DOCKER_BUILDKIT", "0")
    try:
        _fill(context, lock, var)
        run(
            ["docker", "build", f"--tag={TAG}", *labels, *arguments, str(context)],
            why="The stock image could not be built",
            log=var / "log/build-stock.log",
        )
    finally:
        shutil.rmtree(context, ignore_errors=True)
    return TAG


def _fill(context: Path, lock: str, var: Path) -> None:
    shutil.rmtree(context, ignore_errors=True)
    (context / "wheels").mkdir(parents=True)
    for name in LOCKS:
        for wheel in wheels.fetch(name, var).glob("*.whl"):
            target = context / "wheels" / wheel.name
            if not target.exists():
                os.link(wheel, target)
    (context / "requirements.txt").write_text(lock)
    own = (FOLDER / "Dockerfile").read_text()
    (context / "Dockerfile").write_text(WHEELS_DOCKERFILE.read_text() + "\n" + own)


if __name__ == "__main__":
    build()
