"""Publishing a template: its folder copied for good, its digest in the registry."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.columns import checked_name, checked_version
from provisioning.registry.models import Template, TemplateStatus
from templates_nb.digest import BYTE_CODE, DigestError, folder_digest
from templates_nb.manifest import ManifestError, load

_HALF = ".publishing-"


@dataclass(frozen=True)
class Published:
    """A template in the registry; ``new`` is False where it was published already."""

    template: Template
    new: bool


def publish(folder: Path, templates_root: Path, session: Session) -> Published:
    """Copy ``folder`` to ``<templates_root>/<name>/<version>`` (0440/0550) and enter it.

    The same content again changes nothing. Raises `Refusal` for what is no template, and for a version
    that is published with another content: versions never change.
    """
    try:
        manifest = load(folder)
        digest = folder_digest(folder)
    except (ManifestError, DigestError) as error:
        raise Refusal("{reason}", reason=error) from error
    name, version = checked_name(manifest.name), checked_version(manifest.version)
    found = session.scalars(
        select(Template).where(Template.name == name, Template.version == version)
    ).one_or_none()
    if found is not None and found.digest != digest:
        raise _other_content(name, version)
    if found is not None and found.status is not TemplateStatus.PUBLISHED:
        raise Refusal(
            "The template {template} is withdrawn, for good. Publish a new version.",
            template=f"{name} {version}",
        )
    _copy(folder, templates_root / name / version, digest)
    if found is not None:
        return Published(found, new=False)
    template = Template(name=name, version=version, digest=digest, folder=f"{name}/{version}")
    session.add(template)
    session.flush()
    return Published(template, new=True)


def withdraw(session: Session, template: Template) -> bool:
    """No new runs of this version; False where it was withdrawn already."""
    changed = template.status is not TemplateStatus.WITHDRAWN
    template.status = TemplateStatus.WITHDRAWN
    session.flush()
    return changed


def _copy(folder: Path, target: Path, digest: str) -> None:
    """Put ``folder`` at ``target``, whole or not at all; what is there with this digest stays."""
    if target.exists():
        if folder_digest(target) != digest:
            raise _other_content(target.parent.name, target.name)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        half = Path(mkdtemp(prefix=_HALF, dir=target.parent))
        try:
            copy = half / "template"
            shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(BYTE_CODE))
            # Of the copy: the folder may have changed while it was read.
            if folder_digest(copy) != digest:
                raise Refusal("{folder} changed while it was copied. Publish again.", folder=folder)
            _seal(copy)
            os.rename(copy, target)
            target.chmod(0o550)  # last: a folder that cannot be written cannot be moved elsewhere
        finally:
            _unseal(half)
            shutil.rmtree(half)
    except OSError as error:
        raise Refusal(
            "{folder} cannot be written: {reason}. Give this account the right to, or set CARREL_DATA.",
            folder=error.filename or target,
            reason=error.strerror,
        ) from error


def _seal(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o550 if path.is_dir() else 0o440)


def _unseal(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o700)


def _other_content(name: str, version: str) -> Refusal:
    return Refusal(
        "The template {template} is published with another content, and versions never change. "
        "Raise the version in its manifest.",
        template=f"{name} {version}",
    )
