"""Ending, within seconds, what the registry no longer allows: desks, engines and runs.

The spawner and the worker ask the registry when something starts. This loop asks it again for all that
runs, whenever the registry changed or a day began. It keeps nothing: what is to end follows from the
registry and from what Docker runs, so that a process that was killed ends it when it comes back.

An engine that may not go on is removed first, since the data are mounted there; then the hub stops the
desk, so that it knows. Where the hub does not, the desk is removed all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from docker.errors import NotFound
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub_config import naming
from provisioning.registry import access, columns, database, events, runs
from provisioning.registry.access import AccessDenied
from provisioning.registry.changes import Changes
from provisioning.registry.models import Run

log = logging.getLogger("carrel.enforcement")

LOOK_EVERY = 2.0
"""Seconds between two looks at the registry's change counter."""
SWEEP_EVERY = 60.0
"""Seconds after which all is compared though nothing changed: a missed change does not last."""
HUB_PATIENCE = 4.0
"""Seconds that the hub has to stop a desk before its container is removed without it."""

ROLES = ("desk", "engine", "run-engine")

StopDesk = Callable[[str, str], Awaitable[None]]
"""Asks the hub to stop the desk of an account in a project."""


class Docker(Protocol):
    """What is needed of `docker.APIClient`; it blocks."""

    def containers(self, *, all: bool, filters: Mapping[str, Any]) -> list[dict[str, Any]]: ...

    def remove_container(self, container: str, *, v: bool, force: bool) -> None: ...


class NoLongerInForce:
    """The refusal of a desk that has an extract which is revoked, withdrawn or past its last day."""

    code = "extract_not_in_force"

    @classmethod
    def of(cls, extract: str, project: str) -> AccessDenied:
        return AccessDenied(
            cls.code,
            "The desk was closed because the extract {extract} may no longer be used in the project "
            "{project}. Open the desk again to work without it.",
            extract=extract,
            project=project,
        )


@dataclass
class Desk:
    """The containers of one account in one project."""

    project: str
    account: str
    desk: str | None = None
    """Container id; None where only an engine is left."""
    engine: str | None = None
    mounted: frozenset[tuple[str, str]] = frozenset()
    """Name and digest of each extract that the engine has."""


@dataclass(frozen=True)
class Ended:
    """A desk that may not go on, and why."""

    desk: Desk
    reason: AccessDenied


@dataclass(frozen=True)
class EndedRun:
    """A run that may not go on, and why."""

    id: str
    project: str
    account: str
    reason: AccessDenied


@dataclass
class Verdict:
    """What is to end."""

    desks: list[Ended] = field(default_factory=list)
    runs: list[EndedRun] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    """Ids of run engines whose run is not under way."""


def desks(listed: Iterable[Mapping[str, Any]]) -> list[Desk]:
    """The desks among the containers that Docker lists, ended ones too."""
    found: dict[tuple[str, str], Desk] = {}
    for container in listed:
        labels = container.get("Labels") or {}
        role = labels.get(naming.ROLE_LABEL)
        key = labels.get(naming.PROJECT_LABEL, ""), labels.get(naming.ACCOUNT_LABEL, "")
        if role not in ("desk", "engine"):
            continue
        desk = found.setdefault(key, Desk(*key))
        if role == "desk":
            desk.desk = container["Id"]
        else:
            desk.engine = container["Id"]
            desk.mounted = frozenset(
                (label.removeprefix(naming.EXTRACT_LABEL), digest)
                for label, digest in labels.items()
                if label.startswith(naming.EXTRACT_LABEL)
            )
    return list(found.values())


def judge(session: Session, listed: Iterable[Mapping[str, Any]]) -> Verdict:
    """Compare what runs with the registry; ``listed`` is Docker's list of the site's containers."""
    listed = list(listed)
    verdict = Verdict()
    for desk in desks(listed):
        try:
            check_desk(session, desk.account, desk.project, desk.mounted)
        except AccessDenied as denied:
            verdict.desks.append(Ended(desk, denied))
    under_way = set()
    for run in session.scalars(select(Run).where(Run.status.in_(runs.UNDER_WAY))):
        try:
            runs.still_allowed(session, run)
            under_way.add(run.id)
        except AccessDenied as denied:
            verdict.runs.append(EndedRun(run.id, run.project, run.requested_by, denied))
            under_way.add(run.id)  # ended by its id, with its event
    for container in listed:
        labels = container.get("Labels") or {}
        run_engine = labels.get(naming.ROLE_LABEL) == "run-engine"
        if run_engine and labels.get(naming.RUN_LABEL) not in under_way:
            verdict.stray.append(container["Id"])
    return verdict


def check_desk(
    session: Session, account: str, project: str, mounted: Iterable[tuple[str, str]]
) -> access.DeskAccess:
    """What a running desk may have; ``mounted`` are name and digest of its extracts.

    Raises `AccessDenied` with a code of `desk_access`, or extract_not_in_force.
    """
    granted = access.desk_access(session, account, project)
    in_force = access.extracts_in_force(session, project)
    for name, digest in sorted(mounted):
        if (name, digest) not in in_force:
            raise NoLongerInForce.of(name, project)
    return granted


def why(code: str) -> str:
    """A refusal's code as an event's reason."""
    return code.replace("_", "-")


def event_id(thing: str) -> str:
    """The one event id of a container or run that was ended: ending it twice is recorded once."""
    return hashlib.sha256(thing.encode()).hexdigest()[:32]


class Enforcement:
    """The loop, in the portal's process.

    Parameters
    ----------
    docker
        Gives Docker's client, through the gate; called in a thread.
    stop_desk
        Asks the hub to stop a desk. What it raises is logged, and the desk removed in time.
    """

    def __init__(self, registry: Engine, docker: Callable[[], Docker], stop_desk: StopDesk, site: str):
        self.registry = registry
        self.docker = docker
        self.stop_desk = stop_desk
        self.site = site
        self.changes = Changes(registry)
        self._day: date | None = None
        self._swept = 0.0
        self._again = True
        self._asked: dict[str, float] = {}
        """When the hub was asked to stop a desk, by the id of its container; seconds, monotonic."""

    async def serve(self) -> None:
        """Look until cancelled. No error ends it."""
        while True:
            try:
                await self.look()
            except Exception:  # Docker or the registry does not answer: the next look may find them
                self._again = True
                log.exception("what runs could not be compared with the registry")
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> bool:
        """Compare if there is cause to; returns whether it did."""
        changed = await asyncio.to_thread(self.changes.look)
        today = columns.utc_now().astimezone().date()
        late = time.monotonic() - self._swept >= SWEEP_EVERY
        if not (changed or self._again or late or today != self._day):
            return False
        self._again = True  # until all of it is done
        self._again = await self.enforce()
        self._day, self._swept = today, time.monotonic()
        return True

    async def enforce(self) -> bool:
        """End what may not go on; returns whether something is still on its way out."""
        verdict = await asyncio.to_thread(self._judge)
        # Side by side, and one that fails keeps no other.
        done = await asyncio.gather(
            *(self._end_desk(ended) for ended in verdict.desks),
            *(asyncio.to_thread(self._end_run, run) for run in verdict.runs),
            *(asyncio.to_thread(self._remove, container) for container in verdict.stray),
            return_exceptions=True,
        )
        failed = [each for each in done if isinstance(each, BaseException)]
        for error in failed:
            log.error("not ended yet: %s", error)
        standing = {ended.desk.desk for ended in verdict.desks}
        self._asked = {desk: since for desk, since in self._asked.items() if desk in standing}
        return bool(verdict.desks or failed)

    def _judge(self) -> Verdict:
        listed = self._listed()
        with database.sessions(self.registry)() as session:
            return judge(session, listed)

    def _listed(self) -> list[dict[str, Any]]:
        return self.docker().containers(all=True, filters={"label": [f"{naming.SITE_LABEL}={self.site}"]})

    async def _end_desk(self, ended: Ended) -> None:
        desk = ended.desk
        thing = desk.desk or desk.engine or ""
        await asyncio.to_thread(self._note, "desk-ended", desk.project, desk.account, thing, ended.reason)
        if desk.engine is not None:
            await asyncio.to_thread(self._remove, desk.engine)
        if desk.desk is None:
            return
        first = self._asked.setdefault(desk.desk, time.monotonic())
        if time.monotonic() - first >= HUB_PATIENCE:
            await asyncio.to_thread(self._remove, desk.desk)
            return
        try:
            await asyncio.wait_for(self.stop_desk(desk.account, desk.project), HUB_PATIENCE)
        except Exception as error:  # such as a hub that is down, or does not know this desk
            log.warning("the hub does not stop the desk of %s in %s: %s", desk.account, desk.project, error)
            await asyncio.to_thread(self._remove, desk.desk)

    def _end_run(self, ended: EndedRun) -> None:
        with database.writing(self.registry) as session:
            run = runs.get_run(session, ended.id)
            if runs.end_without_access(session, ended.id, ended.reason.text(runs.catalogue(run))):
                self._record(session, "run-stopped", ended.project, ended.account, ended.id, ended.reason)
        self._remove(naming.run_engine_name(self.site, ended.id))
        log.info("run %s was ended: %s", ended.id, ended.reason)

    def _note(self, kind: str, project: str, account: str, thing: str, reason: AccessDenied) -> None:
        with database.writing(self.registry) as session:
            new = self._record(session, kind, project, account, thing, reason)
        if new:
            log.info("the desk of %s in %s is ended: %s", account, project, reason)

    @staticmethod
    def _record(  # noqa: PLR0917 (private, called twice)
        session: Session, kind: str, project: str, account: str, thing: str, reason: AccessDenied
    ) -> bool:
        detail = {"reason": why(reason.code)}
        if "extract" in reason.values:
            detail["what"] = str(reason.values["extract"])
        report = events.report(event_id(thing), columns.utc_now(), kind, detail)
        return bool(events.add(session, source="portal", user=account, project=project, reports=[report]))

    def _remove(self, container: str) -> None:
        try:
            self.docker().remove_container(container, v=True, force=True)
        except NotFound:
            return
