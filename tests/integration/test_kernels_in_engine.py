"""The kernel path against a real engine container: provisioner, launcher, ZMQ over unix sockets."""

from __future__ import annotations

import asyncio
import resource
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from traitlets.config import Config

from kernels import isolation
from kernels.desk.kernelspecs import EngineKernelSpecManager
from kernels.desk.launcher_client import EngineRefused, LauncherClient
from kernels.desk.manager import EngineMappingKernelManager

pytestmark = pytest.mark.docker


@pytest.fixture
async def manager(sockets: Path) -> AsyncIterator[EngineMappingKernelManager]:
    """What a desk runs, with its sockets where the test's engine has them."""
    made = _manager(sockets)
    yield made
    await made.shutdown_all(now=True)


def _manager(sockets: Path) -> EngineMappingKernelManager:
    config = Config()
    config.EngineProvisioner.sockets = str(sockets)
    config.EngineMappingKernelManager.sockets = str(sockets)
    return EngineMappingKernelManager(
        config=config,
        kernel_spec_manager=EngineKernelSpecManager(),
        root_dir="/tmp",
        connection_dir=str(sockets.parent),
    )


def _vanish(manager: EngineMappingKernelManager, kernel_id: str) -> None:
    """The desk is gone, and its sockets with it; nobody tells the engine."""
    manager.stop_watching_activity(kernel_id)
    kernel = manager.get_kernel(kernel_id)
    kernel.stop_restarter()
    kernel._close_control_socket()


async def _client(manager: EngineMappingKernelManager, kernel_id: str) -> AsyncKernelClient:
    client = manager.get_kernel(kernel_id).client()
    client.start_channels()
    await client.wait_for_ready(timeout=30)
    return client


async def _run(client: AsyncKernelClient, code: str, timeout: float = 20) -> str:
    """What ``code`` printed, or its error's name."""
    printed: list[str] = []

    def collect(message: dict) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])
        if message["msg_type"] == "error":
            printed.append(message["content"]["ename"])

    await client.execute_interactive(code, timeout=timeout, output_hook=collect, allow_stdin=False)
    return "".join(printed).strip()


async def test_execute_in_the_engine_and_not_here(manager, start_engine):
    container = start_engine()
    kernel_id = await manager.start_kernel(kernel_name="python3")
    client = await _client(manager, kernel_id)
    assert await _run(client, "import os, socket; print(os.getuid(), socket.gethostname())") == (
        f"2000 {container.id[:12]}"
    )
    assert await _run(client, "print(os.getcwd())") == "/workspace"
    client.stop_channels()


async def test_stdin_reaches_the_kernel(manager, start_engine):
    start_engine()
    kernel_id = await manager.start_kernel(kernel_name="python3")
    client = await _client(manager, kernel_id)
    client.execute("answer = input('name? ')", allow_stdin=True)
    request = await client.get_stdin_msg(timeout=20)
    assert request["content"]["prompt"] == "name? "
    client.input("Rotterdam")
    assert await _run(client, "print(answer)") == "Rotterdam"
    client.stop_channels()


async def test_interrupt(manager, start_engine):
    start_engine()
    kernel_id = await manager.start_kernel(kernel_name="python3")
    client = await _client(manager, kernel_id)
    running = asyncio.create_task(_run(client, "import time; time.sleep(60)"))
    await asyncio.sleep(0.5)
    before = time.monotonic()
    await manager.interrupt_kernel(kernel_id)
    assert await running == "KeyboardInterrupt"
    assert time.monotonic() - before < 5
    assert await _run(client, "print(6 * 7)") == "42"
    client.stop_channels()


async def test_restart_gives_a_fresh_process(manager, start_engine):
    start_engine()
    kernel_id = await manager.start_kernel(kernel_name="python3")
    client = await _client(manager, kernel_id)
    first = await _run(client, "secret = 1; import os; print(os.getpid())")
    await manager.restart_kernel(kernel_id)
    await client.wait_for_ready(timeout=30)
    assert await _run(client, "import os; print(os.getpid())") != first
    assert await _run(client, "print(secret)") == "NameError"
    client.stop_channels()


async def test_a_message_that_would_fill_the_desks_memory_never_gets_there(manager, start_engine):
    """One of 200 MB: ZMQ would hold it whole before anybody could look at it."""
    start_engine(limits=isolation.Limits(memory=2 * isolation.GIB))
    kernel_id = await manager.start_kernel(kernel_name="python3")
    client = manager.get_kernel(kernel_id).client()
    client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
    # As the websocket connects.
    received: list[int] = []
    stream = manager.get_kernel(kernel_id).connect_iopub()
    stream.on_recv(lambda parts: received.append(sum(map(len, parts))))
    await asyncio.sleep(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client.execute("print('x' * 200_000_000)")
    await asyncio.sleep(3)
    assert max(received) < 20_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
    stream.close()
    client.stop_channels()
    again = await _client(manager, kernel_id)
    assert await _run(again, "print('still here')") == "still here"
    again.stop_channels()


async def test_shutdown_ends_the_kernel_and_what_it_started(manager, start_engine, wait_until):
    container = start_engine()
    kernel_id = await manager.start_kernel(kernel_name="python3")
    client = await _client(manager, kernel_id)
    await _run(client, "import subprocess; child = subprocess.Popen(['sleep', '1000'])")
    client.stop_channels()
    await manager.shutdown_kernel(kernel_id)
    assert kernel_id not in manager
    wait_until(lambda: _processes(container) == 1, "only the launcher is left")


async def test_a_kernel_that_dies_is_started_again(manager, start_engine):
    start_engine()
    kernel_id = await manager.start_kernel(kernel_name="python3")
    restarted = asyncio.Event()
    manager.add_restart_callback(kernel_id, restarted.set, "restart")
    client = await _client(manager, kernel_id)
    client.execute("import os; os._exit(9)")
    await asyncio.wait_for(restarted.wait(), 20)
    await client.wait_for_ready(timeout=30)
    assert await _run(client, "print('back')") == "back"
    client.stop_channels()


async def test_running_out_of_memory_kills_the_kernel_only(manager, start_engine, sockets):
    container = start_engine(limits=isolation.Limits(memory=192 * isolation.MIB, tmp=16 * isolation.MIB))
    kernel_id = await manager.start_kernel(kernel_name="python3")
    provisioner = manager.get_kernel(kernel_id).provisioner
    client = await _client(manager, kernel_id)
    manager.get_kernel(kernel_id).stop_restarter()
    client.execute("hog = bytearray(600_000_000); hog[::4096] = b'x' * len(hog[::4096])")
    deadline = time.monotonic() + 30
    while (returncode := await provisioner.poll()) is None and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert returncode == -9
    reply = await LauncherClient(str(sockets)).ask("poll", kernel_id=kernel_id)
    assert reply["out_of_memory"] is True
    container.reload()
    assert container.status == "running"
    client.stop_channels()
    await manager.restart_kernel(kernel_id, now=True)
    client = await _client(manager, kernel_id)
    assert await _run(client, "print('back')") == "back"
    client.stop_channels()


async def test_an_engine_that_dies_comes_back_with_the_kernel(manager, start_engine):
    container = start_engine(restart_attempts=3)
    kernel_id = await manager.start_kernel(kernel_name="python3")
    restarted = asyncio.Event()
    manager.add_restart_callback(kernel_id, restarted.set, "restart")
    client = await _client(manager, kernel_id)
    # What a kernel can do itself: end the launcher, and the container with it.
    client.execute("import os, signal; os.kill(1, signal.SIGKILL); os.kill(1, signal.SIGTERM)")
    await asyncio.sleep(1)
    container.restart(timeout=0)
    await asyncio.wait_for(restarted.wait(), 30)
    client.stop_channels()
    client = await _client(manager, kernel_id)
    assert await _run(client, "print('back')") == "back"
    client.stop_channels()


async def test_a_desk_that_comes_back_attaches_to_running_kernels(sockets, start_engine):
    start_engine()
    first = _manager(sockets)
    kernel_id = await first.start_kernel(kernel_name="python3")
    client = await _client(first, kernel_id)
    await _run(client, "kept = 'state'; import os; print(os.getpid())")
    client.stop_channels()
    _vanish(first, kernel_id)

    second = _manager(sockets)
    listed = await second.list_kernels()
    assert [model["id"] for model in listed] == [kernel_id]
    client = await _client(second, kernel_id)
    assert await _run(client, "print(kept)") == "state"
    client.stop_channels()
    await second.shutdown_all(now=True)


async def test_an_engine_that_no_desk_speaks_to_ends_itself(start_engine, wait_until):
    container = start_engine(environment={"CARREL_ENGINE_LINGER": "1"})

    def ended() -> bool:
        container.reload()
        return container.status == "exited"

    wait_until(ended, "the engine ended itself")
    assert container.attrs["State"]["ExitCode"] == 0


@pytest.mark.parametrize(
    "line",
    [b"\n", b"[]\n", b"{" * 3000 + b"\n", b"\xff\xfe\n", b'{"request": "start"}\n', b'{"request": "exec"}\n']
    + [b'{"request":"start","kernel_id":"../../etc/passwd","name":"python3","key":"0123456789abcdef"}\n']
    + [b"a" * 200_000],
    ids=["empty", "array", "deep", "not-utf8", "no-id", "unknown", "path-as-id", "oversize"],
)
async def test_the_launcher_survives_nonsense(line, start_engine, sockets):
    start_engine()
    launcher = LauncherClient(str(sockets))
    await launcher.ask("hello", patience=10)
    reader, writer = await asyncio.open_unix_connection(launcher.path)
    writer.write(line)
    answer = await asyncio.wait_for(reader.read(4096), 10)
    writer.close()
    assert b'"ok":false' in answer or answer == b""
    assert (await launcher.ask("hello"))["protocol"] == 1


async def test_silent_connections_do_not_keep_the_launcher_from_answering(start_engine, sockets):
    start_engine()
    launcher = LauncherClient(str(sockets))
    await launcher.ask("hello", patience=10)
    silent = [await asyncio.open_unix_connection(launcher.path) for _ in range(20)]
    before = time.monotonic()
    assert (await launcher.ask("hello"))["protocol"] == 1
    assert time.monotonic() - before < 2
    for _, writer in silent:
        writer.close()


async def test_a_kernel_that_the_image_lacks_is_refused_in_one_line(start_engine, sockets):
    start_engine()
    with pytest.raises(EngineRefused, match="has no kernel 'ir'"):
        await LauncherClient(str(sockets)).ask(
            "start", patience=10, kernel_id=str(uuid.uuid4()), name="ir", key="0123456789abcdef"
        )


def _processes(container) -> int:
    return len(container.top()["Processes"])
