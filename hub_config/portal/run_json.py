"""Runs, projects and templates as the JSON API writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub_config.portal import PREFIX, run_folder
from hub_config.portal.reading import ProjectCard, RunView
from provisioning.registry.models import Run, Template
from provisioning.registry.runs import UNDER_WAY
from templates_nb.manifest import TemplateManifest


def project_document(card: ProjectCard, language: str) -> dict[str, Any]:
    """A project; ``message`` says why nobody can work in it now, or is None."""
    return {
        "name": card.project.name,
        "title": {"en": card.project.title_en, "zh": card.project.title_zh},
        "status": card.project.status.value,
        "expires": card.project.expires.isoformat() if card.project.expires else None,
        "message": card.refusal.text(language) if card.refusal else None,
        "extracts": [
            {
                "name": extract.granted.name,
                "version": extract.granted.version,
                "digest": extract.granted.digest,
                "title": extract.granted.title._asdict(),
                "rows": extract.rows,
                "columns": extract.columns,
            }
            for extract in card.extracts
        ],
        "runs": [run_summary(run) for run in card.runs],
    }


def template_document(template: Template, manifest: TemplateManifest) -> dict[str, Any]:
    """A published template and its parameters."""
    return {
        "name": template.name,
        "version": template.version,
        "digest": template.digest,
        "title": manifest.title,
        "summary": manifest.summary,
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "title": parameter.title,
                "help": parameter.help,
                "required": parameter.required,
                "default": parameter.default,
                "accept": parameter.accept,
                "min": parameter.minimum,
                "max": parameter.maximum,
                "choices": [{"value": each.value, "title": each.title} for each in parameter.choices],
            }
            for parameter in manifest.parameters
        ],
    }


def run_summary(run: Run) -> dict[str, Any]:
    """A run as the registry knows it."""
    return {
        "id": run.id,
        "project": run.project,
        "template": {
            "name": run.template.name,
            "version": run.template.version,
            "digest": run.template.digest,
        },
        "status": run.status.value,
        "requested_by": run.requested_by,
        "created": _time(run.created),
        "started": _time(run.started),
        "finished": _time(run.finished),
        "error": run.error,
        "url": f"{PREFIX}projects/{run.project}/runs/{run.id}",
    }


def run_document(view: RunView) -> dict[str, Any]:
    """A run with its progress, and its outputs once it ended. Reads the run's folder: it blocks."""
    run, outputs = view.run, []
    if run.status not in UNDER_WAY:
        record = run_folder.record(run_folder.run_folder(run.project, run.id))
        outputs = [
            {"path": output.path, "kind": output.kind, "title": output.title}
            for output in (record.outputs if record else ())
        ]
    return run_summary(run) | {
        "extracts": [{key: each.get(key) for key in ("name", "version", "digest")} for each in run.extracts],
        "parameters": run.parameters,
        "language": run.language,
        "image": run.image,
        "progress": progress_document(view),
        "outputs": outputs,
    }


def progress_document(view: RunView) -> dict[str, Any] | None:
    """``{"stage", "cell", "cells", "message"}``; None before the runner has said anything."""
    found = run_folder.progress(run_folder.run_folder(view.run.project, view.run.id))
    if found is None:
        return None
    return {"stage": found.stage, "cell": found.cell, "cells": found.cells, "message": found.message}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
