"""The contents manager of a desk: Jupyter's interface over a `Workspace`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from jupyter_server.services.contents.manager import copy_pat
from tornado.web import HTTPError

from export_guard.contents import models, names, opening, saving
from export_guard.contents.descriptors import FILE, FOLDER, Entry
from export_guard.contents.entries_shown import EntriesShown
from export_guard.contents.models import Model
from export_guard.contents.naming import candidates
from export_guard.contents.preview import preview_rule
from export_guard.contents.problems import Refused, asked_language
from export_guard.contents.settings import ManagerSettings
from export_guard.contents.workspace import Limits, Workspace
from export_guard.limits import ExportGuard

P = ParamSpec("P")
R = TypeVar("R")


class GuardedContentsManager(ManagerSettings):
    """Files of the workspace, each walked to without links, filtered on the way out, bounded both ways.

    Methods that end in ``_now`` do the work, in a thread, and raise `Refused`; the others are Jupyter's
    and raise HTTPError. Jupyter's save hooks are not run: they are given a path to open.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        limits = Limits(
            shown_entries=self.shown_entries, tree_entries=self.tree_entries, copied_bytes=self.copied_bytes
        )
        self.workspace = Workspace(self.root_dir, limits)
        self.typed = ExportGuard(parent=self)
        self.entries = EntriesShown()
        # Found now: a desk that cannot filter must not come up.
        assert callable(self.filter_notebook)

    def get_extra_handlers(self) -> list[Any]:
        """Jupyter's, and the preview of images."""
        return [*super().get_extra_handlers(), preview_rule()]

    async def asked(self, function: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
        """Run ``function`` in a thread. Raises HTTPError with the sentence of a `Refused`."""
        try:
            return await asyncio.to_thread(function, *args, **options)
        except Refused as refused:
            raise self.error(refused) from None

    def error(self, refused: Refused) -> HTTPError:
        """The answer to what was refused, in the language of the request where that is known."""
        return HTTPError(refused.status, refused.sentence(self.spoken_language()), reason=refused.reason)

    def spoken_language(self) -> str:
        """The language of the request, else the configured one, else '' for both."""
        return asked_language.get() or self.language

    # Looking.

    async def dir_exists(self, path: str) -> bool:
        return await asyncio.to_thread(self._kind, path) == FOLDER

    async def file_exists(self, path: str) -> bool:
        return await asyncio.to_thread(self._kind, path) == FILE

    async def exists(self, path: str) -> bool:
        return await asyncio.to_thread(self._kind, path) is not None

    async def is_hidden(self, path: str) -> bool:
        return any(names.hidden(part) for part in path.strip("/").split("/", names.DEEPEST_PATH))

    def _kind(self, path: str) -> str | None:
        try:
            return self.workspace.look(path).kind
        except Refused:
            return None

    def writable(self, path: str) -> bool:
        """Whether the rules let ``path`` be changed; the disk may still say no."""
        return path.strip("/").partition("/")[0] not in self.read_only

    def check_writable(self, path: str) -> None:
        """Raises `Refused` in a read-only folder."""
        parts = names.split(path)
        if parts and parts[0] in self.read_only:
            raise Refused("read-only", parts[-1])

    def model(self, entry: Entry, path: str, kind: str | None = None) -> Model:
        """The model of something in the workspace, without content."""
        return models.model_of(entry, path, writable=self.writable(path), kind=kind)

    # Opening.

    async def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,
        format: str | None = None,
        require_hash: bool = False,
    ) -> Model:
        model = await self.asked(
            opening.get, self, path, content=bool(content), kind=type, form=format, digest=bool(require_hash)
        )
        self.emit(data={"action": "get", "path": path.strip("/")})
        return model

    # Changing.

    async def save(self, model: Model, path: str = "") -> Model:
        saved_model = await self.asked(saving.save, self, model, path)
        self.emit(data={"action": "save", "path": path.strip("/")})
        return saved_model

    async def new_untitled(self, path: str = "", type: str = "", ext: str = "") -> Model:
        return await self.asked(self._new_untitled_now, path, type, ext)

    def _new_untitled_now(self, path: str, kind: str, suffix: str) -> Model:
        kind = kind or ("notebook" if suffix == ".ipynb" else "file")
        stems = {
            "directory": (self.untitled_directory, " ", ""),
            "notebook": (self.untitled_notebook, "", ".ipynb"),
            "file": (self.untitled_file, "", suffix),
        }
        if kind not in stems:
            raise Refused("content")
        stem, insert, suffix = stems[kind]
        return self._under_a_free_name(
            path, f"{stem}{suffix}", insert, lambda free: saving.create(self, free, kind)
        )

    async def copy(self, from_path: str, to_path: str | None = None) -> Model:
        model = await self.asked(self._copy_now, from_path, to_path)
        self.emit(data={"action": "copy", "path": model["path"], "source_path": from_path})
        return model

    def _copy_now(self, old: str, new: str | None) -> Model:
        self.workspace.look(old)  # for the sentence, before a name is looked for
        folder, _, name = old.strip("/").rpartition("/")
        target = folder if new is None else new.strip("/")
        if self._kind(target) == FOLDER:
            insert = "-Copy"
            make = lambda free: self._copied(old, free)  # noqa: E731
            return self._under_a_free_name(target, copy_pat.sub(".", name), insert, make)
        return self._copied(old, target)

    def _copied(self, old: str, new: str) -> Model:
        self.check_writable(new)
        self.take_typed([new])
        return self.model(self.workspace.copy(old, new), new)

    def _under_a_free_name(self, folder: str, name: str, insert: str, make: Callable[[str], Model]) -> Model:
        """What ``make`` makes under the first name that is free; again when somebody was faster."""
        for last in (False, False, True):
            free = self.workspace.free_name(folder, candidates(name, insert))
            try:
                return make(f"{folder.strip('/')}/{free}".lstrip("/"))
            except Refused as refused:
                if last or refused.reason != "exists":
                    raise
        raise AssertionError("the last round returns or raises")

    async def rename_file(self, old_path: str, new_path: str) -> None:
        if old_path.strip("/") != new_path.strip("/"):
            await self.asked(self._rename_now, old_path, new_path)

    def _rename_now(self, old: str, new: str) -> None:
        self.check_writable(old)
        self.check_writable(new)
        self.take_typed([new])
        self.workspace.rename(old, new)

    async def delete_file(self, path: str) -> None:
        await self.asked(self._delete_now, path)

    def _delete_now(self, path: str) -> None:
        self.check_writable(path)
        self.workspace.delete(path)

    async def trust_notebook(self, path: str) -> None:
        """Never: what is on the disk may be anybody's. Raises HTTPError."""
        await self.asked(opening.refuse_trust)

    async def get_kernel_path(self, path: str, model: Model | None = None) -> str:  # type: ignore[override]
        """The folder in which a kernel for ``path`` starts."""
        inner = path.strip("/")
        return inner if await self.dir_exists(inner) else inner.rpartition("/")[0]

    def info_string(self) -> str:
        return "Serving the workspace through the guard"
