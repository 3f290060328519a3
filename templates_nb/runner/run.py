"""One run from request to ``run.json``: check the digests, execute, report, record."""

from __future__ import annotations

import json
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import locales
from templates_nb import manifest, notebook, parameters
from templates_nb.digest import DigestError, file_digest, folder_digest
from templates_nb.manifest import TemplateManifest
from templates_nb.runner import record
from templates_nb.runner.progress import Progress, both, now
from templates_nb.runner.request import RunRequest

EXTRACT_MANIFEST = "extract.json"


@dataclass(frozen=True)
class Folders:
    """Where the run engine's mounts are."""

    template: Path
    data: Path
    run: Path


class RunError(Exception):
    """Why a run failed, in one line."""


def execute(request: RunRequest, folders: Folders) -> str | None:
    """Run ``request``; the one-line error of a run that failed, None for one that succeeded.

    Either way ``run.json`` is left, last.
    """
    started = now()
    error: str | None = None
    template: TemplateManifest | None = None
    outputs: list[dict[str, Any]] = []
    try:
        template = _verified_template(request, folders.template)
        extracts = [_verified_extract(request, extract, folders.data) for extract in request.extracts]
        _execute_template(request, template, extracts, folders)
        outputs = record.outputs(folders.run, template.outputs)
    except (RunError, record.OutputMissingError) as failure:
        error = " ".join(str(failure).split())
    except Exception as failure:
        # Whoever waits for run.json must get it, whatever went wrong; the trace is for the engine's log.
        traceback.print_exc()
        reason = " ".join(f"{type(failure).__name__}: {failure}".split())[:500]
        error = str(_say(request, "the run could not be carried out: {reason}", reason=reason))
    if error is not None and template is not None:
        outputs = record.outputs(folders.run, template.outputs, partial=True)
    document = asdict(request) | {
        "status": "succeeded" if error is None else "failed",
        "started": started,
        "finished": now(),
        "packages": record.packages(),
        "outputs": outputs,
    }
    record.write(folders.run, document | ({"error": error} if error else {}))
    return error


def _say(request: RunRequest, message: str, **values: object) -> RunError:
    return RunError(locales.text(parameters.CATALOGUE[request.language], message, **values))


def _verified_template(request: RunRequest, folder: Path) -> TemplateManifest:
    asked = request.template
    try:
        found = folder_digest(folder)
    except (DigestError, OSError) as error:
        raise RunError(str(error)) from None
    if found != asked["digest"]:
        raise _say(
            request,
            "template {name} {version} is not the published one: digest {found} instead of {wanted}",
            name=asked["name"],
            version=asked["version"],
            found=found,
            wanted=asked["digest"],
        )
    try:
        template = manifest.load(folder)
    except manifest.ManifestError as error:
        raise RunError(str(error)) from None
    if (template.name, template.version) != (asked["name"], asked["version"]):
        raise _say(
            request,
            "the template's folder holds {found}, not {wanted}",
            found=f"{template.name} {template.version}",
            wanted=f"{asked['name']} {asked['version']}",
        )
    return template


def _verified_extract(request: RunRequest, extract: dict[str, Any], data: Path) -> dict[str, Any]:
    path = data / extract["name"] / EXTRACT_MANIFEST
    try:
        found = file_digest(path)
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _say(
            request, "extract {name}: its manifest cannot be read; mount it again", name=extract["name"]
        ) from None
    if found != extract["digest"]:
        raise _say(
            request,
            "extract {name} changed since it was registered: digest {found} instead of {wanted}",
            name=extract["name"],
            found=found,
            wanted=extract["digest"],
        )
    return document


def _execute_template(
    request: RunRequest, template: TemplateManifest, extracts: list[dict[str, Any]], folders: Folders
) -> None:
    values = _checked_parameters(request, template, extracts)
    progress = Progress(folders.run, template.stages)
    progress.say("start", both("Template and extracts verified"))
    # Imported late, so that a refusal above does not wait for them.
    from templates_nb.runner import execution, report  # noqa: PLC0415

    places = {"data_folder": folders.data, "run_folder": folders.run}
    executed = folders.run / notebook.FILE
    source = folders.template / notebook.FILE
    # papermill adds one cell, the filled-in parameters.
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    progress.cells = 1 + sum(cell["cell_type"] == "code" for cell in cells)
    try:
        execution.execute(
            folders.template,
            executed,
            values | {name: str(place.resolve()) for name, place in places.items()},
            progress.cell_started,
        )
    except execution.CellError as error:
        progress.say("failed", both("The analysis stopped with an error"))
        raise _say(
            request,
            "cell {cell} failed: {name}: {reason}",
            cell=error.cell,
            name=error.name,
            reason=error.message,
        ) from None
    except execution.KernelDiedError:
        progress.say("failed", both("The analysis stopped with an error"))
        raise _say(
            request,
            "cell {cell} failed: the kernel died, most often for want of memory; use fewer rows or columns",
            cell=progress.cell,
        ) from None
    progress.say("report", both("Writing the report"))
    try:
        report.write(executed, folders.run / report.FILE, request, template, extracts)
    except report.ReportError as error:
        raise RunError(str(error)) from None
    progress.say("finish", both("Finished"))
    progress.close()


def _checked_parameters(
    request: RunRequest, template: TemplateManifest, extracts: list[dict[str, Any]]
) -> dict[str, Any]:
    values = dict(request.parameters)
    for parameter in template.parameters:
        if (
            parameter.type == "language"
            and values.setdefault(parameter.name, request.language) != request.language
        ):
            raise RunError(f"{parameter.name}: must be the request's language, {request.language}")
    try:
        return parameters.validate(template, values, extracts, request.language)
    except parameters.ParameterError as error:
        raise RunError("; ".join(error.problems.values())) from None
