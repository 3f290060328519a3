"""TeX, as MathJax sets it: macros that make links, styles, classes or load extensions do nothing.

MathJax typesets text/latex, Markdown and HTML outputs. It has no way to build a macro's name
(no ``\\csname``), so a name that never stands in the source is never run, also not through
``\\let`` or ``\\def``.
"""

from __future__ import annotations

import re

from export_guard.outputs.text import JOINER

# MathJax 3's packages html, require, unicode, base (mmlToken), and what other typesetters know.
MACROS = (
    "href", "url", "data", "class", "cssId", "style", "require", "unicode", "mmlToken", "csname",
    "includegraphics", "htmlClass", "htmlId", "htmlStyle", "htmlData", "hyperref", "hypertarget", "input",
    "include", "import", "write", "special", "bbox",
)  # fmt: skip
MACRO = re.compile(r"\\(?=(?:" + "|".join(MACROS) + r")(?![A-Za-z]))")


def inert_tex(text: str) -> str:
    """``text`` with each such macro's backslash held apart from its name; it is read, not run."""
    return MACRO.sub("\\\\" + JOINER, text) if "\\" in text else text
