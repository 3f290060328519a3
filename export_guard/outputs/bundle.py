"""One MIME bundle (``data`` and ``metadata`` of an output): each media type by the table, or withheld."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from export_guard.outputs.limits import DEFAULTS, OutputLimits
from export_guard.outputs.media_types import MEDIA_TYPES, Shown
from export_guard.outputs.text import plain_text, size_of
from export_guard.outputs.withheld import Withheld, notice


class Filtered(NamedTuple):
    """What of a bundle may be shown. ``size`` in bytes and ``cells`` of tables count for the budget."""

    data: dict[str, Any]
    metadata: dict[str, Any]
    withheld: tuple[Withheld, ...]
    size: int
    cells: int


NOTHING = Filtered({}, {}, (), 0, 0)


def filter_bundle(
    data: Any, metadata: Any, limits: OutputLimits = DEFAULTS, *, language: str = "en"
) -> Filtered:
    """The part of a bundle that may be shown.

    When nothing that a person sees is left, a text/plain in ``language`` says so.
    """
    if type(data) is not dict:
        return withheld_bundle((Withheld("bundle", "malformed", 0),), language)
    # Most values in most notebooks: one short text.
    if len(data) == 1 and not metadata:
        text = data.get("text/plain")
        if type(text) is str and len(text) <= 4096:
            kept = plain_text(text)
            return Filtered({"text/plain": kept}, {}, (), size_of(kept), 0)
    shown: dict[str, Any] = {}
    withheld: list[Withheld] = []
    size = cells = 0
    for media_type, value in data.items():
        result = _treated(media_type, value, limits, len(shown) + len(withheld))
        if isinstance(result, Shown):
            if size + result.size <= limits.message_bytes:
                shown[media_type] = result.value
                size += result.size
                cells += result.cells
                continue
            result = "message-limit"
        withheld.append(Withheld(_named(media_type), result, _rough_size(value)))
        if len(withheld) > limits.media_types:
            break
    if not shown:
        return withheld_bundle(tuple(withheld), language) if withheld else NOTHING
    return Filtered(shown, clean_metadata(metadata, shown), tuple(withheld), size, cells)


def withheld_bundle(withheld: tuple[Withheld, ...], language: str) -> Filtered:
    """A bundle that says what was withheld in the place of it."""
    # A media type may be named like an address.
    text = plain_text(notice(withheld, language))
    return Filtered({"text/plain": text}, {}, withheld, size_of(text), 0)


def _treated(media_type: Any, value: Any, limits: OutputLimits, count: int) -> Shown | str:
    if count >= limits.media_types:
        return "too-many"
    treatment = MEDIA_TYPES.get(media_type)
    return treatment(value, limits) if treatment else "media-type"


def clean_metadata(metadata: Any, shown: Mapping[str, Any]) -> dict[str, Any]:
    """What JupyterLab's renderers ask for, of the media types shown. The rest would only carry data."""
    if not metadata or type(metadata) is not dict:
        return {}
    kept: dict[str, Any] = {}
    if metadata.get("needs_background") in ("light", "dark"):
        kept["needs_background"] = metadata["needs_background"]
    for media_type in shown:
        own = metadata.get(media_type)
        if not isinstance(own, dict):
            continue
        sizes: dict[str, Any] = {
            key: own[key]
            for key in ("width", "height")
            if type(own.get(key)) in (int, float) and 0 < own[key] <= 20_000
        }
        sizes.update({key: own[key] for key in ("unconfined", "expanded") if type(own.get(key)) is bool})
        if own.get("needs_background") in ("light", "dark"):
            sizes["needs_background"] = own["needs_background"]
        if sizes:
            kept[media_type] = sizes
    return kept


def _named(media_type: Any) -> str:
    """The type's name for a notice and an event: as short as a name, nothing but a name."""
    text = str(media_type)[:80]
    return "".join(character for character in text if character.isalnum() or character in "/+.-_")


def _rough_size(value: Any) -> int:
    """Bytes or characters of a withheld value, without walking through it."""
    return len(value) if isinstance(value, str | list | dict) else 0
