"""A registry with two projects, and a portal on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from airlock_site import Portal, start_portal
from sqlalchemy import Engine

from provisioning.registry import database
from provisioning.registry.membership import add_member
from provisioning.registry.models import Account, Extract, ExtractStatus, Grant, Project, ProjectStatus, Role

COLUMNS = [
    {"name": "hb", "type": "number", "unit": "g/L", "title": {"en": "Hb", "zh": "血红蛋白"}, "codes": None},
    {"name": "sex", "type": "string", "unit": None, "title": {"en": "Sex", "zh": "性别"}, "codes": {"F": {}}},
]
MANIFEST = {
    "name": "bloods",
    "tables": [
        {
            "name": "bloods",
            "file": "bloods.parquet",
            "rows": 2,
            "title": {"en": "Bloods", "zh": "血液"},
            "columns": [{**column, "missing": 1, "smallest": 131.5} for column in COLUMNS],
            "preview": [["131.5", "F"]],
        }
    ],
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    (folder / "airlock").mkdir(parents=True)
    monkeypatch.setenv("CARREL_DATA", str(folder))
    return folder


@pytest.fixture
def registry(tmp_path: Path, data: Path) -> Iterator[Engine]:
    """li-wei in heart, which has bloods@2; ma-chao in lung, which has nothing."""
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    database.upgrade(url)
    engine = database.engine(url)
    with database.writing(engine) as session:
        for name in ("li-wei", "ma-chao"):
            session.add(Account(name=name, display_name=name, roles={Role.ANALYST}))
        for name in ("heart", "lung"):
            session.add(Project(name=name, title_en=name, title_zh="课题", status=ProjectStatus.ACTIVE))
        session.flush()
        add_member(session, "heart", "li-wei")
        add_member(session, "lung", "ma-chao")
        bloods = Extract(
            name="bloods",
            version=2,
            status=ExtractStatus.VERIFIED,
            title_en="Bloods",
            title_zh="血液",
            manifest=MANIFEST,
        )
        bloods.digest, bloods.folder = "sha256:" + "0" * 64, "bloods/v2"
        session.add(Grant(project="heart", extract=bloods))
    yield engine
    engine.dispose()


@pytest.fixture
async def portal(registry: Engine, data: Path) -> AsyncIterator[Portal]:
    async for made in start_portal(registry, data):
        yield made
