"""A widget's state on its way to the browser: by model, each name in its known form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from export_guard.outputs import css, images
from export_guard.outputs.bounded import within
from export_guard.outputs.html import clean_html
from export_guard.outputs.limits import OutputLimits
from export_guard.outputs.names import own_classes
from export_guard.outputs.tex import inert_tex
from export_guard.outputs.text import plain_text, size_of, untagged
from export_guard.outputs.widget_models import BASE, CONTROLS, MODULES, NUMERIC, STATES, VIEWS
from export_guard.outputs.words import words

HTML = frozenset(["HTMLModel", "HTMLMathModel"])
VERSION = re.compile(r"[~^]?\d{1,3}(?:\.\d{1,3}){0,2}|\*?")
WORD = re.compile(r"[\w -]{0,60}")
MODEL = re.compile(r"IPY_MODEL_[\w-]{1,64}")
# Names whose text is a choice out of a few, or a name of an icon.
WORDS = words("bar_style behavior box_style button_style icon icons orientation tag_style format _view_count")
COLOURS = re.compile(r"(?:handle|bar|button|text)_color")


class State(NamedTuple):
    """A state that may pass. ``buffers`` go with ``paths``; ``size`` in bytes."""

    state: dict[str, Any]
    paths: list[list[str]]
    buffers: list[bytes]
    size: int


def clean_state(
    model: str,
    state: Any,
    *,
    paths: Any,
    buffers: list[Any],
    comms: Mapping[str, str],
    outputs: Callable[[Any], list[Any]],
    limits: OutputLimits,
) -> State | None:
    """The part of ``state`` that may pass for ``model``; None when it breaks the form of a state.

    ``comms`` says which model each known comm is, ``outputs`` filters an output widget's outputs.
    """
    if type(state) is not dict or not within(state, limits):
        return None
    known = STATES[model]
    kept: dict[str, Any] = {}
    for name, value in state.items():
        if name not in known:
            continue
        if name == "outputs":
            kept[name] = outputs(value)
        elif name in ("source", "target"):
            if not _numeric_end(value, comms):
                return None
            kept[name] = value
        elif name.startswith(("_model_", "_view_")):
            if not _described(model, name, value):
                return None
            kept[name] = value
        else:
            cleaned = _value(model, name, value, limits)
            if cleaned is not _DROPPED:
                kept[name] = cleaned
    picture = _picture(paths, buffers, limits) if model == "ImageModel" else None
    if model == "ImageModel":
        # Only with its bytes at hand is it known what an image is; an address never is one.
        kept.pop("value", None)
        kept.pop("format", None)
    size = _size(kept)
    if picture is None:
        return State(kept, [], [], size)
    kept["format"] = picture.media_type.removeprefix("image/")
    return State(kept, [["value"]], [picture.data], size + len(picture.data))


_DROPPED = object()


def _described(model: str, name: str, value: Any) -> bool:
    """Whether the state says of itself what the model is and which view draws it."""
    if name == "_model_name":
        return bool(value == model)
    if name == "_view_name":
        return bool(value == VIEWS[model])
    if name == "_model_module":
        return bool(value == MODULES.get(model, CONTROLS))
    if name == "_view_module":
        return value in (CONTROLS, BASE, MODULES.get(model)) or (value is None and VIEWS[model] is None)
    if name == "_view_count":
        return value is None or (type(value) is int and 0 <= value < 2**31)
    return value is None or (type(value) is str and bool(VERSION.fullmatch(value)))


def _numeric_end(value: Any, comms: Mapping[str, str]) -> bool:
    """Whether one end of a link is a number or a truth value of a known widget."""
    if type(value) is not list or len(value) != 2 or not all(type(part) is str for part in value):
        return False
    reference, name = value
    model = comms.get(reference.removeprefix("IPY_MODEL_"), "")
    return (
        bool(MODEL.fullmatch(reference)) and model in NUMERIC and name in ("value", "min", "max", "disabled")
    )


def _value(model: str, name: str, value: Any, limits: OutputLimits) -> Any:  # noqa: PLR0911
    if isinstance(value, int) and not -(2**53) < value < 2**53:
        # No browser reads it as it is; a number of a thousand digits is a text.
        return _DROPPED
    if value is None or isinstance(value, bool | int | float):
        # Descriptions are text here, whatever the engine says.
        return False if name == "description_allow_html" else value
    if isinstance(value, str):
        return _text(model, name, value, limits)
    if name == "_dom_classes" and isinstance(value, list):
        return [kept for item in value if isinstance(item, str) and (kept := own_classes(item))]
    if isinstance(value, list):
        return [kept for item in value if (kept := _value(model, name, item, limits)) is not _DROPPED]
    if isinstance(value, dict) and model not in HTML:
        return {
            plain_text(str(key)): kept
            for key, item in value.items()
            if (kept := _value(model, name, item, limits)) is not _DROPPED
        }
    return _DROPPED


def _text(model: str, name: str, value: str, limits: OutputLimits) -> Any:  # noqa: PLR0911
    if not value:
        return value
    if MODEL.fullmatch(value) and name in ("layout", "style", "children"):
        return value
    if name in ("layout", "style", "children"):
        return _DROPPED
    if model in HTML and name in ("value", "placeholder"):
        cleaned = clean_html(value, limits)
        return "" if cleaned is None else cleaned
    if model == "LayoutModel" or model.endswith("StyleModel"):
        cleaned = css.value(value, _property(name))
        return _DROPPED if cleaned is None else cleaned
    if name in WORDS:
        return value if WORD.fullmatch(value) else _DROPPED
    if name == "msg_id":
        return value if WORD.fullmatch(value) else ""
    # JupyterLab's widgets typeset labels and descriptions. No tag, in case the page knows the comm
    # as another model than the desk does, as after the desk was started anew.
    text = inert_tex(untagged(plain_text(value)))
    return text if size_of(text) <= limits.text_bytes else _DROPPED


def _property(name: str) -> str:
    if COLOURS.fullmatch(name):
        return "color"
    return (
        "width"
        if name.endswith("_width") and name not in ("max_width", "min_width")
        else name.replace("_", "-")
    )


def _picture(paths: Any, buffers: list[Any], limits: OutputLimits) -> images.Picture | None:
    if type(paths) is not list:
        return None
    for path, buffer in zip(paths, buffers, strict=False):
        if path == ["value"] and len(buffer) <= limits.image_bytes:
            return images.check(bytes(buffer), limits)
    return None


def _size(value: Any) -> int:
    """Bytes that a state's texts and numbers hold, about."""
    if isinstance(value, str):
        return size_of(value)
    if isinstance(value, dict):
        return sum(len(key) + _size(item) for key, item in value.items())
    return sum(map(_size, value)) if isinstance(value, list) else len(str(value))
