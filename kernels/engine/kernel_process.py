"""Starting one kernel, or one application, as a child of the launcher.

A Python kernel is forked from the launcher, which has imported ipykernel already: it is ready in a
tenth of the time of a fresh interpreter, and shares its pages. Any other kernel is executed from
the kernelspec in the engine's image.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from pathlib import Path

from kernels.applications.manifest import Application, socket_path
from kernels.protocol import PORTS, Kernel, ProtocolError, kernel_address

PRELOADED = ("IPython.core.completer", "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.zmqshell")
"""What a Python kernel imports before it answers."""

OOM_SCORE = 900
"""A kernel goes first when memory runs out, the launcher last, so that it can report it."""


def write_connection_file(kernel: Kernel, folder: Path, sockets: str) -> Path:
    """The Jupyter connection file of ``kernel``, readable by the engine's uid alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"kernel-{kernel.kernel_id}.json"
    path.unlink(missing_ok=True)
    content = {
        "transport": "ipc",
        "ip": kernel_address(kernel.kernel_id, sockets),
        "key": kernel.key,
        "signature_scheme": "hmac-sha256",
        "kernel_name": kernel.name,
        **PORTS,
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
    return path


def kernelspec_argv(name: str, connection_file: Path, roots: list[Path]) -> list[str]:
    """The command of kernelspec ``name`` in the image.

    Raises
    ------
    ProtocolError
        When the engine's image has no such kernel.
    """
    for root in roots:
        spec = root / name / "kernel.json"
        if spec.is_file():
            argv = json.loads(spec.read_text())["argv"]
            return [part.replace("{connection_file}", str(connection_file)) for part in argv]
    raise ProtocolError(f"this engine has no kernel {name!r}")


def fork_python_kernel(kernel: Kernel, connection_file: Path) -> int:
    """Fork a Python kernel off this process and return its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        _become_kernel(kernel)
        from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 (imported already: `preload`)

        sys.argv = ["ipykernel_launcher", "-f", str(connection_file)]
        IPKernelApp.launch_instance(argv=["-f", str(connection_file)])
    except SystemExit as leaving:
        os._exit(leaving.code if isinstance(leaving.code, int) else 1)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def exec_kernel(kernel: Kernel, argv: list[str]) -> int:
    """Fork and execute ``argv``; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        _become_kernel(kernel)
        os.execvp(argv[0], argv)  # noqa: S606
    except BaseException:
        os._exit(127)


def exec_application(application: Application, sockets: str) -> int:
    """Fork and execute an application of the manifest; returns its pid."""
    socket = str(socket_path(application.name, sockets))
    pid = os.fork()
    if pid:
        return pid
    try:
        _become_child("/")
        os.execv(sys.executable, [sys.executable, "-I", "-m", application.module, socket])  # noqa: S606
    except BaseException:
        os._exit(127)


def _become_kernel(kernel: Kernel) -> None:
    _become_child(kernel.cwd)
    os.environ["CARREL_KERNEL_ID"] = kernel.kernel_id


def _become_child(cwd: str) -> None:
    """Leave the launcher's session, files, signals and memory protection behind."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write(str(OOM_SCORE))
    try:
        os.chdir(cwd)
    except (OSError, ValueError):  # ValueError: half a surrogate pair, or a zero byte
        os.chdir("/workspace" if os.path.isdir("/workspace") else "/")


def preload() -> None:
    """Import what a Python kernel needs, once, before the first fork."""
    for module in PRELOADED:
        importlib.import_module(module)
