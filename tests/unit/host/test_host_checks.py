"""What must be so before anything is built."""

from __future__ import annotations

import json
import socket

import pytest

from provisioning.host import checks
from provisioning.host.settings import site


@pytest.fixture
def taken(monkeypatch):
    """A port that something listens on, and that the site is to have."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("CARREL_PORT", str(other.getsockname()[1]))
        yield other.getsockname()[1]


def proxy(programs, port: int, *, running: bool = True, name: str = "carrel.proxy") -> None:
    """The site's own proxy, with ``port`` on the host."""
    ports = {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    shown = f"{str(running).lower()} {json.dumps(ports, separators=(',', ':'))}\n"
    form = "{{.State.Running}} {{json .NetworkSettings.Ports}}"
    programs.answer(["docker", "inspect", "--format", form, name], out=shown)


def nothing_was_made(programs, var) -> bool:
    reading = ("docker info", "docker image inspect", "docker inspect", "docker compose version")
    return all(call.startswith(reading) for call in programs.calls) and [f.name for f in var.iterdir()] == [
        "up.lock"
    ]


def test_a_port_that_something_else_has_is_named_with_what_to_set(engine, taken, var, fails):
    said = fails("up")
    assert said == (
        f"[carrel] Port {taken} on 127.0.0.1 can't be used (Address already in use); choose another: "
        f"CARREL_PORT={taken + 1} make up\n"
    )
    assert nothing_was_made(engine, var)


def test_a_port_that_is_taken_on_every_address_is_taken_on_this_one(engine, fails, monkeypatch):
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        monkeypatch.setenv("CARREL_PORT", str(other.getsockname()[1]))
        assert "can't be used" in fails("up")


def test_an_address_that_is_not_this_machines_is_named(engine, fails, monkeypatch):
    monkeypatch.setenv("CARREL_BIND", "192.0.2.7")
    said = fails("up")
    assert "on 192.0.2.7 can't be used (Cannot assign requested address)" in said


def test_the_sites_own_proxy_may_have_the_port(engine, taken):
    proxy(engine, taken)
    checks.port(site())


@pytest.mark.parametrize(
    "proxys",
    [{"running": False}, {"name": "other.proxy"}, {"port": 1}],
    ids=["a proxy that has ended", "another site's proxy", "the proxy on another port"],
)
def test_no_other_proxy_makes_a_taken_port_good(engine, taken, fails, proxys):
    proxy(engine, **{"port": taken, **proxys})
    assert "can't be used" in fails("up")


def test_a_port_that_was_just_given_up_can_be_used_again(engine, monkeypatch):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv("CARREL_PORT", str(server.getsockname()[1]))
        with socket.create_connection(server.getsockname()):
            server.accept()[0].close()  # leaves the port in TIME_WAIT on this side
    checks.port(site())


def test_the_port_that_is_proposed_is_one(engine, fails, monkeypatch):
    monkeypatch.setenv("CARREL_PORT", "65535")
    monkeypatch.setenv("CARREL_BIND", "127.0.0.77")
    with socket.socket() as other:
        other.bind(("127.0.0.77", 65535))
        other.listen()
        assert "65536" not in fails("up")


def test_too_little_disk_stops_before_anything_is_made(engine, var, fails, monkeypatch):
    monkeypatch.setenv("CARREL_DISK_GIB", "123456")
    said = fails("up")
    assert "GiB free and 123456 GiB are needed; free some, or move it" in said
    assert len(said.splitlines()) == 1
    assert nothing_was_made(engine, var)


def test_the_disk_that_docker_is_on_counts_as_well(engine, var, fails, monkeypatch):
    monkeypatch.setattr(checks, "free_gib", lambda place: 0.5 if str(place) == "/elsewhere/docker" else 100)
    monkeypatch.setenv("CARREL_DISK_GIB", "1")
    engine.answer("docker info --format {{.DockerRootDir}}", out="/elsewhere/docker\n")
    assert (
        fails("up")
        == "[carrel] /elsewhere/docker has 0.5 GiB free and 1 GiB are needed; free some, or move it\n"
    )


def test_a_first_build_wants_more_disk_than_one_whose_images_stand(engine, fails, monkeypatch):
    monkeypatch.delenv("CARREL_DISK_GIB")
    monkeypatch.setattr(checks, "free_gib", lambda place: 5.0)
    assert "5.0 GiB free and 12 GiB are needed" in fails("up")
    engine.answer("docker image inspect", out="[]\n")
    checks.disk(site())
    engine.answer("docker image inspect carrel/engine-stats:0.1.0", code=1)
    assert "12 GiB are needed" in fails("up"), "one image that is missing has to be built"


def test_free_space_is_asked_for_where_the_folder_will_be(tmp_path):
    assert checks.free_gib(tmp_path / "not/yet/there") == pytest.approx(checks.free_gib(tmp_path), abs=1)


@pytest.mark.parametrize("value", ["much", "", "12GB"])
def test_a_disk_size_that_is_no_number_is_refused_with_one_line(engine, fails, monkeypatch, value):
    monkeypatch.setenv("CARREL_DISK_GIB", value)
    assert "CARREL_DISK_GIB" in fails("up")


FOLDER = '{{range .Mounts}}{{if eq .Destination "/etc/carrel"}}{{.Source}}{{end}}{{end}}'


def test_a_site_of_another_folder_is_not_taken_over(engine, var, fails):
    engine.answer(["docker", "inspect", "--format", FOLDER, "carrel.hub"], out="/srv/first/var/config\n")
    said = fails("up")
    assert said.startswith("[carrel] A site carrel that keeps its data in /srv/first/var is on this machine;")
    for way_out in ("CARREL_SITE", "make down", "make reset"):
        assert way_out in said
    assert nothing_was_made(engine, var)


def test_the_site_of_this_folder_is_gone_on_with(engine, var, machine):
    where = site()
    engine.answer(["docker", "inspect", "--format", FOLDER, "carrel.hub"], out=f"{where.config}\n")
    checks.one_folder(where)
