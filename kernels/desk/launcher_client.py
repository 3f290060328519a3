"""Asking the engine's launcher. What it answers is checked, since an engine is untrusted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from kernels import protocol


class EngineUnreachable(ConnectionError):
    """No launcher listens: the engine is gone, or not up yet."""


class EngineRefused(RuntimeError):
    """The launcher said no, or something that is not an answer."""


class LauncherClient:
    """Speaks `kernels.protocol` to the launcher on the shared socket volume.

    Parameters
    ----------
    sockets
        Where the volume is mounted.
    timeout
        Seconds that one request may take.
    """

    def __init__(self, sockets: str = protocol.SOCKETS, timeout: float = 10.0):
        self.path = str(Path(sockets, protocol.LAUNCHER_SOCKET))
        self.timeout = timeout

    async def ask(self, request: str, *, patience: float = 0.0, **fields: Any) -> dict[str, Any]:
        """Send one request and return the checked reply.

        Parameters
        ----------
        patience
            Seconds to go on trying while nobody listens (an engine that is starting).

        Raises
        ------
        EngineUnreachable
            When nobody listens.
        TimeoutError
            When the launcher took the request and did not answer in time.
        EngineRefused
            When it answered no, or nonsense.
        """
        line = protocol.encode({"request": request, **fields})
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                answer = await asyncio.wait_for(self._exchange(line), self.timeout)
                break
            except (ConnectionError, FileNotFoundError) as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise EngineUnreachable("the engine does not answer") from error
                await asyncio.sleep(0.02)
        try:
            reply = protocol.decode(answer)
        except protocol.ProtocolError as error:
            raise EngineRefused(f"the engine answered nonsense: {error}") from error
        if reply.get("ok") is not True:
            raise EngineRefused(str(reply.get("error", "the engine refused"))[:200])
        return reply

    async def _exchange(self, line: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(self.path, limit=protocol.MAX_LINE + 1)
        try:
            writer.write(line)
            await writer.drain()
            return await reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ConnectionResetError("the engine hung up") from error
        finally:
            writer.close()

    async def kernels(self, patience: float = 0.0) -> list[protocol.Kernel]:
        """The kernels that live in the engine; entries that are not valid are left out."""
        reply = await self.ask("list", patience=patience)
        listed = reply.get("kernels")
        found = []
        for entry in listed[: protocol.MAX_KERNELS] if isinstance(listed, list) else []:
            try:
                found.append(protocol.check_kernel(entry if isinstance(entry, dict) else {}))
            except protocol.ProtocolError:
                continue
        return found
