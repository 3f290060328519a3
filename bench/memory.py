"""What containers hold in memory, asked of Docker."""

from __future__ import annotations

from collections.abc import Iterable

import docker

MIB = 1024 * 1024


def working_set(containers: Iterable[str]) -> float:
    """MiB that ``containers`` use together, without file cache that nothing has used lately.

    That is what `docker stats` shows. Pages that forked processes of one container share count once.
    """
    client = docker.from_env()
    try:
        return sum(_working_set(client.api.stats(name, stream=False, one_shot=True)) for name in containers)
    finally:
        client.close()


def _working_set(stats: dict) -> float:
    memory = stats["memory_stats"]
    # cgroup v1 names it with the children's, v2 without.
    inactive = memory["stats"].get("total_inactive_file", memory["stats"].get("inactive_file", 0))
    return (memory["usage"] - inactive) / MIB
