"""Builds the images, each only when something that goes into it has changed.

Run as ``python3 -m images.build [name …]``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from images import code, debian, labextension, node, wheels
from images.console import Stop, Stopwatch, run, say, stop_with_line
from images.recipe import BASE, IMAGES, OWNER_LABEL, RECIPE_LABEL, ROOT, Image, by_name

PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def tree_digest(*places: Path) -> str:
    """SHA-256 over relative names, modes and bytes of every file below ``places``."""
    digest = hashlib.sha256()
    for place in places:
        files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
        for file in files:
            if "__pycache__" in file.parts:
                continue
            name = file.relative_to(place) if place.is_dir() else Path(file.name)
            digest.update(f"{place.name}/{name}\0{file.stat().st_mode & 0o111:o}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def label(reference: str, name: str) -> str | None:
    """The value of an image's label, None when there is no such image or label."""
    command = ["docker", "image", "inspect", "--format", f'{{{{index .Config.Labels "{name}"}}}}', reference]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or None if done.returncode == 0 else None


def image_id(reference: str) -> str:
    """The engine's ``sha256:…`` of an image; empty when it has none."""
    command = ["docker", "image", "inspect", "--format", "{{.Id}}", reference]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else ""


def _parts(image: Image, var: Path, own_code: Path) -> list[Path]:
    parts = [image.folder]
    if image.requirements:
        parts += [ROOT / f"requirements/{image.requirements}.txt", ROOT / "images/wheels.dockerfile"]
    parts += code.parts(own_code, image.packages)
    if image.node_modules:
        parts.append(node.LOCK)
    if image.labextension:
        parts.append(labextension.build(var))
    return parts


def _context(image: Image, var: Path, own_code: Path) -> Path:
    """The folder that is sent to the engine: nothing but what this image takes."""
    folder = var / "context" / image.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dockerfile = (image.folder / "Dockerfile").read_text()
    if image.requirements:
        dockerfile = (ROOT / "images/wheels.dockerfile").read_text() + "\n" + dockerfile
        shutil.copytree(wheels.fetch(image.requirements, var), folder / "wheels", copy_function=os.link)
        shutil.copy(ROOT / f"requirements/{image.requirements}.txt", folder / "requirements.txt")
    (folder / "Dockerfile").write_text(dockerfile)
    for part in code.parts(own_code, image.packages):
        shutil.copytree(part, folder / "carrel" / part.name, ignore=shutil.ignore_patterns("__pycache__"))
    if image.node_modules:
        shutil.copytree(node.modules(var), folder / "node_modules", symlinks=True)
    if image.labextension:
        shutil.copytree(labextension.build(var), folder / "labextensions")
    if (image.folder / "rootfs").is_dir():
        shutil.copytree(image.folder / "rootfs", folder / "rootfs")
    return folder


def build(image: Image, var: Path, own_code: Path, parent: str, base: str) -> bool:
    """Build ``image`` unless it stands already; returns whether it was built."""
    lineage = image_id(parent) + image_id(base)
    recipe = hashlib.sha256((tree_digest(*_parts(image, var, own_code)) + lineage).encode()).hexdigest()
    if label(image.tag, RECIPE_LABEL) == recipe:
        return False
    context = _context(image, var, own_code)
    say(f"building {image.tag}")
    arguments = {"DEBIAN": parent, "PARENT": parent, "BASE": base, "APT_MIRROR": debian.mirror()}
    arguments |= {name: os.environ[name] for name in PROXY_VARIABLES if name in os.environ}
    dockerfile = (context / "Dockerfile").read_text()
    known = [
        f"--build-arg={k}={v}"
        for k, v in arguments.items()
        if k in PROXY_VARIABLES or f"ARG {k}" in dockerfile
    ]
    labels = [f"--label={OWNER_LABEL}={image.name}", f"--label={RECIPE_LABEL}={recipe}"]
    try:
        run(
            ["docker", "build", "--tag", image.tag, *labels, *known, str(context)],
            why=f"The image {image.name} could not be built",
            log=var / "log" / f"build-{image.name}.log",
        )
    finally:
        shutil.rmtree(context, ignore_errors=True)
    return True


def build_all(var: Path, names: list[str] | None = None, watch: Stopwatch | None = None) -> list[str]:
    """Build every image (or those named, with what they stand on); returns the names that were built."""
    watch = watch or Stopwatch()
    wanted = {by_name(name) for name in names} if names else set(IMAGES)
    wanted |= {by_name(image.parent) for image in wanted if image.parent not in ("", "base")}
    bottom = debian.image(var)
    watch.lap("debian base")
    own_code = code.unpacked(var)
    built = [BASE.name] if build(BASE, var, own_code, bottom, bottom) else []
    watch.lap("image base")
    for image in [image for image in IMAGES if image in wanted]:
        if image.requirements:
            wheels.fetch(image.requirements, var)
        watch.lap("fetching wheels")
        parent = by_name(image.parent).tag
        if build(image, var, own_code, parent, BASE.tag):
            built.append(image.name)
        watch.lap(f"image {image.name}")
    return built


def main(names: list[str]) -> int:
    """The command line."""
    os.environ.setdefault("DOCKER_BUILDKIT", "0")
    watch = Stopwatch()
    try:
        var = Path(os.environ.get("CARREL_VAR", str(ROOT / "var"))).resolve()
        built = build_all(var, names, watch)
    except KeyError as error:
        return stop_with_line(
            Stop(f"there is no image {error}; there are {', '.join(i.name for i in IMAGES)}")
        )
    except Stop as error:
        return stop_with_line(error)
    say(f"built {', '.join(built) or 'nothing anew'} in {watch.total:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
