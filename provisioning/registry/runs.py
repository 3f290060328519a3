"""A run's life in the registry: asked for, claimed by one runner, started, finished.

queued → running → succeeded | failed | cancelled | interrupted, and queued → cancelled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from provisioning.audit import trail
from provisioning.refusal import Refusal
from provisioning.registry.access import AccessDenied, DeskAccess, desk_access, extracts_in_force
from provisioning.registry.columns import utc_now
from provisioning.registry.models import Project, Run, RunStatus, Template, TemplateStatus

UNDER_WAY = (RunStatus.QUEUED, RunStatus.RUNNING)
ENDS = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.INTERRUPTED)


class RunRefused(Refusal):
    """A run that is not there, or not in a state that allows what was asked."""


def create_run(
    session: Session,
    *,
    project: str,
    requested_by: str,
    template: str,
    version: str | None = None,
    extracts: Collection[str],
    parameters: Mapping[str, Any],
    language: str,
    now: datetime | None = None,
) -> Run:
    """Queue a run of ``template`` (newest published ``version`` by default) on granted ``extracts``.

    Call it inside `database.writing`, so that the project's limit holds between processes. Raises
    `AccessDenied`: every code of `desk_access`, extract_not_granted, template_not_published,
    too_many_runs.
    """
    # The lock is PostgreSQL's; SQLite has one writer anyway.
    session.execute(select(Project.name).where(Project.name == project).with_for_update())
    access = desk_access(session, requested_by, project, now)
    granted = {extract.name: extract for extract in access.extracts}
    for name in extracts:
        if name not in granted:
            raise AccessDenied(
                "extract_not_granted",
                "The extract {extract} is not granted to the project {project}. "
                "Ask an administrator to grant it.",
                extract=name,
                project=project,
            )
    under_way = session.scalar(
        select(func.count()).select_from(Run).where(Run.project == project, Run.status.in_(UNDER_WAY))
    )
    if (under_way or 0) >= access.quotas.max_runs:
        raise AccessDenied(
            "too_many_runs",
            "The project {project} may have {limit} runs under way. Wait for one to finish, or cancel one.",
            project=project,
            limit=access.quotas.max_runs,
        )
    run = Run(
        project=project,
        requested_by=requested_by,
        template=published_template(session, template, version),
        extracts=[
            {
                "name": name,
                "version": granted[name].version,
                "digest": granted[name].digest,
                "folder": granted[name].folder,
            }
            for name in extracts
        ],
        parameters=dict(parameters),
        language=language,
        status=RunStatus.QUEUED,
        created=now or utc_now(),
    )
    session.add(run)
    session.flush()
    asked = {"run": run.id, "template": f"{run.template.name} {run.template.version}"}
    trail.record(session, "run-asked", source="portal", user=requested_by, project=project, detail=asked)
    return run


def published_template(session: Session, name: str, version: str | None = None) -> Template:
    """The published ``version`` of template ``name``; by default the one published last.

    Raises `AccessDenied` with code template_not_published.
    """
    query = select(Template).where(Template.name == name, Template.status == TemplateStatus.PUBLISHED)
    if version is not None:
        query = query.where(Template.version == version)
    found = session.scalars(query.order_by(Template.published.desc(), Template.id.desc()).limit(1)).first()
    if found is None:
        raise AccessDenied(
            "template_not_published",
            "There is no published template {template}. Choose one from the catalogue.",
            template=name if version is None else f"{name} {version}",
        )
    return found


def get_run(session: Session, run_id: str) -> Run:
    """The run with this id. Raises `RunRefused` where there is none."""
    run = session.get(Run, run_id)
    if run is None:
        raise RunRefused("There is no run {run}.", run=run_id)
    return run


def project_runs(session: Session, project: str, limit: int = 100) -> tuple[Run, ...]:
    """A project's runs, newest first."""
    query = select(Run).where(Run.project == project).order_by(Run.created.desc(), Run.id).limit(limit)
    return tuple(session.scalars(query))


def claim_next_queued(session: Session) -> Run | None:
    """Take the oldest queued run, now running; None where nothing waits. Two callers never get one run."""
    oldest = (
        select(Run.id)
        .where(Run.status == RunStatus.QUEUED)
        .order_by(Run.created, Run.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    # One statement, so that it is atomic without a lock held from before.
    claimed = session.scalar(
        update(Run)
        .where(Run.id == oldest, Run.status == RunStatus.QUEUED)
        .values(status=RunStatus.RUNNING, started=utc_now())
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    return None if claimed is None else session.get(Run, claimed, populate_existing=True)


def mark_started(session: Session, run_id: str, *, image: str) -> Run:
    """Record that a claimed run's engine is up, and the ``image`` that it runs, by digest."""
    run = _running(session, run_id)
    run.image = image
    run.started = utc_now()
    template = f"{run.template.name} {run.template.version}"
    detail = {"run": run.id, "template": template, "template_digest": run.template.digest, "image": image}
    who: dict[str, Any] = {"source": "portal", "user": run.requested_by, "project": run.project}
    trail.record(session, "run-started", **who, detail=detail)
    return run


def record_mounts(session: Session, run: Run) -> None:
    """Put on the trail what ``run`` is about to have mounted."""
    for extract in run.extracts:
        trail.record(
            session,
            "extract-mounted",
            source="portal",
            user=run.requested_by,
            project=run.project,
            extract=f"{extract['name']}@{extract['version']}",
            detail={"digest": extract["digest"], "run": run.id},
        )


def mark_finished(session: Session, run_id: str, status: RunStatus, error: str | None = None) -> Run:
    """End a running run with ``status``; ``error`` is the line to show where it did not succeed."""
    if status not in ENDS:
        raise ValueError(f"{status} is not an end")
    run = _running(session, run_id)
    run.status, run.error, run.finished = status, error, utc_now()
    who: dict[str, Any] = {"source": "portal", "user": run.requested_by, "project": run.project}
    trail.record(session, "run-ended", **who, detail={"run": run.id, "status": status.value})
    return run


def cancel_queued(session: Session, run_id: str) -> Run:
    """Cancel a run that nobody has claimed. Raises `RunRefused` otherwise."""
    claimed = session.scalar(
        update(Run)
        .where(Run.id == run_id, Run.status == RunStatus.QUEUED)
        .values(status=RunStatus.CANCELLED, finished=utc_now())
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    run = session.get(Run, run_id, populate_existing=True)
    if run is None:
        raise RunRefused("There is no run {run}.", run=run_id)
    if claimed is None:
        raise RunRefused("The run {run} is no longer queued: it is {status}.", run=run_id, status=run.status)
    who: dict[str, Any] = {"source": "portal", "user": run.requested_by, "project": run.project}
    trail.record(session, "run-ended", **who, detail={"run": run.id, "status": run.status.value})
    return run


def end_without_access(session: Session, run_id: str, error: str) -> bool:
    """Cancel a run that is under way and may not be any more; False where it has ended already."""
    run = session.get(Run, run_id, with_for_update={"of": Run}, populate_existing=True)
    if run is None or run.status not in UNDER_WAY:
        return False
    run.status, run.error, run.finished = RunStatus.CANCELLED, error, utc_now()
    session.flush()
    return True


def still_allowed(session: Session, run: Run, now: datetime | None = None) -> DeskAccess:
    """What the run's engine may use, where the run may go on. Raises `AccessDenied`.

    Codes are those of `desk_access`, and extract_not_granted where a version that the run was asked for
    with is no longer in force.
    """
    granted = desk_access(session, run.requested_by, run.project, now)
    there = extracts_in_force(session, run.project, now)
    for extract in run.extracts:
        if (extract["name"], extract["digest"]) not in there:
            raise AccessDenied(
                "extract_not_granted",
                "The extract {extract} is not granted to the project {project}. "
                "Ask an administrator to grant it.",
                extract=extract["name"],
                project=run.project,
            )
    return granted


def interrupt_lost(session: Session, alive: Collection[str]) -> tuple[Run, ...]:
    """End as interrupted, and return, the running runs that have no engine: id not in ``alive``."""
    gone = Refusal("The run's engine is gone: the machine or the service restarted. Start the run again.")
    lost = session.scalars(select(Run).where(Run.status == RunStatus.RUNNING).with_for_update(of=Run))
    return tuple(
        mark_finished(session, run.id, RunStatus.INTERRUPTED, gone.text(catalogue(run)))
        for run in lost
        if run.id not in set(alive)
    )


def catalogue(run: Run) -> str:
    """The language of a run's report as `locales` names it: its errors are kept in it."""
    return "zh_CN" if run.language.startswith("zh") else "en"


def _running(session: Session, run_id: str) -> Run:
    run = session.get(Run, run_id, with_for_update={"of": Run}, populate_existing=True)
    if run is None:
        raise RunRefused("There is no run {run}.", run=run_id)
    if run.status is not RunStatus.RUNNING:
        raise RunRefused("The run {run} is not running: it is {status}.", run=run_id, status=run.status)
    return run
