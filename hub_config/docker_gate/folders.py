"""The site's data folder: the one place that mounts may come from.

A caller names a mount's source relative to the data folder (``workspaces/<project>/<account>``).
Only the gate knows where that is on the host, and only the gate makes folders there, step by step
without following links, so that nobody can lead a mount elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub_config import naming
from hub_config.desk_container import DESK_GID, DESK_UID
from hub_config.docker_gate.refused import Refused
from kernels.isolation import ENGINE_GID, ENGINE_UID
from provisioning.disks import client
from provisioning.disks.mounting import DiskError
from provisioning.extracts.manifest import ExtractDamaged, verify

HALF_MADE = 0o000
"""The mode of a folder that has no owner yet; no folder keeps it."""


@dataclass(frozen=True)
class Allowed:
    """A mount that a role may have."""

    source: tuple[str, ...]
    """Path parts; ``{project}`` and the like stand for the container's own labels."""
    target: str
    read_only: bool
    owner: tuple[int, int, int] | None = None
    """uid, gid and mode when the gate makes the folder; None when it must be there."""
    on_disk: bool = False
    """Whether it is on the project's disk, which holds its quota."""


WORKSPACE = Allowed(
    ("workspaces", "{project}", "{account}"), "/workspace", False, (ENGINE_UID, ENGINE_GID, 0o2770), True
)
DESK_HOME = Allowed(("desks", "{project}", "{account}"), "/home/desk", False, (DESK_UID, DESK_GID, 0o700))
RUNS = Allowed(("runs", "{project}"), "/runs", True, (0, ENGINE_GID, 0o750), True)
RUN = Allowed(("runs", "{project}", "{run}"), "/run", False, (ENGINE_UID, ENGINE_GID, 0o2770), True)

BY_ROLE: Mapping[str, tuple[Allowed, ...]] = {
    "desk": (WORKSPACE, DESK_HOME),
    "engine": (WORKSPACE, RUNS),
    "run-engine": (RUN,),
}


@dataclass(frozen=True)
class DataFolder:
    """The data folder as the gate sees it (``here``) and as the host's engine does (``host``)."""

    here: Path
    host: str
    disks: Path | None = None
    """The socket of the process that mounts the projects' disks."""

    def resolve(self, role: str, mount: Mapping[str, object], labels: Mapping[str, str]) -> str:
        """The host path of a bind mount of a ``role`` container, made or verified first.

        Raises
        ------
        Refused
            When this role may not have this mount, or the extract is missing or changed.
        """
        source, target, read_only = str(mount.get("Source")), str(mount.get("Target")), mount.get("ReadOnly")
        parts = tuple(source.split("/"))
        if target.startswith("/data/") and role in ("engine", "run-engine"):
            self._check_extract(parts, target, read_only, labels)
        elif target == "/template" and role == "run-engine":
            self._check_template(parts, read_only)
        else:
            allowed = self._allowed(role, parts, target, read_only, labels)
            if allowed.on_disk and self.disks is not None:
                self._have_disk(self.disks, labels)
            self._make(allowed, parts)
        return f"{self.host}/{source}"

    def _allowed(
        self, role: str, parts: tuple[str, ...], target: str, read_only: object, labels: Mapping[str, str]
    ) -> Allowed:
        own = {
            "project": labels.get(naming.PROJECT_LABEL, ""),
            "account": labels.get(naming.ACCOUNT_LABEL, ""),
            "run": labels.get(naming.RUN_LABEL, ""),
        }
        for allowed in BY_ROLE.get(role, ()):
            expected = tuple(part.format(**own) for part in allowed.source)
            if target == allowed.target and parts == expected and read_only is allowed.read_only:
                return allowed
        raise Refused(f"a container of role {role} may not mount {'/'.join(parts)} at {target}")

    @staticmethod
    def _have_disk(disks: Path, labels: Mapping[str, str]) -> None:
        size = labels.get(naming.DISK_LABEL, "")
        if not re.fullmatch(r"[1-9][0-9]{0,14}", size):
            raise Refused(f"the label {naming.DISK_LABEL} is missing or not a number of bytes")
        try:
            client.ensure(disks, labels[naming.PROJECT_LABEL], int(size))
        except DiskError as error:
            raise Refused(str(error), status=409) from error

    def _check_extract(
        self, parts: tuple[str, ...], target: str, read_only: object, labels: Mapping[str, str]
    ) -> None:
        name = target.removeprefix("/data/")
        shaped = (
            len(parts) == 3
            and parts[:2] == ("extracts", name)
            and parts[2][:1] == "v"
            and parts[2][1:].isdigit()
        )
        if not shaped or not naming.NAME.fullmatch(name) or read_only is not True:
            raise Refused(f"{'/'.join(parts)} may not be mounted at {target}: not a read-only extract")
        digest = labels.get(naming.EXTRACT_LABEL + name)
        if not digest:
            raise Refused(f"the extract {name} is mounted without the digest that it was registered with")
        self._plain(parts)
        try:
            manifest = verify(self.here.joinpath(*parts), digest)
        except ExtractDamaged as damaged:
            raise Refused(str(damaged), status=409) from damaged
        if not manifest.verified:
            raise Refused(f"the extract {name} did not pass the extract gate", status=409)

    def _check_template(self, parts: tuple[str, ...], read_only: object) -> None:
        plain = (
            len(parts) == 3 and parts[0] == "templates" and all(p and not p.startswith(".") for p in parts)
        )
        if not plain or read_only is not True:
            raise Refused(f"{'/'.join(parts)} may not be mounted at /template: not a read-only template")
        self._plain(parts)
        if not self.here.joinpath(*parts).is_dir():
            raise Refused(
                f"the template {'/'.join(parts[1:])} is not in the store; publish it again", status=409
            )

    def _plain(self, parts: tuple[str, ...]) -> None:
        """Refuse a folder that a link leads to, at any step."""
        place = self.here
        for part in parts:
            place = place / part
            if place.is_symlink():
                raise Refused(f"{'/'.join(parts)} is behind a link; put the folder itself there", status=409)

    def _make(self, allowed: Allowed, parts: tuple[str, ...]) -> None:
        """Make the folder of ``allowed`` where it is not there, following no link."""
        descriptor = os.open(self.here, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            for depth, part in enumerate(parts, start=1):
                self._check_part(part, depth)
                last = depth == len(parts)
                uid, gid, mode = allowed.owner if last and allowed.owner else (0, ENGINE_GID, 0o750)
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, HALF_MADE, dir_fd=descriptor)
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
                if stat.S_IMODE(os.fstat(inner).st_mode) == HALF_MADE:
                    # Made just now, or by a gate that was killed between making and giving away.
                    os.fchown(inner, uid, gid)
                    os.fchmod(inner, mode)
                os.close(descriptor)
                descriptor = inner
        except OSError as error:
            raise Refused(
                f"the folder {'/'.join(parts)} can't be used: {error.strerror}", status=409
            ) from error
        finally:
            os.close(descriptor)

    @staticmethod
    def _check_part(part: str, depth: int) -> None:
        if depth > 1 and not (naming.NAME.fullmatch(part) or naming.RUN_ID.fullmatch(part)):
            raise Refused(f"{part!r} is not a name")
