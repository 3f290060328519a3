"""The part of a desk's Jupyter configuration that puts every kernel into the engine."""

from __future__ import annotations

from typing import Any

PROVISIONER = "carrel-engine"


def configure(c: Any) -> None:
    """Set the server's kernel classes; ``c`` is a traitlets Config."""
    server = c.ServerApp
    server.kernel_manager_class = "kernels.desk.manager.EngineMappingKernelManager"
    server.session_manager_class = "kernels.desk.manager.EngineSessionManager"
    server.kernel_spec_manager_class = "kernels.desk.kernelspecs.EngineKernelSpecManager"
    c.KernelProvisionerFactory.default_provisioner_name = PROVISIONER
    c.MultiKernelManager.default_kernel_name = "python3"
