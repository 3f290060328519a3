from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import base64, json
hidden = base64.b64encode(secret).decode()
cell = {"cell_type": "code", "id": "c", "metadata": {"x": hidden, "tags": ["a"]}, "execution_count": None,
        "source": "1", "outputs": [], "x": hidden}
made = {"nbformat": 4, "nbformat_minor": 5, "cells": [cell], "x": hidden,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "P", "x": hidden},
                     "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"a": hidden}}}}}
json.dump(made, open("metadata.ipynb", "w"))
"""


@channel(
    "notebook-metadata",
    "A notebook on disk that carries it in metadata and in fields that no page shows",
    closed_by="notebooks are rebuilt from the fields that JupyterLab needs",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    return site.get("api/contents/metadata.ipynb").body
