"""A folder's digest changes with what a run could see, with nothing else, and never follows links."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_nb.digest import DigestError, file_digest, folder_digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t/sub").mkdir(parents=True)
    (tmp_path / "t/a").write_text("1")
    (tmp_path / "t/sub/b").write_text("2")
    return tmp_path / "t"


def test_known_digest_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert (
        file_digest(tmp_path / "empty")
        == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_contents_names_and_places_count(folder: Path) -> None:
    before = folder_digest(folder)
    (folder / "a").write_text("2")
    assert folder_digest(folder) != before
    (folder / "a").write_text("1")
    assert folder_digest(folder) == before
    (folder / "sub/b").rename(folder / "b")
    assert folder_digest(folder) != before


def test_contents_cannot_move_across_a_file_boundary(tmp_path: Path) -> None:
    for name, first, second in (("x", "ab", "c"), ("y", "a", "bc")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1").write_text(first)
        (tmp_path / name / "2").write_text(second)
    assert folder_digest(tmp_path / "x") != folder_digest(tmp_path / "y")


def test_byte_code_does_not_count(folder: Path) -> None:
    before = folder_digest(folder)
    (folder / "sub/__pycache__").mkdir()
    (folder / "sub/__pycache__/b.cpython-311.pyc").write_text("x")
    assert folder_digest(folder) == before


def test_links_are_refused(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "a")
    with pytest.raises(DigestError, match="t/link: a link or special file"):
        folder_digest(folder)
