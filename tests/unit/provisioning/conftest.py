"""A registry in a temporary folder, two projects in it, and a small extract to register."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from provisioning.registry import database
from provisioning.registry.membership import add_member
from provisioning.registry.models import Account, Extract, ExtractStatus, Grant, Project, ProjectStatus, Role

DIGEST = "sha256:" + "0" * 64


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("empty_postgresql"))
    return f"sqlite:///{tmp_path}/registry.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def registry_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An upgraded registry of each kind, which the settings name too."""
    if request.param == "postgresql":
        url = str(request.getfixturevalue("upgraded_postgresql"))
    else:
        url = f"sqlite:///{tmp_path}/registry.sqlite"
        database.upgrade(url)
    monkeypatch.setenv("CARREL_REGISTRY_URL", url)
    monkeypatch.setenv("CARREL_DATA", str(tmp_path / "data"))
    (tmp_path / "keys").mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    return url


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """An upgraded registry in SQLite, for what is SQLite's own."""
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    database.upgrade(url)
    made = database.engine(url)
    yield made
    made.dispose()


@pytest.fixture
def engine(registry_url: str) -> Iterator[Engine]:
    made = database.engine(registry_url)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with database.sessions(engine)() as opened:
        yield opened


@pytest.fixture
def site(session: Session) -> Session:
    """li-wei is a member of the active project heart, which has bloods@1; ma-chao of lung, which has none."""
    session.add_all(
        [
            Account(name="li-wei", display_name="李伟", roles={Role.ANALYST}),
            Account(name="ma-chao", display_name="马超", roles={Role.ANALYST}),
            Account(name="zhao-lei", display_name="赵磊", roles={Role.ADMIN}),
            Project(name="heart", title_en="Heart", title_zh="心脏", status=ProjectStatus.ACTIVE),
            Project(name="lung", title_en="Lung", title_zh="肺", status=ProjectStatus.ACTIVE),
        ]
    )
    session.flush()
    add_member(session, "heart", "li-wei")
    add_member(session, "lung", "ma-chao")
    session.add(Grant(project="heart", extract=extract("bloods", 1)))
    session.commit()
    return session


def extract(name: str, version: int) -> Extract:
    """A registry row without a folder."""
    return Extract(
        name=name,
        version=version,
        title_en="Bloods",
        title_zh="血液",
        digest=DIGEST,
        folder=f"{name}/v{version}",
        manifest={},
        status=ExtractStatus.VERIFIED,
    )


@pytest.fixture
def new_extract() -> Callable[[str, int], Extract]:
    return extract


@dataclass
class Source:
    """CSV files and a dictionary to register, and where to."""

    folder: Path
    root: Path

    @property
    def dictionary(self) -> Path:
        return self.folder / "dictionary.yaml"

    @property
    def policy(self) -> Path:
        return self.folder / "policy.yaml"

    @property
    def csv(self) -> Path:
        return self.folder / "bloods.csv"

    def edit(self, file: str, before: str, after: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")


DICTIONARY = """\
name: bloods
title: {en: Bloods, zh: 血液}
source: a test
licence: CC0-1.0
tables:
  bloods:
    file: bloods.csv
    title: {en: Bloods, zh: 血液}
    missing: [NA]
    columns:
      person: {type: integer, title: {en: Person, zh: 患者}}
      hb: {type: number, unit: g/L, title: {en: Haemoglobin, zh: 血红蛋白}}
      drawn: {type: date, title: {en: Drawn, zh: 采血日期}}
      at: {type: datetime, title: {en: At, zh: 时间}}
      fasting: {type: boolean, title: {en: Fasting, zh: 空腹}}
      sex:
        type: string
        title: {en: Sex, zh: 性别}
        codes:
          F: {en: Female, zh: 女}
          M: {en: Male, zh: 男}
"""
POLICY = """\
tables:
  bloods:
    columns: {person: keep, hb: keep, drawn: keep, at: keep, fasting: keep, sex: keep}
    expected:
      drawn: {rules: [date], reason: made up}
      at: {rules: [date], reason: made up}
      sex: {rules: [undeclared-quasi-identifier], reason: made up}
"""
CSV = """\
person,hb,drawn,at,fasting,sex
1,131.5,2024-02-29,2024-02-29 08:30:00,true,F
2,NA,2024-03-01,2024-03-01T09:00,0,M
3,1.2e2,,,,
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "dictionary.yaml").write_text(DICTIONARY, encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "bloods.csv").write_text(CSV, encoding="utf-8")
    return Source(folder, tmp_path / "extracts")
