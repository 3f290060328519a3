"""Processor, memory and GPU hours of projects: metered, recorded on the trail, and added up from it.

A meter is what one container used since its last record. It is in the registry, so that a sampler that is
killed loses nothing but the time in which nobody sampled; even then processor time is Docker's own count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.audit import trail
from provisioning.registry.models import AuditRecord, UsageMeter

KIND = "resource-use"
SOURCE = "hub"
"""The one part whose records of usage count."""
PARTS = ("desk", "engine", "run-engine")


@dataclass(frozen=True)
class Sample:
    """What Docker says of one running container, now.

    ``cpu_ms`` is its processor time since it ``began``; ``memory_mib`` what it holds without the file cache;
    ``gpus`` the devices that it was given.
    """

    container: str
    part: str
    project: str
    user: str
    run: str
    began: datetime
    cpu_ms: int
    memory_mib: int
    gpus: int


def meter(
    session: Session, samples: Iterable[Sample], standing: Set[str], now: datetime, every: timedelta
) -> int:
    """Add ``samples`` to their meters; returns how many records that put on the trail.

    A meter is recorded when it covers ``every``, or when its container is not among the ``standing`` ones.
    Called again for the same moment it adds nothing. Call it inside `database.writing`.
    """
    meters = {row.container: row for row in session.scalars(select(UsageMeter))}
    for sample in samples:
        row = meters.get(sample.container)
        if row is None:
            row = meters[sample.container] = _new(sample, now)
            session.add(row)
        _advance(row, sample, now)
    recorded = 0
    for row in meters.values():
        gone = row.container not in standing
        if gone or row.sampled - row.since >= every:
            recorded += _record(session, row)
        if gone:
            session.delete(row)
    return recorded


def _new(sample: Sample, now: datetime) -> UsageMeter:
    began = min(sample.began, now)
    return UsageMeter(
        container=sample.container,
        part=sample.part,
        project=sample.project,
        user=sample.user,
        run=sample.run,
        since=began,
        sampled=began,
        counter_ms=0,
        cpu_ms=0,
        memory_mib_ms=0,
        gpu_ms=0,
        memory_mib=sample.memory_mib,
        gpus=sample.gpus,
    )


def _advance(row: UsageMeter, sample: Sample, now: datetime) -> None:
    elapsed = max(0, round((now - row.sampled).total_seconds() * 1000))
    # A container that was started again counts from nothing.
    row.cpu_ms += sample.cpu_ms - (row.counter_ms if sample.cpu_ms >= row.counter_ms else 0)
    row.memory_mib_ms += (row.memory_mib + sample.memory_mib) * elapsed // 2
    row.gpu_ms += sample.gpus * elapsed
    row.counter_ms, row.memory_mib, row.gpus = sample.cpu_ms, sample.memory_mib, sample.gpus
    row.sampled = max(row.sampled, now)


def _record(session: Session, row: UsageMeter) -> int:
    seconds = round((row.sampled - row.since).total_seconds())
    if not seconds:
        return 0
    detail: dict[str, Any] = {
        "part": row.part,
        "container": row.container[:12],
        "seconds": seconds,
        "cpu_ms": row.cpu_ms,
        "memory_mib_s": row.memory_mib_ms // 1000,
        "gpu_s": row.gpu_ms // 1000,
        "counter_ms": row.counter_ms,
    }
    if row.run:
        detail["run"] = row.run
    who: dict[str, Any] = {"source": SOURCE, "user": row.user, "project": row.project}
    trail.record(session, KIND, **who, time=row.sampled, detail=detail)
    row.since, row.cpu_ms = row.sampled, 0
    row.memory_mib_ms %= 1000
    row.gpu_ms %= 1000
    return 1


@dataclass
class Usage:
    """What was used; memory in GiB hours, ``container_hours`` by part."""

    cpu_hours: float = 0.0
    memory_gib_hours: float = 0.0
    gpu_hours: float = 0.0
    desk_hours: float = 0.0
    engine_hours: float = 0.0
    run_engine_hours: float = 0.0


def usage(
    session: Session,
    *,
    project: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    archived: Iterable[Mapping[str, Any]] = (),
) -> dict[tuple[str, str], Usage]:
    """By project and account, from the trail; of a record that reaches over an end of the time, its part.

    ``archived`` are lines of archives that were verified.
    """
    found: dict[tuple[str, str], Usage] = {}
    for line in archived:
        if (line["kind"], line["source"]) == (KIND, SOURCE) and project in (None, line["project"]):
            ended = datetime.fromisoformat(line["time"])
            _count(found, line["project"], line["user"], ended, line["detail"], (since, until))
    query = select(AuditRecord).where(AuditRecord.kind == KIND, AuditRecord.source == SOURCE)
    if project is not None:
        query = query.where(AuditRecord.project == project)
    if since is not None:
        query = query.where(AuditRecord.time > since)
    for record in session.scalars(query.order_by(AuditRecord.number).execution_options(yield_per=1000)):
        _count(found, record.project, record.user, record.time, record.detail, (since, until))
    return found


def _count(  # noqa: PLR0917 (private)
    found: dict[tuple[str, str], Usage],
    project: str,
    user: str,
    ended: datetime,
    detail: dict[str, Any],
    within: tuple[datetime | None, datetime | None],
) -> None:
    share = _share(ended, detail["seconds"], *within)
    if share:
        _add(found.setdefault((project, user), Usage()), detail, share)


def by_project(found: dict[tuple[str, str], Usage]) -> Iterator[tuple[str, Usage]]:
    """The sums of `usage` by project, by name."""
    for name in sorted({project for project, _ in found}):
        total = Usage()
        for (project, _), each in found.items():
            if project == name:
                for field, value in vars(each).items():
                    setattr(total, field, getattr(total, field) + value)
        yield name, total


def _share(ends: datetime, seconds: int, since: datetime | None, until: datetime | None) -> float:
    begins = ends - timedelta(seconds=seconds)
    inside = min(ends, until or ends) - max(begins, since or begins)
    return max(0.0, min(1.0, inside.total_seconds() / seconds)) if seconds else 0.0


def _add(total: Usage, detail: dict[str, Any], share: float) -> None:
    hour = share / 3600
    total.cpu_hours += detail["cpu_ms"] / 1000 * hour
    total.memory_gib_hours += detail["memory_mib_s"] / 1024 * hour
    total.gpu_hours += detail["gpu_s"] * hour
    name = f"{detail['part'].replace('-', '_')}_hours"
    setattr(total, name, getattr(total, name) + detail["seconds"] * hour)
