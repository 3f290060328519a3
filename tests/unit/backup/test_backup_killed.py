"""kill -9 before every step that changes a file system: the next run finishes or rolls back, never half.

A child runs the command and is killed at its n-th such call, for every n until it gets to its end.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backup_site import SECRET, empty_site, fill, snapshot

from provisioning.backup import create, keys, restore
from provisioning.refusal import Refusal

STEPS = ("rename", "unlink", "mkdir", "rmdir", "fsync", "fchmod", "sync", "open", "write")
MOST = 400


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch):
    monkeypatch.setattr(keys, "COST", 2**14)


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Whether ``work`` was killed at its ``step``-th change, in a child; False where it ended before."""
    child = os.fork()
    if child == 0:
        left = step

        def deadly(real):
            def call(*arguments, **options):
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **options)

            return call

        for name in STEPS:
            setattr(os, name, deadly(getattr(os, name)))
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def test_a_backup_killed_at_any_step_is_made_by_the_next_run(tmp_path: Path):
    site = empty_site(tmp_path / "site")
    fill(site)
    archives, sealed = tmp_path / "archives", tmp_path / "sealed"
    steps = 0
    for step in range(1, MOST):
        for folder in (archives, sealed):
            folder.mkdir(exist_ok=True)
            for old in folder.iterdir():
                old.unlink()

        def work():
            return create.backup(
                site,
                archives / "b.tar.gz",
                keys_to=sealed / "b.sealed",
                secret=SECRET,
                site="carrel",
                version="1",
            )

        if not killed_at(step, work):
            break
        steps += 1
        if (archives / "b.tar.gz").exists():
            # The archive has its name: then it is whole, and its keys are on the disk.
            assert restore.verify(archives / "b.tar.gz", None).files > 5
            assert (sealed / "b.sealed.partial").exists() or (sealed / "b.sealed").exists()
        if not (sealed / "b.sealed").exists():
            made = work()
            assert restore.verify(made.archive, keys.unseal(made.keys, SECRET)).files == made.count.files
        else:
            restore.verify(archives / "b.tar.gz", keys.unseal(sealed / "b.sealed", SECRET))
        assert [each.name for each in archives.iterdir()] == ["b.tar.gz"]
        assert [each.name for each in sealed.iterdir()] == ["b.sealed"]
    assert 15 < steps < MOST - 2


def test_what_a_killed_run_left_in_a_folder_goes_with_the_next_one(tmp_path: Path):
    site = empty_site(tmp_path / "site")
    fill(site)
    archives, sealed = tmp_path / "archives", tmp_path / "sealed"
    archives.mkdir()
    sealed.mkdir()
    for step in range(1, 60, 4):
        killed_at(
            step,
            lambda step=step: create.backup(
                site,
                archives,
                keys_to=sealed,
                secret=SECRET,
                site="carrel",
                version="1",
                now=datetime(2026, 1, 1, 0, 0, step, tzinfo=UTC),
            ),
        )
    (archives / "somebody-elses.tar.gz").write_text("stays")
    made = create.backup(
        site, archives / "last.tar.gz", keys_to=sealed / "last.keys", secret=SECRET, site="c", version="1"
    )
    assert made.archive.exists()
    assert not list(archives.glob("*partial*"))
    assert not list(sealed.glob("*partial*"))
    whole = {path.name.removesuffix(".tar.gz") for path in archives.iterdir()} - {"somebody-elses"}
    assert whole == {path.name.removesuffix(".keys") for path in sealed.iterdir()}


def test_a_restore_killed_at_any_step_is_done_by_the_next_run(tmp_path: Path):
    site = empty_site(tmp_path / "site")
    fill(site)
    (tmp_path / "sealed").mkdir()
    made = create.backup(
        site,
        tmp_path / "b.tar.gz",
        keys_to=tmp_path / "sealed/b.keys",
        secret=SECRET,
        site="carrel",
        version="1",
    )
    bundle = keys.unseal(made.keys, SECRET)
    whole = snapshot(site)
    ends = {"again": 0, "finished": 0, "was whole": 0}
    for step in range(1, MOST):
        other = empty_site(tmp_path / f"other-{step}")
        if not killed_at(step, lambda other=other: restore.restore(other, made.archive, bundle)):
            break
        try:
            done = restore.restore(other, made.archive, bundle)
            ends["finished" if done.finished else "again"] += 1
        except Refusal as refused:
            # Killed after the last file had its name: nothing is left to do.
            assert "not empty" in str(refused)  # noqa: PT017
            ends["was whole"] += 1
        assert snapshot(other) == whole
        assert (other.data.parent / "registry/registry.sqlite").exists()
        assert not restore.half_done(other.data)
        assert not list((other.data.parent / "registry").glob(".restoring*"))
    else:
        pytest.fail("it never came to its end")
    assert ends["again"] > 20
    assert ends["finished"] > 5
    assert ends["was whole"] <= 3


def test_a_half_done_restore_takes_no_other_backup(tmp_path: Path):
    site = empty_site(tmp_path / "site")
    fill(site)
    first = create.backup(site, tmp_path / "1.tar.gz", keys_to=None, secret=None, site="c", version="1")
    second = create.backup(site, tmp_path / "2.tar.gz", keys_to=None, secret=None, site="c", version="1")
    step = 1
    while True:
        other = empty_site(tmp_path / f"other-{step}")
        assert killed_at(step, lambda other=other: restore.restore(other, first.archive, None))
        if (other.data / ".restoring/journal.json").exists():
            break
        step += 1
    with pytest.raises(Refusal, match="another backup"):
        restore.restore(other, second.archive, None)
    assert restore.restore(other, first.archive, None).finished


def test_two_at_once_do_not_mix(tmp_path: Path):
    site = empty_site(tmp_path / "site")
    fill(site)
    target = tmp_path / "b.tar.gz"
    with create._partial(target), pytest.raises(Refusal, match="Another backup"):
        create.backup(site, target, keys_to=None, secret=None, site="c", version="1")
    made = create.backup(site, target, keys_to=None, secret=None, site="c", version="1")
    other = empty_site(tmp_path / "other")
    with restore._alone(other.data), pytest.raises(Refusal, match="Another restore"):
        restore.restore(other, made.archive, None)


def test_keys_of_a_backup_elsewhere_stay(tmp_path: Path):
    site = empty_site(tmp_path / "site")
    fill(site)
    (tmp_path / "sealed").mkdir()
    elsewhere = tmp_path / "sealed/carrel-1.keys.partial"
    elsewhere.write_text("whole, its archive in another folder")
    create.backup(
        site, tmp_path / "b.tar.gz", keys_to=tmp_path / "sealed", secret=SECRET, site="c", version="1"
    )
    assert elsewhere.exists()
