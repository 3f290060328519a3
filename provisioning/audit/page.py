"""The kinds of records as a page, from their schemas: ``python -m provisioning.audit.page``."""

from __future__ import annotations

import sys
from pathlib import Path

from provisioning.audit import kinds

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
BEGIN, END = "<!-- kinds: begin -->", "<!-- kinds: end -->"


def page(before: str) -> str:
    """``before`` with its table as the schemas are now."""
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{kinds.table()}{END}{tail}"


def main() -> int:
    """Write the page anew."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
