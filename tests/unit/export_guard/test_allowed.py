"""What a person does in JupyterLab passes the guard: open, edit, run, save, rename, delete."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import uuid

import pytest
from desk_process import TOKEN
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect


def notebook(source: str) -> dict:
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "a",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}


def test_a_notebook_is_made_saved_opened_renamed_copied_and_deleted(desk):
    made = desk.request("POST", "api/contents/", json={"type": "notebook"})
    assert made.status_code == 201
    path = f"api/contents/{made.json()['path']}"
    model = {"type": "notebook", "format": "json", "content": notebook("'中文'")}
    assert desk.request("PUT", path, json=model).status_code == 200
    assert (
        desk.request("GET", path + "?type=notebook&content=1").json()["content"]["cells"][0]["source"]
        == "'中文'"
    )
    checkpoint = desk.request("POST", path + "/checkpoints")
    assert checkpoint.status_code == 201
    assert desk.request("POST", f"{path}/checkpoints/{checkpoint.json()['id']}").status_code == 204
    assert desk.request("PATCH", path, json={"path": "renamed.ipynb"}).status_code == 200
    copy = desk.request("POST", "api/contents/", json={"copy_from": "renamed.ipynb"})
    assert copy.status_code == 201
    for name in ("renamed.ipynb", copy.json()["path"]):
        assert desk.request("DELETE", f"api/contents/{name}").status_code == 204


def test_folders_are_listed_and_text_is_opened_and_saved(desk):
    model = {"type": "file", "format": "text", "content": "# 说明\n" + "a" * 900_000}
    assert desk.request("PUT", "api/contents/note.md", json=model).status_code == 201
    for query in ("", "?type=file&format=text&content=1&hash=0"):
        assert desk.request("GET", "api/contents/note.md" + query).json()["content"] == model["content"]
    listing = desk.request("GET", "api/contents/?content=1&hash=0").json()
    assert "note.md" in [entry["name"] for entry in listing["content"]]
    (desk.workspace / "note.md").unlink()


@pytest.mark.parametrize(
    "path",
    [
        "lab",
        "lab/tree/note.md",
        "doc",
        "lab/workspaces/auto-A",
        "lab/api/settings",
        "lab/api/settings/@jupyterlab/apputils-extension:themes",
        "lab/api/translations",
        "lab/api/translations/zh_CN",
        "lab/api/workspaces",
        "api",
        "api/status",
        "api/me",
        "api/kernels",
        "api/kernelspecs",
        "api/sessions",
        "api/config/notebook",
        "kernelspecs/python3/logo-64x64.png",
        "static/favicon.ico",
    ],
)
def test_what_jupyterlab_asks_for_is_there(desk, path):
    assert desk.request("GET", path).status_code == 200


def test_chinese_language_pack_and_the_image_s_defaults_reach_the_page(desk):
    assert desk.request("GET", "lab/api/translations/zh_CN").json()["data"]
    page = desk.request("GET", "lab").text
    assert "@jupyterlab/filebrowser-extension:download" in page
    assert "cdnjs" not in page


def execute(code: str) -> str:
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "session": "s",
        "username": "",
        "version": "5.3",
        "date": "2026-01-01T00:00:00Z",
    }
    content = {
        "code": code,
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
    }
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    return json.dumps(message | {"buffers": []})


async def test_a_session_runs_code_over_its_websocket_without_waiting_for_acknowledgements(desk):
    wanted = {"path": "run.ipynb", "name": "", "type": "notebook", "kernel": {"name": "python3"}}
    session = desk.request("POST", "api/sessions", json=wanted)
    assert session.status_code == 201
    kernel = session.json()["kernel"]["id"]
    url = f"{desk.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?session_id=s"
    socket = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}))
    times = []
    for _ in range(6):
        started = time.perf_counter()
        asked = execute("20 + 22")
        await socket.write_message(asked)
        seen = []
        while "execute_reply" not in seen or "idle" not in seen:
            message = json.loads(await socket.read_message())
            # The server asks the kernel on its own when a socket opens; those answers arrive too.
            if message["parent_header"].get("msg_id") != json.loads(asked)["header"]["msg_id"]:
                continue
            seen.append(message["msg_type"])
            if message["msg_type"] == "execute_result":
                assert message["content"]["data"]["text/plain"] == "42"
            if message["msg_type"] == "status":
                seen.append(message["content"]["execution_state"])
        assert "execute_result" in seen
        times.append(time.perf_counter() - started)
    socket.close()
    assert desk.request("POST", f"api/kernels/{kernel}/interrupt").status_code == 204
    assert desk.request("DELETE", f"api/sessions/{session.json()['id']}").status_code == 204
    # With Nagle's algorithm on, each round trip waits at least one delayed acknowledgement (40 ms).
    assert min(times[1:]) < 0.035, times


def test_every_answer_has_the_security_headers_and_only_static_files_are_cached(desk):
    for path in ("lab", "api/contents/", "files/x", "nowhere", "static/favicon.ico"):
        answer = desk.request("GET", path)
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert (answer.headers["Cache-Control"] == "no-store") is (not path.startswith("static"))


def test_a_page_of_the_desk_runs_no_script_inside_it_but_jupyterlabs_own(desk):
    policy = dict(
        part.split(" ", 1)
        for part in desk.request("GET", "lab").headers["Content-Security-Policy"].split("; ")
    )
    sources = policy["script-src"].split()
    assert sources[0] == "'self'"
    assert "'unsafe-inline'" not in sources
    page = desk.request("GET", "lab").text
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in inline}
    assert hashes == set(sources) - {"'self'", "'unsafe-eval'"}
    # No host, no scheme that leads outside.
    everything = " ".join(policy.values())
    assert not re.search(r"https?:|\*|blob:|ws", everything)
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["base-uri"] == policy["object-src"] == "'none'"


def test_settings_and_workspaces_are_saved_within_their_size(desk):
    setting = "lab/api/settings/@jupyterlab/apputils-extension:themes"
    assert desk.request("PUT", setting, json={"raw": '{"theme": "JupyterLab Dark"}'}).status_code == 204
    too_large = desk.request("PUT", setting, json={"raw": "a" * 300_000})
    assert (too_large.status_code, too_large.json()["reason"]) == (403, "too-large")
    workspace = {"data": {}, "metadata": {"id": "default"}}
    assert desk.request("PUT", "lab/api/workspaces/default", json=workspace).status_code == 204
