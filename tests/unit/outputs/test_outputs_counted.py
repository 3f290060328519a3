"""What an engine decides and a browser gets is counted, wherever it stands."""

from __future__ import annotations

import json

import pytest
from outputs_made import code, displayed, markdown, message, notebook

from export_guard.outputs import DEFAULTS, WireState, filter_notebook, filter_reply
from export_guard.outputs.remembered import Remembered

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
DIGITS = 10**4000


@pytest.mark.parametrize(
    "cell",
    [code("x" * 50_000), markdown("y" * 50_000), {"cell_type": "raw", "source": "z" * 50_000}],
    ids=["code", "markdown", "raw"],
)
def test_a_cells_source_is_counted(cell):
    assert 50_000 <= filter_notebook(notebook(cell)).size <= 50_100


def test_tags_and_names_of_cells_are_counted():
    tags = [f"{number:02}" + "t" * 90 for number in range(50)]
    assert filter_notebook(notebook(code("", metadata={"tags": tags}))).size >= 50 * 92


def test_a_source_takes_nothing_of_what_outputs_may_show():
    text = displayed({"text/plain": "x" * 1000})
    limits = DEFAULTS.__class__(cell_bytes=1200)
    (cell,) = filter_notebook(notebook(code("y" * 1000, text)), limits).notebook["cells"]
    assert cell["outputs"] == [text]


def test_a_widgets_version_is_a_small_number():
    view = {"model_id": "a", "version_major": 2, "version_minor": DIGITS}
    shown = filter_notebook(notebook(code("", displayed({WIDGET_VIEW: view})))).notebook
    data = shown["cells"][0]["outputs"][0]["data"]
    assert data[WIDGET_VIEW] == {"model_id": "a", "version_major": 2}


def test_numbers_of_widgets_carry_no_text():
    state = {
        "_model_name": "IntSliderModel",
        "_model_module": "@jupyter-widgets/controls",
        "_view_count": None,
        "value": 7,
        "min": DIGITS,
        "max": [1.5, DIGITS],
    }
    made = message("comm_open", {"comm_id": "c1", "target_name": "jupyter.widget", "data": {"state": state}})
    kept = filter_reply("iopub", made, DEFAULTS, WireState()).message
    assert kept is not None
    assert len(json.dumps(kept)) < 1500
    assert (kept["content"]["data"]["state"]["value"], kept["content"]["data"]["state"]["max"]) == (7, [1.5])


def test_what_nothing_is_left_of_is_not_remembered_without_end():
    remembered = Remembered(size=100_000)
    for number in range(5000):
        assert remembered.of(f"{number} " + "x" * 600, None, lambda: "") == ""
    assert len(remembered._kept) < 200
    assert 0 < remembered._held <= 100_000
