"""The desk's records: where its events are kept, and the task that takes them to the portal."""

from __future__ import annotations

import asyncio
import atexit
from pathlib import Path

from jupyter_server.serverapp import ServerApp
from traitlets import Integer, Unicode, default
from traitlets.config import Configurable

from export_guard.events import Emitter
from export_guard.limits import MIB
from export_guard.portal_client import PortalClient
from export_guard.recorder import Recorder
from export_guard.sender import Sender
from export_guard.spool import Spool


class EventSpool(Configurable):
    """Where events wait for the portal, and how many may."""

    folder = Unicode(config=True, help="The spool's folder, in the desk's home.")
    bytes = Integer(16 * MIB, min=MIB, config=True, help="What the spool may hold, in bytes.")

    @default("folder")
    def _default_folder(self) -> str:
        return str(Path.home() / "events")


def emitter(serverapp: ServerApp) -> Emitter:
    """The desk's emitter, its events kept. Raises `SpoolUnusable`: the desk must not come up then."""
    where = EventSpool(parent=serverapp)
    return Emitter(recorder=Recorder(Spool(Path(where.folder), where.bytes)))


def start(serverapp: ServerApp, written_by: Emitter) -> asyncio.Task[None]:
    """Record that the desk is there, and send its events for as long as it is."""
    recorder = written_by.recorder
    assert recorder is not None
    written_by.desk(kind="desk-started")

    def stopped() -> None:
        written_by.desk(kind="desk-stopped")
        recorder.flush()
        recorder.spool.close()

    # A desk that is killed says nothing; then the hub does.
    atexit.register(stopped)
    portal = PortalClient(parent=serverapp)
    return asyncio.get_running_loop().create_task(Sender(recorder, portal.report).run(), name="event sender")
