"""``template.yaml``: the published one is whole; each mistake is one line naming file, field and fix."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from templates_nb import catalogue, manifest
from templates_nb.manifest import TemplateManifest


@pytest.fixture
def folder(tmp_path: Path, template: TemplateManifest) -> Path:
    """A copy of the published template that a test may spoil."""
    copy = tmp_path / template.name
    shutil.copytree(template.folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def rewrite(folder: Path, path: list[str | int], value: Any) -> None:
    document = yaml.safe_load((folder / manifest.FILE).read_text(encoding="utf-8"))
    place = document
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    (folder / manifest.FILE).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def test_published_template_is_whole(template: TemplateManifest) -> None:
    assert template.image == "engine-stats"
    assert template.parameter("time_column").accept == "numeric"
    texts = [template.title, template.summary]
    texts += [text for p in template.parameters for text in (p.title, p.help)]
    texts += [output.title for output in template.outputs] + [stage.title for stage in template.stages]
    assert all(set(text) == {"en", "zh"} for text in texts)


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (["version"], None, "version: is missing"),
        (["version"], "one", "version: is 'one'; give three numbers"),
        (["title"], {"en": "only"}, "title: must be a text in both languages"),
        (["parameters", 0, "type"], "file", "parameters[0].type: is 'file'; use one of extract"),
        (["parameters", 3, "accept"], "dates", "parameters[3].accept: is 'dates'"),
        (["parameters", 0, "colour"], "red", "parameters[0].colour: is not a field"),
        (["outputs", 0, "path"], "../escape", "outputs[0].path: is '../escape'"),
        (["outputs", 0, "disclosure"], "harmless", "outputs[0].disclosure: is 'harmless'"),
        (["parameters", 1, "name"], "extract", "parameters: names 'extract' twice"),
    ],
)
def test_mistake_is_one_line_with_file_and_field(
    folder: Path, path: list[str | int], value: Any, line: str
) -> None:
    rewrite(folder, path, value)
    with pytest.raises(manifest.ManifestError) as error:
        manifest.load(folder)
    assert str(error.value).startswith(f"{folder / manifest.FILE}: {line}")
    assert "\n" not in str(error.value)


def test_notebook_with_outputs_is_refused(folder: Path) -> None:
    path = folder / "notebook.ipynb"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "a row"}]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(manifest.ManifestError, match="cell 3: has outputs; clear all outputs"):
        manifest.load(folder)


def test_missing_and_broken_yaml(folder: Path) -> None:
    (folder / manifest.FILE).write_text("name: [", encoding="utf-8")
    with pytest.raises(manifest.ManifestError, match="not YAML"):
        manifest.load(folder)
    (folder / manifest.FILE).unlink()
    with pytest.raises(manifest.ManifestError, match="cannot be read"):
        manifest.load(folder)


def test_catalogue_finds_by_name_and_version_only(template: TemplateManifest) -> None:
    assert catalogue.find(template.name, template.version) == template
    with pytest.raises(catalogue.UnknownTemplateError, match=r"survival-cohort 9\.9\.9 is not published"):
        catalogue.find(template.name, "9.9.9")
    with pytest.raises(catalogue.UnknownTemplateError, match="no published template is named"):
        catalogue.find("../published/survival-cohort")
