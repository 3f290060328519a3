from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import json, os
from jupyter_core.paths import jupyter_data_dir
folder = os.path.join(jupyter_data_dir(), "labextensions", "carried", "static")
os.makedirs(folder, exist_ok=True)
open(os.path.join(folder, "x.bin"), "wb").write(secret)
"""


@channel(
    "labextension-files",
    "A folder of a JupyterLab extension, made by a kernel and served as static files",
    closed_by="extensions come from the desk's image alone",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    return site.get("lab/extensions/carried/static/x.bin").body
