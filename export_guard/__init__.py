"""What may leave or enter a desk: the desk's server extension and its default-deny policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell jupyter_server which module holds the extension."""
    return [{"module": "export_guard"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Put the guard before the server's handlers; the server exits when that fails."""
    # Imported here so that the hub and the airlock can import this package without a server.
    from export_guard.extension import load  # noqa: PLC0415

    load(serverapp)


async def _start_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Attach to the kernels that the engine runs, before a browser asks for one of them."""
    from export_guard.extension import start  # noqa: PLC0415

    await start(serverapp)
