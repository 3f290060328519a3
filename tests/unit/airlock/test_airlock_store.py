"""The store: whole files under their own digests, or nothing."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from airlock_site import digest

from export_guard.airlock.store import HALF_FOR, Incoming, Store, StoreRefused

CONTENT = b"count\n12\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, largest_file=1000, kept_free=0)


def put(store: Store, content: bytes, named: str | None = None, size: int | None = None) -> None:
    incoming = store.incoming(named or digest(content), len(content) if size is None else size)
    for start in range(0, len(content), 4):
        incoming.write(content[start : start + 4])
    incoming.finish()


def everything(store: Store) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


def test_a_file_is_under_its_digest_and_nobody_may_write_it(store: Store) -> None:
    put(store, CONTENT)
    name = digest(CONTENT)
    path = store.root / "sha256" / name[:2] / name
    assert everything(store) == [path]
    assert path.stat().st_mode & 0o777 == 0o440
    assert path.stat().st_nlink == 1
    assert store.size(name) == len(CONTENT)
    with store.open(name) as file:
        assert file.read() == CONTENT


def test_the_same_file_again_is_the_same_file(store: Store) -> None:
    put(store, CONTENT)
    put(store, CONTENT)
    assert len(everything(store)) == 1
    put(store, b"")
    assert store.size(digest(b"")) == 0


@pytest.mark.parametrize(
    ("content", "named", "size"),
    [
        (CONTENT, digest(b"another"), None),
        (CONTENT, None, len(CONTENT) + 1),
        (CONTENT, None, len(CONTENT) - 1),
        (CONTENT[:-1], digest(CONTENT), len(CONTENT)),
    ],
)
def test_what_is_not_as_announced_leaves_nothing(store: Store, content: bytes, named, size) -> None:
    with pytest.raises(StoreRefused, match="changed while it was copied") as refused:
        put(store, content, named, size)
    assert refused.value.status == 422
    assert everything(store) == []


def test_too_large_and_a_full_disk_are_refused_before_a_byte(store: Store) -> None:
    with pytest.raises(StoreRefused) as refused:
        store.incoming(digest(CONTENT), 1001)
    assert refused.value.status == 413
    store.kept_free = 2**62
    with pytest.raises(StoreRefused) as refused:
        store.incoming(digest(CONTENT), 10)
    assert refused.value.status == 507
    assert everything(store) == []


@pytest.mark.parametrize(
    "name", ["", "a", "../../etc/passwd", "A" * 64, "g" * 64, digest(b"") + "\n", "." * 64]
)
def test_a_name_that_is_no_digest_reaches_no_file(store: Store, name: str) -> None:
    for asked in (store.size, store.open, lambda name: store.incoming(name, 1)):
        with pytest.raises(ValueError, match="not a digest"):
            asked(name)


def test_an_end_in_the_middle_leaves_nothing_and_a_descriptor_is_closed_once(store: Store) -> None:
    incoming = store.incoming(digest(CONTENT), len(CONTENT))
    incoming.write(CONTENT[:4])
    incoming.abort()
    incoming.abort()
    assert everything(store) == []
    with pytest.raises(StoreRefused):
        incoming.write(CONTENT[4:])
    with pytest.raises(StoreRefused):
        incoming.finish()


def test_abort_waits_for_a_write_that_is_at_work(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # Else the descriptor could be another file's when the write comes to it.
    incoming = store.incoming(digest(CONTENT), len(CONTENT))
    begun, go, order = threading.Event(), threading.Event(), []
    write = os.write

    def slow(descriptor: int, data: bytes) -> int:
        begun.set()
        go.wait(5)
        order.append("written")
        return write(descriptor, data)

    monkeypatch.setattr("export_guard.airlock.store.os.write", slow)
    writing = threading.Thread(target=incoming.write, args=(CONTENT[:4],))
    writing.start()
    begun.wait(5)
    aborting = threading.Thread(target=lambda: (incoming.abort(), order.append("aborted")))
    aborting.start()
    time.sleep(0.05)
    go.set()
    writing.join()
    aborting.join()
    assert order == ["written", "aborted"]
    assert everything(store) == []


def test_a_disk_that_fails_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    incoming = store.incoming(digest(CONTENT), len(CONTENT))
    incoming.write(CONTENT)

    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("export_guard.airlock.store.os.fsync", fails)
    with pytest.raises(StoreRefused) as refused:
        incoming.finish()
    assert refused.value.status == 507
    assert everything(store) == []


def test_what_a_killed_portal_left_half_is_swept_and_nothing_else(store: Store) -> None:
    incoming: Incoming = store.incoming(digest(CONTENT), len(CONTENT))
    old = store.root / "half" / "old"
    old.write_bytes(b"x")
    os.utime(old, (0, time.time() - HALF_FOR - 10))
    store.sweep_halves()
    incoming.write(CONTENT)
    incoming.finish()
    assert [path.name for path in everything(store)] == [digest(CONTENT)]


def test_content_that_came_again_is_not_removed(store: Store) -> None:
    put(store, CONTENT)
    before = time.time() + 10
    assert list(store.digests(before)) == [digest(CONTENT)]
    assert list(store.digests(before - 60)) == []
    assert not store.remove(digest(CONTENT), before - 60)
    assert store.remove(digest(CONTENT), before)
    assert not store.remove(digest(CONTENT), before)
