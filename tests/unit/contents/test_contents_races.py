"""Another process swaps names for links and pipes as fast as it can: nothing outside is read or changed."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from contents_support import SECRET, make_manager, state_of, swapping, text_model, until
from tornado.web import HTTPError

from export_guard.contents.problems import Refused

SECONDS = 2.0


@pytest.fixture
def guarded(outside: Path) -> Iterator[Path]:
    """The folder outside, which holds secrets under every name that is asked for below."""
    for name in ("secret.txt", "victim.txt", "target.txt"):
        (outside / name).write_text(SECRET)
    before, names = state_of(outside), sorted(os.listdir(outside))
    yield outside
    assert state_of(outside) == before
    assert sorted(os.listdir(outside)) == names


@contextmanager
def swapped_folder(workspace: Path, outside: Path) -> Iterator[None]:
    """``a`` is a folder of the workspace and, as often, a link to the folder outside."""
    (workspace / "a").mkdir()
    (workspace / "a/secret.txt").write_text("harmless")
    (workspace / "b").symlink_to(outside)
    with swapping(workspace / "a", workspace / "b", outside, "folder"):
        yield


@contextmanager
def swapped_file(workspace: Path, target: Path) -> Iterator[None]:
    """``f.txt`` is a file of the workspace and, as often, a link to the secret."""
    (workspace / "f.txt").write_text("harmless")
    (workspace / "g.txt").symlink_to(target)
    with swapping(workspace / "f.txt", workspace / "g.txt", target, "file"):
        yield


async def outcome(awaitable) -> str:
    answer: object = None
    try:
        answer = await awaitable
    except HTTPError as error:
        answer = error
    assert SECRET not in str(answer)
    if isinstance(answer, HTTPError):
        assert answer.status_code in (400, 403, 404, 409, 413), answer
        return answer.reason or ""
    return "done"


def raced(outcomes: Counter[str]) -> bool:
    """Both sides of the swap were met, or the race was none."""
    return outcomes["done"] > 0 and sum(outcomes.values()) > outcomes["done"]


def test_the_swapper_beats_a_check_before_use(workspace, guarded):
    """The attack works: against code that looks first and then opens by name it gets the secret."""
    with swapped_folder(workspace, guarded):
        for _ in until(30):
            try:
                if not (workspace / "a").is_symlink() and (workspace / "a/secret.txt").read_text() == SECRET:
                    return
            except OSError:
                pass
    pytest.fail("the swapper is too slow to prove anything")


@pytest.mark.parametrize("swapped", ["folder", "file"])
async def test_reading(manager, workspace, guarded, swapped):
    outcomes: Counter[str] = Counter()
    swap = (
        swapped_folder(workspace, guarded)
        if swapped == "folder"
        else swapped_file(workspace, guarded / "secret.txt")
    )
    path = "a/secret.txt" if swapped == "folder" else "f.txt"
    with swap:
        for _ in until(SECONDS):
            outcomes[await outcome(manager.get(path))] += 1
            outcomes[await outcome(manager.get(path, content=False, require_hash=True))] += 1
            await outcome(manager.get("a" if swapped == "folder" else ""))
    assert raced(outcomes), outcomes


async def test_listing_never_shows_what_is_behind_a_link(manager, workspace, guarded):
    seen: Counter[str] = Counter()
    with swapped_folder(workspace, guarded):
        for _ in until(SECONDS):
            try:
                model = await manager.get("a")
            except HTTPError as error:
                seen[error.reason or ""] += 1
                continue
            if model["type"] == "directory":
                seen["folder"] += 1
                assert [entry["name"] for entry in model["content"]] == ["secret.txt"]
    assert len(seen) > 1, seen


@pytest.mark.parametrize("swapped", ["folder", "file"])
async def test_writing(manager, workspace, guarded, swapped):
    outcomes: Counter[str] = Counter()
    swap = (
        swapped_folder(workspace, guarded)
        if swapped == "folder"
        else swapped_file(workspace, guarded / "target.txt")
    )
    path = "a/target.txt" if swapped == "folder" else "f.txt"
    with swap:
        for number in until(SECONDS):
            outcomes[await outcome(manager.save(text_model(f"{number}"), path))] += 1
            if swapped == "folder":
                await outcome(manager.save({"type": "directory"}, f"a/made{number % 5}"))
                await outcome(manager.new_untitled("a", type="file"))
    assert raced(outcomes), outcomes


async def test_deleting(manager, workspace, guarded):
    outcomes: Counter[str] = Counter()
    with swapped_folder(workspace, guarded):
        for _ in until(SECONDS):
            await outcome(manager.save(text_model("x"), "a/victim.txt"))
            outcomes[await outcome(manager.delete("a/victim.txt"))] += 1
    assert raced(outcomes), outcomes


async def test_deleting_a_tree_in_which_a_folder_becomes_a_link(manager, workspace, guarded):
    outcomes: Counter[str] = Counter()
    (workspace / "t").mkdir()
    with swapped_folder(workspace / "t", guarded):
        for _ in until(SECONDS):
            (workspace / "t").mkdir(exist_ok=True)
            try:
                manager.workspace.delete("t")
                outcomes["done"] += 1
            except Refused as refused:
                outcomes[refused.reason] += 1
    assert outcomes["done"] > 0, outcomes


async def test_renaming(manager, workspace, guarded):
    outcomes: Counter[str] = Counter()
    with swapped_folder(workspace, guarded):
        for number in until(SECONDS):
            await outcome(manager.save(text_model("x"), "a/victim.txt"))
            outcomes[await outcome(manager.rename("a/victim.txt", f"taken{number}.txt"))] += 1
            outcomes[await outcome(manager.rename(f"taken{number}.txt", f"a/put{number}.txt"))] += 1
            if number % 50 == 0:
                assert all(SECRET not in each.read_text() for each in workspace.glob("taken*.txt"))
    assert raced(outcomes), outcomes


@pytest.mark.parametrize("source", ["a", "a/secret.txt", "f.txt", "."])
async def test_copying(manager, workspace, guarded, source, tmp_path):
    outcomes: Counter[str] = Counter()
    (workspace / "tree").mkdir()
    (workspace / "copies").mkdir()
    top = workspace / "tree"
    swap = swapped_file(top, guarded / "secret.txt") if source == "f.txt" else swapped_folder(top, guarded)
    path = "tree" if source == "." else f"tree/{source}"
    with swap:
        for number in until(SECONDS):
            outcomes[await outcome(manager.copy(path, f"copies/{number}"))] += 1
    for file in (workspace / "copies").rglob("*"):
        assert not file.is_symlink()
        assert file.is_dir() or file.read_text() == "harmless"
    assert outcomes["done"] > 0, outcomes
    assert source == "." or raced(outcomes), outcomes
    assert not [each for each in os.listdir(workspace / "copies") if each.startswith(".")]


async def test_checkpoints(manager, workspace, guarded):
    outcomes: Counter[str] = Counter()
    with swapped_file(workspace, guarded / "secret.txt"):
        for _ in until(SECONDS):
            outcomes[await outcome(manager.create_checkpoint("f.txt"))] += 1
            kept = await manager.list_checkpoints("f.txt")
            if kept:
                await outcome(manager.restore_checkpoint(kept[-1]["id"], "f.txt"))
    assert raced(outcomes), outcomes
    for kept in await manager.list_checkpoints("f.txt"):
        assert manager.checkpoints.store.data("f.txt", kept["id"]) == b"harmless"


async def test_a_file_that_becomes_a_pipe_never_holds_the_desk(manager, workspace, guarded):
    outcomes: Counter[str] = Counter()
    longest = 0.0
    (workspace / "f.txt").write_text("harmless")
    os.mkfifo(workspace / "g.txt")
    with swapping(workspace / "f.txt", workspace / "g.txt", guarded, "pipe"):
        for _ in until(SECONDS):
            started = time.perf_counter()
            outcomes[await outcome(manager.get("f.txt"))] += 1
            await outcome(manager.copy("f.txt", "copied.txt"))
            await outcome(manager.delete("copied.txt"))
            longest = max(longest, time.perf_counter() - started)
    assert raced(outcomes), outcomes
    assert longest < 5


async def test_the_folder_of_the_workspace_itself_may_be_renamed_meanwhile(tmp_path, guarded):
    """Only an operator could; the descriptor of the root still means the same folder."""
    manager = make_manager(tmp_path)
    (tmp_path / "workspace/secret.txt").write_text("harmless")
    (tmp_path / "workspace").rename(tmp_path / "elsewhere")
    (tmp_path / "workspace").symlink_to(guarded)
    assert (await manager.get("secret.txt"))["content"] == "harmless"
