"""Kernels and sessions that outlive the desk.

A desk that starts asks the engine what runs there and attaches to it through the ordinary start
path; the provisioner notices that the kernel lives. Until that is done nobody is shown a list of
kernels, or the server would forget the sessions of kernels that it has not attached to yet.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.services.sessions.sessionmanager import SessionManager
from traitlets import Float, Unicode, default

from kernels import protocol
from kernels.desk.launcher_client import EngineRefused, EngineUnreachable, LauncherClient


class EngineMappingKernelManager(AsyncMappingKernelManager):
    """Jupyter Server's kernel manager over one engine."""

    sockets = Unicode(protocol.SOCKETS, config=True, help="As `EngineProvisioner.sockets`.")
    heartbeat = Float(60.0, config=True, help="Seconds between two words to an engine that nobody uses.")

    @default("kernel_manager_class")
    def _default_kernel_manager_class(self) -> str:
        return "kernels.desk.kernel_manager.EngineKernelManager"

    _attaching: asyncio.Task[None] | None = None
    _beating: asyncio.Task[None] | None = None

    async def attached(self) -> None:
        """Wait until this desk has attached to every kernel that its engine runs."""
        if self._attaching is None:
            self._attaching = asyncio.create_task(self._attach())
            self._beating = asyncio.create_task(self._beat())
        await asyncio.shield(self._attaching)

    async def _attach(self) -> None:
        engine = LauncherClient(self.sockets)
        try:
            kernels = await engine.kernels(patience=10.0)
        except (EngineUnreachable, EngineRefused, TimeoutError) as error:
            self.log.warning("No kernels to attach to: %s", error)
            return
        for kernel in kernels:
            if kernel.kernel_id in self:
                continue
            try:
                await self.start_kernel(kernel_id=kernel.kernel_id, kernel_name=kernel.name)
                self.log.info("Attached to kernel %s", kernel.kernel_id)
            except Exception as error:  # one bad kernel must not cost the others
                self.log.warning("Could not attach to kernel %s: %s", kernel.kernel_id, error)

    async def _beat(self) -> None:
        """An engine ends itself when no desk has spoken to it for long."""
        while True:
            await asyncio.sleep(self.heartbeat)
            try:
                await LauncherClient(self.sockets).ask("hello")
            except (EngineUnreachable, EngineRefused, TimeoutError) as error:
                self.log.warning("The engine did not answer: %s", error)

    async def list_kernels(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """As the stock manager, once attached. Jupyter Server awaits what this returns."""
        await self.attached()
        return super().list_kernels()


class EngineSessionManager(SessionManager):
    """Sessions kept in a file, listed once the kernels are attached."""

    @default("database_filepath")
    def _default_database_filepath(self) -> str:
        from jupyter_core.paths import jupyter_data_dir  # noqa: PLC0415

        # SQLite makes a file, not its folder; a new desk's home is empty.
        folder = Path(jupyter_data_dir())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(folder / "sessions.sqlite")

    async def list_sessions(self) -> list[dict[str, Any]]:
        """As the stock manager, once attached."""
        await self.kernel_manager.attached()
        return await super().list_sessions()

    async def session_exists(self, path: str) -> bool:
        """As the stock manager, once attached."""
        await self.kernel_manager.attached()
        return await super().session_exists(path)

    async def get_session(self, **kwargs: Any) -> dict[str, Any]:
        """As the stock manager, once attached."""
        await self.kernel_manager.attached()
        return await super().get_session(**kwargs)
