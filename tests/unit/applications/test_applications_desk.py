"""The named applications on a real desk: who gets through, what is refused, recorded and counted."""

from __future__ import annotations

import pytest
import requests
from applications_engine import NAME, answer
from desk_process import PREFIX, TOKEN

PAGE = f"{NAME}/"


def test_a_page_comes_with_its_own_policy_and_none_of_the_engines_headers(served):
    desk, engine = served
    engine.parts = [
        answer("<p>hello</p>", "X-Evil: 1", "X-Guard-Policy: default-src *", "Access-Control-Allow-Origin: *")
    ]
    got = desk.request("GET", PAGE)
    assert got.status_code == 200
    assert "<p>hello</p>" in got.text
    assert "sandbox allow-same-origin; default-src 'none'" in got.headers["Content-Security-Policy"]
    assert "script-src" not in got.headers["Content-Security-Policy"]
    assert got.headers["Cache-Control"] == "no-store"
    assert got.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "X-Evil" not in got.headers
    assert "X-Guard-Policy" not in got.headers
    assert got.headers.get("Access-Control-Allow-Origin", "") == ""


def test_no_cookie_token_or_header_of_the_browser_reaches_the_engine(served):
    desk, engine = served
    secrets = {
        "Cookie": "jupyterhub-user-lin=cookie-secret; _xsrf=xsrf-secret",
        "X-XSRFToken": "xsrf-secret",
        "X-Forwarded-For": "10.0.0.1",
        "Referer": "https://hub/secret-referer",
        "Accept": "text/event-stream",
        "Accept-Language": "zh-CN,zh;q=0.9,smuggled-secret",
        "X-Smuggled": "a",
        "Connection": "X-Smuggled, keep-alive",
        "Range": "bytes=0-1",
    }
    assert desk.request("GET", PAGE + "?table=x", headers=secrets).status_code == 200
    request = engine.requests[-1]
    for secret in (
        TOKEN.encode(),
        b"secret",
        b"Cookie",
        b"Authorization",
        b"X-",
        b"Range",
        b"lin",
        b"event-stream",
    ):
        assert secret not in request, secret
    assert request.startswith(b"GET /?table=x HTTP/1.1\r\n")


def test_nobody_unknown_gets_in(served):
    desk, engine = served
    got = requests.get(
        desk.url + PAGE, headers={"Authorization": "token another"}, allow_redirects=False, timeout=20
    )
    assert got.status_code in (302, 403)
    assert engine.requests == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT"])
def test_other_methods_are_denied(served, method):
    desk, engine = served
    assert desk.request(method, PAGE).status_code in (400, 403)
    assert engine.requests == []


def test_a_websocket_is_refused(served):
    desk, engine = served
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "Sec-WebSocket-Version": "13",
    }
    assert desk.request("GET", PAGE, headers=upgrade).status_code == 400
    assert engine.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "proxy/8888/",
        "proxy/8888",
        "proxy/absolute/8888/x",
        "proxy/localhost:8888/",
        "proxy/169.254.169.254:80/latest",
    ]
    + ["proxy/absolute/hub:8081/hub/api", "proxy", "proxy/", "proxy/%2frun%2fcarrel%2flauncher.sock"],
)
def test_ports_and_addresses_are_denied_and_recorded(served, path):
    desk, engine = served
    got = desk.request("GET", path)
    assert got.status_code == 403
    assert got.json()["reason"] in ("application", "path")
    assert desk.events()[-1]["route"] == "/proxy(/.*)?"
    assert engine.requests == []


@pytest.mark.parametrize(
    "path", ["unknown-application/", "launcher/", "server-proxy/servers-info", "server-proxy/icon/x"]
)
def test_an_application_that_nobody_named_is_not_there(served, path):
    desk, engine = served
    assert desk.request("GET", path).status_code in (302, 403, 404)
    assert engine.requests == engine.asked == []


@pytest.mark.parametrize(
    "path",
    [
        "../launcher",
        "..%2f..%2fx",
        "%2e%2e/x",
        "a//b",
        "/etc/passwd",
        "a%00b",
        "a%0d%0aX-Header:1",
        "a%20HTTP/1.1",
    ]
    + ["http://evil/", "@evil", "a;b", "中"],
)
def test_path_tricks_do_not_reach_the_application(served, path):
    desk, engine = served
    session = requests.Session()
    asked = requests.Request("GET", desk.url + PAGE, headers={"Authorization": f"token {TOKEN}"}).prepare()
    asked.url = desk.url + PAGE + path
    assert session.send(asked, allow_redirects=False, timeout=20).status_code in (400, 403, 404)
    assert engine.requests == []


def test_an_encoded_line_end_stays_encoded(served):
    desk, engine = served
    assert desk.request("GET", PAGE + "?q=a%0d%0aX-Header:1").status_code == 200
    assert engine.requests[-1].lower().startswith(b"get /?q=a%0d%0ax-header:1 http/1.1\r\n")


def test_a_long_query_is_refused(served):
    desk, engine = served
    assert desk.request("GET", PAGE + "?a=" + "x" * 3000).status_code == 400
    assert desk.request("GET", PAGE + "?download=1").status_code == 403
    assert engine.requests == []


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": "empty"}, {"Sec-Fetch-Dest": "image"}]
    + [{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_a_browser_shows_it_on_the_desks_page_only(served, headers):
    desk, engine = served
    assert desk.request("GET", PAGE, headers=headers).status_code == 403
    assert engine.requests == []


def test_an_attachment_is_said_in_the_readers_language_and_recorded(served):
    desk, engine = served
    engine.parts = [answer("a,b", "Content-Disposition: attachment")]
    got = desk.request("GET", PAGE, headers={"Accept-Language": "zh-CN"})
    assert got.status_code == 502
    assert "a,b" not in got.text
    assert 'lang="zh-CN"' in got.text
    event = desk.events()[-1]
    assert (event["event"], event["what"], event["reason"]) == (
        "withheld",
        f"application/{NAME}",
        "attachment",
    )


def test_what_is_shown_is_counted(served):
    desk, engine = served
    engine.parts = [answer("<table>" + "<tr><td>1</td><td>2</td></tr>" * 50 + "</table>")]
    before = desk.request("GET", "carrel/api/budget").json()
    assert desk.request("GET", PAGE).status_code == 200
    after = desk.request("GET", "carrel/api/budget").json()
    assert after["cells"] - before["cells"] == 100
    assert after["bytes"] - before["bytes"] >= 1000


def test_the_desk_names_its_applications(served):
    desk, _ = served
    assert desk.request("GET", "carrel/api/applications").json() == {
        "applications": [{"name": NAME, "title": {"en": "Cohort explorer", "zh": "队列浏览"}}]
    }
    assert desk.request("GET", NAME).headers["Location"] == PREFIX + PAGE


def test_an_engine_that_is_gone_is_one_line(served):
    desk, engine = served
    engine.close()
    (engine.sockets / "launcher.sock").unlink()
    got = desk.request("GET", PAGE)
    assert got.status_code == 502
    assert "engine does not answer" in got.text
    assert "Traceback" not in got.text


def test_past_the_budget_nothing_is_asked(served):
    """Last in this file: the desk's budget stays spent."""
    desk, engine = served
    engine.parts = [
        answer("<p>" + "".join("<table><tr>" + "<td>1</td>" * 1000 + "</tr></table>" for _ in range(50)))
    ]
    for _ in range(10):
        got = desk.request("GET", PAGE)
        if got.status_code == 403:
            break
    asked = len(engine.requests)
    got = desk.request("GET", PAGE, headers={"Accept-Language": "zh"})
    assert got.status_code == 403
    assert "额度已用完" in got.text
    assert len(engine.requests) == asked
    assert desk.events()[-1]["reason"] == "budget"
