"""What the manager takes from elsewhere: the filter for notebooks and its default."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from export_guard.contents.notebooks import Notebook

FilterNotebook = Callable[[Notebook], Notebook]
OUTPUTS = "export_guard.outputs.notebook"


def default_filter(language: Callable[[], str], report: Callable[[Any], None]) -> FilterNotebook:
    """The filter of `export_guard.outputs` with its default limits.

    ``language`` is asked for the language of its notices. ``report`` gets its whole answer for each
    notebook: what was withheld, and how many bytes and table cells are shown.

    Raises ImportError when it is not installed: then the desk does not start, since a desk must not
    show notebooks as they are.
    """
    filter_notebook: Any = import_module(OUTPUTS).filter_notebook

    def filtered(notebook: Notebook) -> Notebook:
        answer = filter_notebook(notebook, language=language())
        report(answer)
        return answer.notebook

    return filtered
