"""What must be true once the project heart is deleted."""

from __future__ import annotations

import json
import os
import stat

from ended_project import OWN, SHARED
from sqlalchemy import select

from provisioning.audit import reading
from provisioning.lifecycle.intent import certificate_path
from provisioning.registry import database
from provisioning.registry.models import Extract, Membership, ProjectStatus, ReleaseRequest


def check_deleted(ended, *, extracts: bool) -> dict:
    """That all of heart is gone, all of lung is there, and the certificate says so; returns it."""
    for name in ("workspaces", "desks", "runs"):
        assert not (ended.data / name / "heart").exists(), name
    assert (ended.data / "workspaces/lung/ma-chao/n.ipynb").read_bytes() == b"other"
    assert not ended.stored(OWN).exists()
    assert ended.stored(SHARED).read_bytes() == SHARED
    assert os.listdir(ended.root / "keys/projects") == ["lung.key"]
    assert (ended.root / "secret").read_bytes() == b"the host's"
    assert (ended.data / "extracts/both/v1/t.parquet").exists()
    assert (ended.data / "extracts/mine/v1").exists() is not extracts
    with database.sessions(ended.engine)() as session:
        assert session.scalars(select(Membership.project)).all() == ["lung"]
        status = {each.name: each.status.value for each in session.scalars(select(Extract))}
        assert status == {"mine": "withdrawn" if extracts else "verified", "both": "verified"}
        (event,) = reading.records(session, project="heart", kind="project-deleted")
        asked = {each.number: each.status.value for each in session.scalars(select(ReleaseRequest))}
    assert asked == {1: "expired", 2: "released", 3: "withdrawn"}
    assert ended.status() is ProjectStatus.DELETED
    assert ended.status("lung") is ProjectStatus.ACTIVE
    path = certificate_path("heart")
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    assert os.listdir(path.parent) == ["heart.json"]
    said = json.loads(path.read_bytes())
    assert said["id"] == event.id
    assert (said["by"], event.user) == ("zhao-lei", "zhao-lei")
    assert said["folders"]["desks"]["bytes"] == 4
    assert said["folders"]["workspaces"]["files"] == 9
    assert said["folders"]["workspaces"]["others"] == 5
    assert [each["bytes"] for each in said["store"]] == [len(OWN)]
    assert [each["extract"] for each in said["extracts"]] == (["mine@1"] if extracts else [])
    assert said["keys"] == ["projects/heart.key"]
    return said
