"""Whether anything of a project still runs. The portal's enforcement loop ends it; this only looks."""

from __future__ import annotations

import os

import docker
from docker.errors import DockerException
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_config import naming
from provisioning.refusal import Refusal
from provisioning.registry import runs
from provisioning.registry.models import Run

_SOCKET = "/var/run/docker.sock"


def check_nothing_stands(session: Session, project: str) -> bool:
    """Raises `Refusal` while a run, desk or engine stands. False where Docker cannot be asked from here."""
    under_way = select(Run.id).where(Run.project == project, Run.status.in_(runs.UNDER_WAY)).limit(1)
    run = session.scalar(under_way)
    if run is not None:
        raise Refusal(
            "The run {run} of the project {project} has not ended. "
            "The portal ends it within seconds; try again.",
            run=run,
            project=project,
        )
    names = _containers(project)
    if names:
        raise Refusal(
            "{container} of the project {project} still stands. "
            "The portal removes it within seconds; try again, and look at the portal if it stays.",
            container=names[0],
            project=project,
        )
    return names is not None


def _containers(project: str) -> list[str] | None:
    if not os.environ.get("DOCKER_HOST") and not os.access(_SOCKET, os.R_OK | os.W_OK):
        return None
    labels = [f"{naming.PROJECT_LABEL}={project}"]
    if os.environ.get("CARREL_SITE"):
        labels.append(f"{naming.SITE_LABEL}={os.environ['CARREL_SITE']}")
    try:
        client = docker.APIClient(timeout=10, version="auto", base_url=os.environ.get("DOCKER_HOST"))
        try:
            listed = client.containers(all=True, filters={"label": labels})
        finally:
            client.close()
    except (DockerException, OSError):
        return None
    return sorted(str(each["Names"][0]).lstrip("/") for each in listed)
