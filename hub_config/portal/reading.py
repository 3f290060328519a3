"""What the portal's pages ask of the registry, for one account. Nothing is shown that is not asked here.

Functions take a session and block; handlers call them in a thread. Refusals are `AccessDenied`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.registry import access, runs
from provisioning.registry.access import AccessDenied, DeskAccess, GrantedExtract
from provisioning.registry.models import (
    Account,
    AccountStatus,
    Extract,
    Project,
    Run,
    Template,
    TemplateStatus,
)
from provisioning.settings import templates_root
from templates_nb import manifest
from templates_nb.manifest import ManifestError, TemplateManifest

log = logging.getLogger("carrel.portal")


@dataclass(frozen=True)
class ExtractSummary:
    """A granted extract, and how large it is."""

    granted: GrantedExtract
    rows: int
    columns: int


@dataclass(frozen=True)
class ProjectCard:
    """One project as its member sees it; ``refusal`` says why nobody can work in it now."""

    project: Project
    refusal: AccessDenied | None
    extracts: tuple[ExtractSummary, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Analysis:
    """One template, ready to be filled in for a project."""

    access: DeskAccess
    project: Project
    template: Template
    manifest: TemplateManifest
    extracts: tuple[dict[str, Any], ...]
    """The manifests of the granted extracts."""


@dataclass(frozen=True)
class RunView:
    """A run, and its template's manifest where that can still be read."""

    project: Project
    run: Run
    manifest: TemplateManifest | None


def account(session: Session, name: str) -> Account:
    """The active account ``name``, whatever its role. Raises `AccessDenied`."""
    found = session.get(Account, name)
    if found is None or found.status is not AccountStatus.ACTIVE:
        # Refused for that reason before any project is looked at.
        access.desk_access(session, name, "")
        raise AssertionError(name)
    return found


def project_cards(session: Session, account_name: str, recent: int = 5) -> list[ProjectCard]:
    """Every project of an account, whatever its state; data and runs only of those that are open."""
    return [_card(session, project, recent) for project in access.projects_of(session, account_name)]


def _card(session: Session, project: Project, recent: int) -> ProjectCard:
    refusal = access.project_refusal(project)
    if refusal is not None:
        return ProjectCard(project, refusal, (), ())
    granted = access.granted_extracts(session, project.name)
    return ProjectCard(
        project,
        None,
        tuple(_summary(session, extract) for extract in granted),
        runs.project_runs(session, project.name, recent),
    )


def _summary(session: Session, granted: GrantedExtract) -> ExtractSummary:
    tables = _document(session, granted).get("tables", [])
    return ExtractSummary(
        granted,
        sum(int(table.get("rows", 0)) for table in tables),
        sum(len(table.get("columns", [])) for table in tables),
    )


def _document(session: Session, granted: GrantedExtract) -> dict[str, Any]:
    query = select(Extract.manifest).where(Extract.name == granted.name, Extract.version == granted.version)
    return session.scalar(query) or {}


def member_project(session: Session, account_name: str, project_name: str) -> tuple[DeskAccess, Project]:
    """A project that ``account_name`` may work in now. Raises `AccessDenied`."""
    allowed = access.desk_access(session, account_name, project_name)
    project = session.get(Project, project_name)
    assert project is not None  # desk_access would have refused
    return allowed, project


def catalogue(session: Session) -> list[tuple[Template, TemplateManifest]]:
    """The newest published version of every template, by name; a broken one is logged and left out."""
    query = (
        select(Template)
        .where(Template.status == TemplateStatus.PUBLISHED)
        .order_by(Template.name, Template.published, Template.id)
    )
    newest = {template.name: template for template in session.scalars(query)}
    found = []
    for template in newest.values():
        described = template_manifest(template)
        if described is not None:
            found.append((template, described))
    return found


def analysis(session: Session, account_name: str, project_name: str, template_name: str) -> Analysis:
    """What a form for ``template_name`` in ``project_name`` needs. Raises `AccessDenied`."""
    allowed, project = member_project(session, account_name, project_name)
    template = runs.published_template(session, template_name)
    described = template_manifest(template)
    if described is None:
        raise AccessDenied(
            "template_unreadable",
            "The template {template} cannot be read. Tell an administrator.",
            template=template_name,
        )
    documents = tuple(_document(session, extract) for extract in allowed.extracts)
    return Analysis(allowed, project, template, described, documents)


def run(session: Session, account_name: str, project_name: str, run_id: str) -> RunView:
    """A run of a project that the account may work in. Raises `AccessDenied`."""
    _, project = member_project(session, account_name, project_name)
    found = session.get(Run, run_id)
    if found is None or found.project != project_name:
        raise AccessDenied(
            "no_such_run", "The project {project} has no run {run}.", project=project_name, run=run_id
        )
    return RunView(project, found, template_manifest(found.template))


def template_manifest(template: Template) -> TemplateManifest | None:
    """The manifest of a published version, or None (and a line in the log) where it cannot be read."""
    try:
        return _manifest(templates_root() / template.folder, template.digest)
    except ManifestError as error:
        log.error("template %s %s: %s", template.name, template.version, error)
        return None


@lru_cache(maxsize=256)
def _manifest(folder: Path, digest: str) -> TemplateManifest:
    # A published version never changes, so its digest makes the cache safe.
    return manifest.load(folder)
