"""Keeping what was measured: ``bench/results.json`` for programs, ``docs/bench.md`` for people."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from typing import Any

import bench
from bench.figures import row, table
from images.recipe import ROOT

RESULTS = ROOT / "bench/results.json"
PAGE = ROOT / "docs/bench.md"


def machine() -> dict[str, Any]:
    """What figures depend on, and nothing that says whose machine it is. Memory in GiB."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    engine = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False
    )
    return {
        "cores": os.cpu_count(),
        "memory": round(pages / 1024**3, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "docker": engine.stdout.strip(),
    }


def load() -> dict[str, Any]:
    """Every measurement that is kept, by name."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def keep(name: str, measured: dict[str, Any]) -> dict[str, Any]:
    """Put ``measured`` in place of the last measurement of that name; returns it with day and machine."""
    section = {"day": datetime.now(UTC).date().isoformat(), "machine": machine(), **measured}
    kept = {**load(), name: section}
    RESULTS.write_text(json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False) + "\n")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(kept))
    return section


def figures_table(kept: dict[str, Any]) -> str:
    """Every figure that is kept, in one table."""
    return table(row(figure) for section in kept.values() for figure in section.get("figures", []))


def steps_table(section: dict[str, Any]) -> str:
    """The steps of one `make up`, longest first."""
    steps = sorted(section["steps"].items(), key=lambda step: -step[1])
    rows = [("in all", f"{section['wall']:.0f} s"), *((step, f"{seconds:.0f} s") for step, seconds in steps)]
    return table(rows, ("step", "takes"))


def page(kept: dict[str, Any]) -> str:
    """The text of ``docs/bench.md``."""
    parts = [
        "# Measured against stock Jupyter",
        "<!-- Written by `python -m bench`; change bench/report.py, not this page. -->",
        str(bench.__doc__).strip(),
        figures_table(kept),
        "Less is better everywhere; a ratio is Carrel's value in stock's.",
    ]
    for name, section in kept.items():
        if "steps" in section:
            parts += [f"## {name}", steps_table(section)]
    parts += ["## Where and when", "\n".join(_where(name, section) for name, section in kept.items())]
    return "\n\n".join(parts) + "\n"


def _where(name: str, section: dict[str, Any]) -> str:
    m = section["machine"]
    samples = min((figure["samples"] for figure in section.get("figures", [])), default=1)
    return (
        f"- {name}: {section['day']}, {samples} of each; {m['cores']} cores, {m['memory']:.1f} GiB, "
        f"Linux {m['kernel']}, Docker {m['docker']}, Python {m['python']}"
    )
