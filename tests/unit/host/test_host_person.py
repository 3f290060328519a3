"""Going about the site as a browser does, for the demo's first analysis."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from images.console import Stop
from provisioning.host import demo
from provisioning.host.person import Person
from provisioning.host.settings import Site

PASSWORD = "li-weis-password"
RUN = {"id": "abc", "status": "queued"}


class Portal(BaseHTTPRequestHandler):
    """A hub's sign-in and a portal's API, each with its XSRF token."""

    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path, self.headers))
        if self.path == "/hub/login":
            self.send_response(200)
            self.send_header("Set-Cookie", "_xsrf=hub-token; Path=/hub/")
            self.end_headers()
        elif self.path == "/services/portal/":
            self.send_response(200)
            self.send_header("Set-Cookie", "_xsrf=portal-token; Path=/services/portal/")
            self.end_headers()
        elif self.path.startswith("/services/portal/api/"):
            self.answer(*self.server.answers[self.command, self.path.removeprefix("/services/portal/api/")])
        else:
            self.send_response(200)
            self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.bodies.append(body)
        if self.path.startswith("/hub/login"):
            good = f"password={PASSWORD}" in body and "_xsrf=hub-token" in body
            self.send_response(302 if good else 403)
            if good:
                self.send_header("Set-Cookie", "jupyterhub-hub-login=yes; Path=/hub/")
                self.send_header("Location", "/services/portal/")
            self.end_headers()
        else:
            self.do_GET()

    def answer(self, status: int, document: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(document.encode() if isinstance(document, str) else json.dumps(document).encode())

    def log_message(self, *_: object) -> None:
        pass


def serve(handler: type[BaseHTTPRequestHandler]):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.seen, server.bodies, server.answers = [], [], {}
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture
def portal():
    server = serve(Portal)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def li_wei(portal) -> Person:
    return Person(f"http://127.0.0.1:{portal.server_port}", language="zh-CN")


@pytest.fixture
def demo_site(portal, tmp_path) -> tuple[Site, dict]:
    made = {"users": {"clinician": {"name": "li-wei", "password": PASSWORD}}}
    return Site("carrel", portal.server_port, "127.0.0.1", tmp_path), made


def test_the_right_password_signs_in_and_a_wrong_one_does_not(li_wei, portal):
    assert not li_wei.sign_in("li-wei", "wrong")
    assert li_wei.sign_in("li-wei", PASSWORD)


def test_each_form_carries_the_token_of_its_own_part_of_the_site(li_wei, portal):
    li_wei.sign_in("li-wei", PASSWORD)
    portal.answers["POST", "projects/heart/runs"] = (201, RUN)
    assert li_wei.portal("projects/heart/runs", {"template": "means"}) == RUN
    _, _, headers = portal.seen[-1]
    assert headers["X-XSRFToken"] == "portal-token"
    assert headers["Accept-Language"] == "zh-CN"
    assert json.loads(portal.bodies[-1]) == {"template": "means"}


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ((403, {"message": "You are not a member."}), r"The portal answered 403: You are not a member\."),
        ((502, "<html>Bad gateway"), r"The portal answered 502: no JSON but 17 characters"),
    ],
)
def test_what_the_portal_refuses_is_one_line(li_wei, portal, answer, line):
    portal.answers["GET", "projects"] = answer
    with pytest.raises(Stop, match=line):
        li_wei.portal("projects")


def test_a_password_never_goes_to_the_proxy_that_the_host_has_set(portal, monkeypatch):
    proxy = serve(Portal)
    try:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
        Person(f"http://127.0.0.1:{portal.server_port}").sign_in("li-wei", PASSWORD)
        assert proxy.bodies == []
        assert portal.bodies
    finally:
        proxy.shutdown()
        proxy.server_close()


def test_a_site_that_does_not_answer_is_one_line(demo_site, portal):
    site, made = demo_site
    portal.shutdown()
    portal.server_close()
    with pytest.raises(Stop):
        demo.analyse(site, made)


def test_a_clinician_who_cannot_sign_in_stops_it_with_the_way_out(demo_site):
    site, made = demo_site
    made["users"]["clinician"]["password"] = "no longer this"
    with pytest.raises(
        Stop, match=r"li-wei can't sign in with the password in .*demo\.json; take that file away"
    ):
        demo.analyse(site, made)


def test_the_first_analysis_is_asked_for_once(demo_site, portal):
    site, made = demo_site
    runs = "projects/breast-survival/runs"
    portal.answers = {
        ("GET", runs): (200, {"runs": [{"id": "old", "status": "failed"}]}),
        ("POST", runs): (201, {"id": "abc", "status": "succeeded"}),
    }
    made["run"] = demo.analyse(site, made)
    assert made["run"]["id"] == "abc"
    assert made["run"]["report"] == str(site.data / "runs/breast-survival/abc/report.html")
    asked = json.loads(portal.bodies[-1])
    assert set(asked) == {"template", "extracts", "parameters", "language"}

    portal.answers["GET", runs] = (200, {"runs": [{"id": "abc", "status": "succeeded"}]})
    report = site.data / "runs/breast-survival/abc/report.html"
    report.parent.mkdir(parents=True)
    report.touch()
    portal.bodies.clear()
    assert demo.analyse(site, made)["id"] == "abc"
    assert len(portal.bodies) == 1, "only the sign-in: the finished run is found again"
    report.unlink()
    portal.bodies.clear()
    demo.analyse(site, made)
    assert len(portal.bodies) == 2, "a run whose report is gone is asked for anew"


def test_a_first_analysis_that_fails_is_one_line_with_its_reason(demo_site, portal):
    site, made = demo_site
    runs = "projects/breast-survival/runs"
    portal.answers = {
        ("GET", runs): (200, {"runs": []}),
        ("POST", runs): (201, {"id": "abc", "status": "failed", "error": "The runner ended with 137."}),
    }
    with pytest.raises(Stop, match=r"The first analysis failed: The runner ended with 137\."):
        demo.analyse(site, made)
