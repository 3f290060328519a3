"""The runner in a process of its own: a real run, a failing one, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from templates_nb.manifest import TemplateManifest
from templates_nb.runner.report import ReportError, check

Run = Callable[..., subprocess.CompletedProcess[str]]
RequestOf = Callable[..., dict[str, Any]]


def record(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return document


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "progress.jsonl").read_text(encoding="utf-8").splitlines()]


class Page(HTMLParser):
    """What a browser would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.language: str | None = None
        self.tags: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.language = dict(attrs).get("lang") or self.language
        self.addresses |= {(value or "")[:22] for name, value in attrs if name in ("src", "href")}


def test_whole_run_leaves_everything_it_promises(
    tmp_path: Path,
    run_template: Run,
    request_of: RequestOf,
    parameters: dict[str, Any],
    template: TemplateManifest,
) -> None:
    request = request_of(parameters | {"language": "zh"})
    done = run_template(request, tmp_path / "run")
    assert done.returncode == 0, done.stderr
    document = record(tmp_path / "run")
    assert document["status"] == "succeeded"
    assert {key: document[key] for key in request} == request
    assert document["packages"]["lifelines"]
    for output in document["outputs"]:
        contents = (tmp_path / "run" / output["path"]).read_bytes()
        assert hashlib.sha256(contents).hexdigest() == output["sha256"]
        assert len(contents) == output["bytes"]
    paths = {output["path"]: output for output in document["outputs"]}
    assert paths["tables/cox.csv"]["disclosure"] == "model"
    assert paths["figures/survival.svg"]["disclosure"] == "survival"
    left = {p.relative_to(tmp_path / "run").as_posix() for p in (tmp_path / "run").rglob("*") if p.is_file()}
    assert left - set(paths) == {"run.json", "progress.jsonl"}

    progress = lines(tmp_path / "run")
    stages = list(dict.fromkeys(line["stage"] for line in progress))
    assert stages == ["start", *(stage.name for stage in template.stages), "report", "finish"]
    assert progress[-1]["cell"] == progress[-1]["cells"] > 10

    text = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.language == "zh-CN"
    assert not page.tags & {"script", "link", "iframe"}
    assert page.addresses == {"data:image/png;base64,"}
    assert not re.search(r"@import|url\(", text)
    assert "import sys" not in text
    assert request["template"]["digest"] in text
    assert "队列生存分析" in text
    # Every figure is in the report, and no warning of a library.
    figures = [path for path in paths if path.endswith(".png")]
    assert text.count("<img") == len(figures)
    assert "Warning" not in text
    cox = pd.read_csv(tmp_path / "run/tables/cox.csv")
    assert set(cox["persons"]) == {2982}


def test_failing_run_says_which_cell_and_keeps_the_notebook(
    tmp_path: Path, run_template: Run, request_of: RequestOf, parameters: dict[str, Any]
) -> None:
    done = run_template(request_of(parameters | {"numeric_covariates": ["age", "rtime"]}), tmp_path / "run")
    assert done.returncode == 1
    document = record(tmp_path / "run")
    assert document["status"] == "failed"
    assert document["error"] == (
        "cell 3 failed: AnalysisError: rtime is the outcome and also a covariate or the group: keep one"
    )
    assert done.stderr.strip().splitlines()[-1] == document["error"]
    notebook = nbformat.read(tmp_path / "run/notebook.ipynb", as_version=4)
    outputs = [output.output_type for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs == ["error"]
    assert lines(tmp_path / "run")[-1]["stage"] == "failed"


def test_tampered_template_runs_no_cell(
    tmp_path: Path,
    run_template: Run,
    request_of: RequestOf,
    parameters: dict[str, Any],
    template: TemplateManifest,
) -> None:
    folder = tmp_path / "template"
    shutil.copytree(template.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    request = request_of(parameters)
    with (folder / "survival_cohort/cox.py").open("a") as module:
        module.write("\nprint('more')\n")
    done = run_template(request, tmp_path / "run", folder)
    assert done.returncode == 1
    assert "template survival-cohort 1.0.0 is not the published one" in record(tmp_path / "run")["error"]
    assert not (tmp_path / "run/notebook.ipynb").exists()


def test_changed_extract_and_bad_parameters_are_refused(
    tmp_path: Path, run_template: Run, request_of: RequestOf, parameters: dict[str, Any]
) -> None:
    request = request_of(parameters)
    request["extracts"][0]["digest"] = "sha256:" + "1" * 64
    assert run_template(request, tmp_path / "a").returncode == 1
    assert "extract rotterdam changed since it was registered" in record(tmp_path / "a")["error"]
    assert run_template(request_of(parameters | {"time_unit": "weeks"}), tmp_path / "b").returncode == 1
    assert "Unit of time: 'weeks' is not a choice" in record(tmp_path / "b")["error"]


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        ("not json", "is not JSON"),
        ("", "is empty"),
        ({"language": "fr"}, "language: is 'fr'; must be 'en' or 'zh'"),
        ({"template": {"name": "x"}}, "template.digest: must be a text"),
        ({"extracts": []}, "extracts: must be a list with at least one entry"),
        (
            {"extracts": [{"name": "../etc", "version": 1, "digest": "sha256:" + "0" * 64}]},
            "'../etc' is not an extract's name",
        ),
    ],
)
def test_malformed_request_is_one_line_and_leaves_nothing(
    tmp_path: Path,
    run_template: Run,
    request_of: RequestOf,
    parameters: dict[str, Any],
    spoil: str | dict[str, Any],
    line: str,
) -> None:
    request = spoil if isinstance(spoil, str) else request_of(parameters) | spoil
    done = run_template(request, tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.startswith("CARREL_RUN_REQUEST: ")
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list((tmp_path / "run").iterdir())


@pytest.mark.parametrize(
    "body",
    [
        "<script>1</script>",
        '<img src="https://example.org/x.png">',
        '<p onclick="x()">a</p>',
        '<a href="javascript:x()">a</a>',
        '<img src="data:image/svg+xml;base64,PHN2Zy8+">',
    ],
)
def test_report_refuses_active_and_outside_content(body: str) -> None:
    with pytest.raises(ReportError):
        check(body)
