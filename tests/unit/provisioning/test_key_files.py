"""Key files: made once, whole, and their owner's alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioning.key_files import KeyUnavailable, read_or_make, write_new


def make() -> bytes:
    return b"k" * 32


def test_a_key_is_made_once_with_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    assert read_or_make(path, make) == make()
    assert read_or_make(path, lambda: b"another") == make()
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.key"]


def test_of_two_that_make_one_the_first_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.key"

    def slow() -> bytes:
        write_new(path, b"first", 0o600)
        return b"second"

    assert read_or_make(path, slow) == b"first"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_what_others_may_read_is_no_key(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.key"
    read_or_make(path, make)
    path.chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod go="):
        read_or_make(path, make)


def test_a_link_is_not_followed_and_a_pipe_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(make())
    (tmp_path / "elsewhere").chmod(0o600)
    (tmp_path / "link.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyUnavailable, match="cannot be read"):
        read_or_make(tmp_path / "link.key", make)
    os.mkfifo(tmp_path / "pipe.key", 0o600)
    assert read_or_make(tmp_path / "pipe.key", make) == b""


def test_a_folder_that_is_not_mounted_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="mount the keys folder"):
        read_or_make(tmp_path / "keys" / "a.key", make)
    assert os.listdir(tmp_path) == []
