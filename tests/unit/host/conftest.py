"""A machine of its own for every test: nothing on PATH but what the test puts there, and its own ``var``."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_program import Programs

from provisioning.host import __main__ as command
from provisioning.host import clean
from provisioning.host.settings import Site, site

SETTINGS = ("CARREL_", "DOCKER_", "COMPOSE_")


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "programs")


@pytest.fixture(autouse=True)
def machine(programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here can reach this machine's own Docker, packages, ``var`` or virtual environment."""
    for name in os.environ:
        if name.startswith(SETTINGS) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(programs.path))
    monkeypatch.setenv("CARREL_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("CARREL_PORT", str(_free_port()))
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    monkeypatch.setenv("DEBIAN_FRONTEND", "noninteractive")
    monkeypatch.setattr(clean, "ROOT", tmp_path / "repository")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def engine(programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """A Docker engine that answers, with compose and without images, containers or registry."""
    programs.answer("docker", err="no such thing here\n", code=1)
    programs.answer("docker info", out="20.10.24\n")
    programs.answer("docker info --format {{.DockerRootDir}}", out=f"{tmp_path}\n")
    programs.answer("docker compose version", out="v2\n")
    monkeypatch.setenv("CARREL_DISK_GIB", "0.001")
    return programs


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def place(machine: None) -> Site:
    """The site that the environment describes, its ``var`` made."""
    made = site()
    made.var.mkdir()
    return made


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command; returns what it said on standard error, once it has ended with ``code``."""

    def run(*arguments: str, code: int = 1) -> str:
        capsys.readouterr()
        assert command.main(list(arguments)) == code
        return capsys.readouterr().err

    return run
