"""Checkpoints: made, listed, restored, deleted, renamed with their file, bounded, kept from the engine."""

from __future__ import annotations

import json
import os

import pytest
from contents_support import make_manager, notebook, notebook_model, text_model
from tornado.web import HTTPError
from traitlets.config import Config

from export_guard.contents.checkpoint_store import CheckpointStore


async def test_a_file_goes_back_to_its_checkpoint(manager, workspace):
    await manager.save(text_model("first\r\n"), "a.txt")
    made = await manager.create_checkpoint("a.txt")
    await manager.save(text_model("second"), "a.txt")
    assert await manager.list_checkpoints("/a.txt") == [made]
    await manager.restore_checkpoint(made["id"], "a.txt")
    assert (workspace / "a.txt").read_bytes() == b"first\r\n"
    await manager.delete_checkpoint(made["id"], "a.txt")
    assert await manager.list_checkpoints("a.txt") == []
    for attempt in (
        manager.restore_checkpoint(made["id"], "a.txt"),
        manager.delete_checkpoint(made["id"], "a.txt"),
        manager.restore_checkpoint("../../path", "a.txt"),
        manager.restore_checkpoint("path", "a.txt"),
    ):
        with pytest.raises(HTTPError) as caught:
            await attempt
        assert caught.value.status_code == 404


async def test_a_notebook_has_one_from_its_first_save(manager):
    await manager.save(notebook_model(notebook("first")), "a.ipynb")
    (made,) = await manager.list_checkpoints("a.ipynb")
    await manager.save(notebook_model(notebook("second")), "a.ipynb")
    assert await manager.list_checkpoints("a.ipynb") == [made]
    await manager.restore_checkpoint(made["id"], "a.ipynb")
    assert (await manager.get("a.ipynb"))["content"] == notebook("first")


async def test_what_is_restored_passes_the_filter_again(tmp_path):
    manager = make_manager(tmp_path, filter_notebook=lambda nb: nb | {"cells": []})
    workspace = tmp_path / "workspace"
    (workspace / "a.ipynb").write_text(json.dumps(notebook("hostile")))
    made = await manager.create_checkpoint("a.ipynb")
    (workspace / "a.ipynb").write_text("{}")
    await manager.restore_checkpoint(made["id"], "a.ipynb")
    assert (await manager.get("a.ipynb"))["content"]["cells"] == []
    assert "hostile" in (workspace / "a.ipynb").read_text()


async def test_they_follow_a_file_and_a_folder_to_a_new_name_and_go_with_it(manager, workspace):
    (workspace / "folder/inner").mkdir(parents=True)
    for path in ("folder/inner/a.txt", "folder/b.txt", "folder2.txt"):
        await manager.save(text_model(path), path)
        await manager.create_checkpoint(path)
    await manager.rename("folder", "moved")
    await manager.rename("folder2.txt", "c.txt")
    for path, content in (("moved/inner/a.txt", "folder/inner/a.txt"), ("c.txt", "folder2.txt")):
        (made,) = await manager.list_checkpoints(path)
        await manager.save(text_model("changed"), path)
        await manager.restore_checkpoint(made["id"], path)
        assert (workspace / path).read_text() == content
    assert await manager.list_checkpoints("folder/inner/a.txt") == []
    await manager.delete("moved")
    assert await manager.list_checkpoints("moved/inner/a.txt") == []
    assert await manager.list_checkpoints("moved/b.txt") == []
    assert len(await manager.list_checkpoints("c.txt")) == 1


async def test_a_file_takes_over_no_checkpoint_of_one_that_the_engine_deleted(manager, workspace):
    for name in ("a.txt", "b.txt"):
        await manager.save(text_model(name), name)
        await manager.create_checkpoint(name)
    (workspace / "b.txt").unlink()
    await manager.rename("a.txt", "b.txt")
    (made,) = await manager.list_checkpoints("b.txt")
    await manager.restore_checkpoint(made["id"], "b.txt")
    assert (workspace / "b.txt").read_text() == "a.txt"


async def test_they_are_not_in_the_workspace_and_only_the_desk_may_look(manager, workspace, tmp_path):
    await manager.save(text_model("x"), "a.txt")
    await manager.create_checkpoint("a.txt")
    assert os.listdir(workspace) == ["a.txt"]
    (place,) = (tmp_path / "checkpoints").iterdir()
    assert place.stat().st_mode & 0o077 == 0


async def test_a_huge_file_has_none(tmp_path):
    manager = make_manager(tmp_path, config=Config({"DeskCheckpoints": {"file_bytes": 10}}))
    (tmp_path / "workspace/a.txt").write_text("x" * 11)
    with pytest.raises(HTTPError) as caught:
        await manager.create_checkpoint("a.txt")
    assert caught.value.reason == "too-large-copied"


def test_only_the_newest_of_a_file_are_kept(tmp_path):
    store = CheckpointStore(tmp_path, per_file=3, files=10, total_bytes=1000)
    for number in range(6):
        store.add("a", f"{number}".encode())
    kept = [store.data("a", each.id) for each in store.kept("a")]
    assert kept == [b"3", b"4", b"5"]
    assert sorted(each.id for each in store.kept("a")) == [each.id for each in store.kept("a")]


def test_the_oldest_go_first_when_there_are_too_many_or_they_are_too_large(tmp_path):
    store = CheckpointStore(tmp_path, per_file=3, files=3, total_bytes=100)
    for name in "abcde":
        store.add(name, b"x" * 20)
    assert [name for name in "abcde" if store.kept(name)] == ["c", "d", "e"]
    store.add("f", b"x" * 70)
    assert [name for name in "abcdef" if store.kept(name)] == ["e", "f"]
    store.add("g", b"x" * 500)
    assert [name for name in "abcdefg" if store.kept(name)] == ["g"]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_store_that_was_cut_off_in_the_middle_goes_on(tmp_path):
    store = CheckpointStore(tmp_path, per_file=3, files=3, total_bytes=100)
    store.add("a", b"x")
    (place,) = tmp_path.iterdir()
    (place / "unfinished").write_bytes(b"half")
    (tmp_path / ("0" * 64)).mkdir()
    store.add("a", b"y")
    store.rename("a", "b")
    assert [store.data("b", each.id) for each in store.kept("b")] == [b"x", b"y"]
    store.forget("b")
    assert store.kept("b") == []
