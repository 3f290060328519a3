"""A run's page, results and files. Whatever lies in the run's folder was written by an engine."""

from __future__ import annotations

import json
import os
from urllib.parse import quote

import pytest
from yarl import URL

from hub_config.portal import headers, run_folder
from provisioning.registry.models import RunStatus

PNG = b"\x89PNG\r\n\x1a\n"
TITLE = {"en": "A title", "zh": "标题"}


def output(path, **more):
    return {"path": path, "bytes": 1, "sha256": "0" * 64, "media_type": "x/y", "title": TITLE, **more}


def leave(folder, outputs, **files):
    """Write run.json with ``outputs``, and a file for each."""
    for path in outputs:
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(files.get(target.stem, PNG))
    (folder / "run.json").write_text(json.dumps({"outputs": [output(path) for path in outputs]}))


@pytest.fixture
def finished(site):
    run = site.run(status=RunStatus.SUCCEEDED)
    outputs = ["report.html", "figures/km.png", "figures/km.svg", "figures/roc.svg", "tables/one.csv"]
    leave(site.folder(run), outputs, one=b"a,b\n<script>alert(1)</script>,2\n", report=b"<h1>Report</h1>")
    return run


async def test_results_are_shown(site, finished):
    page = (await site.get(f"projects/heart/runs/{finished}", "li-wei")).text
    here = f"/services/portal/projects/heart/runs/{finished}/files"
    assert f'<iframe class="report" sandbox src="{here}/report.html"' in page
    assert f'src="{here}/figures/km.png"' in page
    assert f'src="{here}/figures/km.svg"' not in page  # the same figure
    assert f'src="{here}/figures/roc.svg"' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "download" not in page.lower()
    document = (await site.get(f"api/projects/heart/runs/{finished}", "li-wei")).json
    assert [each["kind"] for each in document["outputs"]] == ["report", "figure", "figure", "figure", "table"]


async def test_files_are_shown_in_a_sandbox_and_never_offered(site, finished):
    for path, policy, media in (
        ("report.html", headers.REPORT_POLICY, "text/html; charset=UTF-8"),
        ("figures/km.png", headers.FIGURE_POLICY, "image/png"),
        ("figures/roc.svg", headers.FIGURE_POLICY, "image/svg+xml"),
    ):
        answer = await site.get(f"projects/heart/runs/{finished}/files/{path}", "li-wei")
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"] == policy
        assert policy.startswith("sandbox; default-src 'none'")
        assert answer.headers["Content-Type"] == media
        assert answer.headers["Content-Disposition"] == "inline"
        assert {name: answer.headers[name] for name in headers.COMMON} == headers.COMMON


async def test_a_run_is_its_projects_alone(site, finished):
    for path in (f"runs/{finished}", f"runs/{finished}/files/report.html"):
        assert (await site.get(f"projects/heart/{path}", "ma-chao")).status == 404
        assert (await site.get(f"projects/lung/{path}", "ma-chao")).status == 404
    assert (await site.get(f"api/projects/lung/runs/{finished}", "ma-chao")).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "run.json",
        "progress.jsonl",
        "notebook.ipynb",
        "tables/one.csv",
        "figures/unlisted.png",
        "figures",
        "figures/",
        "../" + "0" * 32 + "/report.html",
        "figures/../report.html",
        "figures/..%2freport.html",
        "%2e%2e/%2e%2e/registry.sqlite",
        "/etc/passwd",
        "figures//km.png",
        "./report.html",
        "report.html%00.png",
        "report.html%0a",
        "REPORT.HTML",
        "figures/km.png/",
        "figures/\u202egnp.png",
    ],
)
async def test_no_other_file_is_served(site, finished, path):
    (site.folder(finished) / "figures/unlisted.png").write_bytes(PNG)
    address = f"{site.url}projects/heart/runs/{finished}/files/" + quote(path, safe="/%")
    async with site.browser.get(
        URL(address, encoded=True), headers={"Authorization": "token token-li-wei"}, allow_redirects=False
    ) as answer:
        assert answer.status in (400, 404)
        assert b"Report" not in await answer.read()


@pytest.mark.parametrize("path", ["report.html", "figures/km.png", "figures/secret.png"])
async def test_no_link_is_followed(site, finished, path):
    folder = site.folder(finished)
    secret = site.data / "secret"
    secret.mkdir()
    (secret / "secret.png").write_bytes(b"the secret")
    leave(folder, ["report.html", "figures/km.png"])
    if path == "figures/secret.png":  # through a linked folder
        for each in (folder / "figures").iterdir():
            each.unlink()
        (folder / "figures").rmdir()
        (folder / "figures").symlink_to(secret)
    else:
        (folder / path).unlink()
        (folder / path).symlink_to(secret / "secret.png")
    (folder / "run.json").write_text(json.dumps({"outputs": [output(path)]}))
    answer = await site.get(f"projects/heart/runs/{finished}/files/{path}", "li-wei")
    assert answer.status == 404
    assert b"secret" not in answer.body.replace(b"figures/secret", b"")


async def test_the_record_itself_may_be_a_link(site, finished):
    folder = site.folder(finished)
    (folder / "run.json").rename(site.data / "elsewhere.json")
    (folder / "run.json").symlink_to(site.data / "elsewhere.json")
    assert (await site.get(f"projects/heart/runs/{finished}/files/report.html", "li-wei")).status == 404


async def test_a_pipe_and_a_huge_file_are_not_read(site, finished):
    folder = site.folder(finished)
    (folder / "report.html").unlink()
    os.mkfifo(folder / "report.html")
    with (folder / "figures/km.png").open("wb") as file:
        file.truncate(run_folder.LARGEST_FILE + 1)
    for path in ("report.html", "figures/km.png"):
        assert (await site.get(f"projects/heart/runs/{finished}/files/{path}", "li-wei")).status == 404


HOSTILE = [
    b"",
    b"[]",
    b"null",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 200_000,
    b'{"outputs": ' + b"[" * 100_000,
    b'{"outputs": {"path": "report.html"}}',
    b'{"outputs": [null, 1, [], {"path": 7}, {"path": "../x"}, {"path": "report.html", "title": 3}]}',
    b'{"outputs": [{"path": "report.html", "title": {"en": "\\ud800", "zh": []}}], "packages": {"a": {}}}',
    b'{"outputs": [{"path": "tables/x.csv", "title": {"en": "<script>alert(1)</script>", "zh": "z"}}]}',
    b'{"outputs": 1e999, "packages": "x"}',
    json.dumps({"outputs": [output(f"figures/{n}.png") for n in range(20_000)]}).encode(),
    b" " * (run_folder.LARGEST_RECORD + 1),
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_records(site, content):
    run = site.run(status=RunStatus.SUCCEEDED)
    (site.folder(run) / "run.json").write_bytes(content)
    (site.folder(run) / "progress.jsonl").write_bytes(content + b"\n")
    page = await site.get(f"projects/heart/runs/{run}", "li-wei")
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert len(page.body) < 300_000
    answer = await site.get(f"api/projects/heart/runs/{run}", "li-wei")
    assert answer.status == 200
    assert len(answer.json["outputs"]) <= run_folder.MOST_OUTPUTS
    assert {each["kind"] for each in answer.json["outputs"]} <= {"report", "figure", "table"}


def line(**changes):
    return json.dumps({"stage": "read", "cell": 2, "cells": 5, "message": TITLE, **changes})


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (line() + "\n", (2, 5)),
        (line(cell=1) + "\n" + line() + "\n" + line(cell=4), (2, 5)),  # the last is half written
        (line() + "\n" + "[" * 50_000 + "\n", (2, 5)),
        (line() + "\n{}\n7\n" + line(message="text") + "\n" + line(stage=9) + "\n", (2, 5)),
        (line(cell=-3, cells=10**30) + "\n", (0, 100_000)),
        (line(cell=9, cells=3) + "\n", (3, 3)),
        (line(cell=True, cells="5") + "\n", (0, 0)),
        ("x" * 5_000_000 + "\n" + line() + "\n", (2, 5)),
        ("x" * 5_000_000, None),
        ("\n" * 100_000, None),
    ],
    ids=range(10),
)
async def test_progress_is_read_from_the_end_and_checked(site, content, shown):
    run = site.run(status=RunStatus.RUNNING)
    (site.folder(run) / "progress.jsonl").write_text(content)
    progress = (await site.get(f"api/projects/heart/runs/{run}", "li-wei")).json["progress"]
    if shown is None:
        assert progress is None
    else:
        assert (progress["cell"], progress["cells"], progress["message"]) == (*shown, TITLE)
    assert (await site.get(f"projects/heart/runs/{run}", "li-wei")).status == 200


async def test_progress_through_a_link_is_not_shown(site):
    run = site.run(status=RunStatus.RUNNING)
    (site.data / "other.jsonl").write_text(line() + "\n")
    (site.folder(run) / "progress.jsonl").symlink_to(site.data / "other.jsonl")
    assert (await site.get(f"api/projects/heart/runs/{run}", "li-wei")).json["progress"] is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x00",
        b"a,b\n" + b"x" * 200_000 + b",1\n",
        b",".join(b"c" * 10 for _ in range(5000)) + b"\n" + b"1," * 5000 + b"\n",
        b"a,b\n" + b"1,2\n" * 5000,
        b'a,b\n"unclosed',
        b"a,b\n\xff\xfe,2\n1\n",
        b"a\n" * 2_000_000,
    ],
    ids=range(8),
)
async def test_hostile_tables(site, content):
    run = site.run(status=RunStatus.SUCCEEDED)
    leave(site.folder(run), ["tables/one.csv"], one=content)
    page = await site.get(f"projects/heart/runs/{run}", "li-wei")
    assert page.status == 200
    assert len(page.body) < 100_000
    assert page.text.count("<tr>") <= 201


async def test_a_failed_run_says_why(site):
    run = site.run(status=RunStatus.FAILED, error="cell 3 failed: <b>ValueError</b>")
    page = (await site.get(f"projects/heart/runs/{run}", "li-wei")).text
    assert "cell 3 failed: &lt;b&gt;ValueError" in page
    assert (
        (await site.get(f"api/projects/heart/runs/{run}", "li-wei")).json["error"].startswith("cell 3 failed")
    )
