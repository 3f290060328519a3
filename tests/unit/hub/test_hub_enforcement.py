"""What runs and may not any more is ended, by what the registry says and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from docker.errors import NotFound

from hub_config import naming
from hub_config.enforcement import Enforcement
from hub_config.why_closed import reason
from provisioning.audit import reading
from provisioning.registry import database
from provisioning.registry.changes import Changes
from provisioning.registry.grants import revoke_grants
from provisioning.registry.membership import remove_member
from provisioning.registry.models import Account, AccountStatus, Project, ProjectStatus

DIGEST = "sha256:" + "0" * 64


class Docker:
    def __init__(self) -> None:
        names = naming.DeskNames("t", "heart", "li-wei")
        extract = {naming.EXTRACT_LABEL + "bloods": DIGEST}
        self.there = {"d": names.labels("desk"), "e": {**names.labels("engine"), **extract}}

    def containers(self, *, all: bool, filters: Any) -> list[dict[str, Any]]:
        return [{"Id": id, "Labels": labels} for id, labels in self.there.items()]

    def remove_container(self, container: str, *, v: bool, force: bool) -> None:
        if self.there.pop(container, None) is None:
            raise NotFound(container)


@pytest.fixture
def docker() -> Docker:
    return Docker()


@pytest.fixture
def enforcement(registry, docker) -> Enforcement:
    async def stop_desk(account: str, project: str) -> None:
        docker.there.pop("d", None)

    return Enforcement(registry, lambda: docker, stop_desk, "t")


def project(session, **values):
    for name, value in values.items():
        setattr(session.get(Project, "heart"), name, value)


def suspend_account(session):
    session.get(Account, "li-wei").status = AccountStatus.SUSPENDED


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s: project(s, status=ProjectStatus.SUSPENDED), "project-not-active"),
        (lambda s: project(s, status=ProjectStatus.CLOSED), "project-not-active"),
        (lambda s: remove_member(s, "heart", "li-wei"), "not-a-member"),
        (suspend_account, "account-suspended"),
        (lambda s: revoke_grants(s, "heart", "bloods"), "extract-not-in-force"),
    ],
    ids=["suspended", "closed", "removed", "account", "revoked"],
)
async def test_a_desk_that_lost_its_right_ends_with_its_engine_and_is_on_record_once(
    change, why, registry, docker, enforcement
):
    assert await enforcement.look()
    assert set(docker.there) == {"d", "e"}
    assert not await enforcement.look()  # nothing changed: Docker is not asked
    with database.writing(registry) as session:
        change(session)
    assert await enforcement.look()
    assert docker.there == {}
    await enforcement.look()
    with database.sessions(registry)() as session:
        ended = reading.records(session, kind="desk-ended")
        assert [event.detail["reason"] for event in ended] == [why]
        assert reason(session, "li-wei", "heart") is not None


async def test_an_engine_that_its_desk_left_behind_ends_too(registry, docker, enforcement):
    del docker.there["d"]
    with database.writing(registry) as session:
        remove_member(session, "heart", "li-wei")
    await enforcement.look()
    assert docker.there == {}


async def test_a_hub_that_is_down_keeps_no_desk(registry, docker):
    async def down(account: str, project: str) -> None:
        raise ConnectionRefusedError

    with database.writing(registry) as session:
        suspend_account(session)
    await Enforcement(registry, lambda: docker, down, "t").look()
    assert docker.there == {}


def test_a_change_is_seen_once_and_reading_is_none(registry):
    changes = Changes(registry)
    assert changes.look()
    assert not changes.look()
    with database.writing(registry) as session:
        suspend_account(session)
    assert changes.look()
    assert not changes.look()
    changes.close()
