"""``python3 -m provisioning.host backup|restore``: the `carrel` command of that name, in a container.

It runs as root with the gate's four capabilities, since workspaces belong to other uids, and on no
network. It sees the site's registry, data, keys and configuration, and the folders that archive and
keys go to or come from.
"""

from __future__ import annotations

import argparse
import getpass
import os
import subprocess
import sys
from pathlib import Path

from images.console import Stop, run
from images.recipe import VERSION, by_name
from provisioning.host import checks, compose
from provisioning.host.demo import CARREL_UID, ENGINE_GID
from provisioning.host.settings import Site

CAPABILITIES = ("CHOWN", "FOWNER", "FSETID", "DAC_OVERRIDE")


def _parser(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python3 -m provisioning.host {verb}")
    keys = "--keys-to" if verb == "backup" else "--keys"
    archive = "--to" if verb == "backup" else "--from"
    parser.add_argument(archive, dest="archive", type=Path, required=True, metavar="FILE|FOLDER")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument(keys, dest="keys", type=Path, metavar="FILE|FOLDER")
    chosen.add_argument("--without-keys", action="store_true")
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="default: asked for")
    parser.add_argument("--json", action="store_true")
    if verb == "backup":
        parser.add_argument("--extracts", choices=("content", "manifest"), default="content")
    else:
        parser.add_argument("--check", action="store_true")
    return parser


def backup(site: Site, arguments: list[str]) -> int:
    """Back the site up; it may run meanwhile."""
    chosen = _parser("backup").parse_args(arguments)
    return _run(site, "backup", chosen, ["--extracts", chosen.extracts])


def restore(site: Site, arguments: list[str]) -> int:
    """Restore onto a site that is not there yet. Raises `Stop` where it runs."""
    chosen = _parser("restore").parse_args(arguments)
    if not chosen.check and compose.desk_containers(site):
        raise Stop(f"the site {site.name} runs; a restore is made onto one that does not: make down")
    return _run(site, "restore", chosen, ["--check"] if chosen.check else [])


def _run(site: Site, verb: str, chosen: argparse.Namespace, more: list[str]) -> int:
    checks.root()
    read_only = verb == "restore"
    archive_option, keys_option = ("--from", "--keys") if read_only else ("--to", "--keys-to")
    mounts: list[str] = []
    arguments = [verb, archive_option, _inside(chosen.archive, "/archive", mounts, read_only=read_only)]
    secret = ""
    if chosen.keys is not None:
        arguments += [keys_option, _inside(chosen.keys, "/sealed", mounts, read_only=read_only)]
        secret = _secret(chosen.passphrase_file, twice=verb == "backup")
    else:
        arguments.append("--without-keys")
    if chosen.json:
        arguments.append("--json")
    _make_places(site)
    done = subprocess.run(  # noqa: S603
        ["docker", "run", "--rm", "--interactive", "--network=none", "--read-only", "--user=0:0"]
        + ["--cap-drop=ALL", *(f"--cap-add={each}" for each in CAPABILITIES)]
        + ["--security-opt=no-new-privileges:true", "--tmpfs=/tmp", f"--label=carrel.site={site.name}"]
        + [f"--env=CARREL_SITE={site.name}", f"--env=CARREL_VERSION={VERSION}"]
        + [f"--volume={site.name}_registry:/srv/registry", f"--volume={site.data}:/srv/carrel"]
        + [f"--volume={site.keys}:/srv/keys", f"--volume={site.config}:/etc/carrel", *mounts]
        + [by_name("hub").tag, "carrel", *arguments, *more],
        input=secret,
        text=True,
        check=False,
    )
    return done.returncode


def _inside(path: Path, target: str, mounts: list[str], *, read_only: bool) -> str:
    """Mount a file's folder, or the folder; returns its path in the container."""
    whole = path.resolve()
    folder = whole if whole.is_dir() else whole.parent
    if not folder.is_dir():
        raise Stop(f"The folder {folder} does not exist; make it, or name another")
    if ":" in str(folder):
        raise Stop(f"{folder} has a colon in its name, which Docker can't mount; name another")
    mounts.append(f"--volume={folder}:{target}{':ro' if read_only else ''}")
    return target if whole == folder else f"{target}/{whole.name}"


def _secret(file: Path | None, *, twice: bool) -> str:
    """The passphrase; it goes to the container's standard input and nowhere else."""
    try:
        if file is not None:
            return file.read_text().partition("\n")[0] + "\n"
        if not sys.stdin.isatty():
            return sys.stdin.readline()
        said = getpass.getpass("Passphrase of the keys: ")
        if twice and getpass.getpass("Once more: ") != said:
            raise Stop("The two are not the same")
        return said + "\n"
    except OSError as error:
        raise Stop(f"The passphrase file {file} can't be read: {error.strerror}") from error


def _make_places(site: Site) -> None:
    """The folders, and the registry's volume as docker-compose would make it."""
    for folder, uid, gid, mode in (
        (site.data, 0, ENGINE_GID, 0o750),
        (site.keys, CARREL_UID, CARREL_UID, 0o700),
        (site.config, 0, 0, 0o755),
    ):
        if not folder.exists():
            folder.mkdir(parents=True)
            os.chown(folder, uid, gid)
            folder.chmod(mode)
    labels = {
        "carrel.site": site.name,
        "carrel.role": "part",
        "com.docker.compose.project": site.name,
        "com.docker.compose.volume": "registry",
    }
    if f"{site.name}_registry" not in compose.labelled(site, "volume"):
        run(
            ["docker", "volume", "create", *(f"--label={name}={value}" for name, value in labels.items())]
            + [f"{site.name}_registry"],
            why="The registry's volume could not be made",
        )
