"""Plotly figures: data and layout stay, what loads, links, downloads or sends does not."""

from __future__ import annotations

import json

import pytest
from outputs_made import PIXEL, nested

from export_guard.outputs import DEFAULTS
from export_guard.outputs.plotly import clean_plotly


def clean(figure):
    cleaned = clean_plotly(figure, DEFAULTS)
    assert cleaned is not None
    assert clean_plotly(cleaned, DEFAULTS) == cleaned
    return cleaned


def test_data_and_layout_stay():
    trace = {
        "type": "scatter",
        "x": [1, 2.5, None],
        "y": {"dtype": "f8", "bdata": "AAAA//8="},
        "name": "组 <b>1</b>",
    }
    layout = {"title": {"text": "a: b"}, "xaxis": {"range": [0, 1]}, "annotations": [{"text": "p<0.05"}]}
    cleaned = clean(
        {"data": [trace], "layout": layout, "frames": [{"name": "f", "data": [{"y": [1]}], "traces": [0]}]}
    )
    assert cleaned["data"] == [trace]
    assert cleaned["layout"] == layout
    assert cleaned["frames"] == [{"name": "f", "data": [{"y": [1]}], "traces": [0]}]


def test_the_button_row_is_ours():
    config = {
        "toImageButtonOptions": {"filename": "x"},
        "plotlyServerURL": "https://evil.example",
        "editable": True,
    }
    cleaned = clean({"data": [], "layout": {}, "config": config})
    assert cleaned["config"]["modeBarButtonsToRemove"] == ["toImage", "sendDataToCloud", "editInChartStudio"]
    assert "evil" not in json.dumps(cleaned)


@pytest.mark.parametrize(
    "kind", ["scattermapbox", "choropleth", "scattergeo", "densitymap", "choroplethmap", "x", 1]
)
def test_traces_that_ask_a_server_are_dropped(kind):
    if kind == 1:
        assert clean_plotly({"data": [{"type": [1]}]}, DEFAULTS) is not None
    assert clean({"data": [{"type": kind, "geojson": "https://evil.example"}], "layout": {}})["data"] == []


def test_places_in_the_layout_are_dropped():
    layout = {
        "mapbox": {"style": "https://evil.example"},
        "mapbox2": {"accesstoken": "x"},
        "geo": {},
        "images": [
            {"source": "https://evil.example/x.png"},
            {"source": "data:image/svg+xml,<svg/>"},
            {"source": f"data:image/png;base64,{PIXEL}"},
        ],
    }
    cleaned = clean({"data": [], "layout": layout})["layout"]
    assert [image["source"][:22] for image in cleaned["images"]] == ["", "", "data:image/png;base64,"]
    assert set(cleaned) == {"images"}


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://evil.example">x</a>',
        "<A HREF='javascript:alert(1)'>x</A>",
        "< a href=x>",
        "https://evil.example",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_text_has_no_links(text):
    figure = {
        "data": [{"type": "bar", "text": text, "hovertemplate": [text]}],
        "layout": {
            "title": text,
            "updatemenus": [
                {"buttons": [{"method": "relayout", "args": [{"title": text, "images[0].source": text}]}]}
            ],
        },
    }
    written = json.dumps(clean(figure), ensure_ascii=False).lower()
    assert "://" not in written
    assert "<a" not in written
    assert "<img" not in written


def test_what_is_no_figure_is_refused():
    for figure in (None, [], {}, {"data": {}}, {"data": [], "frames": {}}, {"data": nested(40)}):
        assert clean_plotly(figure, DEFAULTS) is None
    assert clean({"data": [1, "x"], "layout": [1]}) == clean({"data": [], "layout": {}})


def test_frames_that_are_none_are_left_out():
    assert "frames" not in (clean_plotly({"data": [], "frames": [None]}, DEFAULTS) or {})
