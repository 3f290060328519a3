"""Plotly figures (``application/vnd.plotly.v1+json``): data and layout, without what loads or links.

Plotly's figure is data, but some of it names places (map tiles, images, topologies), some is a small
HTML with links, and ``config`` brings buttons that download and send. What needs the network is
dropped; ``config`` is ours.
"""

from __future__ import annotations

import re
from typing import Any

from export_guard.outputs import images
from export_guard.outputs.bounded import within
from export_guard.outputs.limits import OutputLimits
from export_guard.outputs.text import CONTROLS, JOINER, sound, unlinked, visible
from export_guard.outputs.words import named, words

# Traces that ask a server for tiles or topologies are not here.
TRACES = words("""
    bar barpolar box candlestick carpet cone contour contourcarpet funnel funnelarea heatmap heatmapgl
    histogram histogram2d histogram2dcontour icicle image indicator isosurface mesh3d ohlc parcats parcoords
    pie sankey scatter scatter3d scattercarpet scattergl scatterpolar scatterpolargl scattersmith
    scatterternary splom streamtube sunburst surface table treemap violin volume waterfall
    """)
DROPPED_KEYS = re.compile(
    r"(?:mapbox|map|geo)\d*|accesstoken|topojsonurl|geojson|customdatasrc|plotlyserverurl|__proto__|constructor|prototype"
)
# Plotly's own button row asks for a download, an upload or an edit elsewhere.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "showLink": False,
    "showSendToCloud": False,
    "showEditInChartStudio": False,
    "editable": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["toImage", "sendDataToCloud", "editInChartStudio"],
}
LINK = re.compile(r"<(?=\s*(?:a[\s>]|img|script|iframe|style|object|embed|svg))", re.IGNORECASE)
KEY = re.compile(r"[\w.\[\]-]{1,100}")


def clean_plotly(figure: Any, limits: OutputLimits) -> dict[str, Any] | None:
    """``figure`` with only what draws, or None when it is not a figure within the limits."""
    if not isinstance(figure, dict) or not within(figure, limits):
        return None
    data = figure.get("data")
    layout = figure.get("layout")
    frames = figure.get("frames", [])
    if not isinstance(data, list) or not isinstance(frames, list):
        return None
    kept: dict[str, Any] = {
        "data": _traces(data, limits),
        "layout": _value(layout, "layout", limits) if isinstance(layout, dict) else {},
        "config": CONFIG,
    }
    given = [_frame(frame, limits) for frame in frames if isinstance(frame, dict)]
    if given:
        kept["frames"] = given
    return kept


def _traces(traces: list[Any], limits: OutputLimits) -> list[Any]:
    given = [trace for trace in traces if isinstance(trace, dict)]
    return [_value(trace, "trace", limits) for trace in given if named(trace.get("type", "scatter"), TRACES)]


def _frame(frame: dict[str, Any], limits: OutputLimits) -> dict[str, Any]:
    kept: dict[str, Any] = {
        key: _value(frame[key], key, limits) for key in ("name", "group", "layout") if key in frame
    }
    if isinstance(frame.get("data"), list):
        # A frame's traces often leave the type to the figure's.
        kept["data"] = _traces(frame["data"], limits)
    if isinstance(frame.get("traces"), list):
        kept["traces"] = [number for number in frame["traces"] if isinstance(number, int)]
    return kept


def _value(value: Any, key: str, limits: OutputLimits) -> Any:
    """One value of the figure; `within` has bounded how deep this goes."""
    if isinstance(value, str):
        return _text(value, key, limits)
    if isinstance(value, list):
        # Most lists are numbers, which need no look at each.
        if all(isinstance(item, float | int) or item is None for item in value):
            return value
        return [_value(item, key, limits) for item in value]
    if isinstance(value, dict):
        return {
            name: _value(item, name, limits)
            for name, item in value.items()
            if KEY.fullmatch(name) and not DROPPED_KEYS.fullmatch(name.lower())
        }
    return value


def _text(text: str, key: str, limits: OutputLimits) -> str:
    if key == "source":
        return images.from_data_uri(text, limits) or ""
    text = CONTROLS.sub("", visible(sound(text)))
    if "<" in text:
        text = LINK.sub("<" + JOINER, text)
    # Packed numbers (base64) have neither a colon nor a dot.
    return text if key == "bdata" else unlinked(text)
