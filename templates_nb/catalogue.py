"""The published templates that this installation ships: one folder each under ``published/``."""

from __future__ import annotations

from pathlib import Path

from templates_nb import manifest
from templates_nb.manifest import ManifestError, TemplateManifest

PUBLISHED = Path(__file__).with_name("published")


class UnknownTemplateError(LookupError):
    """No published template has that name, or that version; one line says which there are."""


def templates(published: Path = PUBLISHED) -> list[TemplateManifest]:
    """Every published template, by name; raises `manifest.ManifestError` if one is broken."""
    folders = sorted(path.parent for path in published.glob(f"*/{manifest.FILE}"))
    found = [manifest.load(folder) for folder in folders]
    for template in found:
        if template.name != template.folder.name:
            path = template.folder / manifest.FILE
            raise ManifestError(f"{path}: name: is {template.name!r}; name the folder the same")
    return found


def find(name: str, version: str | None = None, published: Path = PUBLISHED) -> TemplateManifest:
    """The published template of that name (and version); raises `UnknownTemplateError`."""
    there = {template.name: template for template in templates(published)}
    # Looked up in the list, never joined to a path: the name may come from a request.
    if name not in there:
        known = ", ".join(there) or "none"
        raise UnknownTemplateError(f"no published template is named {name!r}; published: {known}")
    template = there[name]
    if version is not None and version != template.version:
        raise UnknownTemplateError(f"{name} {version} is not published; published: {template.version}")
    return template
