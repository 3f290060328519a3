"""Pages: a run with its progress and results, cancelling it, and the files that its page shows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tornado import web

from hub_config.portal import form, headers, reading, run_folder, tables
from hub_config.portal.handlers import SignedIn
from hub_config.portal.reading import RunView
from hub_config.portal.run_json import progress_document
from provisioning.registry.runs import UNDER_WAY

MEDIA_TYPES = {"html": "text/html; charset=UTF-8", "png": "image/png", "svg": "image/svg+xml"}


class RunPage(SignedIn):
    """A run."""

    async def get(self, project: str, run_id: str) -> None:
        view = await self.ask_mine(reading.run, project, run_id)
        results = await asyncio.to_thread(_results, view)
        self.page("run.html", view=view, parameters=_parameters(view, self.short_language), **results)


def _results(view: RunView) -> dict[str, Any]:
    """What the page shows beyond the registry's row, from the run's folder."""
    if view.run.status in UNDER_WAY:
        return {"under_way": True, "progress": progress_document(view)}
    folder = run_folder.run_folder(view.run.project, view.run.id)
    record = run_folder.record(folder)
    outputs = record.outputs if record else ()
    return {
        "under_way": False,
        "record": record,
        "report": any(each.kind == "report" for each in outputs),
        "tables": [(each, tables.read(folder, each.path)) for each in outputs if each.kind == "table"],
        "figures": run_folder.figures(outputs),
    }


def _parameters(view: RunView, language: str) -> list[tuple[str, str]]:
    """What was filled in: each parameter's title and value."""
    known = {parameter.name: parameter for parameter in view.manifest.parameters} if view.manifest else {}
    shown = []
    for name, value in view.run.parameters.items():
        title, text = name, ", ".join(map(_plain, value)) if isinstance(value, list) else _plain(value)
        if name in known:
            title = known[name].title[language]
            if known[name].type == "language":
                text = form.LANGUAGES.get(text, text)
            text = {each.value: each.title[language] for each in known[name].choices}.get(text, text)
        if value not in (None, []):
            shown.append((title, text))
    return shown


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


class CancelRun(SignedIn):
    """Cancelling a run, from its page."""

    async def post(self, project: str, run_id: str) -> None:
        await self.ask_mine(reading.run, project, run_id)
        await self.settings["worker"].cancel(run_id)
        self.redirect(f"../{run_id}", status=303)


class RunFile(SignedIn):
    """A report or a figure, shown inside a run's page. Nothing is offered as a download."""

    async def get(self, project: str, run_id: str, path: str) -> None:
        await self.ask_mine(reading.run, project, run_id)
        kind = run_folder.kind_of(path)
        if kind not in ("report", "figure"):
            raise web.HTTPError(404)
        folder = run_folder.run_folder(project, run_id)
        content = await asyncio.to_thread(_listed, folder, path)
        if content is None:
            raise web.HTTPError(404)
        policy = headers.REPORT_POLICY if kind == "report" else headers.FIGURE_POLICY
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Content-Type", MEDIA_TYPES[path.rsplit(".", 1)[1]])
        self.set_header("Content-Disposition", "inline")
        await self.finish(content)


def _listed(folder: Path, path: str) -> bytes | None:
    """The file, if the run's record names it."""
    record = run_folder.record(folder)
    if record is None or path not in {output.path for output in record.outputs}:
        return None
    try:
        return run_folder.read_inside(folder, path)
    except run_folder.Unreadable:
        return None
