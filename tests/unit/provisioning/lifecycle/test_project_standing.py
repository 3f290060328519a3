"""Neither archive nor deletion while something of the project runs, or without the right to its files."""

from __future__ import annotations

import json
import os
import socketserver
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from ended_project import Ended, make

from provisioning.lifecycle.archive import archive
from provisioning.lifecycle.deletion import delete_project
from provisioning.lifecycle.intent import intent_path
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.models import ProjectStatus, Run, RunStatus, Template


def archived(ended: Ended) -> None:
    archive(ended.engine, "heart", ended.bags, "zhao-lei")


def deleted(ended: Ended) -> None:
    delete_project(ended.engine, "heart", actor="zhao-lei", without_archive="a test")


VERBS = pytest.mark.parametrize("work", [archived, deleted])


def check_untouched(ended: Ended) -> None:
    assert ended.status() is ProjectStatus.CLOSED
    assert (ended.workspace / "notebook.ipynb").exists()
    assert not intent_path("heart").exists()
    assert os.listdir(ended.bags) == []


@contextmanager
def engine_with(containers: list[dict]) -> Iterator[tuple[str, list[dict]]]:
    """A socket that answers as Docker's API does; its address, and the filters that it was asked with."""
    asked: list[dict] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path.endswith("/version"):
                said: object = {"ApiVersion": "1.41"}
            else:
                asked.append(json.loads(parse_qs(url.query)["filters"][0]))
                said = containers
            content = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def address_string(self) -> str:
            return "socket"

        def log_message(self, *_: object) -> None: ...

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/docker.sock"
        with socketserver.ThreadingUnixStreamServer(path, Answers) as server:
            server.daemon_threads = True
            Thread(target=server.serve_forever, daemon=True).start()
            yield f"unix://{path}", asked
            server.shutdown()


@VERBS
def test_a_desk_that_stands(
    ended: Ended, work: Callable[[Ended], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine_with([{"Id": "1", "Names": ["/carrel.desk.heart.li-wei"]}]) as (address, asked):
        monkeypatch.setenv("DOCKER_HOST", address)
        monkeypatch.setenv("CARREL_SITE", "carrel")
        with pytest.raises(Refusal, match="li-wei of the project heart still stands"):
            work(ended)
    assert asked == [{"label": ["carrel.project=heart", "carrel.site=carrel"]}]
    check_untouched(ended)


def test_no_desk_stands(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine_with([]) as (address, _):
        monkeypatch.setenv("DOCKER_HOST", address)
        assert archive(ended.engine, "heart", ended.bags, "zhao-lei").docker_asked


@VERBS
@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_a_run_under_way(ended: Ended, work: Callable[[Ended], None], status: RunStatus) -> None:
    with database.writing(ended.engine) as session:
        template = Template(name="tt", version="1.0.0", digest="sha256:" + "0" * 64, folder="tt/1.0.0")
        said = {"extracts": [], "parameters": {}, "language": "en", "status": status}
        session.add(Run(project="heart", requested_by="li-wei", template=template, **said))
    with pytest.raises(Refusal, match="has not ended"):
        work(ended)
    check_untouched(ended)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another uid")
@VERBS
def test_without_the_right_to_the_files(
    work: Callable[[Ended], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the site's command runs: the registry and the places are its own, the workspaces are not."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        monkeypatch.setenv("CARREL_DATA", str(root / "data"))
        monkeypatch.setenv("CARREL_KEYS", str(root / "keys"))
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/none.sock")
        ended = make(root)
        ended.engine.dispose()
        for path in (root, root / "data", ended.bags, *root.glob("registry.sqlite*")):
            os.chown(path, 2010, 2010)
        (ended.workspace / "notebook.ipynb").chmod(0o600)
        child = os.fork()
        if child == 0:
            said = 1
            try:
                os.setgroups([])
                os.setgid(2010)
                os.setuid(2010)
                work(ended)
            except Refusal as refusal:
                said = 0 if "on the host" in str(refusal) else 2
            finally:
                os._exit(said)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        check_untouched(ended)
        ended.engine.dispose()
