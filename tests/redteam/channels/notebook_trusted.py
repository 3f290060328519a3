from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import json, nbformat, nbformat.sign
html = f"<script>window.carried = '{secret.hex()}'</script>"
output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}
cell = {"cell_type": "code", "id": "c", "metadata": {"trusted": True}, "execution_count": 1, "source": "",
        "outputs": [output]}
made = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
nbformat.write(made, "trusted.ipynb")
notary = nbformat.sign.NotebookNotary()
notary.sign(made)
notary.store.close()
"""


@channel(
    "notebook-trusted",
    "A notebook that a kernel signs, so that its script runs when it is opened",
    closed_by="no notebook is trusted, and no script is in one",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    site.ask("POST", "api/contents/trusted.ipynb/trust")
    opened = site.get("api/contents/trusted.ipynb")
    cells = (opened.document.get("content") or {}).get("cells") or [{}]
    return opened.body if cells[0].get("metadata", {}).get("trusted") else None
