from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

READ = """
import glob, os, shutil
from jupyter_core.paths import jupyter_config_dir
found = [path for path in glob.glob(os.path.join(jupyter_config_dir(), "**"), recursive=True) if os.path.isfile(path)]
open("settings_in.txt", "w").write("".join(open(path, errors="replace").read() for path in found));
"""


@channel(
    "settings-in",
    "Three megabytes as JupyterLab's layout and the frontend's configuration, which a kernel reads from disk",
    direction="in",
    closed_by="policy table: their size; the desk's home is not the engine's",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    text = base64.b64encode(secret).decode()
    space = {"data": {"x": text}, "metadata": {"id": "brought"}}
    site.ask("PUT", "lab/api/workspaces/brought", space)
    site.ask("PUT", "api/config/brought", {"x": text})
    site.run(READ)
    site.ask("DELETE", "lab/api/workspaces/brought")
    return site.inside("settings_in.txt")
