from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

UNPACK = """
import base64, json
cells = json.load(open("output_in.ipynb"))["cells"]
held = [value for cell in cells for output in cell["outputs"] for value in output["data"].values()]
held = ["".join(each) for each in held]
open("output_in.bin", "wb").write(base64.b64decode("".join(held)));
"""


@channel(
    "notebook-output-in",
    "A notebook saved with outputs that no kernel made: three megabytes as a picture and as texts",
    direction="in",
    closed_by="contents manager: outputs are those that the desk itself showed",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    text = base64.b64encode(secret).decode()
    half = len(text) // 2
    bundles = [
        {"image/png": text[:half]},
        *({"text/plain": text[at : at + 65536]} for at in range(half, len(text), 65536)),
    ]
    outputs = [{"output_type": "display_data", "metadata": {}, "data": bundle} for bundle in bundles]
    cell = {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "execution_count": 1,
        "source": "",
        "outputs": outputs,
    }
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    site.ask("PUT", "api/contents/output_in.ipynb", {"type": "notebook", "content": content})
    site.run(UNPACK)
    return site.inside("output_in.bin")
