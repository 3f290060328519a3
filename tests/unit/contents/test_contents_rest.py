"""The contents API as JupyterLab uses it, over HTTP."""

from __future__ import annotations

import http.client
import io
import os
from collections.abc import Iterator

import pytest
from contents_server import Server, start_server, stop_server
from contents_support import SECRET, fill_with_hostile_entries, notebook, notebook_model, text_model
from PIL import Image


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(tmp_path_factory.mktemp("server"))
    yield server
    stop_server(server)


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    yield running
    for entry in running.request("GET", "api/contents").json()["content"]:
        running.request("DELETE", f"api/contents/{entry['name']}")
    assert os.listdir(running.workspace) == []


def test_a_notebook_is_made_opened_saved_renamed_copied_checkpointed_restored_and_deleted(server):
    made = server.request("POST", "api/contents/", json={"type": "notebook"})
    assert (made.status_code, made.json()["path"]) == (201, "Untitled.ipynb")
    path = "api/contents/Untitled.ipynb"
    opened = server.request("GET", path + "?type=notebook&content=1&hash=1").json()
    assert opened["content"]["metadata"]["filtered"] is True
    # What JupyterLab does to save: look whether it changed, save, look again.
    assert server.request("GET", path + "?content=0&hash=1").json()["hash"] == opened["hash"]
    saved = server.request("PUT", path, json=notebook_model(notebook("'一'")))
    assert saved.status_code == 200
    after = server.request("GET", path + "?content=0&hash=1").json()
    assert after["last_modified"] == saved.json()["last_modified"]
    assert after["hash"] != opened["hash"]
    checkpoint = server.request("POST", path + "/checkpoints")
    assert checkpoint.status_code == 201
    server.request("PUT", path, json=notebook_model(notebook("'二'")))
    # The first save made one of its own.
    first, kept = server.request("GET", path + "/checkpoints").json()
    assert kept == checkpoint.json()
    assert server.request("POST", f"{path}/checkpoints/{kept['id']}").status_code == 204
    assert server.request("GET", path).json()["content"]["cells"][0]["source"] == "'一'"
    renamed = server.request("PATCH", path, json={"path": "中文 名.ipynb"})
    assert (renamed.status_code, renamed.json()["path"]) == (200, "中文 名.ipynb")
    assert server.request("GET", path).status_code == 404
    assert server.request("GET", "api/contents/中文 名.ipynb/checkpoints").json() == [first, kept]
    copied = server.request("POST", "api/contents/", json={"copy_from": "中文 名.ipynb"})
    assert (copied.status_code, copied.json()["path"]) == (201, "中文 名-Copy1.ipynb")
    assert server.request("DELETE", f"api/contents/中文 名.ipynb/checkpoints/{kept['id']}").status_code == 204
    for name in ("中文 名.ipynb", "中文 名-Copy1.ipynb"):
        assert server.request("DELETE", f"api/contents/{name}").status_code == 204
    assert server.request("POST", "api/contents/Untitled.ipynb/trust").status_code == 403


def test_texts_and_folders(server):
    folder = server.request("POST", "api/contents/", json={"type": "directory"}).json()
    path = f"api/contents/{folder['path']}"
    made = server.request("POST", path, json={"type": "file", "ext": ".md"}).json()
    assert made["path"] == "Untitled Folder/untitled.md"
    assert server.request("PUT", f"{path}/new.txt", json=text_model("甲\r\n")).status_code == 201
    assert server.request("PUT", f"{path}/new.txt", json=text_model("乙\r\n")).status_code == 200
    opened = server.request("GET", f"{path}/new.txt?type=file&format=text&content=1&hash=1").json()
    assert (opened["content"], opened["format"]) == ("乙\r\n", "text")
    listed = server.request("GET", path + "?content=1&hash=0").json()["content"]
    assert [entry["name"] for entry in listed] == ["new.txt", "untitled.md"]
    assert server.request("GET", path + "?content=0").json()["content"] is None
    conflict = server.request("PATCH", f"{path}/new.txt", json={"path": f"{folder['path']}/untitled.md"})
    assert (conflict.status_code, conflict.json()["reason"]) == (409, "exists")


def test_what_cannot_be_opened_is_listed_and_refused_with_a_line(server, tmp_path):
    reasons = fill_with_hostile_entries(server.workspace, tmp_path)
    listed = server.request("GET", "api/contents/?content=1").json()["content"]
    assert {entry["name"]: entry["unavailable"] for entry in listed} == reasons
    for name, reason in reasons.items():
        for query in ("", "?type=file&format=text", "?format=base64", "?content=0&hash=1"):
            answer = server.request("GET", f"api/contents/{name}{query}")
            assert (answer.status_code, answer.json()["reason"]) == (403, reason)
            assert name in answer.json()["message"]
            assert SECRET not in answer.text
            assert str(tmp_path) not in answer.text
        assert server.request("GET", f"api/contents/{name}?content=0").status_code == 200
        assert server.request("PUT", f"api/contents/{name}", json=text_model("x")).status_code == 403
        assert server.request("POST", "api/contents/", json={"copy_from": name}).status_code == 403
        assert server.request("POST", f"api/contents/{name}/checkpoints").status_code == 403
    assert (tmp_path / "secret.txt").read_text() == SECRET


@pytest.mark.parametrize(
    "path", ["../secret.txt", "%2e%2e/secret.txt", "a/..%2f..%2fsecret.txt", "%00", "a%0ab"]
)
def test_paths_that_step_out_are_refused(server, path):
    # requests would tidy the path up before it is sent.
    connection = http.client.HTTPConnection(server.url.split("/")[2], timeout=10)
    for method in ("GET", "DELETE"):
        connection.request(method, f"/api/contents/{path}", headers={"Authorization": "token the-only-token"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (400, 404)
    connection.close()


def test_nothing_comes_encoded_or_raw_even_without_the_guard_before_it(server):
    (server.workspace / "data.bin").write_bytes(b"\x00\x01secret")
    (server.workspace / "a.txt").write_text("secret")
    for path in (
        "api/contents/data.bin",
        "api/contents/data.bin?format=base64",
        "api/contents/a.txt?format=base64",
        "api/contents/a.txt?type=file&format=base64",
        "files/a.txt",
        "files/data.bin?download=1",
    ):
        answer = server.request("GET", path)
        assert answer.status_code in (400, 403), path
        assert b"secret" not in answer.content
        assert b"c2VjcmV0" not in answer.content
    upload = {"type": "file", "format": "base64", "content": "QUJD"}
    assert server.request("PUT", "api/contents/up.bin", json=upload).status_code == 403
    assert (
        server.request("PUT", "api/contents/up.bin", json=text_model("A") | {"chunk": 1}).status_code == 403
    )
    assert not (server.workspace / "up.bin").exists()


def test_an_image_has_a_preview_on_the_desk_s_own_pages_only(server):
    made = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(made, "PNG")
    (server.workspace / "图.png").write_bytes(made.getvalue() + b"secret")
    answer = server.request("GET", "carrel/api/preview", params={"path": "图.png"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.content)).size == (3, 2)
    assert b"secret" not in answer.content
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    for headers in (
        {"Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "cross-site"},
    ):
        refused = server.request("GET", "carrel/api/preview", params={"path": "图.png"}, headers=headers)
        assert (refused.status_code, refused.json()["reason"]) == (403, "preview-only")
    browser = {"Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "same-origin"}
    assert server.request("GET", "carrel/api/preview", params={"path": "图.png"}, headers=browser).ok
    assert server.request("GET", "carrel/api/preview").status_code == 400
    anonymous = {"Authorization": ""}
    refused = server.request("GET", "carrel/api/preview", params={"path": "图.png"}, headers=anonymous)
    assert refused.status_code == 403
    assert server.request("GET", "api/contents/图.png").json()["reason"] == "image"
    assert server.request("POST", "carrel/api/preview").status_code in (403, 405)
