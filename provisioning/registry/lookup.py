"""One thing by its name, or one line that says it is not there."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.models import Account, Extract, ExtractStatus, Project, Template


def get_account(session: Session, name: str) -> Account:
    """Raises `Refusal` where there is no such account."""
    account = session.get(Account, name)
    if account is None:
        raise Refusal("There is no account {account}. See `carrel user list`.", account=name)
    return account


def get_project(session: Session, name: str) -> Project:
    """Raises `Refusal` where there is no such project."""
    project = session.get(Project, name)
    if project is None:
        raise Refusal("There is no project {project}. See `carrel project list`.", project=name)
    return project


def get_extract(session: Session, reference: str) -> Extract:
    """The extract ``name@version``, or the newest verified version of ``name``. Raises `Refusal`."""
    name, at, version = reference.partition("@")
    query = select(Extract).where(Extract.name == name)
    if at:
        if not re.fullmatch(r"[1-9][0-9]{0,8}", version):
            raise Refusal(
                "{reference} is not an extract: write NAME or NAME@VERSION, such as rotterdam@1.",
                reference=reference,
            )
        query = query.where(Extract.version == int(version))
    else:
        query = query.where(Extract.status == ExtractStatus.VERIFIED)
    extract = session.scalars(query.order_by(Extract.version.desc()).limit(1)).first()
    if extract is None:
        raise Refusal(
            "There is no registered extract {reference}. See `carrel extract list`.", reference=reference
        )
    return extract


def get_template(session: Session, name: str, version: str) -> Template:
    """Raises `Refusal` where there is no such version of the template."""
    query = select(Template).where(Template.name == name, Template.version == version)
    template = session.scalars(query).one_or_none()
    if template is None:
        raise Refusal(
            "There is no template {template} {version}. See `carrel template list`.",
            template=name,
            version=version,
        )
    return template
