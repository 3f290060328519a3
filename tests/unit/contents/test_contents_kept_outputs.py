"""A notebook that is saved keeps the outputs that this desk showed, and takes no file in as one."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest

from export_guard.contents.kept_outputs import TEXT_BYTES, keep_outputs
from export_guard.shown import Shown

IMAGE = base64.b64encode(os.urandom(300)).decode()
FIGURE = {
    "output_type": "display_data",
    "metadata": {},
    "data": {"image/png": IMAGE, "text/plain": "<Figure>"},
}


def notebook(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cells": [{"cell_type": "code", "source": "", "outputs": list(outputs)}]}


def kept(
    given: dict[str, Any], shown: Shown | None = None, before: dict[str, Any] | None = None
) -> tuple[list, int]:
    saved, dropped = keep_outputs(given, lambda: before, shown or Shown(), "en")
    return saved["cells"][0]["outputs"], dropped


def test_what_was_shown_is_kept_as_it_is():
    shown = Shown()
    shown.note(FIGURE["data"])
    assert kept(notebook(FIGURE), shown) == ([FIGURE], 0)


def test_what_was_on_the_disk_is_kept():
    assert kept(notebook(FIGURE), before=notebook(FIGURE)) == ([FIGURE], 0)


def test_an_image_from_elsewhere_is_not_saved():
    outputs, dropped = kept(notebook(FIGURE))
    assert IMAGE not in str(outputs)
    assert outputs[0]["data"] == {"text/plain": "<Figure>"}
    assert dropped >= len(IMAGE)


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/json", "application/x-anything"])
def test_no_kind_but_plain_text_comes_in(kind):
    value: Any = {"a": IMAGE} if kind == "application/json" else IMAGE
    outputs, dropped = kept(notebook({"output_type": "display_data", "metadata": {}, "data": {kind: value}}))
    assert IMAGE not in str(outputs)
    assert dropped
    assert outputs[0]["output_type"] == "stream"
    assert "not kept" in outputs[0]["text"]


def test_json_is_known_again_whatever_the_order_of_its_keys():
    shown = Shown()
    shown.note({"application/json": {"a": 1, "b": [2]}})
    output = {"output_type": "display_data", "metadata": {}, "data": {"application/json": {"b": [2], "a": 1}}}
    assert kept(notebook(output), shown) == ([output], 0)


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "name": "stdout", "text": "x"},
        {"output_type": "error", "ename": "E", "evalue": "x", "traceback": []},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["x"]},
        {"output_type": "execute_result", "metadata": {}, "data": {"text/plain": "x"}, "execution_count": 1},
    ],
)
def test_text_comes_in_up_to_what_a_person_might_type(output):
    assert kept(notebook(output)) == ([output], 0)
    filler = {"output_type": "stream", "name": "stdout", "text": "y" * TEXT_BYTES}
    outputs, dropped = kept(notebook(filler, output))
    assert outputs[0] == filler
    assert dropped == 1
    assert "not kept" in outputs[1]["text"]


def test_text_in_many_small_outputs_counts_together():
    piece = {"output_type": "stream", "name": "stdout", "text": "z" * (TEXT_BYTES // 4)}
    outputs, dropped = kept(notebook(*[piece] * 6))
    assert [output == piece for output in outputs] == [True] * 4 + [False] * 2
    assert dropped == 2 * (TEXT_BYTES // 4)
