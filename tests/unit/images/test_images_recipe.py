"""An image is built anew when something that goes into it has changed, and only then."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from images import build, recipe

ALL = ["base", "proxy", "hub", "desk", "engine-base", "engine-stats"]


def test_every_image_is_built_once_and_skipped_while_its_label_stands(repository):
    assert repository.build() == ALL
    assert repository.build() == []
    assert (repository.image("desk") / "carrel.image").read_text() == "desk\n"


@pytest.mark.parametrize(
    ("path", "rebuilt"),
    [
        ("images/desk/Dockerfile", ["desk"]),
        ("images/desk/rootfs/etc/desk.py", ["desk"]),
        ("images/desk/rootfs/etc/new.py", ["desk"]),
        ("images/engine-base/Dockerfile", ["engine-base", "engine-stats"]),
        ("images/base/Dockerfile", ALL),
        ("images/wheels.dockerfile", ALL[1:]),
        ("requirements/stats.txt", ["engine-stats"]),
        ("export_guard/main.py", ["hub", "desk"]),
        ("hub_config/deep/new.py", ["hub"]),
        ("provisioning/main.py", ["hub"]),
        ("kernels/main.py", ["hub", "desk", "engine-base", "engine-stats"]),
        ("templates_nb/main.py", ["hub", "engine-base", "engine-stats"]),
    ],
)
def test_a_changed_file_rebuilds_the_images_that_hold_it_and_no_other(repository, path, rebuilt):
    repository.build()
    repository.write(path, "changed==2.0 \\\n")
    assert repository.build() == rebuilt
    assert repository.build() == []


def test_a_changed_npm_lock_rebuilds_the_proxy(repository, fetched_npm):
    repository.build()
    repository.write("images/proxy/package-lock.json", '{"changed": true}')
    fetched_npm(repository)
    assert repository.build() == ["proxy"]


def test_another_jupyterlab_extension_rebuilds_the_desk(repository):
    repository.build()
    (repository.var / "labextension/labextensions/desk/package.json").write_text('{"version": "2"}')
    assert repository.build() == ["desk"]


def test_a_file_that_can_now_be_run_is_a_change(repository):
    repository.build()
    (repository.root / "images/desk/rootfs/etc/desk.py").chmod(0o755)
    assert repository.build() == ["desk"]


def test_a_renamed_file_is_a_change(repository):
    repository.build()
    (repository.root / "images/desk/rootfs/etc/desk.py").rename(
        repository.root / "images/desk/rootfs/etc/e.py"
    )
    assert repository.build() == ["desk"]


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "docs/design.md",
        "tests/test_x.py",
        "images/lock.py",
        "kernels/__pycache__/main.pyc",
        "var/x",
    ],
)
def test_what_is_in_no_image_rebuilds_none(repository, path):
    repository.build()
    repository.write(path, "changed")
    assert repository.build() == []


def test_a_readme_that_changes_the_wheels_metadata_rebuilds_none(repository):
    repository.build()
    metadata = (repository.root / "METADATA").read_text()
    repository.write("METADATA", metadata + "More about Carrel.\n")
    assert repository.build() == []


def test_a_new_version_number_rebuilds_what_holds_the_code(repository):
    repository.build()
    metadata = (repository.root / "METADATA").read_text()
    repository.write("METADATA", metadata.replace("0.1.0", "0.2.0"))
    assert repository.build() == ["hub", "desk", "engine-base", "engine-stats"]


def test_a_file_that_was_only_touched_is_no_change(repository):
    repository.build()
    for file in repository.root.rglob("*.py"):
        os.utime(file, (1, 1))
    assert repository.build() == []


def test_a_removed_image_is_built_again(repository):
    repository.build()
    shutil.rmtree(repository.image("desk"))
    assert repository.build() == ["desk"]


def test_a_new_debian_underneath_rebuilds_everything(repository):
    repository.build()
    repository.has("debian:bookworm-slim", "sha256:debian-of-today")
    assert repository.build() == ALL


def test_naming_an_image_builds_what_it_stands_on_and_no_more(repository):
    assert repository.build("engine-stats") == ["base", "engine-base", "engine-stats"]
    assert repository.build("proxy") == ["proxy"]


SAY_LINEAGE = """
import pathlib
import sys
from images import build, recipe
build._parts = lambda *_: []
build.image_id = lambda reference: reference
build.label = lambda *_: None
build._context = lambda *_: sys.exit()
real = build.hashlib.sha256
def sha256(data=b""):
    print(data.decode())
    return real(data)
build.hashlib = type("hashlib", (), {"sha256": staticmethod(sha256)})
build.build(recipe.by_name("engine-stats"), pathlib.Path(), pathlib.Path(), "engine-base", "base")
"""


def test_every_process_comes_to_the_same_recipe():
    said = set()
    for seed in range(6):
        done = subprocess.run(
            [sys.executable, "-S", "-c", SAY_LINEAGE],
            check=True,
            env={"PYTHONHASHSEED": str(seed)},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
        )
        assert "engine-base" in done.stdout, done.stderr
        said.add(done.stdout)
    assert len(said) == 1


def test_a_module_that_moves_to_the_next_package_is_a_change(repository):
    for file in (repository.root / "templates_nb").iterdir():
        file.rename(file.with_name(f"zzz{file.name}"))
    repository.write("locales/zz.py", "the last of locales, or the first of templates_nb")
    repository.build()
    (repository.root / "locales/zz.py").rename(repository.root / "templates_nb/zz.py")
    assert "engine-base" in repository.build()


def test_the_digest_tells_apart_what_names_and_contents_could_blur(tmp_path):
    seen = set()
    for number, files in enumerate([{"a": "bc"}, {"ab": "c"}, {"a": "b", "c": ""}, {"a": "", "b": "c"}, {}]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_text(content)
        seen.add(build.tree_digest(folder))
    assert len(seen) == 5


def test_the_real_recipes_name_files_that_are_there():
    for image in (recipe.BASE, *recipe.IMAGES):
        assert (image.folder / "Dockerfile").is_file()
        assert (
            image.requirements is None or (recipe.ROOT / f"requirements/{image.requirements}.txt").is_file()
        )
        assert all((recipe.ROOT / package / "__init__.py").is_file() for package in image.packages)
    with pytest.raises(KeyError):
        recipe.by_name("nonsense")


def test_the_images_hold_no_more_of_carrel_than_they_run():
    holds = {image.name: set(image.packages) for image in recipe.IMAGES}
    # The portal takes files into the airlock, whose store is the guard's.
    assert "export_guard" not in holds["engine-base"] | holds["engine-stats"]
    assert {"hub_config", "provisioning"}.isdisjoint(
        holds["desk"] | holds["engine-base"] | holds["engine-stats"]
    )
    assert holds["proxy"] == set()
    assert json.dumps(sorted(holds["engine-base"])) == json.dumps(sorted(holds["engine-stats"]))
