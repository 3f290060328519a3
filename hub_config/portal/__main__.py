"""``python -m hub_config.portal``: the portal's process.

``CARREL_PORTAL_TOKEN`` is the service's token, ``CARREL_HUB_API_URL`` where the hub's API is.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from functools import partial

from tornado.httpserver import HTTPServer

from hub_config.portal import PORT, desks, upkeep
from hub_config.portal.application import hub_auth, make_application
from provisioning.audit.actor import this_process_is
from provisioning.refusal import Refusal
from provisioning.registry import database

LARGEST_REQUEST = 1024 * 1024
"""Bytes: forms only; nobody uploads here."""


async def serve() -> None:
    """Serve until told to stop."""
    # Docker's client is of no use to anything else here.
    from hub_config.enforcement import Enforcement  # noqa: PLC0415
    from hub_config.portal.worker import Worker  # noqa: PLC0415

    token = os.environ.get("CARREL_PORTAL_TOKEN")
    if not token:
        raise Refusal("CARREL_PORTAL_TOKEN is not set: give the portal the token that the hub knows it by.")
    this_process_is("portal")
    registry = database.engine()
    worker = Worker(registry)
    worker.start()
    auth = hub_auth(token, os.environ.get("CARREL_HUB_API_URL", "http://hub:8081/hub/api"))
    # The proxy alone reaches this port, so what it says about the browser's address holds.
    application = make_application(registry, auth, worker)
    enforcement = Enforcement(registry, lambda: worker.client, partial(desks.stop, auth), worker.site)
    enforcing = asyncio.create_task(enforcement.serve())
    await asyncio.to_thread(upkeep.sweep, registry, application.settings["airlock"])
    server = HTTPServer(application, xheaders=True, max_body_size=LARGEST_REQUEST)
    server.listen(int(os.environ.get("CARREL_PORTAL_PORT", PORT)), "0.0.0.0")  # noqa: S104 (its container's)
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    await stopped.wait()
    enforcing.cancel()
    server.stop()


def main() -> int:
    """Returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(serve())
    except Refusal as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
