"""The Debian underneath: one that is there, one that is pulled, or one that is made."""

from __future__ import annotations

import shutil

import pytest

from images import debian
from images.console import Stop


@pytest.fixture
def engine(programs, monkeypatch):
    """An engine without any image, on a machine that has tar."""
    monkeypatch.setenv("LC_ALL", "C")
    programs.answer("docker image inspect", code=1)
    (programs.path / "tar").symlink_to(shutil.which("tar", path="/usr/bin:/bin") or "/bin/tar")
    return programs


def test_one_that_is_there_is_taken_and_nothing_fetched(engine, tmp_path):
    engine.answer("docker image inspect debian:bookworm-slim", out="[]")
    assert debian.image(tmp_path) == "debian:bookworm-slim"
    assert not engine.called("docker pull")


def test_one_that_was_made_before_is_taken_before_any_other(engine, tmp_path):
    engine.answer("docker image inspect", out="[]")
    assert debian.image(tmp_path) == "carrel/debian:bookworm"


def test_one_that_can_be_pulled_is(engine, tmp_path):
    engine.answer("docker pull", out="debian:bookworm-slim\n")
    engine.answer("debootstrap")
    assert debian.image(tmp_path) == "debian:bookworm-slim"
    assert not engine.called("debootstrap")


def test_a_named_one_is_the_only_one(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("CARREL_BASE_IMAGE", "registry.hospital/debian:12")
    engine.answer("docker image inspect debian:bookworm-slim", out="[]")
    engine.answer("docker image inspect carrel/debian:bookworm", out="[]")
    engine.answer("docker pull --quiet registry.hospital/debian:12")
    assert debian.image(tmp_path) == "registry.hospital/debian:12"
    engine.answer("docker image inspect registry.hospital/debian:12", out="[]")
    assert debian.image(tmp_path) == "registry.hospital/debian:12"
    assert len(engine.called("docker pull")) == 1, "once it is there it is not pulled again"


def test_where_none_can_be_pulled_one_is_made_labelled_as_the_builds_and_tidied_up(engine, tmp_path, capsys):
    engine.answer("docker pull", err="dial tcp: lookup registry-1.docker.io: no such host\n", code=1)
    make = "os.makedirs(words[3] + '/etc'); open(words[3] + '/etc/resolv.conf', 'w')\n"
    make += "os.makedirs(words[3] + '/var/cache/apt/archives'); open(words[3] + '/etc/debian_version', 'w')"
    engine.answer("debootstrap", then=make)
    listing = tmp_path / "listing"
    engine.answer(
        "docker import",
        then="import tarfile\n"
        f"open({str(listing)!r}, 'w').write('\\n'.join(tarfile.open(words[-2]).getnames()))",
    )
    assert debian.image(tmp_path / "var") == "carrel/debian:bookworm"
    (imported,) = engine.called("docker import")
    assert "LABEL carrel.image=debian" in imported
    names = listing.read_text().split("\n")
    assert "./etc/debian_version" in names
    assert "./etc/resolv.conf" not in names, "the host's own resolver is nobody else's"
    assert "./var/cache/apt/archives" not in names
    assert not (tmp_path / "var/debian").exists()
    assert (
        "it can't be pulled (dial tcp: lookup registry-1.docker.io: no such host)" in capsys.readouterr().out
    )


def test_one_that_cannot_be_imported_is_tidied_up_as_well(engine, tmp_path):
    engine.answer("docker pull", code=1)
    engine.answer("debootstrap", then="os.makedirs(words[3] + '/etc')")
    engine.answer("docker import", err="no space left on device\n", code=1)
    with pytest.raises(Stop, match=r"The base could not be imported(.|\n)*no space left on device"):
        debian.image(tmp_path / "var")
    assert not (tmp_path / "var/debian").exists()


def test_a_mirror_is_taken_without_its_last_slash(programs, monkeypatch):
    assert debian.mirror() == "http://deb.debian.org"
    monkeypatch.setenv("CARREL_APT_MIRROR", "http://mirror.hospital/debian-mirror/")
    assert debian.mirror() == "http://mirror.hospital/debian-mirror"
