"""The `carrel` command on the host: what its container may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.host import command
from provisioning.host.settings import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site("t", 8000, "127.0.0.1", tmp_path)


@pytest.mark.parametrize("verb", ["archive", "delete"])
def test_the_verbs_that_reach_the_engines_files_are_roots_and_no_more(site: Site, verb: str) -> None:
    line = command._line(site, ["project", verb, "heart"])
    assert [each for each in line if each.startswith("--cap-add")] == [
        "--cap-add=DAC_OVERRIDE",
        "--cap-add=FOWNER",
    ]
    assert "--user=0:0" in line


@pytest.mark.parametrize("arguments", [[], ["user", "list"], ["project"], ["archive", "project"]])
def test_every_other_has_no_right(site: Site, arguments: list[str]) -> None:
    line = command._line(site, arguments)
    assert not [each for each in line if each.startswith(("--cap-add", "--user"))]
    assert {"--cap-drop=ALL", "--network=none", "--read-only"} <= set(line)
    assert line[len(line) - len(arguments) :] == arguments


def test_who_called_is_passed_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "zhao-lei")
    assert "--env=CARREL_ACTOR=zhao-lei" in command._line(site, ["user", "list"])


def test_what_needs_the_host_is_done_there(site: Site) -> None:
    asked: list[list[str]] = []
    keepers = {"doctor": lambda _, arguments: asked.append(arguments) or 3}
    assert command.carrel(site, ["doctor", "--json"], keepers) == 3
    assert asked == [["--json"]]
