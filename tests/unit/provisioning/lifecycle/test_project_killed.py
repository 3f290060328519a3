"""kill -9 before every step that changes the disk or the registry: the next run finishes."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from deleted_project import check_deleted
from ended_project import Ended
from rfc8493 import payload
from sqlalchemy import Engine, event

from provisioning.lifecycle import bag
from provisioning.lifecycle.archive import archive
from provisioning.lifecycle.deletion import delete_project
from provisioning.registry import database
from provisioning.registry.models import ProjectStatus

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod"}
"""Audit events (PEP 578) that come before the system call."""


def killed_before(step: int, work: Callable[[Engine], object], url: str) -> bool:
    """Run ``work`` in a child that kills itself before its ``step``-th change; False where it ended first."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            seen = 0

            def change(*_: object) -> None:
                nonlocal seen
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

            def hook(name: str, arguments: tuple[object, ...]) -> None:
                if name in CHANGES or (name == "open" and int(arguments[2] or 0) & os.O_CREAT):  # type: ignore[call-overload]
                    change()

            engine = database.engine(url)
            event.listen(engine, "commit", change)
            sys.addaudithook(hook)
            work(engine)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


@pytest.fixture
def fresh(ended: Ended) -> Callable[[], None]:
    """Puts registry, data and keys back as they are now."""
    ended.engine.dispose()
    names = ("data", "keys", "registry.sqlite")
    kept = ended.root / "kept"
    kept.mkdir()

    def restore(source: Path, target: Path) -> None:
        for name in names:
            if (target / name).is_dir():
                shutil.rmtree(target / name)
            if (source / name).is_dir():
                os.system(f"cp -a '{source / name}' '{target / name}'")
            else:
                shutil.copyfile(source / name, target / name)

    def again() -> None:
        ended.engine.dispose()
        for path in ended.root.glob("registry.sqlite-*"):
            path.unlink()
        os.system(f"rm -rf '{ended.bags}'")
        ended.bags.mkdir()
        restore(kept, ended.root)
        # The other name of a hard link lies outside of what is copied.
        (ended.workspace / "hard").unlink()
        os.link(ended.root / "secret", ended.workspace / "hard")

    restore(ended.root, kept)
    return again


def test_archive(ended: Ended, fresh: Callable[[], None]) -> None:
    url = f"sqlite:///{ended.root}/registry.sqlite"
    step = 1
    while killed_before(step, lambda engine: archive(engine, "heart", ended.bags, "zhao-lei"), url):
        whole = (ended.bags / "heart").exists()
        if whole:
            bag.check(ended.bags / "heart")
        assert whole or ended.status() is ProjectStatus.CLOSED
        made = archive(ended.engine, "heart", ended.bags, "zhao-lei")
        payload(made.folder)
        assert os.listdir(ended.bags) == ["heart"]
        assert ended.status() is ProjectStatus.ARCHIVED
        fresh()
        step += 1
    assert step > 20


def test_delete(ended: Ended, fresh: Callable[[], None]) -> None:
    url = f"sqlite:///{ended.root}/registry.sqlite"
    work = {"actor": "zhao-lei", "without_archive": "a test", "extracts": True}
    step = 1
    while killed_before(step, lambda engine: delete_project(engine, "heart", **work), url):
        # Who finishes it says other things: what was begun counts.
        again = {**work} if not (ended.data / "certificates/heart.deleting").exists() else {"actor": "other"}
        said = delete_project(ended.engine, "heart", **again)
        assert said == check_deleted(ended, extracts=True)
        fresh()
        step += 1
    assert step > 20
