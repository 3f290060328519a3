"""Telling a kernel that memory's end killed from one that somebody killed."""

from __future__ import annotations

from pathlib import Path

# cgroup v2, then v1, as seen from inside a container.
_SOURCES = (
    Path("/sys/fs/cgroup/memory.events"),
    Path("/sys/fs/cgroup/memory/memory.oom_control"),
)


class Counter:
    """The container's count of processes that the kernel killed for want of memory."""

    def __init__(self, sources: tuple[Path, ...] = _SOURCES) -> None:
        self.sources = sources
        self.seen = self._read()

    def _read(self) -> int:
        for source in self.sources:
            try:
                lines = source.read_text().splitlines()
            except OSError:
                continue
            for line in lines:
                name, _, value = line.partition(" ")
                if name == "oom_kill" and value.isdigit():
                    return int(value)
        return 0

    def rose(self) -> bool:
        """Whether the count rose since this was last asked."""
        before, self.seen = self.seen, self._read()
        return self.seen > before
