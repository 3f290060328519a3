"""The HTML report: the executed notebook without its code, in one file that loads nothing.

nbconvert renders the cells; the page around them is ours, since the stock templates load MathJax and
require.js from outside. The page holds no script.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbconvert.exporters import HTMLExporter

from templates_nb.manifest import TemplateManifest
from templates_nb.runner.progress import now
from templates_nb.runner.request import RunRequest

FILE = "report.html"
HERE = Path(__file__).parent
ACTIVE = ("script", "iframe", "object", "embed", "link", "base", "form", "meta")
ADDRESSES = ("src", "href", "srcset", "action", "data", "xlink:href", "poster", "background")


class ReportError(ValueError):
    """The rendered cells hold something that a report must not."""


def write(
    executed: Path,
    output: Path,
    request: RunRequest,
    template: TemplateManifest,
    extracts: list[dict[str, Any]],
) -> None:
    """Render the notebook at ``executed`` to ``output``; raises `ReportError`."""
    notebook = nbformat.read(executed, as_version=4)
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(notebook)
    check(body)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("report.html.j2").render(
        body=body,
        style=(HERE / "report.css").read_text(encoding="utf-8"),
        language=request.language,
        request=request,
        template=template,
        titles={extract["name"]: extract["title"] for extract in extracts},
        time=now(),
    )
    output.write_text(page, encoding="utf-8")


def check(body: str) -> None:
    """Raise `ReportError` if ``body`` holds active content or an address outside itself."""
    _Checker().feed(body)


class _Checker(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE:
            raise ReportError(f"the report holds a <{tag}> element; a template must not make one")
        for name, value in attrs:
            address = (value or "").strip()
            if name.startswith("on"):
                raise ReportError(
                    f"the report holds the script attribute {name}; a template must not make one"
                )
            if name in ADDRESSES and not address.startswith(("#", "data:image/png;base64,")):
                raise ReportError(
                    f"the report points outside itself ({address[:80]}); show it as text instead"
                )

    handle_startendtag = handle_starttag
