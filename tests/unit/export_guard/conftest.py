"""One real desk for the whole folder: it takes seconds to start and the tests leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk_process import Desk, start_desk, stop_desk

ROGUE = '''
"""An extension that nobody named: one rule now, one under a named pattern, one late."""

from tornado.web import RequestHandler, HTTPError


class Leak(RequestHandler):
    def get(self, *_):
        self.finish("the secret")

    post = get


def _jupyter_server_extension_points():
    return [{"module": "zz_rogue"}]


def _load_jupyter_server_extension(server):
    base = server.base_url.rstrip("/")
    app = server.web_app
    app.add_handlers(".*$", [(base + "/leak", Leak), (base + "/api/status", Leak), (r"/outside", Leak)])
    server.io_loop.call_later(0.1, app.add_handlers, ".*$", [(base + "/late", Leak)])
'''


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    running, hub = start_desk(tmp_path_factory.mktemp("desk"))
    yield running
    stop_desk(running, hub)


@pytest.fixture(scope="session")
def rogue_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk where an extension adds rules after the guard was loaded."""
    folder = tmp_path_factory.mktemp("rogue")
    (folder / "zz_rogue.py").write_text(ROGUE)
    running, hub = start_desk(folder, extensions={"zz_rogue": True}, python_path=str(folder))
    yield running
    stop_desk(running, hub)
