"""A Jupyter server on this machine with its own kernels: with the guard, or without it and else the same."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from images.console import Stop
from images.recipe import ROOT

SETTINGS = """
import export_guard.desk_settings
export_guard.desk_settings.configure(c, root_dir={workspace!r})
c.KernelSpecManager.ensure_native_kernel = True
c.IdentityProvider.token = ""
c.ServerApp.authorizer_class = "jupyter_server.auth.AllowAllAuthorizer"
c.ServerApp.allow_unauthenticated_access = True
c.ServerApp.disable_check_xsrf = True
# Neither side may be slowed by what a person's day is bounded to.
c.ZMQChannelsWebsocketConnection.limit_rate = False
c.DisplayBudget.bytes_shown = 10**15
c.DisplayBudget.cells_shown = 10**15
"""
WITHOUT = """
c.ServerApp.jpserver_extensions = dict(c.ServerApp.jpserver_extensions, export_guard=False)
c.ServerApp.contents_manager_class = "jupyter_server.services.contents.largefilemanager.AsyncLargeFileManager"
# The desk's own speed-up, so that the guard alone is measured.
c.ServerApp.kernel_websocket_connection_class = "bench.local_server.Undelayed"
"""


@contextmanager
def local_server(*, guarded: bool) -> Iterator[SimpleNamespace]:
    """A running server: its ``url`` and ``workspace``, and what `bench.kernel.Kernel` wants of a server."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home, workspace = Path(folder, "home"), Path(folder, "workspace")
        home.mkdir()
        workspace.mkdir()
        config = Path(folder, "config.py")
        config.write_text(SETTINGS.format(workspace=str(workspace)) + ("" if guarded else WITHOUT))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", "--allow-root", f"--port={port}", f"--config={config}"],
            env={**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "1"},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/api", process)
            yield SimpleNamespace(
                url=url, workspace=workspace, path="/", person=SimpleNamespace(url=url, cookies=[])
            )
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise Stop("the server to measure did not start") from error
            time.sleep(0.1)


def __getattr__(name: str) -> Any:
    """`Undelayed`, for the server's process alone: this one needs no Jupyter server."""
    if name != "Undelayed":
        raise AttributeError(name)
    from jupyter_server.services.kernels.connection.channels import (  # noqa: PLC0415
        ZMQChannelsWebsocketConnection,
    )

    class Undelayed(ZMQChannelsWebsocketConnection):
        def connect(self) -> Any:
            self.websocket_handler.set_nodelay(True)
            return super().connect()

    globals()["Undelayed"] = Undelayed
    return Undelayed
