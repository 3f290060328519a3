from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import base64, json
text = base64.b64encode(secret).decode()
cells = [{"cell_type": kind, "id": kind, "metadata": {}, "source": "[x](attachment:x.bin) ![](attachment:x.png)",
          "attachments": {"x.bin": {"application/octet-stream": text}, "x.png": {"image/png": text}}}
         for kind in ("markdown", "raw")]
json.dump({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}, open("attached.ipynb", "w"))
"""


@channel(
    "notebook-attachments",
    "A notebook on disk with files attached to its Markdown and raw cells",
    closed_by="attachments are images that are checked and written anew",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    return site.get("api/contents/attached.ipynb").body
