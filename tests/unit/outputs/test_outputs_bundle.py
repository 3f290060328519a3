"""Bundles: by the table of media types, or withheld with a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from outputs_made import PIXEL, SECRET, nested

from export_guard.outputs import DEFAULTS, filter_bundle, sentence
from export_guard.outputs.withheld import REASONS, Withheld


@pytest.mark.parametrize(
    "media_type",
    [
        "application/javascript",
        "application/pdf",
        "application/octet-stream",
        "application/vnd.vegalite.v5+json",
        "application/vnd.vega.v5+json",
        "application/geo+json",
        "application/vnd.bokehjs_exec.v0+json",
        "application/vnd.holoviews_exec.v0+json",
        "application/vnd.jupyter.dummy",
        "application/x-nteract-model-debug+json",
        "application/xml",
        "audio/wav",
        "video/mp4",
        "image/webp",
        "image/bmp",
        "text/vnd.mermaid",
        "text/csv",
        "text/javascript",
        "TEXT/HTML",
        "text/html ",
        "",
        "x" * 1000,
    ],
)
def test_a_type_that_the_table_does_not_name_is_withheld_with_a_sentence(media_type):
    filtered = filter_bundle({media_type: SECRET}, {media_type: {"width": 1}})
    assert list(filtered.data) == ["text/plain"]
    assert SECRET not in str(filtered)
    assert filtered.metadata == {}
    assert [item.reason for item in filtered.withheld] == ["media-type"]
    assert len(filtered.withheld[0].what) <= 80
    assert "Ask for a release" in filtered.data["text/plain"]


def test_what_may_be_shown_stays_when_other_types_are_withheld():
    filtered = filter_bundle({"application/javascript": "x", "text/plain": "<Plot>"}, {})
    assert filtered.data == {"text/plain": "<Plot>"}
    assert len(filtered.withheld) == 1


@pytest.mark.parametrize(
    ("media_type", "value", "reason"),
    [
        ("text/plain", 1, "malformed"),
        ("text/plain", ["a", 1], "malformed"),
        ("text/plain", "x" * (2**20 + 1), "too-large"),
        ("text/html", "x" * (2**20 + 1), "too-large"),
        ("text/html", "<script>x</script>", "malformed"),
        ("text/html", None, "malformed"),
        ("image/png", "PHN2Zz4=", "image"),
        ("image/png", {"a": 1}, "malformed"),
        ("image/jpeg", PIXEL, "image"),
        ("image/gif", PIXEL, "image"),
        ("image/png", "A" * (6 * 2**20 + 1), "too-large"),
        ("image/svg+xml", "<b/>", "malformed"),
        ("application/json", nested(40), "too-many"),
        ("application/json", ["x" * 2**20], "too-large"),
        ("application/vnd.plotly.v1+json", [], "malformed"),
        ("application/vnd.jupyter.widget-view+json", {"model_id": "../x"}, "malformed"),
        ("application/vnd.jupyter.widget-view+json", {}, "malformed"),
    ],
)
def test_a_value_that_is_not_what_its_type_says_or_too_large_is_withheld(media_type, value, reason):
    filtered = filter_bundle({media_type: value}, {})
    assert [item.reason for item in filtered.withheld] == [reason]
    assert list(filtered.data) == ["text/plain"]


def test_each_type_of_the_table_passes():
    data = {
        "text/plain": "x",
        "text/html": "<b>x</b>",
        "text/markdown": "*x*",
        "text/latex": "$x$",
        "image/png": PIXEL,
        "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg"><rect width="1"/></svg>',
        "application/json": {"a": [1, "b", None, True]},
        "application/vnd.plotly.v1+json": {"data": [{"type": "bar", "y": [1]}], "layout": {}},
        "application/vnd.jupyter.widget-view+json": {
            "version_major": 2,
            "version_minor": 0,
            "model_id": "ab12",
        },
    }
    filtered = filter_bundle(data, {})
    assert filtered.withheld == ()
    assert list(filtered.data) == list(data)
    assert filter_bundle(filtered.data, {}).data == filtered.data


def test_lines_as_on_disk_are_joined():
    assert filter_bundle({"text/html": ["<b>x", "</b>"]}, {}).data == {"text/html": "<b>x</b>"}


def test_size_and_table_cells_are_what_is_shown():
    html = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>é</td></tr></tbody></table>"
    filtered = filter_bundle({"text/html": html, "text/plain": "é"}, {})
    assert (filtered.size, filtered.cells) == (len(html.encode()) + 2, 2)


def test_metadata_carries_nothing_but_looks():
    metadata = {
        "needs_background": "light",
        "isolated": True,
        "filename": SECRET,
        SECRET: SECRET,
        "text/html": {"isolated": True, SECRET: 1},
        "image/png": {"width": 10, "height": 2.5, "unconfined": True, "alt": SECRET},
        "image/jpeg": {"width": 1},
    }
    filtered = filter_bundle({"image/png": PIXEL, "text/html": "x"}, metadata)
    assert filtered.metadata == {
        "needs_background": "light",
        "image/png": {"width": 10, "height": 2.5, "unconfined": True},
    }


@pytest.mark.parametrize("width", [float("nan"), float("inf"), -1, 0, "1", True, 10**9, [1], 10**400])
def test_a_size_that_is_no_size_is_dropped(width):
    assert filter_bundle({"image/png": PIXEL}, {"image/png": {"width": width}}).metadata == {}


def test_number_of_types_and_size_of_all_are_bounded():
    many = filter_bundle({f"x/{number}": "" for number in range(10_000)}, {})
    assert len(many.withheld) <= DEFAULTS.media_types + 1
    limits = replace(DEFAULTS, message_bytes=10)
    filtered = filter_bundle({"text/plain": "12345678", "text/html": "12345678"}, {}, limits)
    assert filtered.data == {"text/plain": "12345678"}
    assert filtered.withheld[0].reason == "message-limit"


@pytest.mark.parametrize("data", [None, [], "x", 1, {1: 2}, {None: "x"}])
def test_what_is_no_bundle_is_withheld(data):
    filtered = filter_bundle(data, {})
    assert list(filtered.data) == ["text/plain"]


def test_an_empty_bundle_stays_empty():
    assert filter_bundle({}, {}).data == {}


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_sentence(reason):
    said = sentence(Withheld("a/b", reason, 3 * 2**20))
    assert "{" not in said
    assert said.endswith((".", "in."))


@pytest.mark.parametrize("media_type", ["www.evil.example/SECRET", "a/www.evil.example"])
def test_the_sentence_about_a_type_that_is_named_like_an_address_is_no_link(media_type):
    text = filter_bundle({media_type: 1}, {}).data["text/plain"]
    assert "evil.example" in text
    assert "www." not in text
