from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import base64, json, os
from jupyter_core.paths import jupyter_config_dir
folder = os.path.join(jupyter_config_dir(), "lab", "workspaces")
os.makedirs(folder, exist_ok=True)
made = {"data": {"x": base64.b64encode(secret).decode()}, "metadata": {"id": "carried"}}
json.dump(made, open(os.path.join(folder, "carried.jupyterlab-workspace"), "w"))
"""


@channel(
    "workspaces",
    "JupyterLab's saved layouts, written by a kernel",
    closed_by="the desk's home is not the engine's",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    return site.get("lab/api/workspaces").body + site.get("lab/api/workspaces/carried").body
