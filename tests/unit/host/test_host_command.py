"""The command line itself: `make up`, `down` and `clean` as a person meets them when they end early."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from images.recipe import ROOT

BLOCKED = "[carrel] another make up, down or clean is under way; wait for it to end\n"
READING = ("docker info", "docker image inspect", "docker inspect", "docker compose version", "docker pull")


@pytest.fixture
def held(var):
    """The lock of another command that is at work; its file."""
    var.mkdir()
    with (var / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield var / "up.lock"


def start(*arguments: str) -> subprocess.Popen[str]:
    """The command in a process of its own, with nothing but the standard library."""
    command = [sys.executable, "-S", "-m", "provisioning.host", *arguments]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("arguments", [["nonsense"], [], ["up", "down"], ["--help"], ["UP"]])
def test_a_wrong_word_shows_the_usage_and_does_nothing(arguments, programs, var):
    process = start(*arguments)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith("usage: python3 -m provisioning.host up|down|clean")
    assert programs.calls == []
    assert not var.exists()


def test_a_fresh_machine_needs_the_standard_library_only(programs, monkeypatch):
    monkeypatch.setenv("CARREL_INSTALL", "no")
    process = start("up")
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.startswith("[carrel] There is no Docker engine on this machine; mend it with: sudo apt-get")


def test_two_make_ups_at_once_the_second_waits_for_nothing_and_says_so(engine, var):
    engine.answer("docker info", out="20.10.24\n", seconds=30)
    first = start("up")
    try:
        deadline = time.monotonic() + 20
        while not engine.calls and time.monotonic() < deadline:
            time.sleep(0.02)
        assert engine.calls == ["docker info --format {{.ServerVersion}}"], "the first is at work"
        second = start("up")
        out, err = second.communicate(timeout=20)
        assert (second.returncode, out, err) == (1, "", BLOCKED)
        assert len(engine.calls) == 1, "the second has touched nothing"
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()


@pytest.mark.parametrize("verb", ["up", "down", "clean"])
def test_a_command_beside_another_is_refused_before_it_does_anything(held, engine, var, fails, verb):
    assert fails(verb) == BLOCKED
    assert engine.calls == []
    assert [file.name for file in var.iterdir()] == ["up.lock"]


def test_the_lock_of_a_command_that_was_killed_is_no_lock(engine, var, monkeypatch, fails):
    var.mkdir()
    (var / "up.lock").touch()
    monkeypatch.setenv("CARREL_DISK_GIB", "999999")
    assert "GiB are needed" in fails("up")


@pytest.fixture
def terminal():
    """As a terminal starts a command, also where these tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_up_says_how_to_go_on_and_lets_the_next_one_begin(terminal, engine, var):
    engine.answer("docker info", out="20.10.24\n", seconds=30)
    process = start("up")
    deadline = time.monotonic() + 20
    while not engine.calls and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.splitlines()[-1] == "[carrel] interrupted; run make up again and it goes on from here"
    with (var / "up.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def unpullable(programs) -> None:
    programs.answer("docker pull", err="Error response from daemon: no route to host\n", code=1)


def test_a_base_that_cannot_be_pulled_without_debootstrap_names_both_ways_out(engine, var, fails):
    unpullable(engine)
    assert fails("up") == (
        "[carrel] The base image debian:bookworm-slim can't be pulled and debootstrap is not installed; "
        "mend it with: apt-get install debootstrap, or name an image in CARREL_BASE_IMAGE\n"
    )
    assert [file.name for file in var.iterdir()] == ["up.lock"]
    assert all(call.startswith(READING) for call in engine.calls)


def test_a_base_that_can_be_neither_pulled_nor_made_shows_why_and_leaves_no_half_of_it(
    engine, var, fails, monkeypatch
):
    monkeypatch.setenv("CARREL_APT_MIRROR", "http://mirror.hospital/")
    unpullable(engine)
    half_made = "os.makedirs(words[3] + '/etc')"
    engine.answer(
        "debootstrap", out="I: Retrieving\nE: Failed getting release file\n", code=1, then=half_made
    )
    said = fails("up").splitlines()
    assert said[0].startswith(
        "[carrel] The base can neither be pulled nor made from http://mirror.hospital (CARREL_APT_MIRROR): "
    )
    assert said[-1] == "E: Failed getting release file"
    assert engine.called("debootstrap") == [
        f"debootstrap --variant=minbase bookworm {var}/debian/root http://mirror.hospital/debian"
    ]
    assert sorted(file.name for file in var.iterdir()) == ["log", "up.lock"]
    assert "I: Retrieving" in (var / "log/debootstrap.log").read_text()
    assert not engine.called("docker import")
    assert not engine.called("docker build")


def test_a_named_base_that_cannot_be_pulled_is_named_and_nothing_is_put_in_its_place(
    engine, var, fails, monkeypatch
):
    monkeypatch.setenv("CARREL_BASE_IMAGE", "registry.hospital/debian:12")
    unpullable(engine)
    engine.answer("debootstrap")
    assert fails("up") == (
        "[carrel] The base image registry.hospital/debian:12 (CARREL_BASE_IMAGE) can't be pulled; "
        "name one that can\n"
    )
    assert engine.called("docker pull") == ["docker pull --quiet registry.hospital/debian:12"]
    assert not engine.called("debootstrap")
    assert [file.name for file in var.iterdir()] == ["up.lock"]


def test_down_stops_the_sites_containers_and_networks_and_keeps_what_people_made(engine, var, fails, capsys):
    for kind, words in {"abc def": "ps", "net1": "network ls"}.items():
        engine.answer(f"docker {words}", out=kind.replace(" ", "\n"))
    engine.answer("docker rm")
    engine.answer("docker network rm")
    var.mkdir()
    (var / "data").mkdir()
    fails("down", code=0)
    assert engine.called("docker rm") == ["docker rm --force abc def"]
    assert engine.called("docker network rm") == ["docker network rm net1"]
    assert all(
        "label=carrel.site=carrel" in call for call in engine.calls if " ls " in call or " ps " in call
    )
    assert not engine.called("docker volume")
    assert (var / "data").exists()


def test_down_on_a_machine_whose_docker_does_not_answer_says_so(engine, fails):
    engine.answer("docker ps", err="Cannot connect to the Docker daemon\n", code=1)
    said = fails("down").splitlines()
    assert said[0].startswith("[carrel] Docker does not answer: docker ps --all")
    assert said[1] == "Cannot connect to the Docker daemon"


def test_the_makefile_calls_this_command() -> None:
    makefile = (Path(ROOT) / "Makefile").read_text()
    for verb in ("up", "down", "clean"):
        assert f"-m provisioning.host {verb}\n" in makefile
