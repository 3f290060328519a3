"""Who gets a desk, who reads why not, and what is left behind."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from site_fixtures import TestProject, run_cell, sign_in

from bench.server import Server
from images.console import Stop

pytestmark = pytest.mark.site


def refusal(project: TestProject, language: str = "en", name: str | None = None) -> str:
    """The page that the member reads when they open the desk."""
    person = project.member(language)
    server = project.name if name is None else name
    status, page = person.request(f"/hub/spawn/{project.account}/{server}".rstrip("/"))
    deadline = time.monotonic() + 60
    # A spawn that is slow to fail is waited for on its page, as the browser does.
    while "progress-bar" in page and time.monotonic() < deadline:
        time.sleep(0.3)
        status, page = person.request(f"/hub/spawn-pending/{project.account}/{project.name}")
    assert status >= 400, page
    return page


def test_a_desk_starts_works_and_leaves_nothing(project, engine_api):
    desk = project.desk()
    desk.start()
    desk.open()
    assert run_cell(desk, "6 * 7") == "42"
    names = project.names
    assert project.parts(engine_api) == sorted([names.desk, names.engine, names.network, names.sockets])
    desk.stop()
    assert project.parts(engine_api) == []


def test_the_default_unnamed_server_is_off(project, engine_api):
    assert "A desk belongs to a project" in refusal(project, name="")
    assert project.parts(engine_api) == []


def test_a_project_of_others_is_refused_as_one_that_does_not_exist(project, make_project, engine_api):
    other = make_project()
    page = refusal(project, name=other.name)
    assert f"You are not a member of a project {other.name}" in page
    nowhere = refusal(project, name="no-such").replace("no-such", other.name)
    assert re.sub(r'nonce="[^"]+"', "", nowhere) == re.sub(r'nonce="[^"]+"', "", page)
    assert other.parts(engine_api) == project.parts(engine_api) == []


@pytest.mark.parametrize(
    ("command", "english", "chinese"),
    [
        (("project", "suspend", "{project}"), "is suspended. Ask an administrator", "已暂停"),
        (("project", "expire", "{project}", "2020-01-31"), "ended on 2020-01-31", "2020-01-31"),
        (("project", "remove-member", "{project}", "{account}"), "You are not a member", "不是"),
    ],
    ids=["suspended", "expired", "no-member"],
)
def test_a_closed_project_shows_why_and_starts_nothing(command, english, chinese, project, engine_api):
    words = [word.format(project=project.name, account=project.account) for word in command]
    project.carrel(*words)
    assert english in refusal(project)
    assert chinese in refusal(project, "zh-CN")
    assert project.parts(engine_api) == []


def test_a_revoked_extract_is_not_mounted(project):
    project.carrel("grant", "revoke", project.name, project.extract)
    desk = project.desk()
    desk.start()
    desk.open()
    assert run_cell(desk, "import os; print(os.path.exists('/data') and os.listdir('/data'))") in (
        "False",
        "[]",
    )


def test_a_suspended_account_cannot_sign_in(project):
    project.carrel("user", "suspend", project.account)
    with pytest.raises(AssertionError):
        project.member()


def extract_file(project: TestProject) -> Path:
    return project.site.data / "extracts" / project.extract / "v1" / "visits.parquet"


def test_a_changed_extract_is_not_mounted(project, engine_api):
    file = extract_file(project)
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.chmod(0o640)
    file.write_bytes(content)
    page = refusal(project)
    assert "visits.parquet changed since the extract was registered" in page
    assert project.parts(engine_api) == []


def test_a_missing_extract_is_not_mounted(project, engine_api):
    folder = extract_file(project).parent
    folder.rename(folder.with_name("gone"))
    assert f"{project.extract}/v1 is missing" in refusal(project)
    assert project.parts(engine_api) == []


def test_a_missing_image_is_said_and_starts_nothing(project, engine_api):
    image = engine_api.images.get("carrel/engine-stats:0.1.0")
    image.tag("carrel/kept-for-the-test", "1")
    engine_api.images.remove("carrel/engine-stats:0.1.0", noprune=True)
    try:
        page = refusal(project)
    finally:
        image.tag("carrel/engine-stats", "0.1.0")
        engine_api.images.remove("carrel/kept-for-the-test:1", noprune=True)
    assert "The image carrel/engine-stats:0.1.0 is missing" in page
    assert "make up" in page
    assert project.parts(engine_api) == []


def test_a_desk_that_ends_at_once_leaves_nothing(project, engine_api):
    """Its image is no desk's: the spawn fails when the engine runs already."""
    desk_image = engine_api.images.get("carrel/desk:0.1.0")
    try:
        engine_api.images.get("carrel/engine-base:0.1.0").tag("carrel/desk", "0.1.0")
        page = refusal(project)
    finally:
        desk_image.tag("carrel/desk", "0.1.0")
    assert "The desk could not be started" in page
    assert project.parts(engine_api) == []


def test_a_desk_that_comes_back_has_its_kernels(project, engine_api):
    desk = project.desk()
    desk.start()
    desk.open()
    kernel = desk.start_kernel()
    run_cell(desk, "kept = 'state'", kernel)
    engine = engine_api.containers.get(desk.containers[1]).id
    engine_api.containers.get(desk.containers[0]).kill()
    deadline = time.monotonic() + 90
    while desk.state() is not None and time.monotonic() < deadline:
        time.sleep(0.5)
    again = Server(desk.person, desk.user, desk.name, desk.containers)
    again.start()
    again.open()
    assert engine_api.containers.get(desk.containers[1]).id == engine
    assert run_cell(again, "kept", kernel) == "'state'"


def test_what_is_in_the_workspace_stays(project):
    desk = project.desk()
    desk.start()
    desk.open()
    run_cell(desk, "open('/workspace/kept.txt', 'w').write('still here')")
    desk.stop()
    desk.start()
    desk.open()
    assert run_cell(desk, "print(open('/workspace/kept.txt').read())") == "still here"


@pytest.mark.parametrize("role", ["admin", "reviewer", "auditor", "engineer", "second_clinician"])
def test_nobody_else_gets_into_the_clinicians_project(role, running_site, engine_api):
    _, known = running_site
    person = sign_in(known, role)
    name = known["users"][role]["name"]
    clinician = known["users"]["clinician"]["name"]
    for owner in (name, clinician):
        server = Server(person, owner, "breast-survival", ("", ""))
        with pytest.raises(Stop):
            server.start()
    status, _ = person.request(f"/user/{clinician}/breast-survival/api/contents")
    assert status in (403, 404, 424, 503)
    status, answer = person.request("/services/portal/api/projects")
    seen = [project["name"] for project in json.loads(answer).get("projects", [])] if status == 200 else []
    assert "breast-survival" not in seen
