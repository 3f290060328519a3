"""Filling in an analysis, and ordering a run, by page and by API."""

from __future__ import annotations

import re

import pytest

from provisioning.registry.models import RunStatus

FORM = "projects/heart/analyses/means"
RUNS = "api/projects/heart/runs"
GOOD = {"extract": "bloods", "table": "bloods", "measure": "hb"}


def ordered(**parameters):
    return {"template": "means", "parameters": GOOD | parameters}


async def test_the_catalogue_lists_what_is_published(site):
    page = (await site.get("projects/heart/analyses", "li-wei")).text
    assert "Means of a column" in page
    assert 'href="/services/portal/projects/heart/analyses/means"' in page
    (found,) = (await site.get("api/projects/heart/analyses", "li-wei")).json["analyses"]
    assert found["name"] == "means"
    assert [each["name"] for each in found["parameters"]][:3] == ["extract", "table", "measure"]


async def test_the_columns_are_those_of_the_chosen_table(site):
    page = (await site.get(FORM, "li-wei")).text
    assert "Haemoglobin (g/L) · hb" in page
    assert '<output id="extract">Bloods</output>' in page  # the only one there is
    other = (await site.get(FORM + "?table=visits", "li-wei")).text
    assert "Haemoglobin" not in other
    assert "Ward · ward" in other
    assert '<option value="visits" selected>' in other


async def test_only_columns_that_fit_are_offered(site):
    page = (await site.get(FORM, "li-wei")).text
    measure = re.search(r'<select id="measure".*?</select>', page, re.S)[0]
    assert 'value="hb"' in measure
    assert 'value="sex"' not in measure


async def test_unknown_choices_in_the_address_choose_nothing_else(site):
    answer = await site.get(FORM + "?table=../../etc&extract=lungs&run=zzz", "li-wei")
    assert answer.status == 200
    assert "etc" not in re.sub(r"Fetch|fetch", "", answer.text).replace("stretch", "")


async def test_a_template_that_is_not_published(site):
    answer = await site.get("projects/heart/analyses/nothing", "li-wei")
    assert answer.status == 404
    assert "There is no published template nothing" in answer.text


async def test_a_browser_orders_a_run(site):
    xsrf = await site.sign_in("li-wei")
    filled = {
        "_xsrf": xsrf,
        **GOOD,
        "groups": "sex",
        "digits": "3",
        "share": "",
        "scale": "log",
        "robust": "true",
    }
    answer = await site.post(FORM, data={**filled, "language": "en"})
    assert answer.status == 303
    run_id = answer.headers["Location"].removeprefix("../runs/")
    run = site.row(run_id)
    assert (run.project, run.requested_by, run.status, run.language) == (
        "heart",
        "li-wei",
        RunStatus.QUEUED,
        "en",
    )
    assert run.parameters == {
        **GOOD,
        "groups": ["sex"],
        "digits": 3,
        "share": 0.5,
        "scale": "log",
        "robust": True,
        "language": "en",
    }
    assert [each["name"] for each in run.extracts] == ["bloods"]
    assert site.queue.woken == 1
    again = (await site.get(f"{FORM}?run={run_id}")).text
    assert 'value="log" selected' in again
    assert re.search(r'name="groups" value="sex" checked', again)


async def test_errors_stand_at_their_fields_and_nothing_is_lost(site):
    xsrf = await site.sign_in("li-wei")
    answer = await site.post(
        FORM, data={"_xsrf": xsrf, "extract": "bloods", "table": "bloods", "digits": "99", "groups": "sex"}
    )
    assert answer.status == 400
    assert 'id="digits-problem"' in answer.text
    assert 'id="measure-problem"' in answer.text
    assert 'id="share-problem"' not in answer.text
    assert 'value="99"' in answer.text
    assert 'name="groups" value="sex" checked' in answer.text
    assert (await site.get(RUNS)).json == {"runs": []}


@pytest.mark.parametrize("given", [None, "", "wrong"])
async def test_a_form_without_its_xsrf_token_is_refused(site, given):
    await site.sign_in("li-wei")
    run = site.run()
    extra = {} if given is None else {"_xsrf": given}
    for address, data in ((FORM, GOOD), (f"projects/heart/runs/{run}/cancel", {})):
        answer = await site.post(address, data={**data, **extra})
        assert answer.status == 403
        assert "out of date" in answer.text
    answer = await site.post(RUNS, json=ordered())
    assert (answer.status, list(answer.json)) == (403, ["message"])
    assert len((await site.get(RUNS)).json["runs"]) == 1
    assert site.row(run).status is RunStatus.QUEUED


async def test_a_browsers_script_needs_the_token_too(site):
    xsrf = await site.sign_in("li-wei")
    assert (await site.get(RUNS, headers={"Sec-Fetch-Mode": "cors"})).status == 403
    assert (await site.get(RUNS, headers={"Sec-Fetch-Mode": "cors", "X-XSRFToken": xsrf})).status == 200
    answer = await site.post(RUNS, json=ordered(), headers={"X-XSRFToken": xsrf})
    assert answer.status == 201


async def test_a_bad_token_beside_a_cookie_does_not_lift_the_check(site):
    await site.sign_in("li-wei")
    answer = await site.post(RUNS, json=ordered(), headers={"Authorization": "token made-up"})
    assert answer.status == 403


async def test_the_api_orders_a_run(site):
    answer = await site.post(RUNS, "li-wei", json={**ordered(), "extracts": ["bloods"], "language": "zh"})
    assert answer.status == 201
    made = answer.json
    assert made["status"] == "queued"
    run = site.row(made["id"])
    assert (run.language, run.parameters["language"], run.parameters["digits"]) == ("zh", "zh", 2)
    assert (await site.get(RUNS, "li-wei")).json["runs"][0]["id"] == made["id"]
    assert (await site.get(f"{RUNS}/{made['id']}", "li-wei")).json["progress"] is None


async def test_two_under_way_are_the_limit(site):
    for _ in range(2):
        assert (await site.post(RUNS, "li-wei", json=ordered())).status == 201
    answer = await site.post(RUNS, "li-wei", json=ordered())
    assert answer.status == 409
    assert "2 runs under way" in answer.json["message"]
    xsrf = await site.sign_in("li-wei")
    page = await site.post(FORM, data={"_xsrf": xsrf, **GOOD, "digits": "4"})
    assert page.status == 409
    assert "2 runs under way" in page.text
    assert 'value="4"' in page.text


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        ({}, 400, "template: must be a text."),
        ({"template": ["means"]}, 400, "template: must be a text."),
        ({"template": "nothing"}, 404, "There is no published template nothing"),
        ({"template": "means", "parameters": []}, 400, "parameters: must be an object"),
        ({"template": "means", "parameters": {"digits": 10**400}}, 400, "parameters: must be an object"),
        ({"template": "means", "extracts": "bloods"}, 400, "extracts: must be a list"),
        ({"template": "means", "extracts": ["other"]}, 403, "other is not granted"),
        ({"template": "means", "language": "fr"}, 400, "language: must be en or zh."),
        ({"template": "means", "parameters": {"unknown": 1}}, 400, "unknown"),
        (ordered(measure="sex"), 400, "not numeric"),
        (ordered(measure={"a": 1}), 400, "Measure"),
        (ordered(groups=[["sex"]]), 400, "Groups"),
        (ordered(extract="../bloods"), 400, "Extract"),
        ([], 400, "must be a JSON object"),
        (ordered(), 404, None),
    ],
)
async def test_what_the_api_refuses(site, body, status, line):
    project = "heart" if line else "lung"
    answer = await site.post(f"api/projects/{project}/runs", "li-wei", json=body)
    assert answer.status == status
    assert (line or "not a member") in answer.json["message"]
    assert "\n" not in answer.json["message"]
    assert site.queue.woken == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"template": "\\ud800"}', "application/json", 400),
        (b'{"template": "means", "parameters": {"share": NaN}}', "application/json", 400),
        (b'{"template": "means"}', "text/plain", 415),
    ],
)
async def test_bodies_that_are_no_request(site, body, kind, status):
    answer = await site.post(RUNS, "li-wei", data=body, headers={"Content-Type": kind})
    assert answer.status == status
    assert list(answer.json) == ["message"]


async def test_cancelling(site):
    xsrf = await site.sign_in("li-wei")
    first, second = site.run(), site.run()
    assert (await site.post(f"projects/heart/runs/{first}/cancel", data={"_xsrf": xsrf})).status == 303
    assert site.row(first).status is RunStatus.CANCELLED
    answer = await site.post(f"{RUNS}/{second}/cancel", "li-wei")
    assert answer.json["status"] == "cancelled"
    answer = await site.post(f"{RUNS}/{second}/cancel", "li-wei")
    assert answer.status == 409
    assert (await site.post(f"{RUNS}/{site.run()}/cancel", "ma-chao")).status == 404
