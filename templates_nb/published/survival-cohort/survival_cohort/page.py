"""Shows text, tables and figures in the notebook, and keeps tables and figures as files of the run."""

from __future__ import annotations

import html
from io import BytesIO
from pathlib import Path

import pandas as pd
from IPython.display import HTML, Image, display
from matplotlib.figure import Figure

from .labels import Labels
from .tables import term_label

DOTS_PER_INCH = 150


class Page:
    """The run's folder and the report's language."""

    def __init__(self, run_folder: str, labels: Labels) -> None:
        self._labels = labels
        self._count = {"table": 0, "figure": 0}
        self._tables = Path(run_folder, "tables")
        self._figures = Path(run_folder, "figures")
        self._tables.mkdir(exist_ok=True)
        self._figures.mkdir(exist_ok=True)

    def heading(self, key: str) -> None:
        """A section's heading."""
        display(HTML(f"<h2>{html.escape(self._labels.text(key))}</h2>"))

    def say(self, key: str, **values: object) -> None:
        """Paragraphs of text: one a line of the text."""
        lines = self._labels.text(key, **values).splitlines()
        display(HTML("".join(f"<p>{html.escape(line)}</p>" for line in lines if line.strip())))

    def bullets(self, keys: list[str], **values: object) -> None:
        """A list, one text an item."""
        items = "".join(f"<li>{html.escape(self._labels.text(key, **values))}</li>" for key in keys)
        display(HTML(f"<ul>{items}</ul>"))

    def table(
        self,
        name: str,
        data: pd.DataFrame,
        shown: pd.DataFrame,
        caption: str,
        note: str = "",
        **values: object,
    ) -> None:
        """Keep ``data`` as ``tables/<name>.csv`` (UTF-8) and show ``shown``, whose cells are texts."""
        data.to_csv(self._tables / f"{name}.csv", index=False, encoding="utf-8")
        notes = f'<p class="note">{html.escape(self._labels.text(note, **values))}</p>' if note else ""
        self._count["table"] += 1
        title = html.escape(self._labels.text(caption, n=self._count["table"], **values))
        display(HTML(f'<div class="table">{_html(shown, title)}</div>{notes}'))

    def separation(self, estimates: pd.DataFrame) -> None:
        """Name the terms that the data cannot estimate, if any."""
        rows = estimates[estimates["problem"].notna()].drop_duplicates("column")
        if len(rows):
            terms = self._labels.text("list").join(
                term_label(row, self._labels) for _, row in rows.iterrows()
            )
            self.say("separation_text", terms=terms)

    def figure(self, name: str, figure: Figure, caption: str, **values: object) -> None:
        """Keep ``figure`` as PNG and SVG under ``figures/`` and show it."""
        # No date in the files, so that the same data make the same bytes.
        figure.savefig(self._figures / f"{name}.svg", metadata={"Date": None})
        picture = BytesIO()
        figure.savefig(picture, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
        (self._figures / f"{name}.png").write_bytes(picture.getvalue())
        self._count["figure"] += 1
        title = self._labels.text(caption, n=self._count["figure"], **values)
        display(HTML(f"<h3>{html.escape(title)}</h3>"))
        width = int(figure.get_figwidth() * 96)
        display(Image(picture.getvalue(), format="png", width=width, alt=title))


def _html(shown: pd.DataFrame, title: str) -> str:
    """A table; the index says which rows are headings (``head``) and which belong to one (``level``)."""
    head = "".join("<th>" + html.escape(str(name)).replace("\n", "<br>") + "</th>" for name in shown.columns)
    rows = []
    for kind, cells in zip(shown.index, shown.itertuples(index=False, name=None), strict=True):
        style = f' class="{kind}"' if kind in ("head", "level") else ""
        rows.append(f"<tr{style}>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in cells) + "</tr>")
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f"<table><caption>{title}</caption>{body}</table>"
