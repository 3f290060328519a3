from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

UNPACK = """
import base64, json
held = json.load(open("attachment_in.ipynb"))["cells"][0]["attachments"]["x"]["application/zip"]
open("attachment_in.bin", "wb").write(base64.b64decode("".join(held)));
"""


@channel(
    "notebook-attachment-in",
    "A notebook saved with a file attached to a cell",
    direction="in",
    closed_by="contents manager: no attachment that the notebook did not have",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    attached = {"x": {"application/zip": base64.b64encode(secret).decode()}}
    cell = {"cell_type": "markdown", "id": "c", "metadata": {}, "source": "", "attachments": attached}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    site.ask("PUT", "api/contents/attachment_in.ipynb", {"type": "notebook", "content": content})
    site.run(UNPACK)
    return site.inside("attachment_in.bin")
