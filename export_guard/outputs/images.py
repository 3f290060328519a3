"""Images from an engine: what the bytes are, not what they are called, with only what draws them."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error

from export_guard import pictures
from export_guard.outputs.limits import OutputLimits
from export_guard.pictures import NotAPicture, Picture

DATA_URI = re.compile(r"data:image/(png|jpe?g|gif);base64,", re.IGNORECASE)


def from_base64(text: str, limits: OutputLimits) -> Picture | None:
    """The image in ``text``, or None when it is none, is malformed or over a limit."""
    if len(text) > limits.image_bytes * 3 // 2:
        return None
    try:
        data = b64decode("".join(text.split()), validate=True)
    except (Error, ValueError):
        return None
    return check(data, limits)


def from_data_uri(text: str, limits: OutputLimits) -> str | None:
    """A ``data:`` address of a checked image, written anew; None for every other address."""
    match = DATA_URI.match(text.strip())
    picture = from_base64(text.strip()[match.end() :], limits) if match else None
    return f"data:{picture.media_type};base64,{encoded(picture)}" if picture else None


def encoded(picture: Picture) -> str:
    """The image as base64."""
    return b64encode(picture.data).decode("ascii")


def check(data: bytes, limits: OutputLimits) -> Picture | None:
    """The image in ``data`` with only what draws it, or None."""
    if len(data) > limits.image_bytes:
        return None
    try:
        return pictures.rewritten(data, pixels=limits.image_pixels, kinds=pictures.EVERY, anew=False)
    except NotAPicture:
        return None
