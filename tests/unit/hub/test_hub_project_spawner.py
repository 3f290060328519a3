"""Starting a desk: who gets one, what it may have, and that a failure leaves nothing and says one line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from hub_docker import Docker, api_error
from jupyterhub import orm
from jupyterhub.objects import Hub, Server
from jupyterhub.user import User
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from hub_config import project_spawner
from hub_config.desk_parts import RECIPE_LABEL
from hub_config.project_spawner import ProjectSpawner, SpawnRefused
from provisioning.command import main
from provisioning.registry import database, runs
from provisioning.registry.grants import revoke_grants
from provisioning.registry.models import Account, Project, ProjectStatus, Template

DESK, ENGINE = "t.desk.heart.li-wei", "t.engine.heart.li-wei"
NETWORK, SOCKETS = "t.network.heart.li-wei", "t.sockets.heart.li-wei"
ALL = {DESK, ENGINE, NETWORK, SOCKETS}


class Api(RequestHandler):
    def get(self) -> None:
        self.finish({"version": "2"})


class Handler:
    """The hub's handler of the request that asked for the desk, as far as a spawner looks at it."""

    def __init__(self, language: str):
        self.request = SimpleNamespace(headers=HTTPHeaders({"Accept-Language": language}))


@pytest.fixture
async def desk_port(monkeypatch) -> AsyncIterator[int]:
    """A desk's server that answers, on this machine; its port."""
    socket, port = bind_unused_port()
    server = HTTPServer(Application([(r"/user/li-wei/.*/api", Api)]))
    server.add_sockets([socket])
    monkeypatch.setattr(project_spawner, "PORT", port)
    yield port
    server.stop()
    await server.close_all_connections()


@pytest.fixture
def docker() -> Docker:
    return Docker()


@pytest.fixture
def spawner(registry, docker, desk_port, monkeypatch) -> Callable[..., ProjectSpawner]:
    """Makes the spawner of an account's server, as the hub does."""
    monkeypatch.setattr(ProjectSpawner, "_registry", None)
    db = orm.new_session_factory("sqlite:///:memory:")()

    def make(
        name: str = "heart", account: str = "li-wei", language: str = "en", **more: Any
    ) -> ProjectSpawner:
        orm_user = orm.User.find(db, account)
        if orm_user is None:
            orm_user = orm.User(name=account)
            db.add(orm_user)
        server = orm.Server(base_url=f"/user/{account}/{name}/")
        orm_spawner = orm_user.orm_spawners.get(name) or orm.Spawner(name=name, user=orm_user)
        db.add_all([server, orm_spawner])
        db.commit()
        made = User(orm_user, {})._new_spawner(
            name,
            spawner_class=ProjectSpawner,
            hub=Hub(connect_ip="hub", port=8081),
            oauth_client_id="jupyterhub-user-li-wei-heart",
            api_token="the-desks-token",
            site="t",
            image="carrel/desk:0.1.0",
            desk_subnets="10.213.0.0/24",
            cmd=["python", "-m", "export_guard.start"],
            **more,
        )
        made.server = Server(orm_server=server)
        made.handler = Handler(language)
        made.docker = docker
        return made

    return make


async def refused(spawner: ProjectSpawner) -> str:
    """The line with which a spawn is refused; JupyterHub's page shows the same."""
    with pytest.raises(SpawnRefused) as caught:
        await spawner.start()
    assert caught.value.jupyterhub_message == str(caught.value)
    return str(caught.value)


def is_chinese(line: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in line)


def env(docker: Docker, name: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in docker.containers[name]["Config"]["Env"])


def mounts(docker: Docker, name: str) -> dict[str, tuple[str, bool]]:
    found = docker.containers[name]["Config"]["HostConfig"]["Mounts"]
    return {mount["Target"]: (mount["Source"], mount["ReadOnly"]) for mount in found}


async def test_a_member_gets_a_desk_and_an_engine(spawner, docker, desk_port):
    assert await spawner().start() == ("127.0.0.1", desk_port)
    assert docker.desks == ALL
    assert docker.containers[DESK]["State"]["Running"]
    assert docker.containers[ENGINE]["State"]["Running"]
    assert set(docker.networks[NETWORK]["Containers"]) == {"t.proxy", "t.hub"}


async def test_no_more_desks_than_the_project_may_have_and_ones_own_is_no_other(spawner, docker, registry):
    with database.writing(registry) as session:
        session.get(Project, "heart").max_desks = 1
    await spawner().start()
    mine = docker.containers[DESK]["Config"]["Labels"]
    await spawner().start()
    docker.containers[DESK]["Config"]["Labels"] = mine | {"carrel.account": "ma-chao"}
    assert "may have 1 desks at one time" in await refused(spawner())


async def test_the_engine_has_the_granted_extracts_and_quotas_and_the_desk_has_neither(spawner, docker):
    await spawner().start()
    engine = docker.containers[ENGINE]["Config"]
    assert mounts(docker, ENGINE) == {
        "/run/carrel": (SOCKETS, False),
        "/workspace": ("workspaces/heart/li-wei", False),
        "/runs": ("runs/heart", True),
        "/data/bloods": ("extracts/bloods/v1", True),
    }
    assert engine["Labels"]["carrel.extract.bloods"] == "sha256:" + "0" * 64
    assert engine["HostConfig"]["NetworkMode"] == "none"
    assert (engine["HostConfig"]["Memory"], engine["HostConfig"]["NanoCpus"]) == (2 * 1024**3, 1_500_000_000)
    assert engine["HostConfig"]["DeviceRequests"][0]["Count"] == 1
    assert "JUPYTERHUB_API_TOKEN" not in env(docker, ENGINE)
    assert mounts(docker, DESK) == {
        "/run/carrel": (SOCKETS, False),
        "/workspace": ("workspaces/heart/li-wei", False),
        "/home/desk": ("desks/heart/li-wei", False),
    }
    assert "DeviceRequests" not in docker.containers[DESK]["Config"]["HostConfig"]


async def test_the_desk_knows_its_project_and_its_hub_and_nothing_of_the_hubs_own_environment(
    spawner, docker, monkeypatch
):
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", "the proxy's")
    monkeypatch.setenv("CARREL_PORTAL_TOKEN", "the portal's")
    await spawner().start()
    given = env(docker, DESK)
    assert (given["CARREL_PROJECT"], given["HOME"]) == ("heart", "/home/desk")
    assert given["JUPYTERHUB_SERVICE_PREFIX"] == "/user/li-wei/heart/"
    assert given["JUPYTERHUB_API_TOKEN"] == "the-desks-token"
    assert not {"CONFIGPROXY_AUTH_TOKEN", "CARREL_PORTAL_TOKEN", "CARREL_REGISTRY_URL", "PATH"} & set(given)


@pytest.mark.parametrize("name", ["", "Heart", "a", "../lung", "heart.li-wei", "heart/x", "心脏", "heart\n"])
async def test_a_server_that_is_no_projects_is_refused_in_either_language(spawner, docker, name):
    assert await refused(spawner(name)) == "A desk belongs to a project. Choose one of your projects."
    assert is_chinese(await refused(spawner(name, language="zh-CN,zh;q=0.9,en;q=0.8")))
    assert docker.calls == []


@pytest.mark.parametrize(
    ("account", "project", "english", "chinese"),
    [
        ("li-wei", "lung", "You are not a member of a project lung.", "lung"),
        ("li-wei", "nowhere", "You are not a member of a project nowhere.", "nowhere"),
        ("li-wei", "old", "The project old ended on 2020-01-01.", "2020-01-01"),
        ("li-wei", "paused", "The project paused is suspended.", "paused"),
        ("gone", "heart", "The account gone is suspended.", "gone"),
        ("nobody", "heart", "There is no account nobody.", "nobody"),
        ("zhao-lei", "heart", "You are not a member of a project heart.", "heart"),
    ],
)
async def test_what_the_registry_denies_is_said_in_the_language_of_the_request(
    spawner, docker, account, project, english, chinese
):
    said = await refused(spawner(project, account=account))
    assert said.startswith(english)
    in_chinese = await refused(spawner(project, account=account, language="zh-CN"))
    assert chinese in in_chinese
    assert is_chinese(in_chinese)
    assert english not in in_chinese
    assert docker.calls == [], "nothing was begun"


async def test_the_registry_is_asked_at_every_spawn(spawner, docker, registry):
    desk = spawner()
    await desk.start()
    await desk.stop()
    with database.writing(registry) as session:
        session.get(Project, "heart").status = ProjectStatus.CLOSED
    assert "closed" in await refused(desk)
    assert docker.desks == set()


@pytest.mark.parametrize("image", ["carrel/desk:0.1.0", "carrel/engine-stats:0.1.0"])
async def test_a_missing_image_is_named_with_what_builds_it(spawner, docker, image):
    docker.images.remove(image)
    assert (
        await refused(spawner()) == f"The image {image} is missing. An administrator builds it with: make up"
    )
    in_chinese = await refused(spawner(language="zh"))
    assert image in in_chinese
    assert "make up" in in_chinese
    assert "missing" not in in_chinese
    assert docker.desks == set()


STEPS = [
    "create_volume",
    f"create_container_from_config {ENGINE}",
    f"start {ENGINE}",
    f"create_network {NETWORK}",
    "connect_container_to_network t.proxy",
    "connect_container_to_network t.hub",
    f"create_container_from_config {DESK}",
    f"start {DESK}",
    f"inspect_container {DESK}",
]


@pytest.mark.parametrize("step", STEPS)
async def test_a_failure_at_any_step_leaves_nothing_and_is_one_line(spawner, docker, step):
    docker.failing[step] = api_error("The extract bloods changed.\nA traceback of many lines")
    assert await refused(spawner()) == (
        "The desk could not be started: The extract bloods changed. Tell an administrator."
    )
    assert any(call.startswith(step) for call in docker.calls), "the step was reached"
    assert docker.desks == set()
    assert {"t.proxy", "t.hub", "other.engine.heart.li-wei"} == set(docker.containers)
    docker.failing.clear()
    await spawner().start()
    assert docker.desks == ALL, "and the next try works"


async def test_the_line_of_a_failure_is_in_the_language_of_the_request(spawner, docker):
    docker.failing[f"start {ENGINE}"] = api_error("no GPU")
    said = await refused(spawner(language="zh-TW"))
    assert "no GPU" in said
    assert "could not be started" not in said


@pytest.mark.parametrize(("fails", "slow"), [(DESK, ENGINE), (ENGINE, DESK)])
async def test_the_half_that_still_works_on_while_the_other_fails_leaves_nothing_either(
    spawner, docker, fails, slow
):
    failed = asyncio.Event()

    async def failing() -> None:
        failed.set()

    async def waiting() -> None:
        await failed.wait()
        await asyncio.sleep(0.05)

    docker.before[f"start {fails}"] = failing
    docker.failing[f"start {fails}"] = api_error("no")
    docker.before[f"create_container_from_config {slow}"] = waiting
    await refused(spawner())
    assert f"start {slow}" in docker.calls, "it came up after the other had failed"
    assert docker.desks == set()


async def test_a_spawn_that_is_cancelled_leaves_nothing(spawner, docker):
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.sleep(0.2)

    docker.before[f"start {DESK}"] = hang
    spawning = asyncio.create_task(spawner().start())
    await asyncio.wait_for(reached.wait(), 10)
    spawning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await spawning
    assert docker.desks == set()


async def test_a_desk_that_ends_at_once_is_shown_with_the_last_it_said(spawner, docker, monkeypatch):
    async def end() -> None:
        docker.containers[DESK]["Logs"] = b"starting\nThe guard could not be installed\n"
        docker.containers[DESK]["State"]["Running"] = False

    monkeypatch.setattr(project_spawner, "PORT", closed_port())
    docker.before[f"inspect_container {DESK}"] = end
    said = await refused(spawner())
    assert "the desk ended at once: The guard could not be installed" in said
    assert docker.desks == set()


def closed_port() -> int:
    socket, port = bind_unused_port()
    socket.close()
    return port


async def test_a_desk_that_never_answers_is_given_up(spawner, docker, monkeypatch):
    monkeypatch.setattr(project_spawner, "PORT", closed_port())
    said = await refused(spawner(http_timeout=1))
    assert "the desk did not answer within 1" in said
    assert docker.desks == set()


async def test_a_full_range_of_networks_is_said_with_what_to_set(spawner, docker):
    docker.busy_subnets = {f"10.213.0.{8 * number}/29" for number in range(32)}
    said = await refused(spawner())
    assert "no free network for a desk in 10.213.0.0/24; give CARREL_DESK_SUBNETS a larger range" in said
    assert docker.desks == set()


async def test_an_engine_that_runs_is_kept_when_the_desk_is_started_again(spawner, docker):
    await spawner().start()
    engine = docker.containers[ENGINE]
    await spawner().start()
    assert docker.containers[ENGINE] is engine, "its kernels run on"
    assert docker.calls.count(f"start {DESK}") == 2


async def test_kernels_that_ran_before_outlive_a_spawn_that_fails(spawner, docker):
    await spawner().start()
    engine = docker.containers[ENGINE]
    docker.failing[f"start {DESK}"] = api_error("no")
    await refused(spawner())
    assert docker.containers.get(ENGINE) is engine
    assert docker.desks == {ENGINE, SOCKETS}


async def test_kernels_that_ran_before_outlive_a_spawn_that_fails_early(spawner, docker):
    await spawner().start()
    engine = docker.containers[ENGINE]
    docker.images.clear()
    await refused(spawner())
    assert docker.containers.get(ENGINE) is engine


async def test_an_engine_with_a_revoked_extract_is_replaced(spawner, docker, registry):
    await spawner().start()
    before = docker.containers[ENGINE]["Config"]["Labels"][RECIPE_LABEL]
    with database.writing(registry) as session:
        revoke_grants(session, "heart", "bloods")
    await spawner().start()
    assert "/data/bloods" not in mounts(docker, ENGINE)
    assert docker.containers[ENGINE]["Config"]["Labels"][RECIPE_LABEL] != before


async def test_two_peoples_desks_in_one_project_are_apart(spawner, docker, monkeypatch):
    await spawner().start()
    other = spawner(account="chen-jing")
    names = other.names
    assert {names.desk, names.engine, names.network, names.sockets}.isdisjoint(docker.desks)


async def test_stopping_removes_the_desk_and_its_engine(spawner, docker):
    desk = spawner()
    await desk.start()
    await desk.stop()
    assert docker.desks == set()
    await desk.stop()


async def test_stopping_keeps_the_engine_where_the_site_wants_that(spawner, docker):
    desk = spawner(keep_engine=True)
    await desk.start()
    await desk.stop()
    assert docker.desks == {ENGINE, SOCKETS}


async def test_a_desk_that_runs_is_running_and_one_that_ended_is_not(spawner, docker):
    desk = spawner()
    await desk.start()
    assert await desk.poll() is None
    docker.containers[DESK]["State"]["Running"] = False
    assert "ExitCode=1" in await desk.poll()
    del docker.containers[DESK]
    assert await desk.poll() == 0


def is_ready(desk: ProjectSpawner) -> ProjectSpawner:
    """As the hub says it of a desk that runs."""
    desk._spawn_pending = desk._proxy_pending = False
    assert desk.ready
    return desk


async def test_proxy_and_hub_rejoin_a_desk_once_they_were_made_anew(spawner, docker):
    desk = spawner()
    await desk.start()
    docker.networks[NETWORK]["Containers"].clear()
    assert await is_ready(desk).poll() is None
    assert set(docker.networks[NETWORK]["Containers"]) == {"t.proxy", "t.hub"}


async def test_a_desk_whose_network_cannot_be_joined_right_now_runs_all_the_same(spawner, docker):
    desk = spawner()
    await desk.start()
    docker.networks[NETWORK]["Containers"].clear()
    docker.failing["connect_container_to_network"] = api_error("t.proxy is restarting")
    assert await is_ready(desk).poll() is None


async def test_the_waiting_page_speaks_the_language_of_the_request(spawner):
    assert [step["message"] async for step in spawner().progress()] == [
        "Asking the registry",
        "Starting the desk and its engine",
    ]
    in_chinese = [step["message"] async for step in spawner(language="zh").progress()]
    assert all(is_chinese(message) for message in in_chinese)


async def test_a_suspended_account_gets_no_desk_though_it_is_still_signed_in(spawner, registry):
    desk = spawner()
    with database.writing(registry) as session:
        session.get(Account, "li-wei").status = "suspended"
    assert "suspended" in await refused(desk)


async def test_a_gate_that_does_not_answer_is_one_line_as_well(spawner, docker):
    docker.failing[""] = requests.exceptions.ConnectionError("('Connection aborted.', FileNotFoundError(2))")
    await refused(spawner())


async def test_a_part_that_cannot_be_removed_after_a_failure_does_not_hide_the_line(spawner, docker):
    docker.failing[f"start {ENGINE}"] = api_error("no GPU")
    docker.failing["remove_network"] = api_error("network has active endpoints", 403)
    assert "no GPU" in await refused(spawner())


async def test_who_got_which_extract_when_is_on_the_trail_for_desks_and_for_runs(
    spawner, docker, registry, capsys
):
    await spawner().start()
    with database.writing(registry) as session:
        session.add(Template(name="cox", version="1.0.0", digest="sha256:" + "1" * 64, folder="cox/1.0.0"))
        session.flush()
        asked = {"project": "heart", "requested_by": "li-wei", "template": "cox", "extracts": ["bloods"]}
        run = runs.create_run(session, **asked, parameters={}, language="en")
        runs.record_mounts(session, run)
    assert main(["audit", "access", "--extract", "bloods", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["source"], one["user"], one["project"], one["extract"]) for one in found] == [
        ("hub", "li-wei", "heart", "bloods@1"),
        ("portal", "li-wei", "heart", "bloods@1"),
    ]
    assert [one["detail"].get("run") for one in found] == [None, run.id]
    assert {one["detail"]["digest"] for one in found} == {"sha256:" + "0" * 64}
    assert main(["audit", "access", "--extract", "blood", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


async def test_a_desk_whose_access_cannot_be_recorded_is_not_started(spawner, docker, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("provisioning.audit.trail.append", full)
    with pytest.raises(RuntimeError, match="full"):
        await spawner().start()
    assert not docker.containers.keys() & ALL
