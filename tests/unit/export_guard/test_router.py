"""The guard before a small application: what it does with handlers of every kind."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest, ResponseStartLine
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, stream_request_body

from export_guard.events import Emitter
from export_guard.limits import ExportGuard
from export_guard.router import Guard
from export_guard.verdicts import Decision, Policy, Route, Verdict


class Echo(RequestHandler):
    def post(self) -> None:
        self.finish(self.request.body)


@stream_request_body
class Streaming(RequestHandler):
    reached = False

    def prepare(self) -> None:
        Streaming.reached = True

    def data_received(self, chunk: bytes) -> None:
        Streaming.reached = True

    def post(self) -> None:
        self.finish("streamed")


def bare(request: HTTPServerRequest) -> None:
    """What tornado calls an old-style callable: it answers on the connection itself."""
    request.connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), {})
    request.connection.finish()


ALLOW = {"POST": Verdict(Decision.ALLOW)}
POLICY = Policy(
    [
        Route("/echo", f"{__name__}.Echo", ALLOW),
        Route("/stream", f"{__name__}.Streaming", ALLOW),
        Route("/bare", "builtins.function", ALLOW),
    ]
)


@pytest.fixture
def post():
    app = Application([("/echo", Echo), ("/stream", Streaming), ("/bare", bare)], base_url="/")
    Guard(app, POLICY, ExportGuard(message_bytes=100), Emitter({})).install()
    server = HTTPServer(app)
    (socket,) = bind_sockets(0, "127.0.0.1")

    async def send(path: str, body: bytes) -> HTTPResponse:
        if not server._sockets:
            server.add_socket(socket)
        url = f"http://127.0.0.1:{socket.getsockname()[1]}{path}"
        return await AsyncHTTPClient(force_instance=True).fetch(
            url, method="POST", body=body, raise_error=False
        )

    yield send
    server.stop()


async def test_an_allowed_handler_gets_the_whole_body(post):
    answer = await post("/echo", b"a" * 100)

    assert (answer.code, answer.body) == (200, b"a" * 100)


async def test_a_body_past_the_limit_never_reaches_its_handler(post):
    answer = await post("/echo", b"a" * 101)

    assert (answer.code, json.loads(answer.body)["reason"]) == (403, "too-large")


async def test_a_handler_that_takes_its_body_in_a_stream_is_refused_though_named(post):
    answer = await post("/stream", b"abc")

    assert (answer.code, Streaming.reached) == (403, False)


async def test_what_is_no_handler_class_is_refused_though_named(post):
    assert (await post("/bare", b"")).code == 403
    assert (await post("/nowhere", b"")).code == 403
