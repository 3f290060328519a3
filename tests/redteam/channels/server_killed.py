from __future__ import annotations

import contextlib

from tests.redteam.channel import channel
from tests.redteam.targets import Target, wait_for
from tests.redteam.wire import GONE

KILL = """
import os, signal
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) != os.getpid():
        for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
            try:
                os.kill(int(pid), number)
            except OSError:
                break
"""


@channel(
    "server-killed",
    "All other processes killed by a kernel, the server first",
    direction="stop",
    closed_by="engine and desk are two containers",
    stage=2,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    with contextlib.suppress(*GONE):  # a server that dies at once answers the cell no more
        site.run(KILL, within=2)
    return secret if wait_for(lambda: not site.answers(1), within=25) else None
