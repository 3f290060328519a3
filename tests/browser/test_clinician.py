"""What a clinician does on the first day: sign in, see the projects, analyse by form and in a notebook."""

from __future__ import annotations

import re

import lab
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.site

DESCRIBE = """\
import pandas as pd

cohort = pd.read_parquet("/data/rotterdam/rotterdam.parquet")
cohort[["age", "nodes", "pgr", "er", "dtime"]].describe().round(1)"""
CURVE = """\
from lifelines import KaplanMeierFitter

km = KaplanMeierFitter()
km.fit(cohort.dtime / 365.25, cohort.death)
km.plot_survival_function(figsize=(7, 2.6), xlabel="Years", ylabel="Alive");"""


@pytest.fixture
def clinicians_desk(enter, running_site):
    """The clinician's desk in the browser; its new files and its containers go at the end."""
    where, known = running_site
    workspace = where.data / "workspaces/breast-survival" / known["users"]["clinician"]["name"]
    before = set(workspace.rglob("*")) if workspace.exists() else set()
    page = enter("clinician", viewport={"width": 1280, "height": 920})
    lab.open_desk(page)
    yield page
    page.close()
    from site_fixtures import sign_in  # noqa: PLC0415

    from bench.server import Server  # noqa: PLC0415

    desk = Server(
        sign_in(known, "clinician"), known["users"]["clinician"]["name"], "breast-survival", ("", "")
    )
    desk.stop()
    for left in sorted(set(workspace.rglob("*")) - before, reverse=True):
        left.rmdir() if left.is_dir() else left.unlink()


def test_signing_in_shows_my_projects_only(enter, picture):
    page = enter("clinician")
    expect(page.get_by_role("heading", name="Survival after breast cancer")).to_be_visible()
    expect(page.get_by_text("Quality of electronic health records")).to_have_count(0)
    expect(page.get_by_text("2,982")).to_be_visible()
    picture(page, "portal")


def test_the_other_clinician_sees_the_other_project(enter):
    page = enter("second_clinician")
    expect(page.get_by_role("heading", name="Quality of electronic health records")).to_be_visible()
    expect(page.get_by_text("Survival after breast cancer")).to_have_count(0)


def test_somebody_elses_project_is_not_there(enter, running_site):
    _, known = running_site
    page = enter("second_clinician")
    answer = page.goto(known["run"]["url"])
    assert answer is not None
    assert answer.status == 404
    answer = page.goto(
        f"{known['url']}/hub/spawn/{known['users']['second_clinician']['name']}/breast-survival"
    )
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_text("You are not a member")).to_be_visible()


def test_cells_on_the_extract(clinicians_desk, picture):
    page = clinicians_desk
    lab.new_notebook(page)
    assert "2982" in lab.run_cell(page, DESCRIBE)
    lab.run_cell(page, CURVE)
    expect(page.locator(".jp-OutputArea-output img").last).to_be_visible()
    page.locator(".jp-Notebook .jp-CodeCell").first.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    picture(page, "desk")
    for code, answer in (
        ("!sudo -n id", "not found"),
        ("!curl -m 3 http://1.1.1.1", "not found"),
        ("!pip install six", "not found"),
        ("open('/data/rotterdam/x', 'w')", "OSError"),
        ("import os; os.listdir('/data')", "['rotterdam']"),
    ):
        assert answer in lab.run_cell(page, code), code


def test_a_notebook_is_saved_and_opened_again(clinicians_desk):
    page = clinicians_desk
    lab.new_notebook(page)
    lab.run_cell(page, "6 * 7")
    page.keyboard.press("Control+s")
    # JupyterLab asks for a name the first time.
    rename = page.locator(".jp-Dialog .jp-mod-accept")
    rename.click()
    expect(rename).to_have_count(0)
    expect(page.locator(".lm-DockPanel-tabBar .jp-mod-dirty")).to_have_count(0, timeout=15_000)
    page.reload()
    lab.wait_for_lab(page)
    expect(page.locator(".jp-Notebook .jp-OutputArea-output").first).to_have_text("42", timeout=30_000)


def test_the_finished_report(enter, running_site, picture):
    _, known = running_site
    page = enter("clinician", viewport={"width": 1280, "height": 1400})
    page.goto(known["run"]["url"])
    report = page.frame_locator("iframe").first
    expect(report.get_by_role("heading").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    picture(page, "report")
    assert report.locator("script").count() == 0


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_a_standard_analysis_from_the_form(language, enter, picture, project):
    project.carrel("grant", "add", project.name, "rotterdam")
    project.carrel("grant", "revoke", project.name, project.extract)
    page = enter(project, language)
    clicks = ["Standard analyses|标准分析", "Survival analysis of a cohort|队列生存分析"]
    for name in clicks:
        page.get_by_role("link", name=re.compile(name)).first.click()
    for label, values in {
        "id_column": "pid",
        "time_column": "rtime",
        "event_column": "recur",
        "second_time_column": "dtime",
        "second_event_column": "death",
        "group_column": "hormon",
    }.items():
        page.locator(f"select[name={label}]").select_option(values)
    for name in ("age", "nodes"):
        page.locator(f"input[name=numeric_covariates][value={name}]").check()
    for name in ("meno", "size"):
        page.locator(f"input[name=categorical_covariates][value={name}]").check()
    if language == "en-GB":
        picture(page, "analysis-form")
    page.get_by_role("button", name=re.compile("Start the run|开始运行")).click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f]{32}$"))
    done = "Finished|Succeeded|Done|已完成"
    expect(page.get_by_text(re.compile(done)).first).to_be_visible(timeout=120_000)
    heading = page.frame_locator("iframe").first.get_by_role("heading").first
    expect(heading).to_have_text(re.compile("生存" if language == "zh-CN" else "[Ss]urvival"), timeout=60_000)


def test_no_page_complains(enter, running_site):
    """No script error, nothing refused by the pages' own policy, nothing asked from outside the site."""
    _, known = running_site
    page = enter("clinician", "zh-CN")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda r: None if r.url.startswith((known["url"], "data:", "blob:")) else complaints.append(r.url),
    )
    project = f"{known['url']}/services/portal/projects/breast-survival"
    for address in (f"{known['url']}/services/portal/", f"{project}/analyses", known["run"]["url"]):
        page.goto(address)
        page.wait_for_load_state("networkidle")
    assert complaints == []
