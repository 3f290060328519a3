"""The page lists the kinds as the schemas are, and every setting of the keeper."""

from __future__ import annotations

import pytest

from hub_config.audit_keeper import AuditKeeper
from provisioning.audit import kinds
from provisioning.audit.page import PAGE, page


def test_the_kinds_on_the_page_are_the_schemas() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert page(written) == written, "run python -m provisioning.audit.page"
    for kind in kinds.schemas():
        assert written.count(f"| `{kind}` |") == 1


def test_every_setting_of_the_keeper_is_on_the_page() -> None:
    written = PAGE.read_text(encoding="utf-8")
    for name in AuditKeeper.class_trait_names(config=True):
        assert f"`{name}`" in written, name


@pytest.mark.parametrize("kind", kinds.schemas())
def test_every_schema_refuses_what_it_does_not_name(kind: str) -> None:
    schema = kinds.schemas()[kind]._schema
    assert schema["additionalProperties"] is False
    assert schema["title"]
    assert all(value["description"] for value in schema.get("properties", {}).values())
