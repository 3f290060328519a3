from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import base64, json, os
from jupyter_core.paths import jupyter_data_dir
folder = os.path.join(jupyter_data_dir(), "kernels", "carried")
os.makedirs(folder, exist_ok=True)
spec = {"argv": ["true"], "display_name": "x", "language": "x",
        "metadata": {"x": base64.b64encode(secret).decode()}}
json.dump(spec, open(os.path.join(folder, "kernel.json"), "w"))
for name in ("logo-64x64.png", "logo-svg.svg", "kernel.js", "x.bin"):
    open(os.path.join(folder, name), "wb").write(secret)
"""


@channel(
    "kernelspec-files",
    "A kernelspec made by a kernel: its logos, its other files",
    closed_by="kernelspecs come from the desk's image alone",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    names = ("logo-64x64.png", "logo-svg.svg", "kernel.js", "x.bin")
    return b"\n".join(site.get(f"kernelspecs/carried/{name}").body for name in names)
