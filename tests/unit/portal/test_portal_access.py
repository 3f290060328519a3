"""Who sees what: pages and API by the same rules, and headers on every answer."""

from __future__ import annotations

import pytest

from hub_config.portal import PREFIX, headers

RUN = "0" * 32
PROJECT_ADDRESSES = [
    "projects/{}/analyses",
    "projects/{}/analyses/means",
    "projects/{}/runs/" + RUN,
    "projects/{}/runs/" + RUN + "/files/report.html",
    "api/projects/{}/analyses",
    "api/projects/{}/runs",
    "api/projects/{}/runs/" + RUN,
]


async def test_a_page_sends_a_stranger_to_sign_in_and_the_api_says_so(site):
    for address in ["", *(each.format("heart") for each in PROJECT_ADDRESSES)]:
        answer = await site.get(address)
        if address.startswith("api/"):
            assert (answer.status, answer.json) == (403, {"message": "Sign in first."})
        else:
            assert answer.status == 302
            assert answer.headers["Location"].startswith(
                "/hub/api/oauth2/authorize?client_id=service-portal&"
            )


async def test_an_unknown_token_is_a_stranger(site):
    answer = await site.get("api/projects", headers={"Authorization": "token made-up"})
    assert answer.status == 403


async def test_a_token_without_access_to_the_portal_is_refused(site):
    site.hub.scopes = ["read:users!user=li-wei"]
    assert (await site.get("api/projects", "li-wei")).status == 403


async def test_a_services_token_is_nobodys(site):
    site.hub.kind = "service"
    assert (await site.get("api/projects", "li-wei")).status == 403


@pytest.mark.parametrize("address", PROJECT_ADDRESSES)
async def test_another_project_looks_like_none(site, address):
    other = await site.get(address.format("lung"), "li-wei")
    none = await site.get(address.format("nowhere"), "li-wei")
    assert other.status == none.status == 404
    assert other.text.replace("lung", "nowhere") == none.text
    assert "not a member" in other.text


@pytest.mark.parametrize("address", PROJECT_ADDRESSES)
@pytest.mark.parametrize(("project", "line"), [("old", "ended on 2020-01-01"), ("paused", "is suspended")])
async def test_a_closed_project_says_why(site, address, project, line):
    answer = await site.get(address.format(project), "li-wei")
    assert answer.status == 403
    assert line in answer.text


@pytest.mark.parametrize("address", PROJECT_ADDRESSES)
async def test_an_admin_sees_no_projects_data(site, address):
    assert (await site.get(address.format("heart"), "zhao-lei")).status == 404


@pytest.mark.parametrize(("account", "line"), [("gone", "is suspended"), ("stranger", "There is no account")])
async def test_an_account_that_does_not_stand(site, account, line):
    for address in ("", "api/projects", "projects/heart/analyses"):
        answer = await site.get(address, account)
        assert answer.status == 403
        assert line in answer.text


async def test_my_projects(site):
    run = site.run()
    page = (await site.get("", "li-wei")).text
    assert "The heart" in page
    assert f"projects/heart/runs/{run}" in page
    assert "Means of a column" in page
    assert "3 rows, 4 columns" in page
    assert "/hub/spawn/li-wei/heart?next=/user/li-wei/heart/lab" in page
    assert "The project old ended on 2020-01-01" in page
    assert "/hub/spawn/li-wei/old" not in page
    assert "projects/old/" not in page
    assert "lung" not in page


async def test_a_running_desk_is_opened_at_once(site):
    site.hub.desks = {"li-wei": ["heart"]}
    page = (await site.get("", "li-wei")).text
    assert 'href="/user/li-wei/heart/lab"' in page
    assert "/hub/spawn/li-wei/heart" not in page


async def test_no_project_and_no_pages_yet(site):
    assert "not a member of any project yet" in (await site.get("", "nobody-yet")).text
    admin = (await site.get("", "zhao-lei")).text
    assert "carrel --help" in admin
    assert (await site.get("api/projects", "zhao-lei")).json == {"projects": []}


async def test_names_and_titles_are_text(site):
    assert "&lt;i&gt;Li Wei&lt;/i&gt;" in (await site.get("", "li-wei")).text
    form = (await site.get("projects/heart/analyses/means", "li-wei")).text
    assert "<b>counts</b>" not in form
    assert "&lt;b&gt;counts" in form


async def test_pages_name_their_language_and_titles_follow_it(site):
    english = (await site.get("", "li-wei", headers={"Accept-Language": "en"})).text
    chinese = (await site.get("", "li-wei", headers={"Accept-Language": "zh-CN"})).text
    assert '<html lang="en">' in english
    assert '<html lang="zh-CN">' in chinese
    assert "heart 项目" in chinese


async def test_health_asks_the_registry_and_nobodys_name(site, registry):
    answer = await site.get("health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})
    with registry.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("ALTER TABLE accounts RENAME TO elsewhere")
    answer = await site.get("health")
    assert (answer.status, answer.json) == (503, {"status": "down"})


async def test_every_answer_has_the_headers(site):
    run = site.run()
    addresses = ["", "health", "nothing-here", "static/style.css", "static/nothing.css", "oauth_callback"]
    addresses += [each.format("heart").replace(RUN, run) for each in PROJECT_ADDRESSES]
    addresses += [f"projects/heart/runs/{run}/cancel", "api/projects", "projects/lung/analyses"]
    for account in (None, "li-wei"):
        for address in addresses:
            answer = await site.get(address, account)
            assert answer.headers["Content-Security-Policy"] == headers.PAGE_POLICY, address
            for name, value in headers.COMMON.items():
                assert answer.headers[name] == value, (address, name)


async def test_errors_show_no_stack(site, registry):
    with registry.begin() as connection:
        connection.exec_driver_sql("DROP TABLE runs")
    answer = await site.get("", "li-wei")
    assert answer.status == 500
    assert "Traceback" not in answer.text
    assert "Something went wrong here" in answer.text


async def test_pages_load_nothing_from_elsewhere_and_hold_no_script(site):
    run = site.run()
    for address in (
        "",
        "projects/heart/analyses",
        "projects/heart/analyses/means",
        f"projects/heart/runs/{run}",
    ):
        text = (await site.get(address, "li-wei")).text
        assert "http://" not in text
        assert "https://" not in text
        assert " style=" not in text
        assert all(f'src="{PREFIX}static/' in tag for tag in text.split("<script")[1:])
