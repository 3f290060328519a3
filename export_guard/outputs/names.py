"""Names in an output's markup: ids and classes that cannot be mistaken for JupyterLab's own."""

from __future__ import annotations

import re

# A hyphen keeps an id from becoming a variable of the page, the prefix from being one of its parts.
ID_PREFIX = "out-"
# Long enough for what libraries make, too short for a page of text; each counts on the budget.
ID = re.compile(r"[\w:.-]{1,64}")
# Classes that JupyterLab, its editor, its widgets, the typesetter and Carrel give a meaning.
RESERVED_CLASS = re.compile(
    r"(?i)(?:jp|lm|p|carrel|cm|fast|bp\d?|jupyter|mjx|mathjax|xterm|rjsf|js|plotly|modebar)(?:[-_]|$)|mathjax"
)
CLASS = re.compile(r"[\w-]{1,64}")


def own_id(name: str) -> str | None:
    """The id that stands for ``name`` in outputs, or None when it is not a plain name."""
    if not ID.fullmatch(name):
        return None
    return name if name.startswith(ID_PREFIX) else ID_PREFIX + name


def own_fragment(reference: str) -> str | None:
    """``#name`` as a reference to an id in outputs; None for every other address."""
    name = own_id(reference[1:]) if reference[:1] == "#" else None
    return "#" + name if name else None


def own_classes(names: str) -> str:
    """The class names of ``names`` (separated by white space) that mean nothing to the page."""
    if "-" not in names and " " not in names and CLASS.fullmatch(names):
        return "" if RESERVED_CLASS.match(names) else names
    kept = [name for name in names.split() if CLASS.fullmatch(name) and not RESERVED_CLASS.match(name)]
    return " ".join(kept)


def free_class(name: str) -> bool:
    """Whether a selector may name this class."""
    return bool(CLASS.fullmatch(name)) and not RESERVED_CLASS.match(name)
