"""The extract gate's rate against a plain DuckDB copy of the same CSV file, and its peak memory.

    PYTHONPATH=. python bench/gate.py --rows 1000000 --columns 40

Prints one line of JSON. Each of the two runs in a process of its own, on files that were just read.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

COPY = """
import sys, time, duckdb
started = time.perf_counter()
read = f"read_csv('{sys.argv[1]}')"
duckdb.sql(f"COPY (SELECT * FROM {read}) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)")
print(time.perf_counter() - started)
"""
REGISTER = """
import resource, sys, time
from pathlib import Path
from provisioning.extracts.register import register
folder = Path(sys.argv[1])
started = time.perf_counter()
files = folder / "dictionary.yaml", folder / "policy.yaml"
made = register(folder, *files, Path(sys.argv[2]), project="bench")
seconds = time.perf_counter() - started
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, made.manifest.verified)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="where the files are made; default: a temporary folder")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as made:
        print(json.dumps(measure(Path(made), chosen.rows, chosen.columns)))


def measure(root: Path, rows: int, columns: int) -> dict[str, object]:
    """Seconds, rates (MB/s of CSV), their ratio and the gate's peak resident memory in bytes."""
    source = root / "source"
    source.mkdir()
    size = make(source, rows, columns)
    copy = subprocess.run(
        [sys.executable, "-c", COPY, str(source / "t.csv"), str(root / "plain.parquet")],
        check=True,
        capture_output=True,
        text=True,
    )
    environment = {**os.environ, "CARREL_KEYS": str(root / "keys")}
    gate = subprocess.run(
        [sys.executable, "-c", REGISTER, str(source), str(root / "data" / "extracts")],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    plain = float(copy.stdout.split()[-1])  # after DuckDB's progress bar
    seconds, peak, verified = gate.stdout.split()[-3:]
    return {
        "rows": rows,
        "columns": columns,
        "csv_bytes": size,
        "copy_seconds": round(plain, 1),
        "copy_mb_per_s": round(size / plain / 1e6, 1),
        "gate_seconds": round(float(seconds), 1),
        "gate_mb_per_s": round(size / float(seconds) / 1e6, 1),
        "ratio": round(float(seconds) / plain, 2),
        "gate_peak_bytes": int(peak),
        "verified": verified == "True",
        "bench_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def make(source: Path, rows: int, columns: int) -> int:
    """A table of patients: a number, a date, a group, and measurements, in about equal parts."""
    described = {"mrn": ("string", "pseudonymise"), "admitted": ("date", "shift_dates")}
    values = ["'M' || (i % 500000)", "DATE '2015-01-01' + CAST(i % 3000 AS INTEGER)"]
    for place in range(columns - 2):
        kind = ("number", "integer", "string")[place % 3]
        described[f"c{place}"] = (kind, "keep")
        values.append(
            {
                "number": f"round((i * {place + 7} % 10007) / 100.0, 2)",
                "integer": f"(i * {place + 3}) % 997",
                "string": f"'g' || ((i * {place + 5}) % 50)",
            }[kind]
        )
    listed = ", ".join(f"{value} AS {name}" for value, name in zip(values, described, strict=True))
    duckdb.sql(f"COPY (SELECT {listed} FROM range({rows}) r(i)) TO '{source}/t.csv' (HEADER)")
    lines = ["name: bench", "title: {en: Bench, zh: 测速}", "source: made up", "licence: CC0-1.0", "tables:"]
    lines += ["  t:", "    file: t.csv", "    title: {en: T, zh: 表}", "    columns:"]
    lines += [
        f"      {name}: {{type: {kind}, title: {{en: a, zh: 甲}}}}" for name, (kind, _) in described.items()
    ]
    (source / "dictionary.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["tables:", "  t:", "    patient: mrn", "    columns:"]
    lines += [f"      {name}: {treatment}" for name, (_, treatment) in described.items()]
    (source / "policy.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return (source / "t.csv").stat().st_size


if __name__ == "__main__":
    main()
