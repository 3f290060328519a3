"""The keeper of the audit trail: it signs, forwards, prunes, meters, and takes in what the gate refused.

A process of its own in the hub's container, which the hub starts and starts again (a managed service):
there are the keys, which the portal does not have; and a receiver that hangs holds up nobody's sign-in.
``python -m hub_config.audit_keeper``; its settings are ``c.AuditKeeper.…`` in the site's own
``jupyterhub_config.py``.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from traitlets import Bool, Float, Integer, Unicode
from traitlets.config import Config, Configurable
from traitlets.config.loader import PyFileConfigLoader

from provisioning.audit import forward, heads, keys, retention
from provisioning.audit.actor import this_process_is
from provisioning.audit.syslog import Receiver, receiver
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.models import AuditRecord
from provisioning.settings import archive_root

log = logging.getLogger("carrel.audit")

NAME = "audit-keeper"
CONFIG = Path("/etc/carrel/jupyterhub_config.py")
KEPT_FROM_IT = frozenset({"CARREL_PORTAL_TOKEN", "CARREL_METRICS_TOKEN", "CONFIGPROXY_AUTH_TOKEN"})
"""Secrets of the hub's that the keeper has no use for."""
LONGEST_PAUSE = 300.0
"""Seconds between two tries of what does not work."""


def service() -> dict[str, Any]:
    """The keeper for ``c.JupyterHub.services``; it has no right at the hub."""
    passed = ("CARREL_", "DOCKER_HOST", "TZ")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(passed) and name not in KEPT_FROM_IT
    }
    command = [sys.executable, "-m", "hub_config.audit_keeper"]
    return {"name": NAME, "command": command, "environment": environment, "display": False}


class AuditKeeper(Configurable):
    """What the keeper does, and how often."""

    sign_every = Float(300.0, min=1, config=True, help="Seconds between two signatures of the last record.")
    keep_days = Integer(
        730,
        config=True,
        help=f"Days that records stay in the registry; fewer than {retention.LEAST_DAYS} count as that many.",
    )
    prune = Bool(True, config=True, help="Whether older records go into signed archives, and then.")
    prune_every = Float(24 * 3600.0, min=60, config=True, help="Seconds between two looks for old records.")
    archive_folder = Unicode(config=True, help="Where archives go; default: audit in CARREL_DATA.")
    syslog = Unicode(config=True, help="Receiver of every record, such as tls://logs.example:6514.")
    syslog_ca = Unicode(config=True, help="PEM file of who vouches for a tls:// receiver.")
    syslog_certificate = Unicode(config=True, help="PEM file of our own certificate, where it asks for one.")
    syslog_key = Unicode(config=True, help="PEM file of that certificate's private key.")
    syslog_plain_end = Bool(
        False,
        config=True,
        help="Take the end of the TCP connection for a tls:// receiver's, where it sends no close_notify.",
    )
    forward_every = Float(2.0, min=0.1, config=True, help="Seconds between two looks for new records.")
    sample_every = Float(30.0, min=1, config=True, help="Seconds between two looks at what containers use.")
    usage_every = Float(900.0, min=60, config=True, help="Seconds that one record of usage covers.")
    refusals_every = Float(
        5.0, min=0.5, config=True, help="Seconds between two questions to the Docker gate."
    )

    def __init__(self, registry: Engine, **options: Any) -> None:
        super().__init__(**options)
        self.registry = registry
        self.stopped = threading.Event()

    @property
    def folder(self) -> Path:
        """Where archives go."""
        return Path(self.archive_folder) if self.archive_folder else archive_root()

    def receiver(self) -> Receiver | None:
        """The syslog receiver, if there is one. Raises `Refusal`."""
        if not self.syslog:
            return None
        files = self.syslog_ca, self.syslog_certificate, self.syslog_key
        return receiver(self.syslog, *files, plain_end=self.syslog_plain_end)

    def sign(self) -> None:
        """Sign the last record, where there is one that is not signed yet."""
        with database.sessions(self.registry)() as session:
            if session.scalar(select(func.max(AuditRecord.number))) is None:
                return
        key = keys.signing_key()
        with database.writing(self.registry) as session:
            heads.sign_head(session, key)

    def prune_old(self) -> None:
        """Put into archives what is older than it must be kept."""
        if self.keep_days < retention.LEAST_DAYS:
            log.warning(
                "keep_days is %d: records are kept for %d all the same", self.keep_days, retention.LEAST_DAYS
            )
        for seal in retention.prune(self.registry, self.folder, keys.signing_key(), self.keep_days):
            log.info("records %d to %d are in an archive in %s", seal.first, seal.last, self.folder)

    def loops(self) -> dict[str, tuple[float, Callable[[], Any]]]:
        """What is done, and the seconds between two times. Raises `Refusal` for a receiver that is none."""
        to = self.receiver()
        forward.forget_others(self.registry, to)
        found: dict[str, tuple[float, Callable[[], Any]]] = {"signing": (self.sign_every, self.sign)}
        if self.prune:
            found["pruning"] = (self.prune_every, self.prune_old)
        if to is not None:
            forward.position(self.registry, to)  # before anything is pruned that it does not have
            found["forwarding"] = (self.forward_every, lambda: forward.forward(self.registry, to))
        if os.environ.get("DOCKER_HOST"):
            found |= self._of_docker()
        return found

    def _of_docker(self) -> dict[str, tuple[float, Callable[[], Any]]]:
        import docker  # noqa: PLC0415 (no test without Docker needs it)
        from docker.utils import kwargs_from_env  # noqa: PLC0415

        from hub_config import refusals  # noqa: PLC0415
        from hub_config.usage import Sampler  # noqa: PLC0415

        site, every = os.environ.get("CARREL_SITE", "carrel"), timedelta(seconds=self.usage_every)
        made: list[Sampler] = []

        def sample() -> None:
            if not made:
                client = docker.APIClient(version="auto", timeout=60, **kwargs_from_env())
                made.append(Sampler(self.registry, client, site, every))
            made[0].sample()

        gate = os.environ["DOCKER_HOST"].removeprefix("unix://")
        return {
            "metering": (self.sample_every, sample),
            "refusals": (self.refusals_every, lambda: refusals.take_in(self.registry, gate)),
        }

    def run(self) -> None:
        """Do all of it, each in a thread of its own, until told to stop."""
        threads = [
            threading.Thread(target=self._loop, args=(name, *loop), name=name, daemon=True)
            for name, loop in self.loops().items()
        ]
        for thread in threads:
            thread.start()
        self.stopped.wait()
        for thread in threads:
            thread.join(5)

    def _loop(self, name: str, every: float, work: Callable[[], Any]) -> None:
        failures = 0
        while not self.stopped.is_set():
            begun = time.monotonic()
            try:
                work()
                if failures:
                    log.info("%s goes on", name)
                failures = 0
            except Exception as error:  # the next time may find what this one did not
                failures += 1
                if failures == 1:  # told once, until it works again
                    expected = isinstance(error, Refusal | OSError)
                    log.error("%s: %s", name, error, exc_info=None if expected else error)
            pause = every if not failures else min(max(every, LONGEST_PAUSE), every * 2 ** min(failures, 12))
            pause *= random.uniform(0.8, 1) if failures else 1  # noqa: S311
            self.stopped.wait(max(0.0, pause - (time.monotonic() - begun)))


def settings(file: Path = CONFIG) -> Config:
    """What the site's own configuration says of ``AuditKeeper``."""
    if not file.exists():
        return Config()
    whole = PyFileConfigLoader(file.name, str(file.parent)).load_config()
    return Config({"AuditKeeper": whole.get("AuditKeeper", Config())})


def main() -> int:
    """Returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    this_process_is("hub")
    registry = database.engine()
    keeper = AuditKeeper(registry, config=settings())
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: keeper.stopped.set())
    try:
        keeper.run()
    except Refusal as refused:
        # The hub would start it again at once, and again.
        log.error("%s", refused)
        keeper.stopped.wait(30)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
