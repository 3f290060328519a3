from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from provisioning.registry import database
from provisioning.registry.access import AccessDenied
from provisioning.registry.grants import revoke_grants
from provisioning.registry.models import Project, Run, RunStatus, Template, TemplateStatus
from provisioning.registry.runs import (
    RunRefused,
    cancel_queued,
    claim_next_queued,
    create_run,
    get_run,
    interrupt_lost,
    mark_finished,
    mark_started,
    project_runs,
)

DIGEST = "sha256:" + "1" * 64


@pytest.fixture
def ask(site: Session) -> Callable[..., Run]:
    """Ask for a run as li-wei would, with what is different."""
    for version in ("1.0.0", "1.1.0"):
        site.add(Template(name="cox", version=version, digest=DIGEST, folder=f"cox/{version}"))
        site.flush()
    project = site.get(Project, "heart")
    assert project is not None
    project.max_runs = 3
    site.commit()

    def create(**different: Any) -> Run:
        wanted: dict[str, Any] = {
            "project": "heart",
            "requested_by": "li-wei",
            "template": "cox",
            "extracts": ["bloods"],
            "parameters": {"time": "days"},
            "language": "zh_CN",
        }
        run = create_run(site, **{**wanted, **different})
        site.commit()
        return run

    return create


def denied(ask: Callable[..., Run], **different: Any) -> str:
    with pytest.raises(AccessDenied) as caught:
        ask(**different)
    return caught.value.code


def test_a_run_records_what_it_was_asked_for(ask: Callable[..., Run]) -> None:
    run = ask()
    assert len(run.id) == 32
    assert run.status is RunStatus.QUEUED
    assert (run.template.name, run.template.version) == ("cox", "1.1.0"), "the newest published"
    assert run.extracts == [
        {"name": "bloods", "version": 1, "digest": "sha256:" + "0" * 64, "folder": "bloods/v1"}
    ]
    assert ask(version="1.0.0").template.version == "1.0.0"


def test_who_may_not_open_a_desk_may_not_run(ask: Callable[..., Run]) -> None:
    assert denied(ask, requested_by="ma-chao") == "not_a_member"
    assert denied(ask, requested_by="zhao-lei") == "not_a_member"
    assert denied(ask, project="absent") == "not_a_member"


def test_only_granted_extracts_and_published_templates_run(site: Session, ask: Callable[..., Run]) -> None:
    assert denied(ask, extracts=["other"]) == "extract_not_granted"
    assert denied(ask, template="absent") == "template_not_published"
    assert denied(ask, version="9.9.9") == "template_not_published"
    run = ask()
    run.template.status = TemplateStatus.WITHDRAWN
    assert denied(ask, version="1.1.0") == "template_not_published"
    assert ask().template.version == "1.0.0"
    revoke_grants(site, "heart", "bloods")
    assert denied(ask) == "extract_not_granted"


def test_a_project_has_a_limit_of_runs_under_way(site: Session, ask: Callable[..., Run]) -> None:
    first, _, _ = ask(), ask(), ask()
    assert denied(ask) == "too_many_runs"
    cancel_queued(site, first.id)
    assert ask().status is RunStatus.QUEUED


def test_a_runs_life(site: Session, ask: Callable[..., Run]) -> None:
    first, second = ask(), ask()
    claimed = claim_next_queued(site)
    assert claimed is not None
    assert claimed.id == first.id, "the oldest first"
    mark_started(site, first.id, image="carrel/engine-stats@sha256:1")
    mark_finished(site, first.id, RunStatus.FAILED, "no events")
    site.commit()
    run = get_run(site, first.id)
    assert (run.status, run.error, run.image) == (
        RunStatus.FAILED,
        "no events",
        "carrel/engine-stats@sha256:1",
    )
    assert run.started is not None
    assert run.finished is not None
    assert run.created <= run.started <= run.finished
    assert [found.id for found in project_runs(site, "heart")] == [second.id, first.id]
    assert project_runs(site, "lung") == ()


def test_only_a_running_run_can_start_or_end(site: Session, ask: Callable[..., Run]) -> None:
    run = ask()
    with pytest.raises(RunRefused, match="it is queued"):
        mark_finished(site, run.id, RunStatus.SUCCEEDED)
    with pytest.raises(RunRefused, match="it is queued"):
        mark_started(site, run.id, image="x")
    claim_next_queued(site)
    mark_finished(site, run.id, RunStatus.SUCCEEDED)
    with pytest.raises(RunRefused, match="it is succeeded"):
        mark_finished(site, run.id, RunStatus.FAILED)
    with pytest.raises(RunRefused, match="no longer queued"):
        cancel_queued(site, run.id)
    with pytest.raises(RunRefused, match="no run absent"):
        get_run(site, "absent")
    with pytest.raises(RunRefused, match="no run absent"):
        cancel_queued(site, "absent")
    with pytest.raises(ValueError, match="not an end"):
        mark_finished(site, run.id, RunStatus.QUEUED)


def test_two_runners_never_claim_one_run(engine: Engine, ask: Callable[..., Run]) -> None:
    asked = {ask().id for _ in range(3)}

    def claim(_: int) -> str | None:
        with database.sessions(engine).begin() as session:
            run = claim_next_queued(session)
            return run.id if run else None

    with ThreadPoolExecutor(6) as runners:
        claimed = list(runners.map(claim, range(6)))
    assert sorted(filter(None, claimed)) == sorted(asked)
    assert claimed.count(None) == 3


def test_the_limit_holds_between_processes(engine: Engine, ask: Callable[..., Run]) -> None:
    def create(_: int) -> bool:
        try:
            with database.writing(engine) as session:
                create_run(
                    session,
                    project="heart",
                    requested_by="li-wei",
                    template="cox",
                    extracts=[],
                    parameters={},
                    language="en",
                )
        except AccessDenied:
            return False
        return True

    with ThreadPoolExecutor(6) as people:
        assert sum(people.map(create, range(6))) == 3


def test_runs_whose_engine_is_gone_are_interrupted(site: Session, ask: Callable[..., Run]) -> None:
    first, second, waiting = ask(), ask(), ask()
    claim_next_queued(site)
    claim_next_queued(site)
    assert [run.id for run in interrupt_lost(site, [second.id])] == [first.id]
    site.commit()
    assert get_run(site, first.id).status is RunStatus.INTERRUPTED
    assert "重新发起运行" in (get_run(site, first.id).error or "")
    assert get_run(site, second.id).status is RunStatus.RUNNING
    assert get_run(site, waiting.id).status is RunStatus.QUEUED
