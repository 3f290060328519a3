"""Ordering a run: parameters checked against the template and the granted extracts, then queued."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Engine

from hub_config.portal import reading
from provisioning.registry import database, runs
from provisioning.registry.access import AccessDenied
from provisioning.registry.models import Run
from templates_nb import parameters
from templates_nb.manifest import TemplateManifest

SHORT = {"en": "en", "zh_CN": "zh"}
"""A language of `locales` as templates name it."""


def order_run(
    registry: Engine,
    *,
    account: str,
    project: str,
    template: str,
    values: Mapping[str, Any],
    language: str,
    report_language: str | None = None,
    extracts: Collection[str] | None = None,
) -> Run:
    """Queue a run of ``template`` with what a person filled in.

    Parameters
    ----------
    language
        The reader's, as `locales` names it; refusals and problems are in it.
    report_language
        'en' or 'zh'; by default the template's language parameter, else the reader's language.
    extracts
        Names of those that may be used; by default every extract granted to the project.

    Raises `AccessDenied` and `parameters.ParameterError`.
    """
    with database.sessions(registry)() as session:
        asked = reading.analysis(session, account, project, template)
    granted = [document["name"] for document in asked.extracts if "name" in document]
    for name in extracts or ():
        if name not in granted:
            raise AccessDenied(
                "extract_not_granted",
                "The extract {extract} is not granted to the project {project}. "
                "Ask an administrator to grant it.",
                extract=name,
                project=project,
            )
    usable = [d for d in asked.extracts if d.get("name") in (granted if extracts is None else extracts)]
    chosen = dict(values)
    for name in _of_type(asked.manifest, "language"):
        chosen.setdefault(name, report_language or SHORT[language])
    checked = parameters.validate(asked.manifest, chosen, usable, SHORT[language])
    written_in = [checked[name] for name in _of_type(asked.manifest, "language") if checked[name]]
    used = [checked[name] for name in _of_type(asked.manifest, "extract") if checked[name]]
    with database.writing(registry) as session:
        return runs.create_run(
            session,
            project=project,
            requested_by=account,
            template=template,
            version=asked.template.version,
            extracts=tuple(dict.fromkeys(used)),
            parameters=checked,
            language=written_in[0] if written_in else report_language or SHORT[language],
        )


def _of_type(manifest: TemplateManifest, kind: str) -> list[str]:
    return [parameter.name for parameter in manifest.parameters if parameter.type == kind]
