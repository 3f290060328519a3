"""**Ask for a release** from a workspace whose files are hostile, through the real portal."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from airlock_site import Portal, digest, token_of

from export_guard import release
from export_guard.contents.problems import PROBLEMS, Refused
from export_guard.contents.workspace import Workspace
from export_guard.portal_client import PortalAway, PortalClient, PortalRefused

CONTENT = b"group,n\nA,120\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "table.csv").write_bytes(CONTENT)
    (tmp_path / "secret").write_text("of another project")
    return folder


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return Workspace(root)


def request(*files: object, **changes: Any) -> release.Asked:
    return release.asked({"files": list(files), "purpose": "The paper", "recipient": "Li Wei", **changes})


@pytest.fixture
def client(portal: Portal) -> PortalClient:
    return PortalClient(token=token_of("li-wei", "heart"), url=portal.url)


async def ask(workspace: Workspace, client: PortalClient, *files: object) -> dict[str, Any]:
    return await release.ask(workspace, client, request(*files), "en")


async def test_files_are_copied_and_a_request_is_made(
    root: Path, workspace: Workspace, client: PortalClient, portal: Portal
) -> None:
    (root / "图").mkdir()
    (root / "图" / "not text.bin").write_bytes(b"\xff\xfe\x00" * 100_000)
    (root / "empty").write_bytes(b"")
    made = await ask(workspace, client, "table.csv", "/图/not text.bin", "empty")
    assert (made["number"], made["count"], made["size"]) == (1, 3, len(CONTENT) + 300_000)
    (kept,) = portal.requests()
    assert [(file.path, file.bytes) for file in kept.files] == [
        ("table.csv", len(CONTENT)),
        ("图/not text.bin", 300_000),
        ("empty", 0),
    ]
    with portal.store.open(digest(CONTENT)) as file:
        assert file.read() == CONTENT


async def test_what_is_no_plain_file_is_refused_and_nothing_leaves(
    root: Path, workspace: Workspace, client: PortalClient, portal: Portal
) -> None:
    (root / "link.csv").symlink_to("table.csv")
    (root / "out.csv").symlink_to(root.parent / "secret")
    (root / "elsewhere").symlink_to(root.parent)
    os.link(root.parent / "secret", root / "hard.csv")
    os.mkfifo(root / "pipe.csv")
    (root / "folder").mkdir()
    (root / "closed.csv").write_bytes(b"x")
    refused = {
        "link.csv": "link",
        "out.csv": "link",
        "elsewhere/secret": "link",
        "hard.csv": "hard-link",
        "pipe.csv": "special",
        "folder": "folder",
        "missing.csv": "missing",
        "table.csv/x": "not-folder",
    }
    for path, reason in refused.items():
        with pytest.raises(Refused) as found:
            await asyncio.wait_for(ask(workspace, client, path), 5)
        assert found.value.reason == reason, path
        assert str(root) not in found.value.sentence("en")
    assert portal.stored() == []
    assert portal.requests() == ()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "..",
        "../secret",
        "a/../../secret",
        ".hidden",
        "a//b",
        "a\\b",
        "a\x00",
        "\udcff\udcfe",
        "\u202ea",
    ],
)
def test_a_path_that_cannot_be_one_is_refused(path: str) -> None:
    with pytest.raises(Refused) as refused:
        request(path)
    assert 400 <= refused.value.status < 500
    assert refused.value.reason in PROBLEMS


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"files": []}, 400),
        ({"files": ["a"] * 101}, 400),
        ({"files": ["a", "/a/"]}, 400),
        ({"files": "a"}, 400),
        ({"files": [1]}, 400),
        ({"purpose": " "}, 400),
        ({"purpose": "x" * 2001}, 400),
        ({"purpose": None}, 400),
        ({"recipient": "x" * 201}, 400),
        ({"project": "lung"}, 400),
    ],
)
def test_what_is_no_request(changes: dict[str, Any], status: int) -> None:
    document = {"files": ["a"], "purpose": "p", "recipient": "r", **changes}
    with pytest.raises(release.Unasked) as unasked:
        release.asked(document)
    assert unasked.value.status == status
    for other in (None, [], "x", {"files": ["a"]}):
        with pytest.raises(release.Unasked):
            release.asked(other)


async def test_a_file_too_large_is_refused_before_it_is_read(
    root: Path, workspace: Workspace, client: PortalClient, portal: Portal
) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(release.LARGEST_FILE + 1)
    with pytest.raises(release.Unasked) as unasked:
        await ask(workspace, client, "large")
    assert (unasked.value.status, unasked.value.values["limit"]) == (413, "500 MiB")
    assert portal.stored() == []


async def test_a_file_that_grows_without_end_is_bounded(
    root: Path, workspace: Workspace, client: PortalClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "LARGEST_FILE", 3_000_000)
    read = os.pread

    def grow_and_read(descriptor: int, length: int, position: int) -> bytes:
        with (root / "table.csv").open("ab") as file:
            file.write(b"x" * length)
        return read(descriptor, length, position)

    monkeypatch.setattr(os, "pread", grow_and_read)
    with pytest.raises(release.Unasked) as unasked:
        await asyncio.wait_for(ask(workspace, client, "table.csv"), 20)
    assert unasked.value.status == 413


@pytest.mark.parametrize("change", ["other bytes", "shorter", "longer"])
async def test_a_file_that_changes_in_between_is_not_released(
    root: Path,
    workspace: Workspace,
    client: PortalClient,
    portal: Portal,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    path = root / "table.csv"
    path.write_bytes(b"a" * 1_000_000)
    bring = client.bring

    async def late(*arguments: Any) -> str:
        # After the digest was taken: what the reviewer would see must be what the digest says.
        with path.open("r+b") as file:
            if change == "other bytes":
                file.write(b"the secret")
            else:
                file.truncate(10 if change == "shorter" else 2_000_000)
        return await bring(*arguments)

    monkeypatch.setattr(client, "bring", late)
    if change == "longer":
        made = await ask(workspace, client, "table.csv")
        assert made["size"] == 1_000_000, "as it was when its digest was taken"
        assert portal.store.size(digest(b"a" * 1_000_000)) == 1_000_000
        return
    with pytest.raises((release.Unasked, PortalRefused)) as refused:
        await ask(workspace, client, "table.csv")
    assert refused.value.status in (409, 422)
    for _ in range(100):
        if portal.stored() == []:
            break
        await asyncio.sleep(0.02)
    assert portal.stored() == []
    assert portal.requests() == ()


async def test_a_name_that_is_swapped_for_a_link_changes_nothing(
    root: Path, workspace: Workspace, client: PortalClient, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring = client.bring

    async def late(*arguments: Any) -> str:
        (root / "table.csv").unlink()
        (root / "table.csv").symlink_to(root.parent / "secret")
        return await bring(*arguments)

    monkeypatch.setattr(client, "bring", late)
    await ask(workspace, client, "table.csv")
    assert [path.rpartition("/")[2] for path in portal.stored()] == [digest(CONTENT)]


async def test_the_portals_no_and_its_silence_are_told_apart(
    workspace: Workspace, client: PortalClient, portal: Portal
) -> None:
    portal.hub.models.clear()
    with pytest.raises(PortalRefused, match="Only a desk"):
        await ask(workspace, client, "table.csv")
    portal.hub.away = True
    with pytest.raises(PortalAway):
        await ask(workspace, client, "table.csv")
    away = PortalClient(token="t" * 32, url="http://127.0.0.1:9/", patience=1.0)
    with pytest.raises(PortalAway):
        await ask(workspace, away, "table.csv")


async def test_no_descriptor_stays_open(root: Path, workspace: Workspace, client: PortalClient) -> None:
    (root / "link.csv").symlink_to("table.csv")
    await ask(workspace, client, "table.csv")

    def held() -> list[str]:
        own = Path("/proc/self/fd")
        return [target for each in own.iterdir() if (target := _target(each)).startswith(str(root) + "/")]

    for path in ("table.csv", "link.csv", "missing"):
        with suppress(Refused):
            await ask(workspace, client, path)
    assert held() == []


def _target(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)
    except FileNotFoundError:
        return ""
