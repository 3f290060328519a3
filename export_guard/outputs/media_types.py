"""THE table of media types: what each is, how its values are made fit to show. The rest is withheld.

Withheld on purpose, among all that is not named: application/javascript, text/vnd.mermaid and
Vega-Lite (they load by address), application/pdf, application/octet-stream, audio and video, GeoJSON
(map tiles), application/vnd.jupyterlab.* .
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from export_guard.outputs import images
from export_guard.outputs.bounded import within
from export_guard.outputs.html import cells, clean_html
from export_guard.outputs.limits import OutputLimits
from export_guard.outputs.markdown import inert_markdown
from export_guard.outputs.plotly import clean_plotly
from export_guard.outputs.svg import clean_svg
from export_guard.outputs.tex import inert_tex
from export_guard.outputs.text import plain_text, size_of, sound, unlinked, visible


class Shown(NamedTuple):
    """A value that may be shown; ``size`` in bytes, ``cells`` of tables."""

    value: Any
    size: int
    cells: int = 0


# Takes a value as the engine sent it; gives what may be shown, or the id of the reason against it.
Treatment = Callable[[Any, OutputLimits], Shown | str]


def joined(value: Any, limit: int) -> str | None:
    """A text value, which on disk may be a list of lines, as one string; None when it is not text."""
    if isinstance(value, list):
        if len(value) > limit or not all(isinstance(line, str) for line in value):
            return None
        if sum(map(len, value)) > limit:
            return " " * (limit + 1)
        value = "".join(value)
    return value if isinstance(value, str) else None


def _text(value: Any, limits: OutputLimits) -> Shown | str:
    return _written(value, limits.text_bytes, plain_text)


def _markdown(value: Any, limits: OutputLimits) -> Shown | str:
    return _written(value, limits.text_bytes, inert_markdown)


def _latex(value: Any, limits: OutputLimits) -> Shown | str:
    return _written(value, limits.text_bytes, lambda text: inert_tex(plain_text(text)))


def _written(value: Any, limit: int, treat: Callable[[str], str]) -> Shown | str:
    text = joined(value, limit)
    if text is None:
        return "malformed"
    if len(text) > limit:
        return "too-large"
    return _sized(treat(text), limit)


def _html(value: Any, limits: OutputLimits) -> Shown | str:
    text = joined(value, limits.html_bytes)
    if text is None:
        return "malformed"
    if len(text) > limits.html_bytes:
        return "too-large"
    kept = clean_html(text, limits)
    if kept is None:
        return "too-large"
    # Of nothing but a script, say, nothing is left.
    return _sized(kept, limits.html_bytes, cells(kept)) if kept.strip() else "malformed"


def _svg(value: Any, limits: OutputLimits) -> Shown | str:
    text = joined(value, limits.svg_bytes)
    if text is None:
        return "malformed"
    if len(text) > limits.svg_bytes:
        return "too-large"
    kept = clean_svg(text, limits)
    return _sized(kept, limits.svg_bytes) if kept else "malformed"


def _sized(kept: str, limit: int, cells_shown: int = 0) -> Shown | str:
    """What is shown keeps the limit too, so that it passes again when its notebook is opened."""
    size = size_of(kept)
    return Shown(kept, size, cells_shown) if size <= limit else "too-large"


def _image(value: Any, limits: OutputLimits) -> Shown | str:
    text = joined(value, limits.image_bytes * 3 // 2)
    if text is None:
        return "malformed"
    if len(text) > limits.image_bytes * 3 // 2:
        return "too-large"
    picture = images.from_base64(text, limits)
    return Shown(images.encoded(picture), len(picture.data)) if picture else "image"


def _image_of(media_type: str) -> Treatment:
    def treat(value: Any, limits: OutputLimits) -> Shown | str:
        shown = _image(value, limits)
        # The browser is told the type, and looks at the bytes itself: they have to agree.
        if isinstance(shown, Shown) and not shown.value.startswith(BASE64_MAGIC[media_type]):
            return "image"
        return shown

    return treat


BASE64_MAGIC = {"image/png": "iVBORw0KGgo", "image/jpeg": "/9j/", "image/gif": "R0lGODl"}


def _json(value: Any, limits: OutputLimits) -> Shown | str:
    if not within(value, limits):
        return "too-many"
    kept = _tree(value)
    size = len(json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace"))
    return Shown(kept, size) if size <= limits.json_bytes else "too-large"


def _tree(value: Any) -> Any:
    if isinstance(value, str):
        return unlinked(plain_text(value))
    if isinstance(value, list):
        return [_tree(item) for item in value]
    if isinstance(value, dict):
        return {visible(sound(str(key))): _tree(item) for key, item in value.items()}
    return value


def _plotly(value: Any, limits: OutputLimits) -> Shown | str:
    kept = clean_plotly(value, limits)
    if kept is None:
        return "malformed"
    size = len(json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace"))
    return Shown(kept, size) if size <= limits.plotly_bytes else "too-large"


MODEL_ID = re.compile(r"[\w-]{1,64}")


def _widget_view(value: Any, limits: OutputLimits) -> Shown | str:
    model_id = value.get("model_id") if type(value) is dict else None
    if type(model_id) is not str or not MODEL_ID.fullmatch(model_id):
        return "malformed"
    version = {
        key: value[key]
        for key in ("version_major", "version_minor")
        if type(value.get(key)) is int and 0 <= value[key] < 1000
    }
    return Shown({**version, "model_id": model_id}, 64)


PLOTLY = "application/vnd.plotly.v1+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MEDIA_TYPES: dict[str, Treatment] = {
    "text/plain": _text,
    "text/html": _html,
    "text/markdown": _markdown,
    "text/latex": _latex,
    "image/png": _image_of("image/png"),
    "image/jpeg": _image_of("image/jpeg"),
    "image/gif": _image_of("image/gif"),
    "image/svg+xml": _svg,
    "application/json": _json,
    PLOTLY: _plotly,
    WIDGET_VIEW: _widget_view,
    "application/vnd.jupyter.stdout": _text,
    "application/vnd.jupyter.stderr": _text,
}
