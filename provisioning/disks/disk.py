"""One project's disk, from nothing to mounted and away again; every step can be cut short.

``disks/<project>.ext4`` is the image, there once it is whole. It is mounted at ``disks/<project>``, and its
folders from there at ``workspaces/<project>`` and ``runs/<project>``. The folders underneath belong to
nobody, so that nothing is written beside the disk while it is not mounted.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from provisioning.disks import image
from provisioning.disks.mounting import (
    DiskError,
    bind,
    command,
    device_of,
    let_go,
    mount_image,
    mounted,
    unmount,
)

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
KEPT = ("workspaces", "runs")
"""What a project writes; below the data folder, each with a folder for every project."""
ENGINE_GID = 2000
NOBODYS = 0o000
"""The mode of a folder that something is mounted over."""


@dataclass(frozen=True)
class Disk:
    """The disk of ``project`` below the data folder ``data``."""

    data: Path
    project: str

    @property
    def image(self) -> Path:
        """The image, once it is whole."""
        return self.data / "disks" / f"{self.project}.ext4"

    @property
    def place(self) -> Path:
        """Where all of it is mounted."""
        return self.data / "disks" / self.project

    @property
    def _new(self) -> Path:
        return self.image.with_suffix(".new")

    @property
    def _moving(self) -> Path:
        return self.image.with_suffix(".moving")

    @property
    def stands(self) -> bool:
        """Whether it is mounted, all of it."""
        return all(mounted(self.data / kept / self.project) for kept in KEPT)

    def ensure(self, size: int | None) -> int:
        """Have it mounted, ``size`` bytes large (None: as it is); returns how large it is.

        A size that can't be given now, since something uses the disk or what it holds does not fit,
        waits for the next time. Raises `DiskError`.
        """
        size = None if size is None else max(size, image.SMALLEST)
        if not self.image.exists():
            if size is None:
                raise DiskError(f"The project {self.project} has no disk yet.")
            self._make(size)
        elif self._other_size(size) and self._unmounted():
            self._try_resize(size or 0)
        elif self._free():
            image.mend(self.image)
        self._mount()
        if self._moving.exists():
            shutil.rmtree(self._moving)
        return self.image.stat().st_size

    def remove(self) -> None:
        """Unmount it and delete all that is on it. Raises `DiskError` while something uses it."""
        if not self._unmounted():
            raise DiskError(
                f"The disk of the project {self.project} is in use; end its desks and runs first."
            )
        for file in (self.image, self._new, self.image.with_suffix(".undo")):
            file.unlink(missing_ok=True)
        if self._moving.exists():
            shutil.rmtree(self._moving)
        for folder in (self.place, *(self.data / kept / self.project for kept in KEPT)):
            if folder.exists():
                os.rmdir(folder)

    def _make(self, size: int) -> None:
        """Make the image, with what the project's plain folders hold already."""
        (self.data / "disks").mkdir(mode=0o700, exist_ok=True)
        unmount(self.place)  # where one was killed who made it
        self._move_plain_folders()
        held = _size(self._moving)
        image.make(self._new, max(size, held + held // 8 + image.SMALLEST) if held else size)
        _point(self.place)
        mount_image(self._new, self.place)
        for kept in KEPT:
            folder = self.place / kept
            if (self._moving / kept).exists():
                command(["cp", "-a", "--sparse=auto", str(self._moving / kept), str(folder)])
            else:
                folder.mkdir()
            os.chown(folder, 0, ENGINE_GID)
            folder.chmod(0o750)
        command(["sync", "-f", str(self.place)])
        self._new.rename(self.image)

    def _move_plain_folders(self) -> None:
        for kept in KEPT:
            plain = self.data / kept / self.project
            if plain.is_dir() and not plain.is_symlink() and any(plain.iterdir()):
                self._moving.mkdir(mode=0o700, exist_ok=True)
                plain.rename(self._moving / kept)

    def _mount(self) -> None:
        _point(self.place)
        if mounted(self.place) is None:
            mount_image(self.image, self.place)
        for kept in KEPT:
            folder = self.data / kept / self.project
            if mounted(folder) is not None:
                continue
            folder.parent.mkdir(mode=0o750, exist_ok=True)
            _point(folder)
            bind(self.place / kept, folder)

    def _other_size(self, size: int | None) -> bool:
        return size is not None and self.image.stat().st_size != size

    def _free(self) -> bool:
        return mounted(self.place) is None and device_of(self.image) is None

    def _unmounted(self) -> bool:
        """Unmount it all; False, and mounted again, where another container has it still."""
        for folder in (*(self.data / kept / self.project for kept in KEPT), self.place):
            try:
                unmount(folder)
            except DiskError:
                self._mount()
                return False
        for file in (self.image, self._new):
            if file.exists() and not let_go(file):
                self._mount()
                return False
        return True

    def _try_resize(self, size: int) -> None:
        try:
            image.resize(self.image, size)
        except DiskError as error:
            # More than the quota is kept rather than anything lost; nothing new fits in.
            print(f"the disk of {self.project} stays as large as it is: {error}", flush=True)


def _point(folder: Path) -> None:
    """An empty folder of nobody's to mount over. Raises `DiskError` where files would be hidden."""
    if mounted(folder) is not None:
        return
    if folder.is_symlink():
        raise DiskError(f"{folder} is a link; put the folder itself there")
    folder.mkdir(mode=NOBODYS, exist_ok=True)
    if any(folder.iterdir()):
        raise DiskError(f"{folder} holds files that are not on the project's disk; move them away")
    os.chown(folder, 0, 0)
    folder.chmod(NOBODYS)


def _size(folder: Path) -> int:
    if not folder.exists():
        return 0
    return int(command(["du", "--summarize", "--bytes", str(folder)]).split()[0])


def known(data: Path) -> list[Disk]:
    """The disks that were made, by their images."""
    return [Disk(data, found.stem) for found in sorted((data / "disks").glob("*.ext4"))]
