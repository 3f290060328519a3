"""What is exported and applied again changes nothing, whatever the site."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from provisioning.lined_yaml import one_line
from provisioning.refusal import Refusal
from provisioning.registry.columns import checked_name
from provisioning.registry.models import DUTIES, Extract, ExtractStatus, Role
from provisioning.registry.roles import works_on_data
from provisioning.site.apply import apply
from provisioning.site.export import export_site
from provisioning.site.file import read_site

TEXTS = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()) and one_line(text.strip()))
DAYS = st.none() | st.dates(date(2000, 1, 1), date(2999, 12, 31))
WORDS = st.from_regex(r"[a-z][a-z0-9]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True)
"""Words that YAML reads as something else (no, on, null) among them."""
NAMES = st.lists(WORDS | st.sampled_from(["no", "on", "off", "yes", "null", "true"]), unique=True, max_size=5)
ROLES = st.sets(st.sampled_from(Role), min_size=1).filter(lambda held: len(held & DUTIES) < 2)
EXTRACTS = ("bloods@1", "bloods@2", "scans@1")


@st.composite
def sites(draw: st.DrawFn) -> dict[str, Any]:
    accounts = {
        name: {
            "display_name": draw(TEXTS),
            "roles": sorted(role.value for role in draw(ROLES)),
            "status": draw(st.sampled_from(["active", "suspended"])),
        }
        for name in draw(NAMES)
    }
    can = sorted(
        name for name, one in accounts.items() if works_on_data({Role(role) for role in one["roles"]})
    )
    return {"accounts": accounts, "projects": {name: draw(projects(can)) for name in draw(NAMES)}} | draw(
        st.just({}) | st.fixed_dictionaries({"policies": st.just({"display_bytes": 5_000_000})})
    )


@st.composite
def projects(draw: st.DrawFn, can: list[str]) -> dict[str, Any]:
    papers = st.fixed_dictionaries({"number": TEXTS}, optional={"expires": DAYS})
    chosen = draw(st.sets(st.sampled_from(EXTRACTS)))
    grants = [
        draw(st.just(one) | st.builds(lambda day, one=one: {"extract": one, "expires": day}, DAYS))
        for one in chosen
    ]
    quotas = {
        "cpu": st.floats(0.1, 1000) | st.integers(1, 64),
        "memory": st.integers(64 * 1024**2, 2**52).map(lambda size: f"{size} B") | st.just("1.5 GiB"),
        "disk": st.integers(1, 900).map(lambda size: f"{size} GiB"),
        "pids": st.integers(16, 10**6),
        "gpus": st.integers(0, 8),
        "max_desks": st.integers(0, 99),
        "max_runs": st.integers(0, 99),
        "display_bytes": st.integers(1, 2**53),
        "display_cells": st.integers(1, 2**53),
    }
    project: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {"title": st.fixed_dictionaries({"en": TEXTS, "zh": TEXTS})},
            optional={
                "status": st.sampled_from(["draft", "active", "suspended", "closed"]),
                "expires": DAYS,
                "approval": papers,
                "agreement": papers,
                "quotas": st.fixed_dictionaries({}, optional=quotas),
                "members": st.lists(st.sampled_from(can), unique=True) if can else st.just([]),
            },
        )
    )
    return project | {"extracts": grants}


@pytest.fixture
def extracts(session: Session, new_extract) -> None:
    session.add_all([new_extract("bloods", 1), new_extract("bloods", 2), new_extract("scans", 1)])
    session.flush()


@given(wanted=sites())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_apply_export_apply_changes_nothing(session: Session, extracts, tmp_path: Path, wanted) -> None:
    with session.begin_nested() as nested:
        file = tmp_path / "site.yaml"
        file.write_text(yaml.safe_dump(wanted, allow_unicode=True), encoding="utf-8")
        apply(session, read_site(file))
        session.expire_all()
        file.write_text(export_site(session), encoding="utf-8")
        again = apply(session, read_site(file)).lines()
        exported = export_site(session)
        nested.rollback()
    session.expunge_all()
    assert again == []
    assert set(yaml.safe_load(exported) or {}) == {key for key, value in wanted.items() if value}


def test_what_is_exported_makes_the_same_site_in_an_empty_registry(
    site: Session, tmp_path: Path, sqlite_other: Session
) -> None:
    file = tmp_path / "exported.yaml"
    file.write_text(export_site(site), encoding="utf-8")
    apply(sqlite_other, read_site(file))
    assert export_site(sqlite_other) == file.read_text(encoding="utf-8")


@pytest.fixture
def sqlite_other(tmp_path: Path, new_extract):
    from provisioning.registry import database  # noqa: PLC0415

    url = f"sqlite:///{tmp_path}/other.sqlite"
    database.upgrade(url)
    engine = database.engine(url)
    with database.sessions(engine)() as opened:
        opened.add(new_extract("bloods", 1))
        opened.commit()
        yield opened
    engine.dispose()


def test_a_withdrawn_extract_that_is_granted_still_makes_no_difference(site: Session, tmp_path: Path) -> None:
    extract = site.query(Extract).one()
    extract.status = ExtractStatus.WITHDRAWN
    site.commit()
    file = tmp_path / "exported.yaml"
    file.write_text(export_site(site), encoding="utf-8")
    assert apply(site, read_site(file)).lines() == []


@given(WORDS)
@settings(max_examples=50)
def test_the_words_are_names(word: str) -> None:
    try:
        checked_name(word)
    except Refusal:
        pytest.fail(word)
