"""``python -I -m kernels.applications.cohort_explorer SOCKET``: serve the explorer on a unix socket."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import duckdb
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler

import locales
from kernels.applications.cohort_explorer.counts import Unanswerable, connect
from kernels.applications.cohort_explorer.extracts import Table, tables
from kernels.applications.cohort_explorer.pages import Page, Question, asked

DATA = Path("/data")
IDLE_SECONDS = 1800
"""After so long without a question the explorer ends; the launcher starts it again."""


class Explorer:
    """What the pages share. One question at a time is enough for one reader."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.connection: duckdb.DuckDBPyConnection = connect()
        self.worker = ThreadPoolExecutor(max_workers=1)
        self.last = time.monotonic()

    def tables(self) -> dict[str, Table]:
        """Read each time: extracts are mounted and go."""
        return tables(self.data)

    def page(self, question: Question, language: str) -> str:
        """The answer to one question."""
        return Page(self.connection, self.tables(), question, language).html()


class PageHandler(RequestHandler):
    """The one address."""

    def initialize(self, explorer: Explorer) -> None:
        self.explorer = explorer

    async def get(self) -> None:
        self.explorer.last = time.monotonic()
        language = locales.choose(self.request.headers.get("Accept-Language"))
        names = self.request.query_arguments
        arguments = {name: self.get_query_arguments(name, strip=False) for name in names}
        try:
            question = asked(arguments)
        except Unanswerable:
            question = Question(table="-")
        loop = asyncio.get_running_loop()
        page = partial(self.explorer.page, question, language)
        self.finish(await loop.run_in_executor(self.explorer.worker, page))


async def serve(socket: str, data: Path = DATA) -> None:
    """Answer until nobody asks any more."""
    explorer = Explorer(data)
    application = Application([("/", PageHandler, {"explorer": explorer})])
    server = HTTPServer(
        application, max_header_size=16 * 1024, max_body_size=1024, idle_connection_timeout=60
    )
    server.add_socket(bind_unix_socket(socket, mode=0o660))
    while time.monotonic() - explorer.last < IDLE_SECONDS:
        await asyncio.sleep(10)


if __name__ == "__main__":
    os.umask(0o007)
    asyncio.run(serve(sys.argv[1]))
