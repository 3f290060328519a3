"""The issue's targets on the labelled set: recall in columns and in Chinese and English free text."""

from __future__ import annotations

import time

import pytest
from gate_corpus import development, held_out, held_out_2
from gate_corpus.labelled import Column, score_columns, score_texts

from provisioning.gate.identifiers import ColumnScan, Kind, find_in_text

MISSED = pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="recall 0.908 on the held-out part, the target is 0.95: docs/decisions/0017",
)
TEXTS = [
    pytest.param(development, "zh", id="development-zh"),
    pytest.param(development, "en", id="development-en"),
    pytest.param(held_out, "zh", id="development-2-zh"),
    pytest.param(held_out, "en", id="development-2-en"),
    pytest.param(held_out_2, "zh", id="held-out-zh", marks=MISSED),
    pytest.param(held_out_2, "en", id="held-out-en"),
]
COLUMNS = [
    pytest.param(development, "zh", id="development-zh"),
    pytest.param(development, "en", id="development-en"),
    pytest.param(held_out, "zh", id="development-2-zh"),
    pytest.param(held_out, "en", id="development-2-en"),
    pytest.param(held_out_2, "zh", id="held-out-zh"),
    pytest.param(held_out_2, "en", id="held-out-en"),
]


def kinds(column: Column) -> set[Kind]:
    scan = ColumnScan(column.name)
    scan.feed(column.values)
    return {finding.kind for finding in scan.findings()}


@pytest.mark.parametrize(("part", "language"), TEXTS)
def test_free_text(part, language):
    started = time.monotonic()
    score = score_texts(part.texts(), find_in_text).total(language)
    assert score.truth > 500
    assert score.recall >= 0.95
    assert score.precision >= 0.95
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(("part", "language"), COLUMNS)
def test_columns(part, language):
    score = score_columns(part.columns(), kinds).total(language)
    assert score.recall >= 0.99
    assert score.precision >= 0.85


def test_the_part_below_its_target_falls_no_further():
    score = score_texts(held_out_2.texts(), find_in_text).total("zh")
    assert score.recall >= 0.9
    assert score.precision >= 0.95
