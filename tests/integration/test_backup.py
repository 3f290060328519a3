"""The whole running site backed up while it runs, and restored as another site that is then looked at."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from images.recipe import ROOT, by_name
from provisioning.host import compose
from provisioning.host.settings import Site

NAME = "carrel-restored"
SECRET = "a passphrase of the test's own"
pytestmark = pytest.mark.site


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[Site]:
    """A site of another name, port and folder, of which nothing is there yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield Site(NAME, port, "127.0.0.1", tmp_path / "var")
    client = docker.from_env(timeout=120)
    for container in client.containers.list(all=True, filters={"label": f"carrel.site={NAME}"}):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters={"label": f"carrel.site={NAME}"}):
        volume.remove(force=True)
    client.close()


def host(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python3 -m provisioning.host``, for ``site``."""
    settings = {"CARREL_SITE": site.name, "CARREL_PORT": str(site.port), "CARREL_VAR": str(site.var)}
    return subprocess.run(
        [sys.executable, "-m", "provisioning.host", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        input=SECRET + "\n",
        capture_output=True,
        text=True,
        check=False,
    )


def tree(data: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Owner, group, mode and content of what does not change while nobody works."""
    found = {}
    for top in ("extracts", "templates", "runs", "airlock"):
        for path in sorted((data / top).rglob("*")):
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                continue
            status = path.stat()
            content = path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(data))] = (status.st_uid, status.st_gid, status.st_mode, content)
    return found


def accounts(site: Site) -> set[str]:
    return {each["account"] for each in json.loads(compose.carrel(site, "user", "list", "--json"))}


def test_a_running_site_comes_back_as_it_was(running_site, empty_site, tmp_path):
    where, known = running_site
    archives, sealed = tmp_path / "archives", tmp_path / "sealed"
    archives.mkdir()
    sealed.mkdir()
    made = host(where, "backup", "--to", str(archives), "--keys-to", str(sealed), "--json")
    assert made.returncode == 0, made.stderr
    said = json.loads(made.stdout)
    (archive,), (keys,) = archives.iterdir(), sealed.iterdir()
    assert (said["archive"], said["keys"]) == (f"/archive/{archive.name}", f"/sealed/{keys.name}")
    assert said["files"] > 10

    wanted = ["--from", str(archive), "--keys", str(keys)]
    checked = host(empty_site, "restore", *wanted, "--check", "--json")
    assert json.loads(checked.stdout)["digest"] == said["digest"], checked.stderr
    restored = host(empty_site, "restore", *wanted, "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["backup"] == said["backup"]

    # The registry and every byte of every extract agree, by the site's own commands.
    assert accounts(empty_site) == accounts(where)
    assert {each["name"] for each in known["users"].values()} <= accounts(empty_site)
    for extract in known["extracts"]:
        wanted_line = compose.carrel(where, "extract", "verify", extract)
        assert compose.carrel(empty_site, "extract", "verify", extract) == wanted_line
    assert compose.carrel(empty_site, "registry", "upgrade")
    assert tree(empty_site.data) == tree(where.data)

    # It overwrites nothing, neither this site nor the one that runs.
    again = host(empty_site, "restore", *wanted)
    assert (again.returncode, "not empty" in again.stderr) == (1, True)
    running = host(where, "restore", *wanted)
    assert (running.returncode, "runs" in running.stderr) == (1, True)

    # The hub's uid can write the registry: root's copy of it did not take it away.
    look = "import os; print(os.stat('/srv/registry/registry.sqlite').st_uid)"
    run = ["docker", "run", "--rm", "--network=none", f"--label=carrel.site={NAME}"]
    run += [f"--volume={NAME}_registry:/srv/registry:ro", by_name("hub").tag, "python", "-c", look]
    owner = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert owner.split() == ["2010"]


def test_another_passphrase_opens_nothing(running_site, empty_site, tmp_path):
    where, _ = running_site
    for name in ("archives", "sealed"):
        (tmp_path / name).mkdir()
    host(
        where, "backup", "--to", str(tmp_path / "archives/a.tar.gz"), "--keys-to", str(tmp_path / "sealed/k")
    )
    other = tmp_path / "secret"
    other.write_text("not the passphrase at all\n")
    refused = host(
        empty_site,
        *["restore", "--from", str(tmp_path / "archives/a.tar.gz"), "--keys", str(tmp_path / "sealed/k")],
        *["--passphrase-file", str(other)],
    )
    assert (refused.returncode, "does not open" in refused.stderr) == (1, True)
    assert not (empty_site.data / "extracts").exists()
