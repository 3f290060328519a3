"""Notebooks: from disk filtered and always valid; from a browser checked for files brought in."""

from __future__ import annotations

import nbformat
import pytest
from outputs_made import PIXEL, SECRET, code, displayed, markdown, nested, notebook
from outputs_strict import assert_inert_html, vectors

from export_guard.outputs import DEFAULTS, filter_notebook


def filtered(made):
    outcome = filter_notebook(made)
    nbformat.validate(outcome.notebook)
    assert filter_notebook(outcome.notebook).notebook == outcome.notebook
    return outcome


def test_a_notebook_of_a_person_comes_out_as_it_is():
    made = notebook(
        markdown("# 标题\n[next](b.ipynb) $x < y$"),
        code(
            "x = 'https://a'", {"output_type": "stream", "name": "stdout", "text": "1\n"}, execution_count=1
        ),
        {"id": "r", "cell_type": "raw", "metadata": {}, "source": "a <b>"},
        metadata={
            "kernelspec": {"name": "carrel-stats", "display_name": "Python (stats)", "language": "python"},
            "language_info": {
                "name": "python",
                "version": "3.11.7",
                "codemirror_mode": {"name": "ipython", "version": 3},
            },
        },
    )
    outcome = filtered(made)
    assert outcome.notebook == made
    assert outcome.withheld == ()


@pytest.mark.parametrize("attack", vectors("html.txt"))
def test_an_output_on_disk_is_filtered_as_on_the_wire(attack):
    outcome = filtered(notebook(code("", displayed({"text/html": attack, "text/plain": "x"}))))
    (output,) = outcome.notebook["cells"][0]["outputs"]
    assert_inert_html(output["data"].get("text/html", ""))


def test_markdown_cells_are_inert():
    outcome = filtered(notebook(markdown("[x](https://evil.example) <script>x</script>")))
    assert "://" not in outcome.notebook["cells"][0]["source"]
    assert "<script" not in outcome.notebook["cells"][0]["source"]


def test_nothing_hides_in_fields_and_metadata():
    hidden = {"extra": SECRET, "trusted": True, "widgets": {SECRET: SECRET}, "tags": ["ok", SECRET * 9, 1]}
    made = notebook(
        code("x", displayed({"text/plain": "x"}, hidden) | {"extra": SECRET}, metadata=hidden, extra=SECRET),
        markdown("x", metadata=hidden | {"jupyter": {"source_hidden": True, "x": SECRET}}),
        metadata=hidden | {"kernelspec": {"name": "a", "argv": SECRET}, "signature": SECRET},
        extra=SECRET,
    )
    outcome = filtered(made)
    assert SECRET not in str(outcome.notebook)
    assert [cell["metadata"] for cell in outcome.notebook["cells"]] == [
        {"tags": ["ok"]},
        {"tags": ["ok"], "jupyter": {"source_hidden": True}},
    ]


def test_attachments_are_images_or_dropped():
    made = markdown(
        "![a](attachment:a.png)",
        attachments={
            "a.png": {"image/png": PIXEL},
            "b.png": {"image/png": "PHN2Zz4="},
            "c.svg": {"image/svg+xml": "<svg/>"},
            "d/../e": {"image/png": PIXEL},
            "f": SECRET,
        },
    )
    outcome = filtered(notebook(made))
    assert list(outcome.notebook["cells"][0]["attachments"]) == ["a.png"]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "x",
        {},
        {"nbformat": 3, "worksheets": []},
        {"nbformat": 4},
        {"nbformat": 4, "cells": {}},
        {"nbformat": "4", "cells": []},
    ],
)
def test_what_is_no_notebook_becomes_an_empty_one(bad):
    outcome = filtered(bad)
    assert outcome.notebook["cells"] == []
    assert outcome.withheld[0].reason == "malformed"


@pytest.mark.parametrize(
    "cell",
    [
        None,
        [],
        {},
        {"cell_type": "x"},
        {"cell_type": ["code"]},
        {"cell_type": "code", "source": 1},
        {"cell_type": "code", "source": [1]},
        code("", outputs={}),
        code("", None, [], {}, {"output_type": []}, {"output_type": "stream", "name": []}),
        code(
            "", {"output_type": "display_data"}, {"output_type": "error"}, {"output_type": "execute_result"}
        ),
        code("", displayed({"application/json": nested(60)})),
        markdown("x", attachments=[1]),
        markdown("x", attachments={"a": {"image/png": {}}}),
        code("", id=None),
        code("", id="../x"),
        code("", execution_count="1", metadata=[]),
        code("", {"output_type": "execute_result", "execution_count": -1}, execution_count=-1),
        code("\ud800\x00\x1b[0m"),
    ],
)
def test_a_cell_of_any_form_gives_a_valid_notebook(cell):
    filtered(notebook(code("x = 1"), cell, metadata=[1]))


def test_old_and_repeated_ids_are_given_anew():
    made = notebook(code("a", id="x"), code("b", id="x"), code("c"))
    ids = [cell["id"] for cell in filtered(made).notebook["cells"]]
    assert len(set(ids)) == 3
    assert ids[0] == "x"


def test_number_and_size_are_bounded():
    assert len(filtered(notebook(*[code("x")] * 6000)).notebook["cells"]) == DEFAULTS.cells
    outputs = [{"output_type": "stream", "name": "stdout", "text": "x" * 2**20}] * 30
    outcome = filtered(notebook(code("x", *outputs)))
    # Beside the outputs, the source and the id.
    assert outcome.size <= DEFAULTS.cell_bytes + 10
    assert outcome.withheld[-1].reason == "cell-limit"
    assert filtered(notebook(code("x" * 300_000))).notebook["cells"][0]["source"] == ""
