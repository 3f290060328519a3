"""What an application answers, as hostile as an engine can make it."""

from __future__ import annotations

import itertools
import os
import socket
import struct
import time
import zlib

import pytest
from applications_engine import NAME, answer

from export_guard.applications import ApplicationSettings, Asking, Withheld, own_link, own_socket
from export_guard.outputs import OutputLimits
from kernels.applications.manifest import APPLICATIONS
from kernels.desk.launcher_client import EngineRefused, EngineUnreachable


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + _chunk(b"tEXt", b"Comment\0secret rows")
    + _chunk(b"IDAT", zlib.compress(b"\0abc"))
    + _chunk(b"IEND", b"")
)


@pytest.fixture
def ask(engine):
    settings = ApplicationSettings(sockets=str(engine.sockets), seconds=1.0, starting=0.3)
    asking = Asking(settings, OutputLimits(html_bytes=100_000, image_bytes=100_000))

    async def ask(path: str = "", query: str = "", language: str = "en"):
        return await asking.ask(APPLICATIONS[NAME], path, query, language)

    return ask


async def withheld(ask) -> str:
    with pytest.raises(Withheld) as caught:
        await ask()
    return caught.value.reason


async def test_a_page_is_shown_and_its_cells_are_counted(engine, ask):
    engine.parts = [
        answer("<html><head><title>t</title></head><body><table><tr><td>1</td><td>2</td></tr></table>")
    ]
    shown = await ask()
    assert shown.media_type == "text/html"
    assert shown.cells == 2
    assert "<td>1</td>" in shown.data
    assert engine.asked == [{"request": "application", "name": NAME}]


async def test_the_application_gets_the_query_the_language_and_nothing_else(engine, ask):
    await ask("", "table=a%20b&column=c", "zh_CN")
    head = engine.requests[0].decode().split("\r\n")
    assert head[0] == "GET /?table=a%20b&column=c HTTP/1.1"
    names = sorted(line.partition(":")[0].lower() for line in head[1:] if line)
    assert names == ["accept-language", "connection", "host", "user-agent"]
    assert "Accept-Language: zh-CN" in head
    assert "User-Agent: carrel" in head


@pytest.mark.parametrize(
    "header",
    [
        "Content-Disposition: attachment; filename=x.csv",
        "content-disposition: ATTACHMENT",
        "Content-Disposition: inline\r\nContent-Disposition: attachment",
        "Content-Disposition: form-data",
    ],
)
async def test_an_attachment_is_refused(engine, ask, header):
    engine.parts = [answer("<p>rows</p>", header)]
    assert await withheld(ask) == "attachment"


@pytest.mark.parametrize(
    "header",
    [
        "Set-Cookie: a=b",
        "Location: https://example.org/",
        "Refresh: 0;url=https://example.org/",
        "Content-Encoding: gzip",
        "Content-Encoding: br",
        "Content-Type: text/plain",
    ],
)
async def test_a_header_that_would_do_something_refuses_the_answer(engine, ask, header):
    engine.parts = [answer("<p>x</p>", header)]
    assert await withheld(ask) == "page"


@pytest.mark.parametrize(
    "status",
    ["301 Moved", "302 Found", "307 T", "401 U", "500 E", "206 Partial", "204 No", "101 Switching", "999 X"],
)
async def test_another_status_is_refused(engine, ask, status):
    engine.parts = [answer("<p>x</p>", "Location: /elsewhere", status=status)]
    assert await withheld(ask) == "page"


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/javascript",
        "text/plain",
        "application/pdf",
        "image/svg+xml",
        "application/octet-stream",
    ]
    + [
        "text/html; charset=utf-7",
        "text/html; charset=utf-16",
        "multipart/x-mixed-replace",
        "text/event-stream",
    ]
    + ["application/xhtml+xml", "text/xml", "image/gif"],
)
async def test_other_media_types_are_refused(engine, ask, media_type):
    engine.parts = [answer("<script>1</script>", media_type=media_type)]
    assert await withheld(ask) == "page"


async def test_nothing_active_or_external_is_left_of_a_page(engine, ask):
    engine.parts = [
        answer(
            "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example'>"
            "<link rel=stylesheet href=https://evil.example/a.css><script>steal()</script><p onclick=steal()>a</p>"
            "<form action=/hub><input name=x><button>go</button></form><iframe src=/></iframe><object data=x></object>"
            "<img src=https://evil.example/i.png><img src='?a=1'><svg><a href='javascript:x()'><text>t</text></a></svg>"
            "<style>@import 'https://evil.example/b.css'; p{background:url(https://evil.example/c)}</style>"
            "<a href=javascript:x()>b</a><a href='//evil.example/'>c</a><a href=https://evil.example/>d</a>"
            "<a href=/hub/logout>e</a><a href='../'>f</a><a download href='?x=1'>g</a><a href='?t=1' target=_top>h</a>"
            "<a href='?a=\t1'>i</a><a href=' ?a=1'>j</a><a href='\\\\evil.example'>k</a><a href='data:text/html,x'>l</a>"
        )
    ]
    shown = (await ask()).data
    for bad in (
        "evil",
        "script",
        "onclick",
        "form",
        "input",
        "frame",
        "object",
        "hub",
        "..",
        "download",
        "target",
    ):
        assert bad not in shown, bad
    assert shown.count("href=") == 2
    assert '<a href="?x=1">g</a>' in shown
    assert '<a href="?t=1">h</a>' in shown


@pytest.mark.parametrize("link", ["?", "?table=a%2Fb&where=x~1..2", "?a=%E4%B8%AD"])
def test_a_link_that_changes_the_query_stays(link):
    assert own_link(link) == link


@pytest.mark.parametrize(
    "link",
    [
        "",
        "/",
        "//x",
        "a?b",
        "./?a",
        "?a b",
        "?a\n",
        "?a\t",
        "?a\0",
        "?a#b",
        "?\\",
        "?%",
        "?%zz",
        '?"',
        "?<",
        "?中",
    ]
    + [" ?a", "?" + "a" * 3000, "https:?a", "\x01?a"],
)
def test_any_other_link_goes(link):
    assert own_link(link) is None


@pytest.mark.parametrize(
    "parts",
    [
        [b""],
        [b"garbage\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello"],
        [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nx"],
        [b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"],
        [
            b"HTTP/1.1 200 OK\r\n"
            + b"".join(b"X-%d: 1\r\n" % n for n in range(40))
            + b"Content-Length: 0\r\n\r\n"
        ],
        [b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000],
        [answer("<p>" + "x" * 200_000)],
        [answer("<b>" * 40_000)],
        [answer(b"\xff\xfe<p>x")],
        [answer(b"\x89PNG\r\n\x1a\nrows,rows", media_type="image/png")],
        [answer(b"MZ", media_type="image/jpeg")],
    ],
)
async def test_broken_or_oversized_answers_are_withheld(engine, ask, parts):
    engine.parts = parts
    before = time.monotonic()
    try:
        shown = await ask()
    except Withheld:
        pass
    else:
        # Forty thousand open tags are brought in order; then there is nothing in them.
        assert len(shown.data) < 100_000
    assert time.monotonic() - before < 5


@pytest.mark.parametrize(
    ("parts", "pause"),
    [
        ([b"HTTP/1.1 200 OK\r\n", *[b"X: 1\r\n"] * 20], 0.2),
        ([answer("<p>x</p>")[:-3], b"", b"", b"a"], 1.0),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"]
            + [b"1\r\na\r\n"] * 20,
            0.2,
        ),
    ],
    ids=["head", "nothing", "chunks"],
)
async def test_a_slow_answer_is_given_up(engine, ask, parts, pause):
    engine.parts, engine.pause = parts, pause
    before = time.monotonic()
    assert await withheld(ask) == "too-late"
    assert time.monotonic() - before < 3


async def test_an_answer_without_end_is_given_up(engine, ask):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    engine.parts = itertools.chain([head], itertools.repeat(b"1000\r\n" + b"x" * 4096 + b"\r\n"))
    assert await withheld(ask) in ("page", "too-large", "too-late")


async def test_a_picture_is_written_anew(engine, ask):
    engine.parts = [answer(PNG + b"secret rows behind the end", media_type="image/png")]
    shown = await ask()
    assert shown.media_type == "image/png"
    assert b"secret" not in shown.data


async def test_a_link_in_place_of_the_socket_leads_nowhere(engine, ask, short_tmp):
    other = socket.socket(socket.AF_UNIX)
    other.bind(str(short_tmp / "desks-own.sock"))
    other.listen()
    place = short_tmp / f"app-{NAME}.sock"
    for target in ("desks-own.sock", "launcher.sock"):
        place.unlink()
        place.symlink_to(target)
        with pytest.raises(EngineUnreachable):
            await ask()
    place.unlink()
    for make in (lambda: os.mkfifo(place), place.mkdir):
        make()
        with pytest.raises(EngineUnreachable):
            await ask()
        place.rmdir() if place.is_dir() else place.unlink()
    other.close()


def test_a_socket_put_in_its_place_meanwhile_is_not_the_one(engine, short_tmp):
    place = short_tmp / f"app-{NAME}.sock"
    with own_socket(NAME, str(short_tmp)) as path:
        place.rename(short_tmp / "moved")
        place.symlink_to("launcher.sock")
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(path)
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert peer.recv(100).startswith(b"HTTP/1.1 200")
        peer.close()


async def test_an_engine_without_the_application_is_said_so(engine, ask):
    engine.refusal = "this engine cannot run it"
    with pytest.raises(EngineRefused):
        await ask()
