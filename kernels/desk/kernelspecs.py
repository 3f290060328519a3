"""Which kernels a desk offers: those of its own image, and always in the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from traitlets import List, Unicode

SHIPPED = Path(__file__).parents[1] / "kernelspecs"


class EngineKernelSpecManager(KernelSpecManager):
    """Reads one read-only folder, and lets no kernelspec choose another provisioner.

    The stock manager also reads folders that a user can write, and a kernelspec there could name
    the local provisioner: a process in the desk.
    """

    ensure_native_kernel = False  # type: ignore[assignment]
    folder = Unicode(str(SHIPPED), config=True, help="The folder of kernelspecs that the desk offers.")
    kernel_dirs = List(Unicode())

    def _kernel_dirs_default(self) -> list[str]:
        return [self.folder]

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """As the stock manager, with the provisioner fixed."""
        spec = super().get_kernel_spec(kernel_name)
        metadata: dict[str, Any] = dict(spec.metadata)
        metadata["kernel_provisioner"] = {"provisioner_name": "carrel-engine"}
        spec.metadata = metadata
        return spec
