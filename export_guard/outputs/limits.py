"""How much of everything the filter lets through. Sizes are bytes of UTF-8 unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class OutputLimits:
    """One immutable set of limits; hashable, so that prepared sanitisers are kept by it."""

    # One value of one media type.
    text_bytes: int = MIB
    html_bytes: int = MIB
    style_bytes: int = 512 * KIB
    svg_bytes: int = 4 * MIB
    json_bytes: int = MIB
    plotly_bytes: int = 4 * MIB
    # An image as its bytes, not as the base64 that carries them.
    image_bytes: int = 4 * MIB
    # Width times height; a small file can unpack to more than a browser holds.
    image_pixels: int = 64_000_000

    # What a cell's output area holds at one time, and what one execution may send in all,
    # the outputs that it cleared or replaced included.
    message_bytes: int = 8 * MIB
    cell_bytes: int = 16 * MIB
    execution_bytes: int = 32 * MIB

    # Everything parsed: nesting, and values plus keys in one JSON document.
    depth: int = 32
    entries: int = 200_000
    media_types: int = 16
    # Nesting of HTML and SVG elements; Chromium flattens a page at 512.
    markup_depth: int = 100
    markup_elements: int = 200_000

    # Answers other than outputs.
    matches: int = 2000
    history: int = 1000
    prompt_bytes: int = 4 * KIB
    comms: int = 2000
    comm_bytes: int = MIB

    # What a browser sends.
    code_bytes: int = 256 * KIB
    request_bytes: int = 512 * KIB
    input_bytes: int = 16 * KIB
    comm_request_bytes: int = 64 * KIB

    # Notebooks.
    notebook_bytes: int = 64 * MIB
    notebook_entries: int = 2_000_000
    cells: int = 5000
    outputs: int = 1000
    attachments_bytes: int = 8 * MIB


DEFAULTS = OutputLimits()
