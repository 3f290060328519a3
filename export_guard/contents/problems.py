"""What can be wrong with a file: reason ids, HTTP statuses, and the sentence shown to a person.

The sentences are gettext message ids; `locales` holds the Chinese. Each names the thing and what to
do, and none holds a path of the desk's own file system.
"""

from __future__ import annotations

from contextvars import ContextVar

import locales
from export_guard.reasons import REASONS

PROBLEMS: dict[str, tuple[int, str]] = {
    "missing": (404, "“{name}” is not there. It may have been renamed or deleted; refresh the file list."),
    "hidden": (404, "“{name}” is hidden. Use a name without a leading dot."),
    "name": (
        400,
        "This name can't be used here. Choose one without slashes or control characters, "
        "of at most 255 bytes.",
    ),
    "too-deep": (400, "There are too many folders inside each other. Move the files further up."),
    "link": (403, "“{name}” is a link, and links are not opened here. Copy the file itself in a notebook."),
    "special": (403, "“{name}” is a pipe, socket or device, and not opened here. It can be deleted."),
    "hard-link": (
        403,
        "“{name}” has several names on the disk (hard links), and is not opened here. "
        "Make a copy in a notebook and open that.",
    ),
    "busy": (409, "“{name}” is held by a running program. Try again when that has finished."),
    "forbidden": (
        403,
        "The desk has no permission for “{name}”. In a notebook, let its group read and write.",
    ),
    "folder": (400, "“{name}” is a folder, not a file. Open it in the file list."),
    "not-folder": (400, "“{name}” is not a folder. Choose another place."),
    "exists": (409, "“{name}” is already there. Choose another name."),
    "inside-itself": (400, "A folder can't be put into itself. Choose another place."),
    "elsewhere": (400, "“{name}” can't be moved there. Copy it and delete the original."),
    "read-only": (403, "“{name}” is read-only. Copy the file to another folder and change the copy."),
    "root": (400, "The workspace itself can't be changed. Choose a file or folder in it."),
    "binary": (
        400,
        "“{name}” is not text, and is not shown here. Read it in a notebook, or ask for a release.",
    ),
    "image": (400, "“{name}” is an image. It is shown as a preview, and leaves only by a release."),
    "not-image": (403, "“{name}” can't be shown as an image. Previews are made of PNG and JPEG files."),
    "preview-only": (
        403,
        "Previews are shown only on the desk's own pages. Open the image in the file list.",
    ),
    "too-large-image": (403, "“{name}” is too large for a preview ({limit}). Show it smaller in a notebook."),
    "too-large-shown": (403, "“{name}” is larger than is shown here ({limit}). Read it in a notebook."),
    "not-notebook": (
        400,
        "“{name}” is not a whole notebook. Open it with the text editor to see what it holds.",
    ),
    "too-complex": (
        400,
        "“{name}” holds too many or too deeply nested parts to be shown. Clear its outputs.",
    ),
    "in-part": (
        403,
        "“{name}” was shown only in part, and can't be saved from here. Change it in a notebook.",
    ),
    "too-large-saved": (
        413,
        "This is larger than a browser may save here ({limit}). Ask for an import to bring a file in.",
    ),
    "large-cell": (
        413,
        "A cell holds more than may be typed into one ({limit}). Split it, or ask for an import.",
    ),
    "large-metadata": (
        413,
        "The notebook's metadata is larger than may be saved ({limit}). Remove some of it.",
    ),
    "attachment": (
        403,
        "A cell has an attachment that the notebook did not have before. Remove it, or ask for an import.",
    ),
    "content": (400, "What was sent is not a text or a notebook. Reload the page and save again."),
    "full": (
        507,
        "The disk of the project is full. Delete what is no longer needed, "
        "or ask an administrator for more room.",
    ),
    "too-many": (
        413,
        "“{name}” holds more than can be deleted at once. Delete it again to go on with the rest.",
    ),
    "too-many-copied": (413, "“{name}” holds too many files to be copied here. Copy it in a notebook."),
    "too-large-copied": (413, "“{name}” is too large to be copied here ({limit}). Copy it in a notebook."),
    "no-checkpoint": (404, "This checkpoint is no longer there. Choose another one."),
    "trust": (403, "Notebooks are not trusted on a desk. Run a cell to see its output."),
    "disk": (
        500,
        "The disk reported an error at “{name}”. Try again, and tell an administrator if it lasts.",
    ),
    **{reason: (403, REASONS[reason]) for reason in ("base64", "budget", "chunked", "typed", "upload")},
}

LONGEST_SHOWN = 80
"""Characters of a name in a sentence."""

asked_language: ContextVar[str] = ContextVar("asked_language", default="")
"""The language of the request being answered ('en', 'zh_CN'); '' while nobody has said."""


class Refused(Exception):
    """Something about a file, or about what is asked of it, is against the rules."""

    def __init__(self, reason: str, name: str = "", *, limit: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name
        self.limit = limit

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return PROBLEMS[self.reason][0]

    def sentence(self, language: str = "") -> str:
        """What a person reads; in both languages when ``language`` is ''."""
        name = self.name if len(self.name) <= LONGEST_SHOWN else self.name[: LONGEST_SHOWN - 1] + "…"
        values = {"name": name, "limit": size_text(self.limit)}
        languages = (language,) if language else locales.LANGUAGES
        lines = [locales.text(each, PROBLEMS[self.reason][1], **values) for each in languages]
        return " ".join(dict.fromkeys(lines))


def size_text(size: int) -> str:
    """A size in bytes as a person reads it."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} B"
