from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.extracts.manifest import MANIFEST, ExtractDamaged, digest_of, verify
from provisioning.extracts.register import Registered, register

FILE = "bloods.parquet"


@pytest.fixture
def made(source) -> tuple[Path, Registered]:
    registered = register(source.folder, source.dictionary, source.policy, source.root)
    folder = source.root / registered.folder
    folder.chmod(0o750)
    return folder, registered


def flip_a_byte(folder: Path) -> None:
    path = folder / FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o640)
    path.write_bytes(content)


def truncate(folder: Path) -> None:
    (folder / FILE).chmod(0o640)
    os.truncate(folder / FILE, 10)


def replace_by_link(folder: Path) -> None:
    # To a file with the very same bytes: it is the link that is refused.
    target = folder.parent / "elsewhere.parquet"
    shutil.move(folder / FILE, target)
    (folder / FILE).symlink_to(target)


def replace_by_pipe(folder: Path) -> None:
    (folder / FILE).unlink()
    os.mkfifo(folder / FILE)


def add_link(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")


def add_linked_folder(folder: Path) -> None:
    (folder / "etc").symlink_to("/etc")


def add_in_a_subfolder(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "extra.txt").write_text("x")


def manifest_as_link(folder: Path) -> None:
    shutil.move(folder / MANIFEST, folder.parent / "manifest")
    (folder / MANIFEST).symlink_to(folder.parent / "manifest")


def manifest_as_pipe(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    os.mkfifo(folder / MANIFEST)


def change_manifest(folder: Path) -> None:
    path = folder / MANIFEST
    path.chmod(0o640)
    path.write_text(path.read_text().replace("a test", "a tost"))


def folder_as_link(folder: Path) -> None:
    folder.rename(folder.parent / "moved")
    folder.symlink_to("moved")


def test_an_untouched_extract_passes(made: tuple[Path, Registered]) -> None:
    folder, registered = made
    manifest = verify(folder, registered.manifest.digest)
    assert manifest == registered.manifest
    assert manifest.digest == digest_of((folder / MANIFEST).read_bytes())


@pytest.mark.parametrize(
    ("damage", "named", "said"),
    [
        (shutil.rmtree, "v1", "is missing"),
        (folder_as_link, "v1", "is missing"),
        (lambda folder: (folder / MANIFEST).unlink(), MANIFEST, "is missing"),
        (change_manifest, MANIFEST, "changed since"),
        (manifest_as_link, MANIFEST, "a link or a special file"),
        (manifest_as_pipe, MANIFEST, "a link or a special file"),
        (lambda folder: (folder / FILE).unlink(), FILE, "is missing"),
        (lambda folder: (folder / "extra.txt").write_text("x"), "extra.txt", "not part of the extract"),
        (add_in_a_subfolder, "below/extra.txt", "not part of the extract"),
        (flip_a_byte, FILE, "changed since"),
        (truncate, FILE, "changed since"),
        (replace_by_link, FILE, "a link or a special file"),
        (replace_by_pipe, FILE, "a link or a special file"),
        (add_link, "passwd", "a link or a special file"),
        (add_linked_folder, "etc", "a link or a special file"),
    ],
)
def test_each_kind_of_damage_is_named(
    made: tuple[Path, Registered], damage: Callable[[Path], None], named: str, said: str
) -> None:
    folder, registered = made
    damage(folder)
    with pytest.raises(ExtractDamaged) as caught:
        verify(folder, registered.manifest.digest)
    line = str(caught.value)
    assert f"{named} " in line
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"schema": "carrel.extract/2"}', b'{"schema": "carrel.extract/1"}', b"\xff"],
)
def test_what_is_no_manifest_is_refused_even_under_its_own_digest(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ExtractDamaged, match="is not a manifest"):
        verify(tmp_path, digest_of(content))


def test_the_docker_gate_can_import_it_with_the_standard_library_alone() -> None:
    root = Path(__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(root)!r}); "
         "import provisioning.extracts.manifest"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
