"""Finding, installing and starting a Docker engine, and the one line where that can't be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from images.console import Stop
from provisioning.host import docker_engine

INSTALL = "apt-get install --no-install-recommends docker.io iptables docker-compose debootstrap"


class Clock:
    """Time that passes by sleeping only, and in great steps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += 20


@pytest.fixture
def host(monkeypatch, tmp_path) -> Path:
    """Where this machine's /run and /var seem to be; /proc is its own."""

    def path(first: object, *more: str) -> Path:
        elsewhere = str(first).startswith(("/run", "/var/run"))
        return Path(f"{tmp_path}/host{first}" if elsewhere else str(first), *more)

    monkeypatch.setattr(docker_engine, "Path", path)
    (tmp_path / "host/var/run").mkdir(parents=True)
    return tmp_path / "host"


@pytest.fixture
def clock(monkeypatch) -> None:
    monkeypatch.setattr(docker_engine, "time", Clock())


@pytest.fixture
def silent(programs):
    """A client without a daemon."""
    programs.answer("docker", err="Cannot connect to the Docker daemon. Is it running?\n", code=1)
    return programs


def as_root(monkeypatch, uid: int = 0) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


def as_nobody(monkeypatch) -> None:
    as_root(monkeypatch, 65534)


@pytest.mark.parametrize("why", ["CARREL_INSTALL=no", "not root", "no apt-get"])
def test_no_docker_and_no_right_to_install_names_the_command(monkeypatch, programs, var, fails, why):
    if why != "no apt-get":
        programs.answer("apt-get")
    if why == "CARREL_INSTALL=no":
        monkeypatch.setenv("CARREL_INSTALL", "no")
    as_root(monkeypatch, 1000 if why == "not root" else 0)
    said = fails("up")
    assert said == f"[carrel] There is no Docker engine on this machine; mend it with: sudo {INSTALL}\n"
    assert programs.calls == []
    assert [file.name for file in var.iterdir()] == ["up.lock"]


def test_root_gets_docker_installed_and_started(monkeypatch, programs, host, tmp_path):
    as_root(monkeypatch)
    programs.answer("docker", code=1)
    programs.answer("dockerd", then=programs.later(["docker"], out="20.10.24\n"))
    daemon, elsewhere = programs.path / "dockerd", tmp_path / "dockerd"
    daemon.rename(elsewhere)
    programs.answer("apt-get update")
    programs.answer("apt-get install", then=f"os.rename({str(elsewhere)!r}, {str(daemon)!r})")
    docker_engine.ensure(tmp_path / "log")
    (installed,) = programs.called("apt-get install")
    assert installed.endswith("docker.io iptables docker-compose debootstrap")
    assert programs.calls.index("apt-get update --quiet") < programs.calls.index(installed)
    assert programs.called("dockerd") == ["dockerd"]
    assert docker_engine.answers()


def test_an_installation_that_fails_is_one_line_with_its_end(monkeypatch, programs, fails):
    as_root(monkeypatch)
    programs.answer("apt-get update", err="E: Could not resolve 'deb.debian.org'\n", code=100)
    said = fails("up").splitlines()
    assert said[0].startswith("[carrel] The package lists could not be fetched: apt-get update --quiet")
    assert said[1] == "E: Could not resolve 'deb.debian.org'"
    assert not programs.called("apt-get install")


def test_a_daemon_elsewhere_that_does_not_answer_is_never_replaced_by_one_here(
    monkeypatch, silent, host, clock, var, fails
):
    as_root(monkeypatch)
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.9:2375")
    silent.answer("apt-get")
    silent.answer("dockerd")
    said = fails("up")
    assert said.startswith("[carrel] The Docker engine at DOCKER_HOST=tcp://10.0.0.9:2375 does not answer;")
    assert "unset DOCKER_HOST" in said
    assert len(said.splitlines()) == 1
    assert not silent.called("apt-get")
    assert not silent.called("dockerd")
    assert [file.name for file in var.iterdir()] == ["up.lock"]


def test_with_docker_host_a_missing_client_is_what_is_missing(monkeypatch, fails):
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.9:2375")
    assert "install" in fails("up")


def test_permission_denied_on_the_socket_says_how_to_get_it(monkeypatch, programs, host, clock, fails):
    as_nobody(monkeypatch)
    programs.answer("dockerd")
    programs.answer(
        "docker", err="Got permission denied while trying to connect to the Docker socket\n", code=1
    )
    said = fails("up")
    assert said == (
        "[carrel] This user may not use Docker; mend it with: "
        "sudo usermod -aG docker $USER, and sign in anew\n"
    )
    assert not programs.called("dockerd")


def test_permission_denied_is_said_where_dockerd_is_not_on_the_users_path(monkeypatch, programs, fails):
    as_nobody(monkeypatch)
    programs.answer(
        "docker", err="Got permission denied while trying to connect to the Docker socket\n", code=1
    )
    assert "usermod" in fails("up")


def test_a_user_without_the_right_to_start_the_daemon_is_told_how(monkeypatch, silent, host, clock, fails):
    as_nobody(monkeypatch)
    silent.answer("dockerd")
    said = fails("up")
    assert said == "[carrel] The Docker daemon does not run; mend it with: sudo systemctl start docker\n"
    assert not silent.called("dockerd")


def test_a_daemon_that_does_not_come_up_is_shown_with_the_last_it_said(
    monkeypatch, silent, host, clock, fails, var
):
    as_root(monkeypatch)
    silent.answer("dockerd", out="".join(f"line {number}\n" for number in range(9)), code=1)
    (var / "log").mkdir(parents=True)
    # Its log is appended to, and not by this process: it is there before the clock has run out.
    (var / "log/dockerd.log").write_text("failed to start: no iptables\n" * 5)
    said = fails("up").splitlines()
    assert said[0] == f"[carrel] The Docker daemon does not answer after 60 s; see {var}/log/dockerd.log"
    assert len(said) == 6
    assert all("iptables" in line or line.startswith("line") for line in said[1:])


def test_systemd_starts_the_daemon_where_it_runs_the_machine(monkeypatch, silent, host, tmp_path):
    as_root(monkeypatch)
    (host / "run/systemd/system").mkdir(parents=True)
    silent.answer("dockerd")
    silent.answer("systemctl start docker", err="Job for docker.service failed.\n", code=1)
    with pytest.raises(
        Stop, match=r"could not be started: systemctl start docker(.|\n)*Job for docker.service"
    ):
        docker_engine.ensure(tmp_path / "log")
    assert not silent.called("dockerd")


def test_the_pid_file_of_a_killed_daemon_is_taken_away_and_that_of_a_living_one_is_not(
    monkeypatch, silent, host, clock, tmp_path
):
    as_root(monkeypatch)
    silent.answer("dockerd")
    killed = host / "var/run/docker.pid"
    living = host / "run/docker/containerd/containerd.pid"
    living.parent.mkdir(parents=True)
    killed.write_text("4194305\n")  # above the highest pid that Linux gives
    living.write_text(f"{os.getpid()}\n")
    with pytest.raises(Stop, match="does not answer"):
        docker_engine.ensure(tmp_path / "log")
    assert not killed.exists()
    assert living.exists()


@pytest.mark.parametrize("out", ["", "ERROR: Cannot connect to the Docker daemon\n"])
def test_a_client_that_ends_well_without_an_engine_is_no_engine(programs, out):
    programs.answer("docker info", out=out)
    assert not docker_engine.answers()


def test_compose_is_the_plugin_where_there_is_one_else_the_program(programs):
    assert docker_engine.compose_command() is None
    programs.answer("docker-compose")
    assert docker_engine.compose_command() == ["docker-compose"]
    programs.answer("docker compose version", err="docker: 'compose' is not a docker command.\n", code=1)
    assert docker_engine.compose_command() == ["docker-compose"]
    programs.answer("docker compose version", out="v2.20\n")
    assert docker_engine.compose_command() == ["docker", "compose"]


def test_a_missing_compose_names_the_command(monkeypatch, engine, fails):
    monkeypatch.setenv("CARREL_INSTALL", "no")
    engine.answer("docker compose version", code=1)
    said = fails("up")
    assert said == (
        "[carrel] docker-compose is not installed; mend it with: "
        "sudo apt-get install --no-install-recommends docker-compose\n"
    )


def test_a_python_that_cannot_make_environments_names_the_package(monkeypatch, engine, fails):
    monkeypatch.setenv("CARREL_INSTALL", "no")
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "sudo apt-get install --no-install-recommends python3-venv" in fails("up")
