"""A small site to back up: a real registry, folders with owners and hostile things in them, keys."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path

from provisioning.backup.places import Places
from provisioning.registry import database
from provisioning.registry.models import Account, Role

SECRET = "correct horse battery"


def empty_site(folder: Path) -> Places:
    """Places of a site that holds nothing yet."""
    places = Places(
        f"sqlite:///{folder}/registry/registry.sqlite", folder / "data", folder / "keys", folder / "config"
    )
    for each in (folder / "registry", places.data, places.keys, places.config):
        each.mkdir(parents=True)
    return places


def fill(places: Places) -> None:
    database.upgrade(places.registry)
    engine = database.engine(places.registry)
    with database.writing(engine) as session:
        session.add(Account(name="li-wei", display_name="李伟", roles={Role.ANALYST}))
    engine.dispose()
    workspace = places.data / "workspaces/heart/li-wei"
    workspace.mkdir(parents=True)
    workspace.chmod(0o2770)
    (workspace / "笔记.ipynb").write_text("{}")
    (workspace / "numbers.bin").write_bytes(os.urandom(3_000_000))
    (workspace / "empty").touch()
    with open(os.fsencode(workspace) + b"/not-utf8-\xff", "wb") as file:
        file.write(b"x")
    (workspace / "program").write_text("#!/bin/sh\n")
    (workspace / "program").chmod(0o4755)
    extract = places.data / "extracts/bloods/v1"
    extract.mkdir(parents=True)
    (extract / "extract.json").write_text("{}")
    (extract / "bloods.parquet").write_bytes(b"PAR1" * 1000)
    extract.chmod(0o550)
    home = places.data / "desks/heart/li-wei"
    home.mkdir(parents=True)
    budget = sqlite3.connect(home / "budget.sqlite")
    budget.execute("PRAGMA journal_mode = WAL")
    budget.execute("CREATE TABLE shown (step INTEGER)")
    budget.execute("INSERT INTO shown VALUES (42)")
    budget.commit()
    budget.close()
    (places.keys / "deep").mkdir(mode=0o700)
    (places.keys / "deep/trail.key").write_bytes(b"k" * 32)
    (places.keys / "deep/trail.key").chmod(0o400)
    (places.config / "jupyterhub_config.py").write_text("c = 1\n")


def hostile(places: Places, outside: Path) -> None:
    """What an engine can leave in a workspace."""
    workspace = places.data / "workspaces/heart/li-wei"
    (workspace / "to-file").symlink_to(outside)
    (workspace / "to-folder").symlink_to(outside.parent)
    os.mkfifo(workspace / "pipe")
    if os.geteuid() == 0:
        os.mknod(workspace / "disk", 0o600 | 0o060000, os.makedev(7, 250))
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(workspace)
        bound.bind("sock")
        os.chdir(here)
    with (workspace / "hole").open("wb") as file:
        file.truncate(1 << 40)


def snapshot(places: Places) -> dict[str, tuple[int, int, int, bytes]]:
    """Mode, owner, group and content of everything but the registry and SQLite files, by path."""
    found = {}
    for top in (places.data, places.keys, places.config):
        for path in sorted(top.rglob("*")):
            if path.is_symlink() or not (path.is_dir() or path.is_file()) or ".sqlite" in path.name:
                continue
            status = path.stat()
            content = path.read_bytes() if path.is_file() else b""
            mode = status.st_mode & (0o777 if path.is_file() else 0o7777)
            found[os.fsencode(path.relative_to(top.parent)).decode("latin-1")] = (
                mode,
                status.st_uid,
                status.st_gid,
                content,
            )
    return found
