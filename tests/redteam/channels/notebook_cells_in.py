from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

UNPACK = """
import base64, json
cells = json.load(open("cells_in.ipynb"))["cells"]
held = "".join("".join(cell["source"]) for cell in cells)
open("cells_in.bin", "wb").write(base64.b64decode(held));
"""
PART = 128 * 1024


@channel(
    "notebook-cells-in",
    "A notebook saved with three megabytes of base64 in its cells, and in their metadata",
    direction="in",
    closed_by="contents manager: what a notebook's cells and metadata may hold in all",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    text = base64.b64encode(secret).decode()
    parts = [text[at : at + PART] for at in range(0, len(text), PART)]
    cells = [
        {"cell_type": "raw", "id": f"c{n}", "metadata": {}, "source": part} for n, part in enumerate(parts)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    site.ask("PUT", "api/contents/cells_in.ipynb", {"type": "notebook", "content": content})
    site.run(UNPACK)
    return site.inside("cells_in.bin")
