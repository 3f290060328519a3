"""The KernelProvisioner that has the engine's launcher start, signal and reap kernels.

See `jupyter_client.provisioning.KernelProvisionerBase` for the contract. The kernel's ZMQ sockets
are unix sockets on the volume that desk and engine share (``transport=ipc``).
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Float, Unicode

from kernels import protocol
from kernels.desk.launcher_client import EngineRefused, EngineUnreachable, LauncherClient


class EngineProvisioner(KernelProvisionerBase):
    """Kernels in the engine container. Entry point ``carrel-engine``."""

    sockets = Unicode(
        protocol.SOCKETS, config=True, help="Where the socket volume shared with the engine is mounted."
    )
    start_patience = Float(
        20.0, config=True, help="Seconds to wait for an engine that is starting, or starting again."
    )

    launched = False

    @property
    def engine(self) -> LauncherClient:
        """The launcher of this desk's engine."""
        return LauncherClient(self.sockets)

    @property
    def manager(self) -> Any:
        """The kernel manager that this provisioner belongs to."""
        return self.parent

    @property
    def has_process(self) -> bool:
        """Whether this provisioner has a kernel in the engine."""
        return self.launched

    async def poll(self) -> int | None:
        """None while the kernel lives, else its return code.

        An engine that is slow to answer is not a dead kernel; one that nobody listens in is.
        """
        if not self.launched:
            return 0
        try:
            reply = await self.engine.ask("poll", kernel_id=self.kernel_id)
        except TimeoutError:
            return None
        except (EngineUnreachable, EngineRefused):
            return 1
        if reply.get("alive") is True:
            return None
        if reply.get("out_of_memory") is True:
            self.log.warning("Kernel %s was killed: the engine ran out of memory", self.kernel_id)
        returncode = reply.get("returncode")
        return returncode if isinstance(returncode, int) else 1

    async def wait(self) -> int | None:
        """Wait until the kernel has ended; callers bound this with a timeout of their own."""
        while (returncode := await self.poll()) is None:
            await asyncio.sleep(0.1)
        self.launched = False
        return returncode

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel's process group in the engine."""
        if self.launched:
            try:
                await self.engine.ask("signal", kernel_id=self.kernel_id, signum=int(signum))
            except (EngineUnreachable, TimeoutError):
                # Without an engine there is nothing left to signal; `poll` reports it.
                self.log.warning("The engine did not take signal %s for kernel %s", signum, self.kernel_id)

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Point the manager's channels at the kernel's sockets.

        When the engine runs this very kernel already (the desk came back, the engine had stayed),
        the manager takes over its key, and the launch that follows attaches.
        """
        manager = self.manager
        manager.transport = "ipc"
        manager.cache_ports = False
        manager.ip = protocol.kernel_address(self.kernel_id, self.sockets)
        for name, port in protocol.PORTS.items():
            setattr(manager, name, port)
        for kernel in await self.engine.kernels(patience=self.start_patience):
            if kernel.kernel_id == self.kernel_id:
                manager.session.key = kernel.key.encode()
        self.connection_info = manager.get_connection_info()
        kwargs.pop("extra_arguments", None)
        kwargs.pop("transport_encryption", None)
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel, or attach to it when it runs."""
        reply = await self.engine.ask(
            "start",
            patience=self.start_patience,
            kernel_id=self.kernel_id,
            name=self.manager.kernel_name,
            key=self.manager.session.key.decode(),
            cwd=str(kwargs.get("cwd") or "/workspace"),
        )
        self.launched = True
        self.log.debug("Kernel %s is process %s of the engine", self.kernel_id, reply.get("pid"))
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is kept on the desk's side."""
