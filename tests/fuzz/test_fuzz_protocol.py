"""Fuzz: whatever comes over the launcher's socket, either side goes on, in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz_made import JSON, damaged
from fuzz_running import fuzzed, listed
from hypothesis import given
from hypothesis import strategies as st

from kernels import protocol
from kernels.desk.launcher_client import EngineRefused, EngineUnreachable, LauncherClient

REPOSITORY = Path(__file__).parents[2]
LAUNCH = """
import os, sys
os.umask(0o007)
from kernels.engine.launcher import Launcher
Launcher(sockets=sys.argv[1], scratch=sys.argv[1] + "/scratch").serve()
"""
KERNEL = "01234567-89ab-cdef-0123-456789abcdef"
WORDS = st.sampled_from(
    [
        "",
        "python3",
        "../x",
        "..",
        ".",
        "\0",
        "\ud800",
        "é",
        "x" * 70,
        "/" + "x" * 4095,
        "/workspace",
        "a\nb",
        KERNEL,
        KERNEL.upper(),
        "k" * 16,
    ]
) | st.text(max_size=6)
NUMBERS = st.integers(-2, 40) | st.sampled_from([2**63, -(2**63), 10**400, 1e308, True, None])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "kernel_id": st.just(KERNEL) | WORDS | JSON,
        "name": WORDS | JSON,
        "key": st.just("0123456789abcdef") | WORDS | JSON,
        "cwd": st.just("/workspace") | WORDS | JSON,
        "signum": NUMBERS | JSON,
        "pid": NUMBERS,
        "ok": JSON,
    },
)
# A kernel that starts costs a second; one that this engine does not have, and one without a name, do not.
ASKED = st.sampled_from(["list", "poll", "signal", "start", "application", "stop", "", "__init__", "serve"])
REQUEST = st.tuples(ASKED | WORDS | JSON, FIELDS).map(lambda drawn: {"request": drawn[0], **drawn[1]})


def harmless(line: bytes) -> bool:
    """Whether a request starts no kernel that exists."""
    with contextlib.suppress(protocol.ProtocolError):
        return protocol.decode(line).get("name") not in ("python3", "cohort-explorer")
    return True


@listed
@given(st.binary(max_size=300) | damaged(REQUEST))
@fuzzed(200)
def test_decode(line):
    try:
        message = protocol.decode(line)
    except protocol.ProtocolError:
        return
    assert isinstance(message, dict)
    for check in (protocol.check_kernel, lambda m: protocol.check_kernel_id(m.get("kernel_id"))):
        with contextlib.suppress(protocol.ProtocolError):
            check(message)
    with contextlib.suppress(protocol.ProtocolError):
        assert 1 <= protocol.check_integer(message, "signum", 1, 31) <= 31
    with contextlib.suppress(protocol.ProtocolError):
        assert protocol.decode(protocol.encode(message).rstrip(b"\n")) == message


@listed
@given(FIELDS)
@fuzzed(200)
def test_a_kernel_that_passes_names_files_within_the_folder(fields):
    try:
        kernel = protocol.check_kernel(fields)
    except protocol.ProtocolError:
        return
    address = protocol.kernel_address(kernel.kernel_id, "/run/carrel")
    assert os.path.normpath(address) == address
    assert os.path.dirname(address) == "/run/carrel"
    assert len(address) < 100
    assert "/" not in kernel.name
    assert kernel.cwd.startswith("/")
    assert "\0" not in kernel.cwd


class Running:
    """A launcher in its own process, on a socket in a short folder."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="cf-", dir="/tmp")
        self.path = f"{self.folder}/launcher.sock"
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, self.folder], cwd=REPOSITORY, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while not Path(self.path).exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def send(self, parts: list[bytes], *, reads: bool = True) -> bytes:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(8)
            peer.connect(self.path)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for part in parts:
                    peer.sendall(part)
                peer.shutdown(socket.SHUT_WR)
                got = b""
                while reads and (more := peer.recv(65536)):
                    got += more
                return got
        return b""

    def assert_well(self) -> None:
        """Alive, and answering a proper request."""
        assert self.process.poll() is None, "the launcher ended"
        assert json.loads(self.send([b'{"request":"list"}\n']))["ok"] is True

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


_running: list[Running] = []


def running() -> Running:
    """The one launcher of all examples; a new one after one that ended."""
    if not _running or _running[-1].process.poll() is not None:
        _running.append(Running())
    return _running[-1]


def close_all() -> None:
    while _running:
        _running.pop().close()


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    yield
    close_all()


CUT = st.lists(st.integers(0, 200), max_size=3)


@listed
@given(st.binary(max_size=200) | damaged(REQUEST).filter(harmless), CUT, st.booleans(), st.booleans())
@fuzzed(120)
def test_the_launcher_answers_or_hangs_up_and_goes_on(line, cuts, ended, reads):
    launcher = running()
    line += b"\n" if ended else b""
    parts, last = [], 0
    for cut in sorted(cuts):
        parts.append(line[last:cut])
        last = max(last, cut)
    answer = launcher.send([*parts, line[last:]], reads=reads)
    if answer:
        assert len(answer) <= protocol.MAX_LINE
        assert isinstance(json.loads(answer)["ok"], bool)
    launcher.assert_well()


@listed
@given(
    st.integers(protocol.MAX_LINE - 2, 3 * protocol.MAX_LINE),
    st.sampled_from([b"[", b"{", b"9", b" ", b'{"a":', b'"']),
)
@fuzzed(12)
def test_a_long_or_deep_line_does_not_end_it(size, byte):
    launcher = running()
    launcher.send([(byte * size)[:size]])
    launcher.send([b'{"request":' + b"[" * min(size, 30_000) + b"}\n"])
    launcher.assert_well()


@listed
@given(
    st.integers(900, 1000),
    st.sampled_from(["[", '{"a":']),
    st.sampled_from(["request", "name", "kernel_id", "error"]),
)
@fuzzed(25)
def test_nesting_near_the_interpreters_limit(depth, opening, field):
    closing = "]" if opening == "[" else "}"
    value = opening * depth + ("1" if opening != "[" else "") + closing * depth
    launcher = running()
    launcher.send([f'{{"request":"poll","{field}":{value}}}\n'.encode()])
    launcher.assert_well()


@listed
@given(st.sampled_from(["/\ud800", "/" + "x" * 4000, "/etc/passwd", "/proc/self/fd", "/\n", "/workspace"]))
@fuzzed(4)
def test_a_kernel_with_a_strange_folder_starts_or_ends(cwd):
    launcher = running()
    request = {
        "request": "start",
        "kernel_id": KERNEL,
        "name": "python3",
        "key": "0123456789abcdef",
        "cwd": cwd,
    }
    assert json.loads(launcher.send([json.dumps(request).encode() + b"\n"]))["ok"] is True
    launcher.send(
        [
            json.dumps({"request": "signal", "kernel_id": KERNEL, "signum": int(signal.SIGKILL)}).encode()
            + b"\n"
        ]
    )
    launcher.assert_well()


@listed
@given(
    damaged(
        st.fixed_dictionaries(
            {"ok": st.booleans()},
            optional={"error": JSON, "kernels": JSON | st.lists(FIELDS | JSON, max_size=4), "alive": JSON},
        )
    )
    | st.binary(max_size=100)
    | st.integers(960, 1000).map(lambda depth: b'{"ok":false,"error":' + b"[" * depth + b"]" * depth + b"}"),
    st.booleans(),
)
@fuzzed(60)
def test_the_desk_takes_any_answer(line, ended):
    """An engine that was taken over answers with anything; the desk knows three ways to fail."""
    with (
        tempfile.TemporaryDirectory(prefix="cf-", dir="/tmp") as folder,
        socket.socket(socket.AF_UNIX) as door,
    ):
        door.bind(f"{folder}/{protocol.LAUNCHER_SOCKET}")
        door.listen(1)

        def answer() -> None:
            with contextlib.suppress(OSError):
                peer, _ = door.accept()
                with peer:
                    peer.recv(65536)
                    peer.sendall(line + (b"\n" if ended else b""))

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            kernels = asyncio.run(LauncherClient(folder, timeout=3).kernels())
            assert len(kernels) <= protocol.MAX_KERNELS
            assert all(isinstance(kernel, protocol.Kernel) for kernel in kernels)
        except (EngineRefused, EngineUnreachable, TimeoutError):
            pass
        finally:
            thread.join(5)
