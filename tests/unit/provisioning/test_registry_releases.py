"""Release requests and events in the registry, whoever asks for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from provisioning.audit import reading
from provisioning.refusal import Refusal
from provisioning.registry import events, releases
from provisioning.registry.access import AccessDenied
from provisioning.registry.columns import utc_now
from provisioning.registry.models import ReleaseRequest, ReleaseStatus
from provisioning.registry.releases import Asked, ReleaseRefused

FILE = Asked("table.csv", "a" * 64, 10)


def draft(
    session: Session, *files: Asked, project: str = "heart", by: str = "li-wei", **text: str
) -> ReleaseRequest:
    said = {"purpose": "The paper", "recipient": "Li Wei", **text}
    return releases.create_draft(session, project=project, requested_by=by, files=files or [FILE], **said)


def test_a_draft_is_numbered_for_the_whole_site_and_is_an_event(site: Session) -> None:
    first = draft(site, FILE, Asked("b", "b" * 64, 0), purpose=" two\nlines ")
    second = draft(site, project="lung", by="ma-chao")
    assert (first.number, second.number) == (1, 2)
    assert (first.status, first.purpose) == (ReleaseStatus.DRAFT, "two\nlines")
    assert [file.position for file in first.files] == [0, 1]
    assert [each.number for each in releases.requests(site)] == [2, 1]
    assert releases.requests(site, project="heart", status=ReleaseStatus.DRAFT) == (first,)
    assert releases.requests(site, status=ReleaseStatus.RELEASED) == ()
    asked = reading.records(site, project="heart", kind="release-asked")
    assert [(event.id, event.source, event.user) for event in asked] == [(first.id, "portal", "li-wei")]


@pytest.mark.parametrize(
    ("by", "project", "code"),
    [
        ("ma-chao", "heart", "not_a_member"),
        ("zhao-lei", "heart", "not_a_member"),
        ("li-wei", "nowhere", "not_a_member"),
        ("nobody", "heart", "unknown_account"),
    ],
)
def test_only_who_may_work_in_a_project_asks(site: Session, by: str, project: str, code: str) -> None:
    with pytest.raises(AccessDenied) as denied:
        draft(site, by=by, project=project)
    assert denied.value.code == code
    assert reading.records(site) == ()


@pytest.mark.parametrize(
    "files",
    [
        [Asked("", "a" * 64, 1)],
        [Asked("a" * 1001, "a" * 64, 1)],
        [Asked("a\nb", "a" * 64, 1)],
        [FILE, FILE],
        [FILE] * 101,
    ],
)
def test_files_that_are_not_plain(site: Session, files: list[Asked]) -> None:
    with pytest.raises(ReleaseRefused) as refused:
        draft(site, *files)
    assert refused.value.status == 400
    assert releases.requests(site) == ()


def test_drafts_of_others_take_no_room_but_bytes(site: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "MOST_DRAFTS", 1)
    monkeypatch.setattr(releases, "DRAFT_BYTES", 25)
    made = draft(site)
    with pytest.raises(ReleaseRefused, match="1 drafts"):
        draft(site)
    made.status = ReleaseStatus.SUBMITTED
    draft(site)
    draft(site, project="lung", by="ma-chao")
    monkeypatch.setattr(releases, "MOST_DRAFTS", 9)
    draft(site)
    with pytest.raises(ReleaseRefused, match="drafts of the project heart hold"):
        draft(site)


def test_a_number_is_nobody_elses(site: Session) -> None:
    draft(site)
    site.add(
        ReleaseRequest(number=1, project="heart", requested_by="li-wei", purpose="x", recipient="x", files=[])
    )
    with pytest.raises(IntegrityError):
        site.flush()


def test_which_contents_requests_name(site: Session) -> None:
    draft(site, FILE, Asked("b", "b" * 64, 0))
    assert releases.named(site, ["a" * 64, "b" * 64, "c" * 64]) == {"a" * 64, "b" * 64}


def test_events_are_added_once_and_found_by_what_they_are_about(site: Session) -> None:
    then = utc_now() - timedelta(days=2)
    reports = [
        events.report(uuid4().hex, then, "denied", {"size": 1}),
        events.report(uuid4().hex, utc_now(), "withheld", {}),
    ]
    for expected in (2, 0):
        assert events.add(site, source="desk", user="li-wei", project="heart", reports=reports) == expected
    events.record(site, source="hub", user="ma-chao", project="lung", kind="desk-started")
    assert [event.kind for event in reading.records(site)] == ["desk-started", "withheld", "denied"]
    assert [event.kind for event in reading.records(site, user="li-wei", since=then + timedelta(days=1))] == [
        "withheld"
    ]
    assert len(reading.records(site, limit=1)) == 1
    with pytest.raises(ValueError, match="stranger"):
        events.add(site, source="stranger", user="li-wei", project="heart", reports=[])


def test_events_of_who_is_gone_stay(site: Session) -> None:
    events.record(site, source="hub", user="long-gone", project="deleted", kind="desk-stopped")
    assert reading.records(site, user="long-gone")[0].detail == {}


@pytest.mark.parametrize(
    "time", ["2026-01-02T03:04:05", "2026-01-02T11:04:05+08:00", datetime(2026, 1, 2, 3, 4, 5)]
)
def test_times_are_utc(time: object) -> None:
    assert events.report("a" * 32, time, "denied", {}).time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_field_that_nobody_knows_is_no_events(site: Session) -> None:
    for detail in ({"content": "x"}, {"size": "1"}, {"reason": "A B"}, {"path": "/a"}):
        with pytest.raises(Refusal):
            events.record(site, source="hub", user="a", project="b", kind="denied", detail=detail)
