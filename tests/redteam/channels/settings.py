from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

SCHEMA = "@jupyterlab/apputils-extension:themes"
WRITE = f"""
import base64, os
from jupyter_core.paths import jupyter_config_dir
package, plugin = {SCHEMA!r}.split(":")
folder = os.path.join(jupyter_config_dir(), "lab", "user-settings", package)
os.makedirs(folder, exist_ok=True)
text = base64.b64encode(secret).decode()
open(os.path.join(folder, plugin + ".jupyterlab-settings"), "w").write("{{\\n// " + text + "\\n}}")
"""


@channel(
    "settings",
    "JupyterLab's settings, written by a kernel with a comment in them",
    closed_by="the desk's home is not the engine's",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    got = site.get(f"lab/api/settings/{SCHEMA}").body
    site.run("os.remove(os.path.join(folder, plugin + '.jupyterlab-settings'));")
    return got
