"""What of a desk's contents can be configured: ``c.GuardedContentsManager.…``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jupyter_server.services.contents.manager import AsyncContentsManager
from traitlets import Any as AnyTrait
from traitlets import Instance, Integer, List, TraitError, Type, Unicode, default, validate
from traitlets.utils.importstring import import_item

import locales
from export_guard.budget import DisplayBudget
from export_guard.contents import saved, saving, seams
from export_guard.contents.checkpoints import DeskCheckpoints
from export_guard.contents.problems import Refused, asked_language
from export_guard.denied import DeniedHandler
from export_guard.limits import KIB, MIB
from export_guard.shown import Shown
from export_guard.typed import TypedBudget


class ManagerSettings(AsyncContentsManager):
    """The traits of `GuardedContentsManager`, their defaults and what they may be."""

    budget: DisplayBudget | None = None
    """The desk's, on which what is opened is counted; a manager by itself has none."""
    typed_budget: TypedBudget | None = None
    """The desk's, on which what a browser saves is counted."""
    shown: Shown | None = None
    """What the desk's kernels have shown; outputs from elsewhere are not saved."""
    report_strange: Callable[[int], None] = staticmethod(lambda size: None)
    """Gets the bytes of outputs that were not saved."""

    root_dir = Unicode(config=True, help="The workspace.")
    read_only = List(Unicode(), ["imports"], config=True, help="Folders at the top that nobody changes here.")
    text_shown_bytes = Integer(MIB, min=1, config=True, help="How much of a text is shown, in bytes.")
    notebook_shown_bytes = Integer(
        16 * MIB, min=1, config=True, help="Largest notebook that is opened, in bytes."
    )
    shown_entries = Integer(2_000, min=1, config=True, help="Entries of a folder that are listed.")
    tree_entries = Integer(
        20_000, min=1, config=True, help="Files and folders that one deletion or copy handles."
    )
    copied_bytes = Integer(500 * MIB, min=1, config=True, help="Size of what is copied at once, in bytes.")
    cell_bytes = Integer(256 * KIB, min=1, config=True, help="Largest source of one cell, in bytes.")
    image_bytes = Integer(4 * MIB, min=1, config=True, help="Largest image that has a preview, in bytes.")
    image_pixels = Integer(16_000_000, min=1, config=True, help="Most pixels of an image that has a preview.")
    language = Unicode(
        "",
        config=True,
        help="Language of messages ('en' or 'zh_CN') where the request's is not known; '' gives both.",
    )
    checkpoints_class = Type(DeskCheckpoints, config=True)
    checkpoints = Instance(DeskCheckpoints, config=True)
    filter_notebook = AnyTrait(
        config=True, help="Callable, or its name, that a notebook (a dict) passes before it is shown."
    )
    report_filtered = AnyTrait(
        config=True,
        help="Callable, or its name, that gets the default filter's answer for each notebook that is shown.",
    )
    check_saved = AnyTrait(
        config=True,
        help="Callable, or its name, that raises Refused for a notebook that must not be saved. "
        "It gets the notebook and a function that reads the one on the disk (or None).",
    )

    @default("root_dir")
    def _default_root_dir(self) -> str:
        return getattr(self.parent, "root_dir", "/workspace")

    @default("checkpoints")
    def _default_checkpoints(self) -> DeskCheckpoints:
        return self.checkpoints_class(parent=self, log=self.log)

    @default("filter_notebook")
    def _default_filter_notebook(self) -> seams.FilterNotebook:
        return seams.default_filter(
            lambda: asked_language.get() or self.language or locales.LANGUAGES[0],
            self.report_filtered,
        )

    @default("report_filtered")
    def _default_report_filtered(self) -> Callable[[Any], None]:
        return self._shown

    def _shown(self, answer: Any) -> None:
        """A notebook is opened: its outputs count, and are known again when it is saved."""
        self.count(answer.size, answer.cells)
        self.note_typed(saved.typed_in(answer.notebook))
        if self.shown is not None:
            for cell in answer.notebook["cells"]:
                for output in cell.get("outputs") or []:
                    self.shown.note(output.get("data") or {})

    def note_typed(self, texts: Iterable[str]) -> None:
        """These texts are shown, so a browser may save them again."""
        if self.typed_budget is not None:
            self.typed_budget.note(texts)

    def take_typed(self, texts: Iterable[str], known: Callable[[], Iterable[str]] | None = None) -> None:
        """Count what a browser brings in. Raises `Refused` when it is more than a person types."""
        if self.typed_budget is not None and not self.typed_budget.takes(texts, known):
            raise Refused("typed")

    def afford(self) -> None:
        """Raises `Refused` when the display budget is spent."""
        if self.budget is not None and not self.budget.allows():
            raise Refused("budget")

    def count(self, size: int, cells: int = 0) -> None:
        """Count bytes and table cells that are shown."""
        if self.budget is not None:
            self.budget.spend(size, cells)

    @default("check_saved")
    def _default_check_saved(self) -> saving.CheckSaved:
        limits = saved.SavedLimits(cell_bytes=self.cell_bytes)
        return lambda notebook, previous: saved.check_saved(notebook, previous, limits)

    @validate("filter_notebook", "report_filtered", "check_saved")
    def _validate_callable(self, proposal: dict[str, Any]) -> Any:
        value = proposal["value"]
        value = import_item(value) if isinstance(value, str) else value
        if not callable(value):
            raise TraitError(f"{proposal['trait'].name} must be a callable or the name of one")
        return value

    @default("files_handler_class")
    def _default_files_handler_class(self) -> type[DeniedHandler]:
        return DeniedHandler  # what serves files as they are does not exist on a desk

    @default("files_handler_params")
    def _default_files_handler_params(self) -> dict[str, str]:
        return {"reason": "raw-file"}
