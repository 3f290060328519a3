"""What desks and runs use is on the trail by project, and nobody in a project can say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from docker.errors import NotFound

from hub_config import naming
from hub_config import usage as sampling
from hub_config.usage import Sampler
from provisioning.audit import trail, usage
from provisioning.audit.verify import verify
from provisioning.refusal import Refusal
from provisioning.registry import database, events
from provisioning.registry.models import AuditRecord, UsageMeter

BEGAN = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUN = "0123456789abcdef" * 2


class Docker:
    """Docker as the sampler asks it, at a moment that a test sets."""

    def __init__(self) -> None:
        self.running: dict[str, dict[str, Any]] = {}
        self.away = False

    def start(self, letter: str, role: str, project: str = "heart", gpus: int = 0, **labels: str) -> str:
        id = letter * 64
        made = naming.DeskNames("t", project, "li-wei").labels(role) | labels
        self.running[id] = {"labels": made, "gpus": gpus, "cpu": 0, "memory": 512 * 2**20, "began": BEGAN}
        return id

    def containers(self, *, filters: Any) -> list[dict[str, Any]]:
        if self.away:
            raise OSError("no Docker")
        assert filters == {"label": ["carrel.site=t"]}
        return [{"Id": id, "Labels": each["labels"]} for id, each in self.running.items()]

    def inspect_container(self, container: str) -> dict[str, Any]:
        each = self._of(container)
        requests = [{"Driver": "nvidia", "Count": each["gpus"]}] if each["gpus"] else None
        began = each["began"].strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
        return {"State": {"StartedAt": began}, "HostConfig": {"DeviceRequests": requests}}

    def stats(self, container: str, *, stream: bool, one_shot: bool) -> dict[str, Any]:
        assert (stream, one_shot) == (False, True)
        each = self._of(container)
        if each["memory"] is None:
            return {"cpu_stats": {}, "memory_stats": {}}
        memory = {"usage": each["memory"] + 2**20, "stats": {"inactive_file": 2**20}}
        return {"cpu_stats": {"cpu_usage": {"total_usage": each["cpu"]}}, "memory_stats": memory}

    def _of(self, container: str) -> dict[str, Any]:
        if container not in self.running:
            raise NotFound("gone")
        return self.running[container]


class Site:
    """A sampler, its Docker, and the clock."""

    def __init__(self, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine, self.docker, self.now = engine, Docker(), BEGAN
        monkeypatch.setattr(sampling, "utc_now", lambda: self.now)
        self.restart()

    def restart(self) -> None:
        """A new process."""
        self.sampler = Sampler(self.engine, self.docker, "t", timedelta(minutes=15))

    def pass_time(self, seconds: float, cpus: float = 1.0, sample: bool = True) -> None:
        self.now += timedelta(seconds=seconds)
        for each in self.docker.running.values():
            each["cpu"] += int(seconds * cpus * 1e9)
        if sample:
            self.sampler.sample()

    def total(self, project: str = "heart", **when: datetime) -> usage.Usage:
        with database.sessions(self.engine)() as session:
            verify(session)
            found = dict(usage.by_project(usage.usage(session, **when)))
        return found.get(project, usage.Usage())

    def records(self) -> list[AuditRecord]:
        with database.sessions(self.engine)() as session:
            return list(session.query(AuditRecord).order_by(AuditRecord.number))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    url = f"sqlite:///{tmp_path}/usage.sqlite"
    database.upgrade(url)
    engine = database.engine(url)
    yield Site(engine, monkeypatch)
    engine.dispose()


def test_an_hour_of_a_desk_and_its_engine_with_two_gpus(site: Site) -> None:
    site.docker.start("a", "desk")
    site.docker.start("b", "engine", gpus=2)
    for _ in range(120):
        site.pass_time(30, cpus=0.5)
    total = site.total()
    assert total.gpu_hours == pytest.approx(2)
    assert total.cpu_hours == pytest.approx(1)
    assert total.memory_gib_hours == pytest.approx(1)
    assert (total.desk_hours, total.engine_hours) == (pytest.approx(1), pytest.approx(1))
    assert len(site.records()) == 8, "a record each quarter, not each sample"
    (first,) = {each.detail["container"] for each in site.records()} - {"b" * 12}
    assert first == "a" * 12


def test_what_ended_is_recorded_up_to_its_last_sample(site: Site) -> None:
    id = site.docker.start("c", "run-engine", gpus=1, **{naming.RUN_LABEL: RUN})
    site.pass_time(60)
    del site.docker.running[id]
    site.pass_time(30)
    (record,) = site.records()
    assert (record.detail["part"], record.detail["run"], record.detail["seconds"]) == ("run-engine", RUN, 60)
    assert (record.detail["gpu_s"], record.detail["cpu_ms"]) == (60, 60_000)
    assert (record.source, record.user, record.project) == ("hub", "li-wei", "heart")
    site.pass_time(3600)
    assert len(site.records()) == 1


def test_a_sampler_that_is_killed_counts_nothing_twice_and_loses_nothing(site: Site) -> None:
    site.docker.start("b", "engine", gpus=1)
    site.pass_time(600)
    site.restart()
    site.sampler.sample()
    site.pass_time(3000, sample=False)  # nobody sampled for 50 minutes
    site.restart()
    site.sampler.sample()
    site.sampler.sample()
    total = site.total()
    assert (total.gpu_hours, total.cpu_hours) == (pytest.approx(1), pytest.approx(1))


def test_an_engine_that_started_again_counts_from_nothing(site: Site) -> None:
    id = site.docker.start("b", "engine")
    site.pass_time(600)
    site.docker.running[id]["cpu"] = 0
    site.pass_time(300)
    assert site.total().cpu_hours == pytest.approx(900 / 3600)


def test_docker_that_does_not_answer_ends_no_meter(site: Site) -> None:
    site.docker.start("b", "engine")
    site.pass_time(60)
    site.docker.away = True
    with pytest.raises(OSError, match="no Docker"):
        site.pass_time(60)
    assert site.records() == []
    site.docker.away = False
    site.pass_time(780)
    assert site.total().engine_hours == pytest.approx(900 / 3600)


def test_one_that_cannot_be_read_or_has_just_ended_holds_up_no_other(site: Site) -> None:
    bad = site.docker.start("b", "engine")
    site.docker.running[bad]["memory"] = None
    site.docker.start("c", "desk", "lung")
    site.pass_time(900)
    assert site.total("lung").desk_hours == pytest.approx(0.25)
    assert site.total().engine_hours == 0


def test_what_carries_no_project_or_is_another_part_is_not_metered(site: Site) -> None:
    site.docker.start("d", "part")
    site.docker.start("e", "engine", "../lung")
    site.pass_time(900)
    with database.sessions(site.engine)() as session:
        assert session.query(UsageMeter).count() == 0


def test_hours_of_a_part_of_the_time(site: Site) -> None:
    site.docker.start("b", "engine", gpus=4)
    for _ in range(8):
        site.pass_time(900)
    half = BEGAN + timedelta(minutes=30)
    assert site.total(since=half, until=half + timedelta(minutes=10)).gpu_hours == pytest.approx(4 / 6)
    assert site.total(until=BEGAN).gpu_hours == 0
    assert site.total(since=BEGAN + timedelta(hours=3)).gpu_hours == 0


def test_a_desk_that_reports_usage_is_refused_and_a_record_of_its_counts_for_nothing(site: Site) -> None:
    detail = {
        "part": "engine", "container": "b" * 12, "seconds": 3600, "cpu_ms": 10**9,
        "memory_mib_s": 0, "gpu_s": 10**9, "counter_ms": 0,
    }  # fmt: skip
    with pytest.raises(Refusal, match="no event of this kind"):
        events.report(RUN, BEGAN, "resource-use", detail)
    with pytest.raises(Refusal, match="may not hold"):
        events.report(RUN, BEGAN, "denied", {"gpu_s": 5})
    with database.writing(site.engine) as session:
        trail.record(session, "resource-use", source="desk", user="li-wei", project="lung", detail=detail)
    assert site.total("lung").gpu_hours == 0


def test_the_command_adds_up(site: Site, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    import json  # noqa: PLC0415

    from provisioning.command import main  # noqa: PLC0415

    site.docker.start("b", "engine", gpus=1)
    site.docker.start("c", "desk", "lung")
    for _ in range(4):
        site.pass_time(900)
    monkeypatch.setenv("CARREL_REGISTRY_URL", str(site.engine.url))
    assert (
        main(["audit", "usage", "--project", "heart", "--from", "2026-01-01", "--to", "2026-02-01", "--json"])
        == 0
    )
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["project"], row["gpu_hours"], row["cpu_hours"]) == ("heart", 1.0, 1.0)
    assert main(["audit", "usage", "--by-user", "--json"]) == 0
    assert [row["user"] for row in json.loads(capsys.readouterr().out)] == ["li-wei", "li-wei"]
    assert main(["audit", "usage", "--to", "2026-01-01"]) == 0
    assert "heart" not in capsys.readouterr().out
