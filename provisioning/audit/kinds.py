"""What the trail may hold: one schema a kind, in `schemas`, as jupyter_events writes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import ValidationError
from jupyter_events.schema import EventSchema

from provisioning.refusal import Refusal

FOLDER = Path(__file__).parent / "schemas"


@cache
def schemas() -> Mapping[str, EventSchema]:
    """The schema of each kind's detail."""
    return {
        file.stem: EventSchema(yaml.safe_load(file.read_text())) for file in sorted(FOLDER.glob("*.yaml"))
    }


def check(kind: str, detail: dict[str, Any]) -> None:
    """Raises `Refusal` for a kind or a detail that no schema allows; its values are in no message."""
    if kind not in schemas():
        raise Refusal("There is no audit record of this kind.")
    try:
        schemas()[kind].validate(detail)
    except ValidationError as error:
        where = next((str(part) for part in error.absolute_path if isinstance(part, str)), "its fields")
        raise Refusal(
            "A record of kind {kind} holds what its schema does not allow, at {field}.",
            kind=kind,
            field=where if where in schemas()[kind].properties else "its fields",
        ) from error


def table() -> str:
    """The kinds and their fields as the Markdown of ``docs/audit.md``."""
    lines = ["| kind | when | detail |", "|---|---|---|"]
    for kind, schema in schemas().items():
        document: dict[str, Any] = schema._schema
        needed = set(document.get("required", ()))
        said = [
            f"`{name}`{'' if name in needed else '?'}: {value['description']}"
            for name, value in schema.properties.items()
        ]
        lines.append(f"| `{kind}` | {document['title']} | {'; '.join(said) or '–'} |")
    return "\n".join(lines) + "\n"
