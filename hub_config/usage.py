"""Sampling what the site's desks, engines and run engines use, through the Docker gate.

Which project a container is of says its label, which the gate holds to the container's name and mounts when
it is made; nothing that runs in it can change that, or what Docker counts.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from docker.errors import NotFound
from sqlalchemy import Engine

from hub_config import naming
from provisioning.audit import usage
from provisioning.audit.usage import Sample
from provisioning.registry import database
from provisioning.registry.columns import utc_now

log = logging.getLogger("carrel.usage")

AT_ONCE = 8
"""Containers that are looked at side by side."""


class Docker(Protocol):
    """What is needed of `docker.APIClient`; it blocks."""

    def containers(self, *, filters: Mapping[str, Any]) -> list[dict[str, Any]]: ...

    def inspect_container(self, container: str) -> dict[str, Any]: ...

    def stats(self, container: str, *, stream: bool, one_shot: bool) -> dict[str, Any]: ...


class Sampler:
    """Looks at each running container of the site, and puts what it uses on the trail every ``every``."""

    def __init__(self, registry: Engine, docker: Docker, site: str, every: timedelta) -> None:
        self.registry, self.docker, self.site, self.every = registry, docker, site, every
        self._made: dict[str, tuple[datetime, int]] = {}
        """When a container was started at first, and its GPUs."""

    def sample(self) -> int:
        """Look once; returns how many records that put on the trail. Where Docker does not answer, none."""
        filters = {"label": [f"{naming.SITE_LABEL}={self.site}"]}
        running = [each for each in self.docker.containers(filters=filters) if _is_metered(each)]
        standing = {each["Id"] for each in running}
        now = utc_now()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="usage") as threads:
            samples = [each for each in threads.map(self._one, running) if each is not None]
        self._made = {id: made for id, made in self._made.items() if id in standing}
        with database.writing(self.registry) as session:
            return usage.meter(session, samples, standing, now, self.every)

    def _one(self, listed: Mapping[str, Any]) -> Sample | None:
        labels, id = listed["Labels"], listed["Id"]
        try:
            if id not in self._made:
                self._made[id] = _made(self.docker.inspect_container(id))
            began, gpus = self._made[id]
            said = self.docker.stats(id, stream=False, one_shot=True)
            cpu_ms, memory_mib = _cpu_ms(said), _memory_mib(said)
        except NotFound:
            return None  # it ended just now
        except (KeyError, TypeError, ValueError) as error:
            log.warning("what %s uses cannot be read: %s", id[:12], error)
            return None
        return Sample(
            container=id,
            part=labels[naming.ROLE_LABEL],
            project=labels[naming.PROJECT_LABEL],
            user=labels[naming.ACCOUNT_LABEL],
            run=labels.get(naming.RUN_LABEL, ""),
            began=began,
            cpu_ms=cpu_ms,
            memory_mib=memory_mib,
            gpus=gpus,
        )


def _is_metered(listed: Mapping[str, Any]) -> bool:
    labels = listed.get("Labels") or {}
    named = all(
        naming.NAME.fullmatch(labels.get(label, "")) for label in (naming.PROJECT_LABEL, naming.ACCOUNT_LABEL)
    )
    return labels.get(naming.ROLE_LABEL) in usage.PARTS and named


def _made(inspected: Mapping[str, Any]) -> tuple[datetime, int]:
    # 2026-01-02T03:04:05.123456789Z: nanoseconds are more than Python reads.
    began = datetime.fromisoformat(inspected["State"]["StartedAt"][:19]).replace(tzinfo=UTC)
    requests = inspected["HostConfig"].get("DeviceRequests") or []
    # The gate lets a number of GPUs pass and nothing else, so that each request says how many.
    return began, sum(max(0, int(request.get("Count") or 0)) for request in requests)


def _cpu_ms(said: Mapping[str, Any]) -> int:
    return int(said["cpu_stats"]["cpu_usage"]["total_usage"]) // 1_000_000


def _memory_mib(said: Mapping[str, Any]) -> int:
    """As ``docker stats`` counts it: without the file cache that can be given back."""
    memory = said["memory_stats"]
    details = memory.get("stats") or {}
    cache = details.get("inactive_file", details.get("total_inactive_file", 0))
    return max(0, int(memory.get("usage", 0)) - int(cache)) // 2**20
