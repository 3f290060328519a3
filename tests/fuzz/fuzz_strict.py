"""What may be shown at most, checked without the filter's parsers and tables (see also `outputs_strict`)."""

from __future__ import annotations

import base64
import json
import re
import sys
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

UNIT = str(Path(__file__).parents[1] / "unit/outputs")
if UNIT not in sys.path:
    sys.path.append(UNIT)

from fuzz_made import PLOTLY, UNKNOWN, WIDGET_VIEW  # noqa: E402
from outputs_strict import FETCH, FORBIDDEN_TAGS, IMAGE, REFERENCE, assert_inert_css, assert_inert_html  # noqa: E402

__all__ = [
    "assert_bundle",
    "assert_content",
    "assert_inert_css",
    "assert_inert_html",
    "assert_markdown",
    "assert_notebook",
    "assert_nothing_unknown",
    "assert_svg",
    "assert_text",
    "bytes_of",
]

JOINER = "\u2060"
COLOUR = re.compile("\x1b\\[[0-9;:]*m")
ACTIVE = re.compile(r"(?ai)\b(?:www\.(?![ \t\n])|data:(?![ \t\n]))|://")
CONTROL = re.compile("[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
SHOWN = {
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/svg+xml",
    "application/json",
    "application/vnd.jupyter.stdout",
    "application/vnd.jupyter.stderr",
    PLOTLY,
    WIDGET_VIEW,
    *MAGIC,
}
# Of what plotly makes nothing of (it knows br, b, i, sub, sup, span, a) the filter need not care.
DRAWN = re.compile(r"(?ai)<\s*(?:script|iframe|object|embed|style|svg|img|a[\s>])")
SVG_SPACE = "{http://www.w3.org/2000/svg}"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"


def assert_nothing_unknown(value: Any) -> None:
    """Fails when a value got through that stood under a name that no table has."""
    assert UNKNOWN not in json.dumps(value, default=repr), value


def bytes_of(value: Any) -> int:
    """Bytes of texts, names left out, and of numbers as JSON has them."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        return sum(map(bytes_of, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(bytes_of, value))
    return len(json.dumps(value)) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def assert_text(text: Any) -> None:
    """Fails when JupyterLab would make a link of something in ``text`` or obey something in it."""
    assert isinstance(text, str)
    plain = COLOUR.sub("", text)
    assert not CONTROL.search(text), text
    assert not re.search("[\x1b\b]", plain), text
    assert "://" not in plain, text
    assert not re.search(r"(?ai)(?:www\.|data:)(?![ \t\n])", plain), text


def assert_markdown(text: str) -> None:
    """Fails when a renderer could begin active HTML or an outside destination anywhere in ``text``."""
    assert "://" not in text, text
    assert not CONTROL.search(text), text
    assert not re.search(
        r"(?ai)<(?:script|iframe|object|embed|form|base|meta|link|style|svg|math|a|input|button|video|audio)\b",
        text,
    ), text
    assert not re.search(r"(?ai)<[a-z][^>]*\son\w+\s*=", text), text
    assert not re.search(
        r"(?ai)\]\([ \t\n<]*(?:[a-z][a-z0-9+.-]*:(?!\S*attachment)|//)(?<!attachment:)",
        text.replace("](attachment:", "](#"),
    ), text
    assert not re.search(r"(?m)^ {0,3}\[[^\[\]\\\n]+\]:", text), text
    assert not re.search(r"\\(?:href|url|require|style|class|cssId)(?![A-Za-z])", text), text


def assert_svg(svg: str) -> None:
    """Reads the document with another parser, strictly."""
    assert not re.search(r"<[!?]", svg), svg
    for element in ElementTree.fromstring(svg).iter():
        assert element.tag.startswith(SVG_SPACE), svg
        name = element.tag.removeprefix(SVG_SPACE)
        assert name.lower() not in FORBIDDEN_TAGS | {"a", "desc"}, svg
        if name == "style":
            css = element.text or ""
            assert not re.search(r"[<&\\]", css), svg
            assert not FETCH.search(REFERENCE.sub("", css)), svg
        for key, value in element.attrib.items():
            assert not key.lower().startswith("on"), svg
            if key in ("href", XLINK_HREF):
                assert value.startswith("#out-") or IMAGE.fullmatch(value), svg
            elif key == "style":
                assert_inert_css(value)
            else:
                assert not key.startswith("{"), svg
                assert not FETCH.search(REFERENCE.sub("", value)), svg


def assert_bundle(data: dict[str, Any]) -> None:
    """Fails when a media type or its value is more than may be shown."""
    assert set(data) <= SHOWN, set(data)
    for kind, value in data.items():
        if kind == "text/html":
            assert_inert_html(value)
        elif kind == "image/svg+xml":
            assert_svg(value)
        elif kind == "text/markdown":
            assert_markdown(value)
        elif kind in MAGIC:
            assert base64.b64decode(value, validate=True).startswith(MAGIC[kind])
        elif kind == PLOTLY:
            assert value.keys() <= {"data", "layout", "config", "frames"}
            assert not value["config"]["showLink"]
            assert "plotlyServerURL" not in value["config"]
            _assert_tree(value, drawn=True)
        elif kind == "application/json":
            _assert_tree(value)
        elif kind == WIDGET_VIEW:
            assert value.keys() <= {"model_id", "version_major", "version_minor"}
            assert re.fullmatch(r"[\w-]{1,64}", value["model_id"])
        else:
            assert_text(value)


def _assert_tree(value: Any, *, drawn: bool = False) -> None:
    if isinstance(value, str):
        if drawn and IMAGE.fullmatch(value):
            return
        assert not ACTIVE.search(value), value
        assert not drawn or not DRAWN.search(value), value
    elif isinstance(value, dict):
        assert not value.keys() & {"__proto__", "constructor", "geojson", "accesstoken"} or not drawn, value
        for item in value.values():
            _assert_tree(item, drawn=drawn)
    elif isinstance(value, list):
        for item in value:
            _assert_tree(item, drawn=drawn)


def _assert_output(output: dict[str, Any]) -> None:
    kind = output["output_type"]
    if kind == "stream":
        assert_text(output["text"])
    elif kind == "error":
        for text in (output["ename"], output["evalue"], *output["traceback"]):
            assert_text(text)
    else:
        assert kind in ("display_data", "execute_result")
        assert output.keys() <= {"output_type", "data", "metadata", "execution_count"}
        assert_bundle(output["data"])


def assert_notebook(notebook: dict[str, Any]) -> None:
    """Fails when a filtered notebook has something that a page would run, load or link."""
    assert notebook.keys() == {"nbformat", "nbformat_minor", "metadata", "cells"}
    assert notebook["metadata"].keys() <= {"kernelspec", "language_info"}
    for cell in notebook["cells"]:
        assert cell.keys() <= {
            "id",
            "cell_type",
            "metadata",
            "source",
            "execution_count",
            "outputs",
            "attachments",
        }
        assert "trusted" not in cell["metadata"]
        if cell["cell_type"] == "markdown":
            assert_markdown(cell["source"])
        for output in cell.get("outputs", []):
            _assert_output(output)
        for bundle in cell.get("attachments", {}).values():
            assert bundle.keys() <= set(MAGIC)
            assert_bundle(bundle)


def assert_content(kind: str, content: dict[str, Any]) -> None:
    """Fails when a message's content has something that a page would run, load or link."""
    if kind in ("display_data", "update_display_data", "execute_result", "inspect_reply"):
        assert_bundle(content["data"])
    elif kind == "stream":
        assert re.fullmatch(r"stdout|stderr", content["name"])
        assert_text(content["text"])
    elif kind == "error":
        _assert_output({"output_type": "error", **content})
    elif kind == "execute_reply":
        for payload in content["payload"]:
            assert payload["source"] in ("page", "set_next_input", "ask_exit")
            assert_bundle(payload.get("data", {}))
        for expression in content["user_expressions"].values():
            assert_bundle(expression.get("data", {}))
    elif kind in ("comm_open", "comm_msg"):
        data = content["data"]
        _assert_state(data.get("state") or {})
        for entry in (data.get("states") or {}).values():
            _assert_state(entry["state"], entry["model_name"])
    elif kind == "input_request":
        assert_text(content["prompt"])
    elif kind == "kernel_info_reply":
        assert not content["banner"]
        assert not content["help_links"]


def _assert_state(state: dict[str, Any], model: str = "") -> None:
    model = state.get("_model_name", model)
    assert model not in ("FileUploadModel", "VideoModel", "AudioModel")
    assert state.get("description_allow_html") in (None, False)
    for output in state.get("outputs") or []:
        _assert_output(output)
    for name, value in state.items():
        for text in _strings(value) if name != "outputs" else ():
            # As text of a widget nothing is markup; as markup it is inert.
            if re.search(r"<[A-Za-z/!?]", text):
                assert_inert_html(text)
            assert (
                not re.search(r"(?ai)^\s*javascript:", unescape(text))
                or name not in ("value",)
                or "<" not in text
            )


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    return [text for item in value for text in _strings(item)] if isinstance(value, list) else []
