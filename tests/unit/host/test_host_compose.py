"""Bringing the services up: what failed is said, with the last it said."""

from __future__ import annotations

import json

import pytest
import yaml

from images.console import Stop
from images.recipe import ROOT
from provisioning.host import compose, settings


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += 40


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(compose, "time", made)
    return made


@pytest.fixture
def services(engine):
    """Compose starts them, and each says that it is healthy."""
    engine.answer("docker compose")
    for service in compose.SERVICES:
        state(engine, service, "running", "healthy")
    return engine


def state(programs, service: str, status: str, health: str | None = None, then: str = "") -> None:
    shown = {"Status": status, **({"Health": {"Status": health}} if health else {})}
    words = ["docker", "inspect", "--format", "{{json .State}}", f"carrel.{service}"]
    programs.answer(words, out=json.dumps(shown), then=then)


def log(programs, service: str, lines: int) -> None:
    said = "".join(f"{service} line {number}\n" for number in range(lines))
    programs.answer(f"docker logs --tail 15 carrel.{service}", err=said)


def test_up_ends_once_every_service_is_healthy(services, place, clock):
    compose.up(place)
    (started,) = [call for call in services.called("docker compose") if " up " in call]
    assert started.endswith("docker-compose.yml up --detach --no-build --remove-orphans")
    assert clock.now == 0
    assert {call.split()[-1] for call in services.called("docker inspect")} == {
        "carrel.disks",
        "carrel.gate",
        "carrel.proxy",
        "carrel.hub",
        "carrel.portal",
    }


@pytest.mark.parametrize(
    ("status", "health"),
    [("exited", None), ("dead", None), ("restarting", None), ("running", "unhealthy")],
)
def test_a_service_that_ends_is_named_with_the_last_lines_of_its_log(services, place, clock, status, health):
    state(services, "hub", status, health)
    log(services, "hub", 20)
    with pytest.raises(Stop) as caught:
        compose.up(place)
    said = str(caught.value).splitlines()
    assert said[0] == f"The hub is {health or status}; the last it said:"
    assert said[1:] == [f"  hub line {number}" for number in range(5, 20)]
    assert clock.now == 0, "at once"


def test_a_service_without_a_container_is_absent(services, place):
    services.answer(["docker", "inspect", "--format", "{{json .State}}", "carrel.gate"], code=1)
    log(services, "gate", 0)
    with pytest.raises(Stop, match="The gate is absent"):
        compose.up(place)


def test_a_service_that_is_slow_is_waited_for(services, place, clock):
    words = ["docker", "inspect", "--format", "{{json .State}}", "carrel.portal"]
    healthy = '{"Status": "running", "Health": {"Status": "healthy"}}'
    state(services, "portal", "running", "starting", then=services.later(words, out=healthy))
    compose.up(place)
    assert clock.now == 40, "one sleep"
    asked = [call.split()[-1] for call in services.called("docker inspect")]
    assert asked.count("carrel.portal") == 2
    assert asked.count("carrel.hub") == 1


def test_a_service_that_never_gets_healthy_is_given_up_with_its_log(services, place, clock):
    state(services, "proxy", "running", "starting")
    log(services, "proxy", 2)
    with pytest.raises(
        Stop, match=r"The proxy is starting; the last it said:\n  proxy line 0\n  proxy line 1$"
    ):
        compose.up(place)
    assert compose.HEALTHY_WITHIN < clock.now < compose.HEALTHY_WITHIN + 80


def test_what_compose_itself_refuses_is_shown_with_its_end(services, place):
    said = "".join(f"line {number}\n" for number in range(20))
    services.answer("docker compose", out=said, err="invalid mount\n", code=1)
    services.answer("docker compose version")
    with pytest.raises(Stop) as caught:
        compose.up(place)
    lines = str(caught.value).splitlines()
    assert lines[0] == "The services could not be started:"
    assert len(lines) == 13
    assert "invalid mount" in lines
    assert not services.called("docker inspect"), "there is nothing to wait for"


def test_without_any_compose_the_line_names_the_package(programs, place):
    programs.answer("docker", code=1)
    with pytest.raises(
        Stop, match="docker-compose is not installed; mend it with: apt-get install docker-compose"
    ):
        compose.up(place)


def test_the_carrel_command_runs_without_network_and_gets_its_input(engine, place):
    engine.answer("docker run", out="made\n")
    assert compose.carrel(place, "user", "set-password", "li-wei", stdin="secret\n") == "made\n"
    (call,) = engine.called("docker run")
    for setting in (
        "--network=none",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges:true",
    ):
        assert setting in call.split()
    assert call.endswith("carrel/hub:0.1.0 carrel user set-password li-wei")
    assert "secret" not in call
    assert engine.stdin("set-password") == "secret\n"


def test_the_carrel_commands_own_line_is_in_the_message(engine, place):
    engine.answer("docker run", err="warming up\nThere is no file x. Name another.\n", code=1)
    with pytest.raises(Stop, match=r"carrel extract register: .*There is no file x\. Name another\."):
        compose.carrel(place, "extract", "register", "x")
    assert compose.carrel(place, "extract", "register", "x", check=False) == ""


def test_the_carrel_commands_own_line_is_shown_as_it_is(engine, place):
    engine.answer("docker run", err="There is no file x. Name another.\n", code=1)
    with pytest.raises(Stop) as caught:
        compose.carrel(place, "extract", "register", "x")
    assert str(caught.value) == "carrel extract register: There is no file x. Name another."


def test_the_hub_is_on_a_network_that_leads_out_where_the_site_says_so(monkeypatch):
    assert "docker-compose.outside.yml" not in " ".join(compose.files(settings.site()))
    monkeypatch.setenv("CARREL_HUB_OUTSIDE", "yes")
    assert compose.files(settings.site())[-1].endswith("/docker-compose.outside.yml")
    monkeypatch.setenv("CARREL_HUB_OUTSIDE", "1")
    with pytest.raises(Stop, match="not yes or no"):
        settings.site()


def test_no_part_but_the_hub_is_put_on_that_network():
    document = yaml.safe_load((ROOT / "docker-compose.outside.yml").read_text())
    assert document["services"] == {"hub": {"networks": {"outside": {}}}}
    main = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert main["networks"]["control"]["internal"] is True
    with_keys = [name for name, each in main["services"].items() if "/srv/keys" in str(each.get("volumes"))]
    assert with_keys == ["hub"], "where the keeper is"
