"""A registry with people of every role, and a project with an extract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from running_hub import hub
from sqlalchemy import Engine

from provisioning.accounts.credentials import enrol
from provisioning.registry import database
from provisioning.registry.membership import add_member
from provisioning.registry.models import (
    Account,
    AccountStatus,
    Extract,
    ExtractStatus,
    Grant,
    Project,
    ProjectStatus,
    Role,
)

__all__ = ["hub"]

PASSWORD = "a long enough password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
DIGEST = "sha256:" + "0" * 64


@pytest.fixture(scope="session")
def password_hash() -> str:
    """As the registry's own, but quickly checked: these tests sign in often."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


@pytest.fixture
def password() -> str:
    return PASSWORD


@pytest.fixture
def secret() -> str:
    """Everybody's second factor."""
    return SECRET


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password_hash: str) -> Iterator[Engine]:
    """li-wei in heart, old and paused; ma-chao in lung; one of every other role; gone is suspended."""
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    monkeypatch.setenv("CARREL_REGISTRY_URL", url)
    monkeypatch.setenv("TZ", "UTC")
    (tmp_path / "keys").mkdir()
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    database.upgrade(url)
    engine = database.engine(url)
    roles = {
        "li-wei": Role.ANALYST,
        "ma-chao": Role.ANALYST,
        "chen-jing": Role.ENGINEER,
        "zhao-lei": Role.ADMIN,
        "sun-yan": Role.REVIEWER,
        "wu-fang": Role.AUDITOR,
        "gone": Role.ANALYST,
    }
    with database.writing(engine) as session:
        for name, role in roles.items():
            account = Account(name=name, display_name=name, roles={role}, password_hash=password_hash)
            account.status = AccountStatus.SUSPENDED if name == "gone" else AccountStatus.ACTIVE
            session.add(account)
            session.flush()
            enrol(session, name, SECRET)
        for name in ("heart", "lung"):
            session.add(Project(name=name, title_en=name, title_zh=name, status=ProjectStatus.ACTIVE, gpus=1))
        old = Project(name="old", title_en="Old", title_zh="旧", status=ProjectStatus.ACTIVE)
        old.expires = date(2020, 1, 1)
        session.add(old)
        session.add(Project(name="paused", title_en="x", title_zh="x", status=ProjectStatus.SUSPENDED))
        session.flush()
        for project in ("heart", "old", "paused"):
            add_member(session, project, "li-wei")
        add_member(session, "heart", "gone")
        add_member(session, "heart", "chen-jing")
        add_member(session, "lung", "ma-chao")
        bloods = Extract(
            status=ExtractStatus.VERIFIED,
            name="bloods",
            version=1,
            title_en="Bloods",
            title_zh="血液",
            digest=DIGEST,
            manifest={},
        )
        bloods.folder = "bloods/v1"
        session.add(Grant(project="heart", extract=bloods))
    yield engine
    engine.dispose()
