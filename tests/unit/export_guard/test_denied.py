"""Every way that the guard closes, tried on a real desk over HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest
from desk_process import PREFIX, TOKEN

SECRET = "S3cret-0f-the-w0rkspace"
AUTHORIZED = {"Authorization": f"token {TOKEN}"}


@pytest.fixture(autouse=True)
def _files(desk):
    (desk.workspace / "secret.csv").write_text(f"name\n{SECRET}\n")
    (desk.workspace / "secret.bin").write_bytes(b"\xff\xfe" + SECRET.encode())
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    (desk.workspace / "secret.ipynb").write_text(json.dumps(notebook))


def refused(answer, reason: str) -> None:
    assert answer.status_code == 403
    assert answer.json()["reason"] == reason
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("GET", "files/secret.csv", "raw-file"),
        ("GET", "files/secret.csv?download=1", "raw-file"),
        ("GET", "view/secret.csv", "raw-file"),
        ("GET", "api/notebooks/secret.ipynb", "raw-file"),
        ("GET", "kernelspecs/python3/kernel.json", "raw-file"),
        ("GET", "nbconvert/html/secret.ipynb", "conversion"),
        ("GET", "nbconvert/html/secret.ipynb?download=true", "conversion"),
        ("POST", "nbconvert/script", "conversion"),
        ("GET", "api/nbconvert", "conversion"),
        ("GET", "api/contents/secret.csv?format=base64", "base64"),
        ("GET", "api/contents/secret.csv?type=file&format=BASE64", "base64"),
        ("GET", "api/contents/secret.csv?format=text&format=base64", "base64"),
        ("GET", "api/contents/secret.csv?format=%20base64", "base64"),
        ("GET", "api/contents/secret.csv?download", "download"),
        ("GET", "api/contents/secret.csv?DownLoad=0", "download"),
        ("GET", "lab/tree/secret.csv?download=1", "download"),
        ("GET", "static/favicon.ico?download=1", "download"),
        ("GET", "lab/api/licenses/?download=1", "download"),
        ("GET", "metrics", "operations"),
        ("GET", "api/spec.yaml", "operations"),
        ("POST", "api/shutdown", "operations"),
        ("POST", "api/events", "operations"),
        ("GET", "api/resolvePath?path=secret.csv", "unused"),
        ("GET", "lab/api/extensions", "extensions"),
        ("POST", "lab/api/plugins", "extensions"),
        ("GET", "lab/api/build", "extensions"),
        ("GET", "lab/api/news", "external"),
        ("PUT", "api/config/notebook", "method"),
        ("OPTIONS", "api/contents/secret.csv", "method"),
        ("HEAD2", "api/contents/secret.csv", "method"),
    ],
)
def test_closed_address(desk, method, path, reason):
    refused(desk.request(method, path), reason)


@pytest.mark.parametrize("path", ["terminals/1", "api/terminals", "terminals/websocket/1"])
def test_terminals_do_not_exist(desk, path):
    assert desk.request("GET", path).status_code == 404
    assert desk.request("POST", path).status_code == 404


def raw(desk, target: str, method: str = "GET", headers: dict[str, str] | None = None):
    """A request whose target goes over the wire as it is written."""
    connection = http.client.HTTPConnection(urlsplit(desk.url).netloc, timeout=20)
    connection.putrequest(method, target, skip_host=False, skip_accept_encoding=True)
    for name, value in (AUTHORIZED | (headers or {})).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize(
    "target",
    [
        PREFIX + "files/secret%2Ecsv",
        PREFIX + "%66iles/secret.csv",
        PREFIX + "FILES/secret.csv",
        PREFIX + "/files/secret.csv",
        PREFIX + "files//secret.csv",
        PREFIX + "lab/../files/secret.csv",
        PREFIX + "lab/%2e%2e/files/secret.csv",
        PREFIX + "static/../files/secret.csv",
        PREFIX + "static/..%2f..%2f..%2fworkspace/secret.csv",
        PREFIX + "static/lab/%2e%2e%2f%2e%2e%2fsecret.csv",
        PREFIX + "files/secret.csv;download",
        PREFIX + "files/secret.csv/",
        PREFIX + "api/contents/..%2fworkspace%2fsecret.csv",
        PREFIX + "api/contents/x/%2e%2e/secret.csv",
        PREFIX + "api/contents/secret.csv?format=%62ase64",
        PREFIX + "api/contents/secret.csv?%64ownload=1",
        "//user/lin/cohort/files/secret.csv",
        "http://127.0.0.1" + PREFIX + "files/secret.csv",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_spelling_of_an_address_reaches_a_file(desk, target, method):
    status, body = raw(desk, target, method)

    # Anything under /lab that is no page of its own is JupyterLab's page, which then says so.
    assert status in (302, 400, 403, 404) or b"jupyter-config-data" in body
    assert SECRET.encode() not in body


def test_ranges_and_renamed_methods_do_not_help(desk):
    assert raw(desk, PREFIX + "files/secret.csv", headers={"Range": "bytes=0-9"})[0] == 403
    renamed = {"X-HTTP-Method-Override": "PUT"}
    refused(desk.request("GET", "api/contents/secret.csv", headers=renamed), "method-override")


def test_a_file_that_is_not_text_is_not_given_as_base64(desk):
    encoded = base64.b64encode((desk.workspace / "secret.bin").read_bytes()).decode()[:24]
    for query in ("", "?type=file", "?content=1", "?type=file&format=text", "?type=unknown"):
        answer = desk.request("GET", "api/contents/secret.bin" + query)
        assert answer.status_code == 400
        assert encoded not in answer.text
        assert SECRET not in answer.text


LARGE = "a" * (1024 * 1024 + 1)
FILE = {"type": "file", "format": "text"}


@pytest.mark.parametrize(
    ("method", "body", "reason"),
    [
        ("PUT", {"type": "file", "format": "base64", "content": "AAAA"}, "base64"),
        ("PUT", FILE | {"content": "a", "chunk": 1}, "chunked"),
        ("PUT", FILE | {"content": "a", "chunk": -1}, "chunked"),
        ("PUT", FILE | {"content": LARGE}, "too-large"),
        ("PUT", {"type": "file", "content": "a"}, "upload"),
        ("PUT", FILE | {"content": "a", "writable": True}, "upload"),
        ("PUT", {"type": "notebook", "format": "json", "content": "raw"}, "body"),
        ("PUT", [1], "body"),
        ("POST", FILE | {"content": "a"}, "upload"),
        ("POST", {"type": "file", "format": "base64"}, "base64"),
        ("POST", {"copy_from": "../../etc/passwd"}, "path"),
        ("PATCH", {"path": "b.txt", "content": "a"}, "upload"),
        ("PATCH", {"path": "../b.txt"}, "path"),
        ("DELETE", {"path": "b.txt"}, "body"),
    ],
)
def test_contents_take_nothing_that_was_not_typed(desk, method, body, reason):
    refused(desk.request(method, "api/contents/brought.txt", json=body), reason)
    assert not (desk.workspace / "brought.txt").exists()


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 60_000, b"name=value"])
def test_a_body_that_is_not_an_object_is_refused(desk, body):
    refused(desk.request("PUT", "api/contents/brought.txt", data=body), "body")


def test_a_notebook_past_its_limit_is_refused_whether_or_not_its_length_is_announced(desk):
    body = json.dumps({"type": "notebook", "format": "json", "content": {"cells": "a" * (11 << 20)}}).encode()

    refused(desk.request("PUT", "api/contents/brought.ipynb", data=body), "too-large")
    refused(desk.request("PUT", "api/contents/brought.ipynb", data=iter([body])), "too-large")
    assert not (desk.workspace / "brought.ipynb").exists()


def upgrade(desk, path: str) -> int:
    """The status with which the desk answers a websocket upgrade."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"0" * 16).decode(),
    }
    return raw(desk, PREFIX + path, headers=headers)[0]


def test_websockets_are_decided_like_any_request(desk):
    assert upgrade(desk, "files/secret.csv") == 403
    assert upgrade(desk, "terminals/websocket/1") == 404
    assert upgrade(desk, "api/events/subscribe?download=1") == 403


def test_what_nobody_named_is_refused_even_when_added_later(rogue_desk):
    deadline = time.monotonic() + 10
    while rogue_desk.request("GET", "late").status_code == 404 and time.monotonic() < deadline:
        time.sleep(0.05)
    for path in ("leak", "late", "api/status"):
        refused(rogue_desk.request("GET", path), "unnamed")
        refused(rogue_desk.request("POST", path, data=b"x"), "unnamed")
    status, body = raw(rogue_desk, "/outside")
    assert (status, json.loads(body)["reason"]) == (403, "unnamed")
    routes = {
        (event["route"], event["reason"]) for event in rogue_desk.events() if event["event"] == "denied"
    }
    assert {("/leak", "unnamed"), ("/late", "unnamed"), ("^/outside", "unnamed")} <= routes


def test_a_refusal_is_one_event_without_path_query_or_content(desk):
    before = len(desk.events())

    desk.request(
        "PUT", "api/contents/Zhang-San.txt?why=Zhang-San", json=FILE | {"content": "Zhang-San", "chunk": 1}
    )

    (event,) = desk.events()[before:]
    assert event["user"] == "lin"
    assert event["project"] == "cohort"
    assert event["method"] == "PUT"
    assert event["reason"] == "chunked"
    assert event["route"].startswith("/api/contents")
    assert event["size"] > 50
    assert "Zhang" not in json.dumps(event)


def test_an_upload_broken_off_after_it_was_refused_is_recorded(desk):
    before = len(desk.events())
    address = urlsplit(desk.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        head = f"POST {PREFIX}files/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc"
        connection.sendall(head.encode())
    desk.request("GET", "api")  # the desk has seen the close by the time it answers

    (event,) = desk.events()[before:]
    assert (event["reason"], event["size"]) == ("raw-file", 5000)


def test_a_browser_gets_a_page_and_a_script_gets_json(desk):
    page = desk.request("GET", "files/secret.csv", headers={"Accept": "text/html,*/*;q=0.8"})
    script = desk.request("GET", "files/secret.csv", headers={"Accept": "*/*"})

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Ask for a release" in page.text
    assert script.json().keys() == {"message", "reason"}
