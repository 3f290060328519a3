"""`make clean` removes what was made here, and nothing else."""

from __future__ import annotations

import pytest

from provisioning.host import clean

LIST = "docker image ls --all --quiet --no-trunc --filter label=carrel.image"


@pytest.fixture
def full(engine, var, tmp_path):
    """A site with containers, volumes, two images (one stands on the other) and folders."""
    state = tmp_path / "images"
    state.write_text("sha256:base\nsha256:desk\n")
    engine.answer("docker ps", out="c1\n")
    engine.answer("docker rm")
    engine.answer("docker network ls", out="n1\n")
    engine.answer("docker network rm")
    engine.answer("docker volume ls", out="v1\nv2\n")
    engine.answer("docker volume rm")
    engine.answer(LIST, then=f"sys.stdout.write(open({str(state)!r}).read())")
    remove = (
        f"left = open({str(state)!r}).read().split()\n"
        "if words[-1] == 'sha256:base' and 'sha256:desk' in left: sys.exit('is being used by sha256:desk')\n"
        f"open({str(state)!r}, 'w').write(''.join(i + '\\n' for i in left if i != words[-1]))"
    )
    engine.answer("docker image rm", then=remove)
    for folder in (var / "data/extracts", tmp_path / "repository/.venv", tmp_path / "repository/.mypy_cache"):
        folder.mkdir(parents=True)
    (tmp_path / "repository/README.md").touch()
    return state


def test_everything_that_was_made_is_removed_the_images_bottom_last(full, engine, var, tmp_path, fails):
    fails("clean", code=0)
    assert full.read_text() == ""
    assert engine.called("docker rm") == ["docker rm --force c1"]
    assert engine.called("docker volume rm") == ["docker volume rm v1 v2"]
    assert engine.called("docker network rm") == ["docker network rm n1"]
    assert not var.exists()
    assert [file.name for file in (tmp_path / "repository").iterdir()] == ["README.md"]


def test_only_what_carries_the_sites_or_the_builds_label_is_asked_for(full, engine, fails):
    fails("clean", code=0)
    listed = [call for call in engine.calls if " ls " in call or call.startswith("docker ps")]
    assert listed
    for call in listed:
        assert "label=carrel.site=carrel" in call or call == LIST


def test_an_image_that_is_in_use_stays_and_is_told_of(full, engine, fails, capsys):
    engine.answer("docker image rm --force sha256:desk", err="conflict: in use\n", code=1)
    clean.images()
    assert capsys.readouterr().out == "[carrel] 2 images are still used by other containers and stay\n"


def test_without_an_engine_the_folders_are_removed_all_the_same(programs, var, fails, capsys):
    var.mkdir()
    programs.answer("docker", err="Cannot connect\n", code=1)
    clean_up = fails("clean", code=0)
    assert clean_up == ""
    assert not var.exists()


def test_a_volume_that_cannot_be_removed_stops_it_before_the_folders(full, engine, var, fails):
    engine.answer("docker volume rm", err="volume is in use\n", code=1)
    said = fails("clean")
    assert said.startswith("[carrel] A volume could not be removed")
    assert "volume is in use" in said
    assert (var / "data/extracts").exists()


def test_cleaning_what_is_clean_does_nothing(programs, fails):
    fails("clean", code=0)


def test_what_somebody_else_put_into_the_folder_stays(programs, var, fails):
    var.mkdir()
    (var / "secrets.env").touch()
    (var / "my thesis.docx").touch()
    fails("clean", code=0)
    assert [file.name for file in var.iterdir()] == ["my thesis.docx"]


def test_reset_removes_the_site_and_its_state_and_keeps_images_and_tools(full, engine, var, tmp_path, fails):
    (var / "wheels").mkdir()
    (var / "demo.json").touch()
    fails("reset", code=0)
    assert engine.called("docker rm") == ["docker rm --force c1"]
    assert engine.called("docker volume rm") == ["docker volume rm v1 v2"]
    assert full.read_text() == "sha256:base\nsha256:desk\n"
    assert not (var / "data").exists()
    assert not (var / "demo.json").exists()
    assert (var / "wheels").exists()
    assert (tmp_path / "repository/.venv").exists()


def test_reset_says_what_it_could_not_remove(full, engine, var, fails):
    engine.answer("docker volume rm", err="volume is in use\n", code=1)
    assert fails("reset").startswith("[carrel] A volume could not be removed")
    assert (var / "data/extracts").exists()
