"""The desk's Jupyter configuration: `configure(c)` in the image's ``jupyter_server_config.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from export_guard.limits import MIB

LAB_SETTINGS = Path(__file__).with_name("lab_settings")
EXTENSIONS = {
    "export_guard": True,
    "export_guard.applications": True,
    "jupyterlab": True,
    # Installed beside JupyterLab because it depends on them; nothing on a desk uses them.
    "jupyter_lsp": False,
    # Its parts serve the named applications (`export_guard.applications`); by itself it proxies every port.
    "jupyter_server_proxy": False,
    "jupyter_server_terminals": False,
    "notebook_shim": False,
}


def configure(c: Any, *, root_dir: str = "/workspace") -> None:
    """Set everything a desk's server needs. ``c`` is a traitlets Config, ``root_dir`` the workspace."""
    server = c.ServerApp
    server.jpserver_extensions = dict(EXTENSIONS)
    # An extension that fails to load is otherwise only logged, and the guard is an extension.
    server.reraise_server_extension_failures = True
    server.root_dir = root_dir
    server.default_url = "/lab"
    server.open_browser = False
    server.terminals_enabled = False
    server.allow_origin = ""
    server.disable_check_xsrf = False
    server.quit_button = False
    server.use_redirect_file = False
    # The guard drops what it will not serve as it arrives; tornado only ends the absurd.
    server.max_body_size = 64 * MIB
    server.max_buffer_size = 64 * MIB
    server.kernel_websocket_connection_class = "export_guard.channels.DeskChannels"
    c.ContentsManager.allow_hidden = False
    server.authorizer_class = "export_guard.visitors.OwnerOnly"
    server.contents_manager_class = "export_guard.contents.manager.GuardedContentsManager"
    # A person types; what is larger is refused before it is held in memory.
    server.tornado_settings = {"websocket_max_message_size": MIB}
    c.KernelSpecManager.ensure_native_kernel = False
    _configure_lab(c)


def _configure_lab(c: Any) -> None:
    # Only what the image ships: no labextension, theme or setting from a home folder.
    shared = Path(sys.prefix, "share", "jupyter")
    for lab in (c.LabApp, c.LabServerApp):
        lab.app_settings_dir = str(LAB_SETTINGS)
        lab.labextensions_path = [str(shared / "labextensions")]
    c.LabApp.extension_manager = "readonly"
    c.LabApp.lock_all_plugins = True
    c.LabApp.news_url = None
    c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
