"""The portal's real application on a real registry, with a template, an extract and a hub to ask."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from portal_hub import Hub
from sqlalchemy import Engine
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from hub_config.portal import PREFIX
from hub_config.portal.application import hub_auth, make_application
from provisioning.extracts.record import record
from provisioning.extracts.register import register
from provisioning.registry import database, runs
from provisioning.registry.membership import add_member
from provisioning.registry.models import Account, AccountStatus, Grant, Project, ProjectStatus, Role, Run
from provisioning.templates.publish import publish

DICTIONARY = """\
name: bloods
title: {en: Bloods, zh: 血液}
source: a test
licence: CC0-1.0
tables:
  bloods:
    file: bloods.csv
    title: {en: Blood <b>counts</b>, zh: 血液检查}
    columns:
      person: {type: integer, title: {en: Person, zh: 患者}}
      hb: {type: number, unit: g/L, title: {en: Haemoglobin, zh: 血红蛋白}}
      sex: {type: string, title: {en: Sex, zh: 性别}, codes: {F: {en: Female, zh: 女}, M: {en: Male, zh: 男}}}
  visits:
    file: visits.csv
    title: {en: Visits, zh: 就诊}
    columns:
      ward: {type: string, title: {en: Ward, zh: 病区}}
"""
POLICY = """\
tables:
  bloods:
    columns: {person: keep, hb: keep, sex: keep}
    expected:
      sex: {rules: [undeclared-quasi-identifier], reason: made up}
  visits:
    columns: {ward: keep}
"""
TEMPLATE = """\
name: means
version: "1.0.0"
image: engine-stats
title: {en: Means of a column, zh: 均值}
summary: {en: The mean by group., zh: 分组均值。}
parameters:
  - {name: extract, type: extract, required: true, title: {en: Extract, zh: 集}, help: &help {en: h, zh: h}}
  - {name: table, type: table, required: true, title: {en: Table, zh: 数据表}, help: *help}
  - {name: measure, type: column, accept: numeric, required: true, title: {en: Measure, zh: 值}, help: *help}
  - {name: groups, type: columns, accept: categorical, title: {en: Groups, zh: 分组}, help: *help}
  - {name: digits, type: integer, default: 2, min: 0, max: 6, title: {en: Digits, zh: 位}, help: *help}
  - {name: share, type: number, default: 0.5, min: 0, max: 1, title: {en: Share, zh: 率}, help: *help}
  - {name: robust, type: boolean, default: false, title: {en: Robust, zh: 稳健}, help: *help}
  - name: scale
    type: choice
    default: raw
    title: {en: Scale, zh: 尺度}
    help: *help
    choices: [{value: raw, title: {en: Raw, zh: 原始}}, {value: log, title: {en: Logarithm, zh: 对数}}]
  - {name: language, type: language, required: true, default: zh, title: {en: Words, zh: 语}, help: *help}
outputs:
  - {path: report.html, media_type: text/html, disclosure: report, title: {en: Report, zh: 报告}}
stages:
  - {name: read, title: {en: Reading, zh: 读取}}
"""
CELLS = [
    {"cell_type": "code", "metadata": {"tags": ["parameters", "stage:read"]}, "source": "", "outputs": []}
]


class Queue:
    """Stands where the run queue does: remembers that it was woken, and cancels in the registry."""

    def __init__(self, registry: Engine) -> None:
        self.registry = registry
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    async def cancel(self, run_id: str) -> None:
        with database.writing(self.registry) as session:
            runs.cancel_queued(session, run_id)


class Site:
    """A running portal. Requests go as an account by token, or as a browser that `sign_in` made."""

    def __init__(self, url: str, registry: Engine, hub: Hub, queue: Queue, data: Path) -> None:
        self.url, self.registry, self.hub, self.queue, self.data = url, registry, hub, queue, data
        self.browser = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def ask(self, method: str, path: str, account: str | None = None, **values: Any) -> Answer:
        headers = {
            **({"Authorization": f"token token-{account}"} if account else {}),
            **values.pop("headers", {}),
        }
        async with self.browser.request(
            method, self.url + path, headers=headers, allow_redirects=False, **values
        ) as response:
            return Answer(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, account: str | None = None, **values: Any) -> Answer:
        return await self.ask("GET", path, account, **values)

    async def post(self, path: str, account: str | None = None, **values: Any) -> Answer:
        return await self.ask("POST", path, account, **values)

    async def sign_in(self, account: str) -> str:
        """As a browser does, through OAuth; returns the XSRF token of the page."""
        away = await self.get("")
        assert away.status == 302
        state = parse_qs(urlsplit(away.headers["Location"]).query)["state"][0]
        back = await self.get(f"oauth_callback?code={account}&state={state}")
        assert back.headers["Location"] == PREFIX
        page = await self.get("projects/heart/analyses/means")
        found = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
        return found[1] if found else ""

    def run(self, project: str = "heart", **columns: Any) -> str:
        """A run in the registry, with its folder; returns its id."""
        with database.writing(self.registry) as session:
            by = {"heart": "li-wei", "lung": "ma-chao"}[project]
            made = runs.create_run(
                session,
                project=project,
                requested_by=by,
                template="means",
                extracts=(),
                parameters={},
                language="en",
            )
            for name, value in columns.items():
                setattr(made, name, value)
        self.folder(made.id, project).mkdir(parents=True)
        return made.id

    def folder(self, run_id: str, project: str = "heart") -> Path:
        return self.data / "runs" / project / run_id

    def row(self, run_id: str) -> Run:
        with database.sessions(self.registry)() as session:
            return runs.get_run(session, run_id)


class Answer:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """li-wei: heart (active), old (ended), paused; ma-chao: lung; zhao-lei: admin; gone: suspended."""
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    monkeypatch.setenv("CARREL_DATA", str(tmp_path / "data"))
    source, template = tmp_path / "bloods", tmp_path / "means"
    for folder in (source, template, tmp_path / "data/extracts", tmp_path / "data/templates"):
        folder.mkdir(parents=True)
    (source / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (source / "dictionary.yaml").write_text(DICTIONARY, encoding="utf-8")
    (source / "bloods.csv").write_text("person,hb,sex\n1,131.5,F\n2,120,M\n")
    (source / "visits.csv").write_text("ward\nA\n")
    (template / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": CELLS}
    (template / "notebook.ipynb").write_text(json.dumps(notebook))
    database.upgrade(url)
    engine = database.engine(url)
    with database.writing(engine) as session:
        session.add_all(
            [
                Account(name="li-wei", display_name="<i>Li Wei</i>", roles={Role.ANALYST}),
                Account(name="ma-chao", display_name="Ma Chao", roles={Role.ANALYST}),
                Account(name="zhao-lei", display_name="Zhao Lei", roles={Role.ADMIN}),
                Account(name="nobody-yet", display_name="New", roles={Role.ENGINEER}),
                Account(
                    name="gone", display_name="Gone", roles={Role.ANALYST}, status=AccountStatus.SUSPENDED
                ),
                _project("heart"),
                _project("lung"),
                _project("old", expires=date(2020, 1, 1)),
                _project("paused", status=ProjectStatus.SUSPENDED),
            ]
        )
        session.flush()
        for project in ("heart", "old", "paused"):
            add_member(session, project, "li-wei")
        add_member(session, "lung", "ma-chao")
        made = register(
            source, source / "dictionary.yaml", source / "policy.yaml", tmp_path / "data/extracts"
        )
        session.add(Grant(project="heart", extract=record(session, made)))
        publish(template, tmp_path / "data/templates", session)
    yield engine
    engine.dispose()


def _project(name: str, status: ProjectStatus = ProjectStatus.ACTIVE, expires: date | None = None) -> Project:
    return Project(name=name, title_en=f"The {name}", title_zh=f"{name} 项目", status=status, expires=expires)


@pytest.fixture
async def site(registry: Engine, tmp_path: Path) -> AsyncIterator[Site]:
    hub, queue = Hub(), Queue(registry)
    hub_socket, hub_port = bind_unused_port()
    portal_socket, portal_port = bind_unused_port()
    hub_server = HTTPServer(hub.application())
    auth = hub_auth("service-token", f"http://127.0.0.1:{hub_port}/hub/api")
    portal_server = HTTPServer(make_application(registry, auth, queue), max_body_size=1024 * 1024)
    hub_server.add_sockets([hub_socket])
    portal_server.add_sockets([portal_socket])
    made = Site(f"http://127.0.0.1:{portal_port}{PREFIX}", registry, hub, queue, tmp_path / "data")
    yield made
    await made.browser.close()
    for server in (portal_server, hub_server):
        server.stop()
        await server.close_all_connections()
