"""The first process of an engine: starts, signals and reaps kernels for the desk, and applications.

It runs as the same uid as the kernels and guards nothing: the container is the wall. Code in a
kernel may kill it or speak to it, and gains nothing that it could not do by itself. It only has to
be small, bounded and hard to wedge.

Run as ``python3 -I -m kernels.engine.launcher``.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from kernels import protocol
from kernels.applications import manifest
from kernels.engine import kernel_process, oom

MAX_CONNECTIONS = 32
REQUEST_SECONDS = 5.0
"""A peer that has not sent its line and read its reply by then is dropped."""
REMEMBERED_EXITS = 256


@dataclass
class _Connection:
    deadline: float
    received: bytearray = field(default_factory=bytearray)
    reply: bytes = b""


@dataclass
class _Exit:
    returncode: int
    out_of_memory: bool


class Launcher:
    """Serves `protocol` on ``sockets/launcher.sock`` until it is told to stop.

    Parameters
    ----------
    sockets
        The shared volume, writable by the engine's group.
    linger
        Seconds without a word from any desk after which the engine ends itself; 0 never.
    """

    def __init__(self, sockets: str = protocol.SOCKETS, linger: float = 0, scratch: str = "/tmp/kernels"):  # noqa: S108
        self.sockets = sockets
        self.linger = linger
        self.scratch = Path(scratch)
        self.kernelspecs = [
            Path(sys.prefix) / "share/jupyter/kernels",
            Path("/usr/local/share/jupyter/kernels"),
        ]
        self.kernels: dict[int, protocol.Kernel] = {}
        self.applications: dict[int, str] = {}
        """The names of those that run, by pid."""
        self.exits: dict[str, _Exit] = {}
        self.oom = oom.Counter()
        self.stopping = False
        self.last_word = time.monotonic()
        self.selector = selectors.DefaultSelector()
        self.listener = self._listen()

    def _listen(self) -> socket.socket:
        path = Path(self.sockets, protocol.LAUNCHER_SOCKET)
        # What an engine that died left behind: its sockets answer nobody.
        for stale in Path(self.sockets).iterdir():
            if stale.is_socket() or stale.is_symlink():
                stale.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen(MAX_CONNECTIONS)
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ)
        return listener

    def serve(self) -> None:
        """Answer requests until SIGTERM, or until `linger` has passed with no desk."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self.selector.register(wake_read, selectors.EVENT_READ, "wake")
        while not self.stopping:
            for key, _ in self.selector.select(timeout=1.0):
                if key.fileobj is self.listener:
                    self._accept()
                elif key.data == "wake":
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake_read, 512)
                else:
                    self._advance(key.fileobj, key.data)  # type: ignore[arg-type]
            self._reap()
            self._drop_late()
            if self.linger and time.monotonic() - self.last_word > self.linger:
                break
        self._end_children()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            peer, _ = self.listener.accept()
            if len(self.selector.get_map()) >= MAX_CONNECTIONS:
                peer.close()
                return
            peer.setblocking(False)
            self.selector.register(
                peer, selectors.EVENT_READ, _Connection(time.monotonic() + REQUEST_SECONDS)
            )

    def _advance(self, peer: socket.socket, connection: _Connection) -> None:
        """Read on, or write on, without ever waiting for this peer."""
        try:
            if not connection.reply:
                received = peer.recv(protocol.MAX_LINE)
                connection.received += received
                if not received:
                    self._close(peer)
                    return
                if b"\n" not in connection.received and len(connection.received) <= protocol.MAX_LINE:
                    return
                line = bytes(connection.received.partition(b"\n")[0])
                connection.reply = self._answer(line)
                self.selector.modify(peer, selectors.EVENT_WRITE, connection)
            sent = peer.send(connection.reply)
            connection.reply = connection.reply[sent:]
            if not connection.reply:
                self._close(peer)
        except BlockingIOError:
            pass
        except OSError:
            self._close(peer)

    def _close(self, peer: socket.socket) -> None:
        self.selector.unregister(peer)
        peer.close()

    def _drop_late(self) -> None:
        now = time.monotonic()
        late = [
            key.fileobj
            for key in self.selector.get_map().values()
            if isinstance(key.data, _Connection) and key.data.deadline < now
        ]
        for peer in late:
            self._close(peer)  # type: ignore[arg-type]

    def _answer(self, line: bytes) -> bytes:
        try:
            request = protocol.decode(line)
            handler = self._requests().get(str(request.get("request")))
            if handler is None:
                raise protocol.ProtocolError("unknown request")
            self.last_word = time.monotonic()
            return protocol.encode({"ok": True, **handler(request)})
        except protocol.ProtocolError as error:
            return protocol.encode({"ok": False, "error": str(error)})
        except OSError as error:
            return protocol.encode({"ok": False, "error": f"the engine could not: {error.strerror}"})

    def _requests(self) -> dict[str, Any]:
        return {
            "hello": lambda _: {"protocol": 1},
            "list": self.list_kernels,
            "start": self.start,
            "signal": self.signal_kernel,
            "poll": self.poll,
            "application": self.application,
        }

    def list_kernels(self, _request: dict[str, Any]) -> dict[str, Any]:
        """The kernels that live, so that a desk that came back can attach to them."""
        self._reap()
        return {"kernels": [asdict(kernel) for kernel in self.kernels.values()]}

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start a kernel. Asked again for one that lives, it answers with that one."""
        kernel = protocol.check_kernel(request)
        self._reap()
        running = self._pid(kernel.kernel_id)
        if running is None:
            if len(self.kernels) >= protocol.MAX_KERNELS:
                raise protocol.ProtocolError(
                    f"this engine runs {protocol.MAX_KERNELS} kernels already; shut one down"
                )
            connection_file = kernel_process.write_connection_file(kernel, self.scratch, self.sockets)
            if kernel.name == "python3":
                running = kernel_process.fork_python_kernel(kernel, connection_file)
            else:
                argv = kernel_process.kernelspec_argv(kernel.name, connection_file, self.kernelspecs)
                running = kernel_process.exec_kernel(kernel, argv)
            self.kernels[running] = kernel
            self.exits.pop(kernel.kernel_id, None)
        return {"pid": running}

    def signal_kernel(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a signal to a kernel's process group."""
        pid = self._pid(protocol.check_kernel_id(request.get("kernel_id")))
        number = protocol.check_integer(request, "signum", 1, 31)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
        return {"sent": pid is not None}

    def poll(self, request: dict[str, Any]) -> dict[str, Any]:
        """Whether a kernel lives; if not, its return code and whether memory ran out."""
        kernel_id = protocol.check_kernel_id(request.get("kernel_id"))
        self._reap()
        if self._pid(kernel_id) is not None:
            return {"alive": True}
        ended = self.exits.get(kernel_id, _Exit(returncode=1, out_of_memory=False))
        return {"alive": False, **asdict(ended)}

    def application(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start an application of the manifest. Asked again for one that runs, it says so."""
        application = manifest.named(request.get("name"))
        self._reap()
        running = application.name in self.applications.values()
        if not running:
            if not all(importlib.util.find_spec(module) for module in application.requires):
                raise protocol.ProtocolError(f"this engine cannot run {application.name}")
            if len(self.applications) >= protocol.MAX_APPLICATIONS:
                raise protocol.ProtocolError(
                    f"this engine runs {protocol.MAX_APPLICATIONS} applications already"
                )
            # What one that died left behind answers nobody.
            manifest.socket_path(application.name, self.sockets).unlink(missing_ok=True)
            self.applications[kernel_process.exec_application(application, self.sockets)] = application.name
        return {"running": running}

    def _pid(self, kernel_id: str) -> int | None:
        return next((pid for pid, kernel in self.kernels.items() if kernel.kernel_id == kernel_id), None)

    def _reap(self) -> None:
        """Collect every child that ended; as process 1, orphans too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            kernel = self.kernels.pop(pid, None)
            if kernel is None and self.applications.pop(pid, None) is None:
                continue
            if kernel is not None:
                self._remember(kernel, os.waitstatus_to_exitcode(status))
            # What it started ends with it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _remember(self, kernel: protocol.Kernel, returncode: int) -> None:
        killed = returncode == -signal.SIGKILL
        self.exits[kernel.kernel_id] = _Exit(returncode, out_of_memory=killed and self.oom.rose())
        while len(self.exits) > REMEMBERED_EXITS:
            self.exits.pop(next(iter(self.exits)))

    def _end_children(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in (*self.kernels, *self.applications):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, number)
            deadline = time.monotonic() + 1.0
            while (self.kernels or self.applications) and time.monotonic() < deadline:
                self._reap()
                time.sleep(0.02)


def main() -> None:
    """Serve in the container, as its first process."""
    os.umask(0o007)
    os.makedirs(os.environ.get("HOME", "/tmp/home"), mode=0o700, exist_ok=True)  # noqa: S108
    launcher = Launcher(linger=float(os.environ.get("CARREL_ENGINE_LINGER", "0")))
    # The socket listens already: a desk that asks meanwhile waits in its backlog.
    kernel_process.preload()
    launcher.serve()


if __name__ == "__main__":
    main()
