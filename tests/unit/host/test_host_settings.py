"""What a person may set, what is refused with one line, and the secrets that are made once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from provisioning.host.settings import SECRETS, Site, site


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "80.5", "http", "8000 ", "8000\n", "0x50"])
def test_a_port_that_cannot_be_is_refused_with_one_line(monkeypatch, programs, var, fails, port):
    monkeypatch.setenv("CARREL_PORT", port)
    said = fails("up")
    assert said == f"[carrel] CARREL_PORT={port!r} is not a port from 1 to 65535\n"
    assert programs.calls == []
    assert not var.exists()


@pytest.mark.parametrize(
    "name", ["", "Carrel", "a" * 21, "a_b", "a.b", "a/b", "../x", "站点", "a b", "a\n", "-", "-a"]
)
def test_a_site_name_that_cannot_be_is_refused_with_one_line(monkeypatch, programs, var, fails, name):
    monkeypatch.setenv("CARREL_SITE", name)
    said = fails("up")
    assert said.startswith(f"[carrel] CARREL_SITE={name!r} is not a name of at most 20 lower-case letters")
    assert len(said.splitlines()) == 1
    assert programs.calls == []
    assert not var.exists()


def test_a_digit_that_is_no_number_is_refused_with_one_line(monkeypatch, fails):
    monkeypatch.setenv("CARREL_PORT", "80²")
    assert "is not a port" in fails("up")


def test_a_var_that_is_a_file_is_refused_with_one_line(monkeypatch, tmp_path, fails):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CARREL_VAR", str(tmp_path / "file"))
    assert "CARREL_VAR" in fails("up")


@pytest.mark.parametrize("name", ["carrel", "a", "ward-7", "a" * 20])
def test_a_good_name_and_port_are_taken(monkeypatch, name):
    monkeypatch.setenv("CARREL_SITE", name)
    monkeypatch.setenv("CARREL_PORT", "65535")
    assert (site().name, site().port) == (name, 65535)


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("0.0.0.0", "http://127.0.0.1:81"),
        ("10.1.2.3", "http://10.1.2.3:81"),
    ],
)
def test_the_url_is_one_that_this_machine_can_open(tmp_path, bind, url):
    assert Site("carrel", 81, bind, tmp_path).url == url


def test_var_is_absolute_wherever_the_command_was_started(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARREL_VAR", "somewhere/else")
    assert site().data == tmp_path / "somewhere/else/data"


def test_secrets_are_made_once_for_their_owner_alone(place: Site, monkeypatch):
    before = place.secrets
    file = place.var / "secrets.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(before) == set(SECRETS)
    assert len({len(value) for value in before.values()} | {64}) == 1
    assert before["CONFIGPROXY_AUTH_TOKEN"] != before["CARREL_PORTAL_TOKEN"]
    again = site()
    assert again is not place
    assert again.secrets == before, "another make up goes on with the same tokens"


def test_secrets_half_written_by_an_interrupted_command_are_made_anew(place: Site):
    half = place.var / "secrets.new"
    half.write_text("CONFIGPROXY_AUTH_TOK")
    half.chmod(0o644)
    assert len(place.secrets) == len(SECRETS)
    assert not half.exists()
    assert stat.S_IMODE((place.var / "secrets.env").stat().st_mode) == 0o600


def test_no_secret_is_made_by_a_command_that_stops_before_it_needs_one(engine, var, fails, monkeypatch):
    monkeypatch.setenv("CARREL_DISK_GIB", "1e9")
    fails("up")
    assert [file.name for file in var.iterdir()] == ["up.lock"]


def test_compose_gets_everything_that_its_file_wants_set(place: Site, monkeypatch):
    monkeypatch.setenv("CARREL_APT_MIRROR", "http://mirror")
    given = place.environment()
    compose_file = (Path(__file__).parents[3] / "docker-compose.yml").read_text()
    required = {part.split(":?")[0] for part in compose_file.split("${") if ":?" in part.split("}")[0]}
    assert required
    assert required <= {name for name, value in given.items() if value}
    assert given["CARREL_HOST_DATA"] == str(place.var / "data")
    assert given["COMPOSE_PROJECT_NAME"] == given["CARREL_SITE"] == "carrel"
    assert given["CARREL_APT_MIRROR"] == "http://mirror", "what the person set goes through"
