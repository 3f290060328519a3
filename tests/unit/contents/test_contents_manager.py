"""What a person does with files: open, save, make, copy, rename, delete."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from datetime import UTC, datetime

import pytest
from contents_support import make_manager, notebook, notebook_model, text_model
from tornado.web import HTTPError
from traitlets import TraitError
from traitlets.config import Config

import locales
from export_guard.contents import descriptors
from export_guard.contents.manager import GuardedContentsManager
from export_guard.contents.problems import PROBLEMS, Refused, asked_language
from export_guard.contents.texts import MARK, NOTICE
from export_guard.reasons import REASONS


async def reason(awaitable) -> str:
    with pytest.raises(HTTPError) as caught:
        await awaitable
    return caught.value.reason


@pytest.mark.parametrize("content", ["", "plain\n", "中文🙂\n", "a\r\nb\r\n", "a\rb", "\ufeffbom", "\t \x0c"])
async def test_a_text_is_the_same_after_saving_and_opening(manager, workspace, content):
    saved = await manager.save(text_model(content), "note.txt")
    opened = await manager.get("note.txt", format="text")
    assert (opened["content"], opened["format"], opened["mimetype"]) == (content, "text", "text/plain")
    assert saved["content"] is None
    assert saved["last_modified"] == opened["last_modified"]
    assert (workspace / "note.txt").read_bytes() == content.encode()


async def test_half_a_surrogate_pair_does_not_keep_a_text_from_being_saved(manager):
    await manager.save(text_model("a\ud800b"), "note.txt")
    assert (await manager.get("note.txt"))["content"] == "a?b"


async def test_models_say_what_the_disk_says(manager, workspace):
    (workspace / "folder").mkdir()
    (workspace / "folder/table.csv").write_text("a,b\n1,2\n")
    os.utime(workspace / "folder/table.csv", (1, 1_700_000_000.25))
    model = await manager.get("/folder/table.csv/", content=False)
    assert (model["name"], model["path"], model["type"]) == ("table.csv", "folder/table.csv", "file")
    assert (model["size"], model["mimetype"], model["writable"]) == (8, "text/csv", True)
    assert model["last_modified"] == datetime.fromtimestamp(1_700_000_000.25, UTC)
    assert (model["content"], model["format"], model["hash"]) == (None, None, None)
    folder = await manager.get("folder")
    assert (folder["type"], folder["format"], folder["size"]) == ("directory", "json", None)
    assert [entry["path"] for entry in folder["content"]] == ["folder/table.csv"]
    root = await manager.get("")
    assert (root["name"], root["path"]) == ("", "")
    assert [entry["path"] for entry in root["content"]] == ["folder"]


async def test_a_name_that_looks_like_an_address_names_no_media_type(manager, workspace):
    (workspace / "data:text").mkdir()
    (workspace / "data:text/html,x").write_text("x")
    assert (await manager.get("data:text/html,x"))["mimetype"] == "text/plain"


async def test_a_conflict_shows_in_time_and_hash(manager, workspace):
    saved = await manager.save(text_model("one"), "note.txt")
    before = await manager.get("note.txt", content=False, require_hash=True)
    again = await manager.get("note.txt", content=True, require_hash=True)
    assert before["hash"] == again["hash"]
    assert before["last_modified"] == saved["last_modified"]
    await asyncio.sleep(0.02)
    (workspace / "note.txt").write_text("two")
    after = await manager.get("note.txt", content=False, require_hash=True)
    assert after["hash"] != before["hash"]
    assert after["last_modified"] > before["last_modified"]
    assert after["hash_algorithm"] == "sha256"


async def test_types_that_do_not_fit_are_refused(manager, workspace):
    (workspace / "folder").mkdir()
    (workspace / "a.txt").write_text("x")
    assert await reason(manager.get("a.txt", type="directory")) == "not-folder"
    assert await reason(manager.get("folder", type="file")) == "folder"
    assert await reason(manager.get("folder", type="notebook")) == "folder"
    assert await reason(manager.get("a.txt", type="notebook")) == "not-notebook"
    assert await reason(manager.get("a.txt/b.txt")) == "not-folder"
    assert await reason(manager.get("none.txt")) == "missing"


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image"),
        (b"\xff\xd8\xff\xe0....", "image"),
        (b"PK\x03\x04\x00", "binary"),
        (b"caf\xe9", "binary"),
        (b"a\x00b", "binary"),
    ],
)
async def test_what_is_not_text_is_not_shown_in_any_format(manager, workspace, data, wanted):
    (workspace / "data.bin").write_bytes(data)
    for form in (None, "text", "base64"):
        found = await reason(manager.get("data.bin", format=form))
        assert found == ("base64" if form == "base64" else wanted)


async def test_text_is_never_given_as_base64(manager, workspace):
    (workspace / "a.txt").write_text("text")
    assert await reason(manager.get("a.txt", format="base64")) == "base64"


async def test_a_long_text_is_shown_in_part_and_never_saved_over(tmp_path):
    manager = make_manager(tmp_path, text_shown_bytes=1000)
    file = tmp_path / "workspace/long.txt"
    original = "汉" * 1000
    file.write_text(original)
    opened = await manager.get("long.txt", require_hash=True)
    shown, _, rest = opened["content"].partition("\n\n" + MARK)
    assert shown == "汉" * 333  # 999 bytes: the character across the limit is left out
    assert "1000 B" in rest
    assert opened["writable"] is False
    assert await reason(manager.save(text_model("short"), "long.txt")) == "in-part"
    # Not even when the engine makes the file short in between, nor under another name.
    file.write_text("short")
    for path in ("long.txt", "other.txt"):
        assert await reason(manager.save(text_model(opened["content"]), path)) == "in-part"
    assert file.read_text() == "short"
    file.write_text(original[:-1] + "b")
    assert (await manager.get("long.txt", require_hash=True))["hash"] != opened["hash"]


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ({"type": "file", "format": "base64", "content": "QQ=="}, "base64"),
        ({"type": "notebook", "format": "base64", "content": "QQ=="}, "base64"),
        ({"type": "file", "format": "text", "content": "a", "chunk": 1}, "chunked"),
        ({"type": "file", "format": "text", "content": "a", "chunk": -1}, "chunked"),
        ({"type": "file", "format": "text", "content": ["a"]}, "content"),
        ({"type": "file", "format": "json", "content": "a"}, "content"),
        ({"type": "file", "format": "text"}, "content"),
        ({"type": "notebook", "format": "json", "content": "{}"}, "content"),
        ({"type": "notebook", "format": "json", "content": {}}, "content"),
        ({"type": "notebook", "format": "json", "content": {"nbformat": 3}}, "content"),
        ({"type": "symlink", "format": "text", "content": "a"}, "content"),
        ({"content": "a"}, "content"),
    ],
)
async def test_only_typed_text_and_notebooks_are_saved(manager, workspace, model, wanted):
    assert await reason(manager.save(model, "new.txt")) == wanted
    assert list(workspace.iterdir()) == []


async def test_sizes_of_what_is_typed_come_from_the_guard_s_configuration(tmp_path):
    manager = make_manager(tmp_path, config=Config({"ExportGuard": {"text_bytes": 10}}))
    await manager.save(text_model("a" * 10), "a.txt")
    assert await reason(manager.save(text_model("汉" * 4), "b.txt")) == "too-large-saved"


async def test_saving_keeps_mode_and_inode_s_neighbours(manager, workspace):
    (workspace / "a.txt").write_text("old")
    held = (workspace / "a.txt").open()
    await manager.save(text_model("new"), "a.txt")
    # A reader that had it open still reads the old whole.
    assert held.read() == "old"
    held.close()
    assert stat.S_IMODE((workspace / "a.txt").stat().st_mode) == 0o660
    assert os.listdir(workspace) == ["a.txt"]


async def test_a_full_disk_leaves_the_old_file_and_nothing_else(manager, workspace, monkeypatch):
    (workspace / "a.txt").write_text("old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(descriptors, "write_all", full)
    assert await reason(manager.save(text_model("new"), "a.txt")) == "full"
    assert await reason(manager.copy("a.txt")) == "full"
    assert {each.name: each.read_text() for each in workspace.iterdir()} == {"a.txt": "old"}


async def test_new_things_get_the_names_that_jupyter_gives(manager, workspace):
    made = [
        await manager.new_untitled("", type=kind, ext=ext)
        for kind, ext in (
            ("notebook", ""),
            ("notebook", ""),
            ("file", ".txt"),
            ("file", ""),
            ("directory", ""),
        )
        for _ in range(2)
    ]
    assert [model["name"] for model in made] == [
        *("Untitled.ipynb", "Untitled1.ipynb", "Untitled2.ipynb", "Untitled3.ipynb"),
        *("untitled.txt", "untitled1.txt", "untitled", "untitled1", "Untitled Folder", "Untitled Folder 1"),
    ]
    assert (await manager.get("Untitled.ipynb"))["content"]["cells"] == []
    assert stat.S_IMODE((workspace / "Untitled Folder").stat().st_mode) == 0o2770
    assert await reason(manager.new_untitled("", type="file", ext="/../../x")) == "name"
    assert await reason(manager.new_untitled("none", type="file")) == "missing"
    inside = await manager.new_untitled("Untitled Folder", ext=".ipynb")
    assert (inside["path"], inside["type"]) == ("Untitled Folder/Untitled.ipynb", "notebook")


async def test_copies_get_the_names_that_jupyter_gives(manager, workspace):
    (workspace / "t.tar.gz").write_bytes(b"\x00\x01")
    (workspace / "a.b.ipynb").write_text("{}")
    (workspace / "folder/inner").mkdir(parents=True)
    (workspace / "folder/inner/x.txt").write_text("x")
    assert (await manager.copy("t.tar.gz"))["path"] == "t-Copy1.tar.gz"
    assert (await manager.copy("t-Copy1.tar.gz", ""))["path"] == "t-Copy2.tar.gz"
    assert (await manager.copy("a.b.ipynb"))["path"] == "a.b-Copy1.ipynb"
    assert (await manager.copy("folder"))["path"] == "folder-Copy1"
    assert (await manager.copy("t.tar.gz", "folder"))["path"] == "folder/t.tar.gz"
    assert (workspace / "folder-Copy1/inner/x.txt").read_text() == "x"
    assert (workspace / "t-Copy2.tar.gz").read_bytes() == b"\x00\x01"
    assert (await manager.copy("t.tar.gz", "named.gz"))["path"] == "named.gz"
    assert await reason(manager.copy("t.tar.gz", "named.gz")) == "exists"
    assert await reason(manager.copy("folder", "folder/inner/again")) == "inside-itself"
    assert await reason(manager.copy("none")) == "missing"


async def test_a_copy_is_bounded_in_size_and_leaves_nothing_when_it_fails(tmp_path):
    manager = make_manager(tmp_path, copied_bytes=100)
    workspace = tmp_path / "workspace"
    (workspace / "folder").mkdir()
    for name in ("a", "b", "c"):
        (workspace / "folder" / name).write_bytes(b"x" * 40)
    assert await reason(manager.copy("folder")) == "too-large-copied"
    assert [each.name for each in workspace.iterdir()] == ["folder"]


async def test_renaming_replaces_nothing(manager, workspace):
    for name in ("a.txt", "b.txt"):
        (workspace / name).write_text(name)
    (workspace / "folder/inner").mkdir(parents=True)
    assert await reason(manager.rename("a.txt", "b.txt")) == "exists"
    assert await reason(manager.rename("a.txt", "none/a.txt")) == "missing"
    assert await reason(manager.rename("none", "c.txt")) == "missing"
    assert await reason(manager.rename("folder", "folder/inner/x")) == "inside-itself"
    assert await reason(manager.rename("a.txt", ".hidden")) == "hidden"
    updated = await manager.update({"path": "folder/中文.txt"}, "a.txt")
    assert (updated["path"], updated["content"]) == ("folder/中文.txt", None)
    assert (workspace / "folder/中文.txt").read_text() == "a.txt"
    assert (await manager.update({"path": "b.txt"}, "b.txt"))["path"] == "b.txt"


async def test_deleting(manager, workspace):
    (workspace / "folder/inner").mkdir(parents=True)
    (workspace / "folder/inner/.hidden").write_text("x")
    (workspace / "a.txt").write_text("x")
    await manager.delete("a.txt")
    await manager.delete("folder")
    assert list(workspace.iterdir()) == []
    assert await reason(manager.delete("a.txt")) == "missing"
    with pytest.raises(HTTPError):
        await manager.delete("/")


async def test_imports_is_read_only(manager, workspace):
    (workspace / "imports/sub").mkdir(parents=True)
    (workspace / "imports/sub/table.csv").write_text("a,b")
    (workspace / "mine.txt").write_text("x")
    opened = await manager.get("imports/sub/table.csv")
    assert (opened["content"], opened["writable"]) == ("a,b", False)
    assert not (await manager.get("imports"))["content"][0]["writable"]
    for attempt in (
        manager.save(text_model("x"), "imports/sub/table.csv"),
        manager.save(text_model("x"), "/imports/new.txt"),
        manager.save({"type": "directory"}, "imports/new"),
        manager.new_untitled("imports", type="file"),
        manager.new_untitled("imports/sub", type="directory"),
        manager.copy("mine.txt", "imports"),
        manager.copy("mine.txt", "imports/sub/mine.txt"),
        manager.rename("mine.txt", "imports/mine.txt"),
        manager.rename("imports/sub/table.csv", "table.csv"),
        manager.rename("imports", "exports"),
        manager.delete("imports/sub/table.csv"),
        manager.delete("imports"),
    ):
        assert await reason(attempt) == "read-only"
    kept = await manager.create_checkpoint("imports/sub/table.csv")
    assert await reason(manager.restore_checkpoint(kept["id"], "imports/sub/table.csv")) == "read-only"
    assert (await manager.copy("imports/sub/table.csv", ""))["path"] == "table.csv"
    assert (await manager.get("table.csv"))["writable"]
    (workspace / "other/imports").mkdir(parents=True)
    await manager.save(text_model("x"), "other/imports/a.txt")


async def test_hidden_files_are_there_for_nobody(manager, workspace):
    (workspace / ".git").mkdir()
    (workspace / ".git/config").write_text("x")
    manager.allow_hidden = True  # makes no difference
    assert await manager.is_hidden(".git")
    assert await manager.is_hidden("/a/.git/config")
    assert not await manager.is_hidden("")
    assert (await manager.get(""))["content"] == []
    for attempt in (
        manager.get(".git/config"),
        manager.save(text_model("x"), ".git/config"),
        manager.delete(".git"),
        manager.rename(".git/config", "config"),
        manager.copy(".git/config", "config"),
    ):
        assert await reason(attempt) == "hidden"


async def test_many_saves_at_once_leave_one_whole_file(manager, workspace):
    texts = [f"{number}" * 50_000 for number in range(10)]
    await asyncio.gather(*(manager.save(text_model(text), "a.txt") for text in texts for _ in range(3)))
    assert (workspace / "a.txt").read_text() in texts
    assert os.listdir(workspace) == ["a.txt"]


async def test_many_at_once_never_take_one_name_twice(manager, workspace):
    made = await asyncio.gather(
        *(manager.new_untitled("", type="file") for _ in range(3)), return_exceptions=True
    )
    paths = [model["path"] for model in made if isinstance(model, dict)]
    assert len(paths) == len(set(paths)) == len(os.listdir(workspace)) > 0


async def test_kernels_start_in_the_folder_of_their_notebook(manager, workspace, outside):
    (workspace / "folder").mkdir()
    (workspace / "link").symlink_to(outside)
    assert await manager.get_kernel_path("folder/a.ipynb") == "folder"
    assert await manager.get_kernel_path("folder") == "folder"
    assert await manager.get_kernel_path("a.ipynb") == ""
    assert await manager.get_kernel_path("link") == ""


async def test_nothing_serves_files_as_they_are(manager):
    rules = {rule[0]: rule[1:] for rule in manager.get_extra_handlers()}
    assert rules.keys() == {"/files/(.*)", "/carrel/api/preview"}
    assert rules["/files/(.*)"][0].__name__ == "DeniedHandler"


async def test_messages_are_in_the_language_of_the_request_where_it_is_known(tmp_path, monkeypatch):
    manager = make_manager(tmp_path, language="")
    monkeypatch.setattr(locales, "text", lambda language, message, **values: f"{language}:{values['name']}")

    async def message() -> str:
        with pytest.raises(HTTPError) as caught:
            await manager.get("none.txt")
        return caught.value.log_message

    assert await message() == "en:none.txt zh_CN:none.txt"
    manager.language = "zh_CN"
    assert await message() == "zh_CN:none.txt"
    token = asked_language.set("en")
    assert await message() == "en:none.txt"
    asked_language.reset(token)


def test_every_sentence_can_be_filled_in_and_is_one_line():
    for reason_id in PROBLEMS:
        refusal = Refused(reason_id, "x" * 300, limit=1 << 20)
        for language in ("en", "zh_CN", ""):
            sentence = refusal.sentence(language)
            assert "{" not in sentence
            assert "\n" not in sentence
            assert len(sentence) < 500
        assert 400 <= refusal.status <= 507
        assert reason_id.isascii()
    assert "{mark}" in NOTICE
    for shared in ("base64", "chunked", "upload"):
        assert PROBLEMS[shared][1] == REASONS[shared]


def test_a_desk_without_a_filter_does_not_start(tmp_path, monkeypatch):
    monkeypatch.setattr("export_guard.contents.seams.OUTPUTS", "export_guard.no_such_module")
    (tmp_path / "workspace").mkdir()
    with pytest.raises(ImportError):
        GuardedContentsManager(root_dir=str(tmp_path / "workspace"))
    with pytest.raises(TraitError):
        make_manager(tmp_path, filter_notebook=1)


async def test_the_filter_can_be_named(tmp_path):
    manager = make_manager(tmp_path, filter_notebook="contents_support.unfiltered")
    await manager.save(notebook_model(notebook("1")), "a.ipynb")
    assert (await manager.get("a.ipynb"))["content"]["cells"][0]["source"] == "1"
