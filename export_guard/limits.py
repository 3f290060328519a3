"""The guard's configurable limits (``c.ExportGuard.…`` in the server's configuration)."""

from __future__ import annotations

from traitlets import Integer
from traitlets.config import Configurable

KIB = 1024
MIB = 1024 * KIB


class ExportGuard(Configurable):
    """Sizes up to which a person may type into a desk. All in bytes."""

    text_bytes = Integer(MIB, min=1, config=True, help="Largest text file that can be saved, in bytes.")
    notebook_bytes = Integer(
        10 * MIB, min=1, config=True, help="Largest notebook that can be saved, in bytes of the request."
    )
    settings_bytes = Integer(
        256 * KIB,
        min=1,
        config=True,
        help="Largest JupyterLab settings or workspace that can be saved, in bytes.",
    )
    message_bytes = Integer(64 * KIB, min=1, config=True, help="Largest body of any other request, in bytes.")
