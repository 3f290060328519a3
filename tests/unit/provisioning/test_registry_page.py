"""The registry's page says what the models say, and its example applies."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.orm import Session

from provisioning.registry.access import desk_access
from provisioning.registry.models import Base
from provisioning.registry.schema_page import PAGE, page
from provisioning.site.apply import apply
from provisioning.site.file import read_site


def test_the_tables_on_the_page_are_the_models() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert page(written) == written, "run python -m provisioning.registry.schema_page"
    for table in Base.metadata.tables.values():
        assert f"### {table.name}\n" in written
        assert all(f"| `{column.name}` |" in written for column in table.columns)


def test_the_example_applies(session: Session, new_extract, tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    file = tmp_path / "site.yaml"
    file.write_text(found[1], encoding="utf-8")
    session.add_all([new_extract("bloods", 1), new_extract("scans", 2)])
    session.flush()
    apply(session, read_site(file))
    assert apply(session, read_site(file)).lines() == []
    access = desk_access(session, "sun-yan", "heart-failure")
    assert [extract.name for extract in access.extracts] == ["bloods", "scans"]
    assert (access.quotas.cpu, access.quotas.max_desks) == (4.0, 10)
