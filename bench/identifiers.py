"""Recall and precision of the identifiers' detectors by kind, and how many values a second a column takes.

``development`` and ``development-2`` are what the rules are tuned on, ``held-out`` is only measured: its
recall in texts is 0.908 (Chinese, the target of 0.95 is missed) and 0.960 (English), in columns 1.000. What
these figures are worth: docs/decisions/0017.

`python -m bench.identifiers`, from the repository.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import pyarrow as pa

from provisioning.gate.identifiers import ColumnScan, find_in_text

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from gate_corpus import development, held_out, held_out_2
from gate_corpus.labelled import Column, Score, score_columns, score_texts


def _kinds(column: Column) -> set:
    scan = ColumnScan(column.name)
    scan.feed(column.values)
    return {finding.kind for finding in scan.findings()}


def _row(part: str, where: str, language: str, kind: str, score: Score) -> None:
    print(
        f"{part:13} {where:8} {language:3} {kind:22} "
        f"{score.truth:6} {score.recall:7.3f} {score.precision:9.3f}"
    )


def quality() -> None:
    """The table: one line a part, place, language and kind."""
    print(f"{'part':13} {'where':8} {'':3} {'kind':22} {'n':>6} {'recall':>7} {'precision':>9}")
    for part, module in (
        ("development", development),
        ("development-2", held_out),
        ("held-out", held_out_2),
    ):
        scores = {
            "texts": score_texts(module.texts(), find_in_text),
            "columns": score_columns(module.columns(), _kinds),
        }
        for where, of in scores.items():
            for (language, kind), score in sorted(of.by_kind.items()):
                _row(part, where, language, kind.value, score)
            for language in ("zh", "en"):
                _row(part, where, language, "ALL", of.total(language))


def speed(rows: int = 1_000_000) -> None:
    """Values a second, one core."""
    rng = random.Random(1)
    texts = [text.text for text in development.texts(20)]
    columns = {
        "integers of 11 digits": pa.array([rng.randrange(10**10, 10**11) for _ in range(rows)]),
        "fractions": pa.array([rng.random() for _ in range(rows)]),
        "codes (100 distinct)": pa.array([f"E{rng.randrange(100)}.9" for _ in range(rows)]),
        "free text, all distinct": pa.array([f"{rng.choice(texts)} {n}" for n in range(rows // 100)]),
    }
    for name, values in columns.items():
        scan = ColumnScan("x")
        started = time.monotonic()
        for at in range(0, len(values), 100_000):
            scan.feed(values.slice(at, 100_000))
        scan.findings()
        print(f"{name:26} {len(values) / (time.monotonic() - started):14,.0f} values/s")


if __name__ == "__main__":
    quality()
    speed()
