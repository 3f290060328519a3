"""Carrel's own code in an image: what is run, and metadata that does not change with the README."""

from __future__ import annotations

from importlib.metadata import PathDistribution

import pytest

from images import code
from images.console import Stop


def test_the_code_is_what_the_wheel_of_now_holds(repository):
    folder = code.unpacked(repository.var)
    repository.write("kernels/main.py", "changed")
    (repository.root / "locales/main.py").unlink()
    assert code.unpacked(repository.var) == folder
    assert (folder / "kernels/main.py").read_text() == "changed"
    assert not (folder / "locales/main.py").exists(), "nothing of the last time stays"


def test_the_metadata_keeps_name_version_and_entry_points_and_nothing_else(repository):
    info = code.unpacked(repository.var) / "carrel-0.1.0.dist-info"
    assert sorted(file.name for file in info.iterdir()) == ["METADATA", "entry_points.txt"]
    assert (info / "METADATA").read_text() == "Metadata-Version: 2.4\nName: carrel\nVersion: 0.1.0\n"
    found = PathDistribution(info)
    assert (found.name, found.version) == ("carrel", "0.1.0")
    assert [point.name for point in found.entry_points] == ["carrel"]


def test_files_in_folders_of_the_metadata_go_as_well(tmp_path):
    info = tmp_path / "carrel-0.1.0.dist-info"
    (info / "licenses").mkdir(parents=True)
    (info / "licenses/LICENSE").write_text("BSD")
    (info / "METADATA").write_text("Name: carrel\n")
    code._trim_metadata(info)
    assert [file for file in info.rglob("*") if file.is_file()] == [info / "METADATA"]


def test_a_readme_with_a_field_at_the_beginning_of_a_line_changes_nothing(repository):
    metadata = (repository.root / "METADATA").read_text()
    repository.write("METADATA", metadata + "\nVersion: see the changelog\n")
    info = code.unpacked(repository.var) / "carrel-0.1.0.dist-info"
    assert (info / "METADATA").read_text() == "Metadata-Version: 2.4\nName: carrel\nVersion: 0.1.0\n"


def test_a_wheel_that_cannot_be_built_is_one_line_with_its_end(repository):
    repository.programs.answer("python -m pip wheel", err="error: no build backend\n", code=1)
    with pytest.raises(Stop, match=r"Carrel's own wheel could not be built: (.|\n)*error: no build backend$"):
        code.unpacked(repository.var)


def test_an_image_gets_its_packages_and_the_metadata_and_one_without_code_gets_neither(repository):
    folder = code.unpacked(repository.var)
    given = [part.name for part in code.parts(folder, ("kernels", "locales"))]
    assert given == ["kernels", "locales", "carrel-0.1.0.dist-info"]
    assert code.parts(folder, ()) == []
