"""Wheels are fetched once for each lock, for the images' platform, and checked."""

from __future__ import annotations

import hashlib
import platform

import pytest
from packaging.tags import cpython_tags
from packaging.utils import parse_wheel_filename

from images import wheels
from images.console import Stop


def downloads(repository) -> list[str]:
    return repository.programs.called("python -m pip download")


def test_wheels_are_fetched_once_for_a_lock(repository):
    folder = wheels.fetch("hub", repository.var)
    assert sorted(file.name for file in folder.iterdir()) == ["hub-lib-1.0-py3-none-any.whl", "pip.whl"]
    before = repository.programs.calls
    assert wheels.fetch("hub", repository.var) == folder
    assert repository.programs.calls == before


def test_pips_own_wheel_is_fetched_once_for_all(repository):
    wheels.fetch("desk", repository.var)
    wheels.fetch("hub", repository.var)
    assert len([call for call in downloads(repository) if "build.txt" in call]) == 1
    assert (repository.var / "wheels/hub/pip.whl").read_text().startswith("pip==25.3")


def test_a_changed_lock_is_fetched_anew_and_nothing_of_the_old_one_stays(repository):
    wheels.fetch("desk", repository.var)
    repository.write("requirements/desk.txt", "other==2.0 \\\n")
    folder = wheels.fetch("desk", repository.var)
    assert sorted(file.name for file in folder.iterdir()) == ["other-2.0-py3-none-any.whl", "pip.whl"]


def test_wheels_whose_fetching_was_cut_short_are_fetched_anew(repository):
    with pytest.MonkeyPatch.context() as cut:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        cut.setattr(wheels, "_add_pip", killed)
        with pytest.raises(KeyboardInterrupt):
            wheels.fetch("desk", repository.var)
    folder = wheels.fetch("desk", repository.var)
    assert (folder / "pip.whl").exists()
    assert len([call for call in downloads(repository) if "desk.txt" in call]) == 2


def test_each_file_is_checked_against_the_lock_and_none_is_built_from_source(repository):
    wheels.fetch("desk", repository.var)
    (fetched,) = [call.split() for call in downloads(repository) if "desk.txt" in call]
    assert {"--require-hashes", "--only-binary=:all:", "--no-deps", "--python-version=3.11"} <= set(fetched)
    assert [f"--platform={name}" for name in wheels.platforms()] == [w for w in fetched if "--platform" in w]


def test_wheels_that_cannot_be_fetched_are_one_line_with_a_hint_and_a_log(repository):
    repository.programs.answer(
        "python -m pip download", err="ERROR: No matching distribution found for desk-lib==1.0\n", code=1
    )
    with pytest.raises(Stop) as caught:
        wheels.fetch("desk", repository.var)
    said = str(caught.value)
    assert said.startswith("The wheels of desk could not be fetched; is a package index configured for pip?")
    assert said.endswith("No matching distribution found for desk-lib==1.0")
    assert "No matching distribution" in (repository.var / "log/wheels-desk.log").read_text()
    assert not (repository.var / "wheels/desk.ready").exists()


def test_a_lock_of_the_build_without_pip_names_what_mends_it(repository):
    lock = repository.write("requirements/build.txt", "hatchling==1.26 \\\n")
    (repository.var / "build-venv/ready").write_text(hashlib.sha256(lock.read_bytes()).hexdigest())
    with pytest.raises(Stop, match=r"requirements/build\.txt names no pip; write it anew with: make lock"):
        wheels.fetch("desk", repository.var)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_platforms_are_what_the_images_python_itself_would_take(monkeypatch, machine):
    """Newest first, down from Debian 12's glibc 2.36 (packaging is what pip decides with)."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    ours = wheels.platforms()
    assert ours[0] == f"manylinux_2_36_{machine}"
    assert f"manylinux_2_37_{machine}" not in ours
    assert {f"manylinux_2_17_{machine}", f"manylinux2014_{machine}", f"linux_{machine}"} <= set(ours)
    assert len(set(ours)) == len(ours)
    assert all(name.endswith(machine) for name in ours)
    taken = {str(tag) for tag in cpython_tags((3, 11), platforms=ours)}
    newest = parse_wheel_filename(f"pandas-3.0-cp311-cp311-manylinux_2_28_{machine}.whl")[3]
    too_new = parse_wheel_filename(f"pandas-3.0-cp311-cp311-manylinux_2_39_{machine}.whl")[3]
    musl = parse_wheel_filename(f"pandas-3.0-cp311-cp311-musllinux_1_2_{machine}.whl")[3]
    assert {str(tag) for tag in newest} <= taken
    assert taken.isdisjoint({str(tag) for tag in too_new | musl})
