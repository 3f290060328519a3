from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import base64, json
text = base64.b64encode(secret).decode()
link = f'<a download="x.bin" href="data:application/octet-stream;base64,{text}">here</a>'
bundles = [{"text/html": link}, {"application/pdf": text}, {"application/octet-stream": text},
           {"application/javascript": f"var x = '{text}'"}, {"image/png": text},
           {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'><metadata>{text}</metadata></svg>"}]
outputs = [{"output_type": "display_data", "metadata": {"x": text}, "data": data} for data in bundles]
cell = {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": 1, "source": "", "outputs": outputs}
json.dump({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}, open("outputs.ipynb", "w"))
"""


@channel(
    "notebook-outputs",
    "A notebook on disk whose outputs carry it: links, scripts, PDF, octets, SVG, metadata",
    closed_by="the filter of the kernel's websocket, run on notebooks on disk",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    return site.get("api/contents/outputs.ipynb").body
