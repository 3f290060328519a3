from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.templates.publish import publish, withdraw
from templates_nb.digest import folder_digest

MANIFEST = """\
name: counting
version: "1.0.0"
title: {en: Counting, zh: 计数}
summary: {en: Counts, zh: 计数}
image: engine-stats
parameters:
  - {name: limit, type: integer, title: {en: Limit, zh: 上限}, help: {en: Limit, zh: 上限}}
outputs:
  - {path: count.csv, title: {en: Count, zh: 计数}, media_type: text/csv, disclosure: table}
stages:
  - {name: count, title: {en: Count, zh: 计数}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "counting"
    (made / "lib" / "__pycache__").mkdir(parents=True)
    (made / "lib" / "count.py").write_text("n = 1\n")
    (made / "lib" / "__pycache__" / "count.pyc").write_bytes(b"x")
    (made / "template.yaml").write_text(MANIFEST)
    cell = {
        "cell_type": "code",
        "metadata": {"tags": ["parameters", "stage:count"]},
        "source": "",
        "outputs": [],
    }
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (made / "notebook.ipynb").write_text(json.dumps(notebook))
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "templates"


def test_a_published_template_is_a_copy_that_nobody_can_write(
    folder: Path, root: Path, session: Session
) -> None:
    published = publish(folder, root, session)
    template = published.template
    assert published.new
    assert (template.name, template.version, template.folder) == ("counting", "1.0.0", "counting/1.0.0")
    copy = root / template.folder
    assert template.digest == folder_digest(copy) == folder_digest(folder)
    assert not list(copy.rglob("__pycache__"))
    modes = {path.stat().st_mode & 0o777 for path in (copy, *copy.rglob("*"))}
    assert modes == {0o440, 0o550}
    assert [path.name for path in copy.parent.iterdir()] == ["1.0.0"]


def test_publishing_again_changes_nothing(folder: Path, root: Path, session: Session) -> None:
    first = publish(folder, root, session)
    again = publish(folder, root, session)
    assert (again.new, again.template) == (False, first.template)


def test_a_version_with_another_content_is_refused(folder: Path, root: Path, session: Session) -> None:
    digest = publish(folder, root, session).template.digest
    (folder / "lib" / "count.py").write_text("n = 2\n")
    with pytest.raises(Refusal, match="Raise the version"):
        publish(folder, root, session)
    assert folder_digest(root / "counting" / "1.0.0") == digest
    (folder / "template.yaml").write_text(MANIFEST.replace("1.0.0", "1.0.1"))
    assert publish(folder, root, session).new


def test_a_copy_without_its_row_is_entered(folder: Path, root: Path, session: Session) -> None:
    # As after a crash between the copy and the commit.
    publish(folder, root, session)
    session.rollback()
    assert publish(folder, root, session).new
    session.rollback()
    (folder / "lib" / "count.py").write_text("n = 2\n")
    with pytest.raises(Refusal, match="another content"):
        publish(folder, root, session)


def test_a_withdrawn_version_stays_withdrawn(folder: Path, root: Path, session: Session) -> None:
    template = publish(folder, root, session).template
    assert withdraw(session, template)
    assert not withdraw(session, template)
    with pytest.raises(Refusal, match="withdrawn, for good"):
        publish(folder, root, session)


def test_what_is_no_template_leaves_nothing(folder: Path, root: Path, session: Session) -> None:
    (folder / "lib" / "link").symlink_to("/etc/passwd")
    with pytest.raises(Refusal, match="link"):
        publish(folder, root, session)
    (folder / "lib" / "link").unlink()
    (folder / "template.yaml").write_text("name: ../../escape\n")
    with pytest.raises(Refusal, match=r"template\.yaml"):
        publish(folder, root, session)
    assert not root.exists()
