"""A project that ended: workspaces that hold what hostile people leave, a run, a release, an extract, a key."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from provisioning.registry import database, events
from provisioning.registry.models import (
    Account,
    Base,
    Extract,
    ExtractStatus,
    Grant,
    Membership,
    Project,
    ProjectStatus,
    ReleaseFile,
    ReleaseRequest,
    ReleaseStatus,
    Role,
)

OWN, SHARED = b"only ours\n", b"theirs too\n"


@dataclass
class Ended:
    """Where things lie."""

    root: Path
    engine: Engine

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def workspace(self) -> Path:
        return self.data / "workspaces" / "heart" / "li-wei"

    @property
    def bags(self) -> Path:
        return self.root / "bags"

    def stored(self, content: bytes) -> Path:
        digest = hashlib.sha256(content).hexdigest()
        return self.data / "airlock" / "sha256" / digest[:2] / digest

    def status(self, project: str = "heart") -> ProjectStatus:
        with database.sessions(self.engine)() as session:
            return session.get_one(Project, project).status

    def set_status(self, status: ProjectStatus) -> None:
        with database.writing(self.engine) as session:
            session.get_one(Project, "heart").status = status


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _name(folder: Path, name: bytes) -> str:
    return os.fsdecode(os.fsencode(folder) + b"/" + name)


def _fill(ended: Ended) -> None:
    _put(ended.workspace / "notebook.ipynb", b"{}")
    _put(ended.workspace / "表" / "结果.csv", "年龄\n".encode())
    _put(ended.workspace / "empty.txt", b"")
    for name in (b"50%", b"two\nlines\r", b"bad\xff%", b" blank ", b"back\\slash"):
        with open(_name(ended.workspace, name), "wb") as file:
            file.write(name)
    secret = ended.root / "secret"
    secret.write_bytes(b"the host's")
    (ended.workspace / "link").symlink_to(secret)
    (ended.workspace / "folder-link").symlink_to(ended.root)
    os.link(secret, ended.workspace / "hard")
    os.mkfifo(ended.workspace / "pipe")
    here = os.getcwd()
    os.chdir(ended.workspace)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
    os.chdir(here)
    (ended.workspace / "nothing").mkdir()
    closed = ended.workspace / "closed"
    _put(closed / "inner", b"x")
    closed.chmod(0o500)
    _put(ended.data / "workspaces" / "lung" / "ma-chao" / "n.ipynb", b"other")
    _put(ended.data / "desks" / "heart" / "li-wei" / "h", b"home")
    _put(ended.data / "runs" / "heart" / ("a" * 32) / "report.html", b"<html>")
    for content in (OWN, SHARED):
        _put(ended.stored(content), content)
    for name in ("mine", "both"):
        _put(ended.data / "extracts" / name / "v1" / "t.parquet", name.encode())
    for name in ("heart", "lung"):
        _put(ended.root / "keys" / "projects" / f"{name}.key", b"k" * 32)
    ended.bags.mkdir()


def _request(number: int, project: str, by: str, status: ReleaseStatus, *contents: bytes) -> ReleaseRequest:
    files = [
        ReleaseFile(position=at, path=f"{at}.csv", sha256=hashlib.sha256(each).hexdigest(), bytes=len(each))
        for at, each in enumerate(contents)
    ]
    said = {"purpose": "paper", "recipient": "李伟", "status": status}
    return ReleaseRequest(number=number, project=project, requested_by=by, files=files, **said)


def _extract(name: str) -> Extract:
    titles = {"title_en": name, "title_zh": name}
    return Extract(
        status=ExtractStatus.VERIFIED,
        name=name,
        version=1,
        digest="sha256:" + "0" * 64,
        folder=f"{name}/v1",
        manifest={},
        **titles,
    )


def make(root: Path) -> Ended:
    """The project heart, closed, with everything, and lung, which goes on."""
    ended = Ended(root, database.engine(f"sqlite:///{root}/registry.sqlite"))
    Base.metadata.create_all(ended.engine)
    with database.writing(ended.engine) as session:
        session.add_all(
            [
                Account(name="li-wei", display_name="李伟", roles={Role.ANALYST}),
                Account(name="ma-chao", display_name="马超", roles={Role.ANALYST}),
                Project(name="heart", title_en="Heart", title_zh="心脏", status=ProjectStatus.CLOSED),
                Project(name="lung", title_en="Lung", title_zh="肺", status=ProjectStatus.ACTIVE),
            ]
        )
        session.flush()
        mine, both = _extract("mine"), _extract("both")
        session.add_all(
            [
                Membership(project="heart", account="li-wei"),
                Membership(project="lung", account="ma-chao"),
                Grant(project="heart", extract=mine),
                Grant(project="heart", extract=both),
                Grant(project="lung", extract=both),
                _request(1, "heart", "li-wei", ReleaseStatus.RELEASED, OWN, SHARED),
                _request(2, "lung", "ma-chao", ReleaseStatus.RELEASED, SHARED),
                _request(3, "heart", "li-wei", ReleaseStatus.DRAFT, b"a draft that the store lost"),
            ]
        )
        events.record(
            session, source="desk", user="li-wei", project="heart", kind="denied", detail={"size": 3}
        )
        events.record(session, source="desk", user="ma-chao", project="lung", kind="denied")
    _fill(ended)
    return ended
