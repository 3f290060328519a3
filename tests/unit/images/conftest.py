"""A repository and an engine of their own for every test: no Docker, no network, no real wheel."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from images import build, code, labextension, node, recipe, venv, wheels

sys.path.append(str(Path(__file__).parents[1] / "host"))

PACKAGES = ("export_guard", "hub_config", "kernels", "locales", "provisioning", "templates_nb")
METADATA = "Metadata-Version: 2.4\nName: carrel\nVersion: 0.1.0\nRequires-Dist: pyyaml\n\n# Carrel\n"

MAKE_WHEEL = """
import zipfile
root, dist = words[-1], words[words.index("--wheel-dir") + 1]
os.makedirs(dist)
with zipfile.ZipFile(dist + "/carrel-0.1.0-py3-none-any.whl", "w") as wheel:
    for package in {packages!r}:
        for folder, _, files in sorted(os.walk(root + "/" + package)):
            for name in sorted(files):
                with open(folder + "/" + name) as file:
                    wheel.writestr(os.path.relpath(folder + "/" + name, root), file.read())
    info = "carrel-0.1.0.dist-info/"
    wheel.write(root + "/METADATA", info + "METADATA")
    wheel.writestr(info + "entry_points.txt", "[console_scripts]\\ncarrel = x:y\\n")
    wheel.writestr(info + "RECORD", str(time.time()))
"""
DOWNLOAD = """
dest = words[words.index("--dest") + 1]
lock = open(words[words.index("-r") + 1]).read()
os.makedirs(dest, exist_ok=True)
for line in lock.splitlines():
    if "==" in line:
        name, version = line.split(" ")[0].split("==")
        open(f"{dest}/{name}-{version}-py3-none-any.whl", "w").write(line)
"""
DOCKER = """#!/bin/sh
# An engine that keeps each image as a folder: its id, its labels, what was sent, how it was built.
echo "docker $*" >> '{state}.calls'
for last; do :; done
case "$1 $2" in
"image inspect")
    image='{state}'/$last
    [ -d "$image" ] || exit 1
    case "$4" in
    '{{{{.Id}}}}') read -r said < "$image/id" ;;
    *'"carrel.image"'*) read -r said < "$image/carrel.image" ;;
    *'"carrel.recipe"'*) read -r said < "$image/carrel.recipe" ;;
    *) said='[]' ;;
    esac
    echo "$said" ;;
"build --tag")
    image='{state}'/$3
    /bin/rm -rf "$image"
    /bin/mkdir -p "$image"
    for word; do
        case "$word" in
        --label=carrel.image=*) echo "${{word#--label=carrel.image=}}" > "$image/carrel.image" ;;
        --label=carrel.recipe=*)
            echo "${{word#--label=carrel.recipe=}}" > "$image/carrel.recipe"
            echo "sha256:${{word#--label=carrel.recipe=}}" > "$image/id" ;;
        esac
        echo "$word" >> "$image/words"
    done
    /bin/cp -r "$last" "$image/sent" ;;
*)
    echo "this test expects no docker $*" >&2
    exit 1 ;;
esac
"""


class Repository:
    """A small copy of what goes into the images, and the engine that they are built in."""

    def __init__(self, root: Path, var: Path, engine: Path, programs: Any):
        self.root, self.var, self.engine, self.programs = root, var, engine, programs
        engine.mkdir()
        docker = programs.path / "docker"
        docker.write_text(DOCKER.format(state=engine))
        docker.chmod(0o755)

    def write(self, path: str, content: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def image(self, name: str) -> Path:
        """What the engine keeps of an image of Carrel's."""
        return self.engine / f"carrel/{name}:0.1.0"

    def has(self, reference: str, identity: str) -> None:
        """Put another image into the engine."""
        (self.engine / reference).mkdir(parents=True, exist_ok=True)
        (self.engine / reference / "id").write_text(identity + "\n")

    def docker(self, beginning: str) -> list[str]:
        """The calls of Docker that begin so."""
        calls = Path(f"{self.engine}.calls")
        return [call for call in calls.read_text().splitlines() if call.startswith(f"docker {beginning}")]

    def build(self, *names: str) -> list[str]:
        """Build; returns which images were."""
        built = build.build_all(self.var, list(names) or None)
        called = [call.split("--tag ")[1].split()[0] for call in self.docker("build")]
        assert called[len(called) - len(built) :] == [f"carrel/{name}:0.1.0" for name in built]
        return built


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = importlib.import_module("fake_program").Programs(tmp_path / "programs")
    for name in os.environ:
        if name.startswith(("CARREL_", "DOCKER_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(made.path))
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    return made


@pytest.fixture
def repository(programs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    root, var = tmp_path / "repository", tmp_path / "var"
    for module in (recipe, build, code, venv, wheels):
        monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(node, "LOCK", root / "images/proxy/package-lock.json")
    made = Repository(root, var, tmp_path / "engine", programs)
    for image in (recipe.BASE, *recipe.IMAGES):
        made.write(f"images/{image.name}/Dockerfile", f"ARG PARENT\nFROM $PARENT\nCOPY {image.name}\n")
        if image.requirements:
            made.write(f"requirements/{image.requirements}.txt", f"{image.requirements}-lib==1.0 \\\n")
    made.write("images/desk/rootfs/etc/desk.py", "1")
    made.write("requirements/desk.txt", "desk-lib==1.0 \\\njupyterlab==4.6 \\\n")
    made.write("images/proxy/package.json", "{}")
    made.write("images/proxy/package-lock.json", "{}")
    made.write("images/wheels.dockerfile", "ARG BASE\nFROM $BASE AS wheels\n")
    made.write("requirements/build.txt", "hatchling==1.26 \\\npip==25.3 \\\n    --hash=sha256:00\n")
    made.write("METADATA", METADATA)
    for package in PACKAGES:
        made.write(f"{package}/__init__.py", "")
        made.write(f"{package}/main.py", package)
    made.has("debian:bookworm-slim", "sha256:debian")
    programs.answer("python -m pip wheel", then=MAKE_WHEEL.format(packages=PACKAGES))
    programs.answer("python -m pip download", then=DOWNLOAD)
    build_python_stands(made)
    npm_stands(made)
    labextension_stands(made, monkeypatch)
    return made


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def build_python_stands(made: Repository) -> None:
    (made.var / "build-venv/bin").mkdir(parents=True)
    (made.var / "build-venv/bin/python").symlink_to(made.programs.path / "python")
    (made.var / "build-venv/ready").write_text(digest(made.root / "requirements/build.txt"))


def npm_stands(made: Repository) -> None:
    (made.var / "npm/node_modules").mkdir(parents=True, exist_ok=True)
    (made.var / "npm/node_modules/proxy.js").write_text("serve()")
    (made.var / "npm/ready").write_text(digest(node.LOCK))


def labextension_stands(made: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    source = made.root / "labextension"
    monkeypatch.setattr(labextension, "SOURCE", source)
    for part in labextension.PARTS:
        made.write(f"labextension/{part}", "{}")
    built = made.var / "labextension/labextensions/desk/package.json"
    built.parent.mkdir(parents=True)
    built.write_text("{}")
    mark = labextension._digest(Path("jupyterlab-4.6-py3-none-any.whl"))
    (made.var / "labextension/ready").write_text(mark)


@pytest.fixture
def fetched_npm() -> Callable[[Repository], None]:
    """Says that the packages of the lock as it is now have been fetched."""
    return npm_stands
