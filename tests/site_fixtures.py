"""The running demo site, for the tests that use it as people do: integration, browser, red team."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker
import pytest
from docker.errors import APIError, NotFound

from bench.kernel import Kernel
from bench.server import Server
from hub_config.naming import DeskNames
from provisioning.disks.disk import Disk
from provisioning.host import compose, demo
from provisioning.host.person import Person
from provisioning.host.settings import Site, site

POLICY = """\
tables:
  visits:
    columns: {person: keep, ward: keep}
"""
DICTIONARY = """\
name: {name}
title: {{en: A test, zh: 测试}}
source: made by the tests
licence: CC0-1.0
tables:
  visits:
    file: visits.csv
    title: {{en: Visits, zh: 就诊}}
    columns:
      person: {{type: integer, title: {{en: Person, zh: 患者}}}}
      ward: {{type: string, title: {{en: Ward, zh: 病区}}}}
"""
SITE_FILE = """\
accounts:
  {account}: {{display_name: "Test {account}", role: analyst}}
projects:
  {project}:
    title: {{en: "Test {project}", zh: "测试 {project}"}}
    quotas: {{cpu: 1, memory: 512 MiB, pids: 128, gpus: 0}}
    members: [{account}]
    extracts: [{extract}]
"""


@pytest.fixture(scope="session")
def running_site() -> tuple[Site, dict[str, Any]]:
    """The site of this checkout and what ``var/demo.json`` says; fails where it does not run."""
    where = site()
    known = demo.recall(where)
    assert known, f"{where.demo_file} is not there: start the demo site with make up"
    assert compose.health(where, "hub") == "healthy", "the hub does not run: make up"
    return where, known


@pytest.fixture(scope="session")
def engine_api() -> Iterator[docker.DockerClient]:
    """Docker itself, beside the gate: to look at what the site made."""
    client = docker.from_env(timeout=120)
    yield client
    client.close()


def sign_in(known: dict[str, Any], role: str, language: str = "en") -> Person:
    """The demo's person of that role, signed in."""
    user = known["users"][role]
    person = Person(known["url"], language)
    assert person.sign_in(user["name"], user["password"], user["totp"])
    return person


@dataclass
class TestProject:
    """A project with one member and one extract that the test may break as it likes."""

    __test__ = False
    site: Site
    url: str
    name: str
    account: str
    extract: str
    password: str
    totp: str = ""

    @property
    def names(self) -> DeskNames:
        """What the desk's parts are called."""
        return DeskNames(self.site.name, self.name, self.account)

    def carrel(self, *arguments: str) -> str:
        """The `carrel` command on the site's registry."""
        return compose.carrel(self.site, *arguments)

    def member(self, language: str = "en") -> Person:
        """The member, signed in."""
        person = Person(self.url, language)
        assert person.sign_in(self.account, self.password, self.totp)
        return person

    def desk(self, person: Person | None = None) -> Server:
        """The member's desk, not started yet."""
        who = person or self.member()
        return Server(who, self.account, self.name, (self.names.desk, self.names.engine))

    def parts(self, client: docker.DockerClient) -> list[str]:
        """What is there of the desk in Docker: containers, networks and volumes by name."""
        mine = {"label": [f"carrel.site={self.site.name}", f"carrel.project={self.name}"]}
        found = [thing.name for thing in client.containers.list(all=True, filters=mine)]
        found += [thing.name for thing in client.networks.list(filters=mine)]
        found += [thing.name for thing in client.volumes.list(filters=mine)]
        return sorted(str(name) for name in found)


@pytest.fixture
def make_project(
    running_site: tuple[Site, dict[str, Any]], engine_api: docker.DockerClient
) -> Iterator[Callable[[], TestProject]]:
    """Make projects of the test's own through the `carrel` command; closed again at the end."""
    where, known = running_site
    made: list[TestProject] = []

    def make() -> TestProject:
        mark = uuid.uuid4().hex[:8]
        project = TestProject(where, known["url"], f"t-{mark}", f"u-{mark}", f"x-{mark}", "")
        handover = where.var / "handover"
        demo.folders(where)
        try:
            (handover / "visits.csv").write_text("person,ward\n1,A\n2,B\n3,A\n")
            (handover / "dictionary.yaml").write_text(DICTIONARY.format(name=project.extract))
            (handover / "policy.yaml").write_text(POLICY)
            (handover / "site.yaml").write_text(
                SITE_FILE.format(account=project.account, project=project.name, extract=project.extract)
            )
            project.carrel("extract", "register", "/handover")
            project.carrel("apply", "/handover/site.yaml", "--enrol", "--passwords-out", "/handover/new.json")
            new = json.loads((handover / "new.json").read_text())[project.account]
            project.password, project.totp = new["password"], new["totp"]
        finally:
            shutil.rmtree(handover, ignore_errors=True)
        made.append(project)
        return project

    yield make
    for project in made:
        project.carrel("user", "suspend", project.account)
        project.carrel("project", "suspend", project.name)
        mine = {"label": [f"carrel.site={where.name}", f"carrel.project={project.name}"]}
        # The portal ends what lost its right, too: a part may go between one call and the next.
        for container in engine_api.containers.list(all=True, filters=mine, ignore_removed=True):
            with suppress(APIError):
                container.remove(force=True, v=True)
        for network in engine_api.networks.list(filters=mine):
            for guest in ("proxy", "hub"):
                with suppress(APIError):
                    network.disconnect(f"{where.name}.{guest}", force=True)
            with suppress(NotFound):
                network.remove()
        for volume in engine_api.volumes.list(filters=mine):
            with suppress(NotFound):
                volume.remove(force=True)
        Disk(where.data, project.name).remove()


@pytest.fixture
def project(make_project: Callable[[], TestProject]) -> TestProject:
    """One such project."""
    return make_project()


def run_cell(server: Server, code: str, kernel_id: str | None = None) -> str:
    """What ``code`` prints or answers in a kernel of ``server``, errors by name and value."""
    own = kernel_id or server.start_kernel()
    said: list[str] = []
    try:
        with Kernel(server, own) as kernel:
            for message in kernel.execute(code):
                content = message["content"]
                if message["msg_type"] == "stream":
                    said.append(content["text"])
                elif message["msg_type"] == "execute_result":
                    said.append(content["data"].get("text/plain", ""))
                elif message["msg_type"] == "error":
                    said.append(f"{content['ename']}: {content['evalue']}")
    finally:
        if kernel_id is None:
            server.end_kernel(own)
    return "\n".join(said).strip()
