"""Carrying out queued runs, each in a fresh engine, one after another.

The registry holds the queue; this process only carries it out. When the portal starts again it
takes up runs whose engine still works, and ends as interrupted those whose engine is gone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub_config import naming
from hub_config.desk_parts import reason
from hub_config.portal import reading, run_engine
from provisioning.refusal import Refusal
from provisioning.registry import access, database, runs
from provisioning.registry.models import Run, RunStatus
from provisioning.settings import data_root

log = logging.getLogger("carrel.runs")

RESULT_LIMIT = 4 * 1024 * 1024
"""Bytes of ``run.json`` that are read; an engine wrote it."""
ONE_WAIT = 300
"""Seconds of one question whether an engine has ended."""
LOOK_AGAIN = 5.0
"""Seconds after which the queue is looked at without being woken (another process may fill it)."""


class Worker:
    """The background task of the portal that runs what is queued.

    Parameters
    ----------
    registry
        The registry's engine.
    at_once
        How many runs may be under way together on this machine.
    """

    def __init__(self, registry: Engine, *, at_once: int = 1):
        self.registry = registry
        self.at_once = at_once
        self.site = os.environ.get("CARREL_SITE", "carrel")
        self.version = os.environ.get("CARREL_VERSION", "0.1.0")
        self.timeout = float(os.environ.get("CARREL_RUN_TIMEOUT", str(6 * 3600)))
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: docker.APIClient | None = None

    @property
    def client(self) -> docker.APIClient:
        """Docker, through the gate (``DOCKER_HOST``)."""
        if self._client is None:
            self._client = docker.APIClient(version="auto", timeout=600, **kwargs_from_env())
        return self._client

    def start(self) -> None:
        """Begin; call it inside the event loop."""
        self._keep(asyncio.create_task(self._begin()))

    def wake(self) -> None:
        """Say that something was queued."""
        self._wake.set()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def cancel(self, run_id: str) -> None:
        """Cancel a queued run, or stop a running one. Raises `runs.RunRefused`."""

        def end(session: Session) -> None:
            run = runs.get_run(session, run_id)
            if run.status is RunStatus.RUNNING:
                runs.mark_finished(session, run_id, RunStatus.CANCELLED)
            else:
                runs.cancel_queued(session, run_id)

        await self._registry(end)
        await asyncio.to_thread(self._remove, run_id)

    async def _registry(self, change: Callable[[Session], Any]) -> Any:
        def work() -> Any:
            with database.writing(self.registry) as session:
                return change(session)

        return await asyncio.to_thread(work)

    async def _begin(self) -> None:
        """Take up what an earlier portal left, then serve the queue."""
        taken_up: list[asyncio.Task[None]] | None = None
        while taken_up is None:
            try:
                taken_up = await self._recover()
            except Exception:  # Docker or the registry is not up yet
                log.exception("the runs of before could not be taken up")
                await asyncio.sleep(LOOK_AGAIN)
        # They count among those that may be under way together.
        for place in range(self.at_once):
            before = taken_up[place :: self.at_once]
            self._keep(asyncio.create_task(self._serve(before)))

    async def _serve(self, before: list[asyncio.Task[None]]) -> None:
        await asyncio.gather(*before, return_exceptions=True)
        while True:
            try:
                run = await self._registry(runs.claim_next_queued)
                if run is None:
                    self._wake.clear()
                    await self._nap()
                    continue
                await self._carry_out(run)
            except Exception:  # the queue goes on, whatever one run does
                log.exception("the run queue met an error")
                await asyncio.sleep(LOOK_AGAIN)

    async def _nap(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), LOOK_AGAIN)
        except TimeoutError:
            return

    async def _recover(self) -> list[asyncio.Task[None]]:
        """Take up runs whose engine is there, and end those whose is not."""
        there = await asyncio.to_thread(self._engines)
        lost = await self._registry(lambda session: runs.interrupt_lost(session, there))
        for run in lost:
            log.warning("run %s has no engine and is interrupted", run.id)
        tasks = [asyncio.create_task(self._take_up(run_id)) for run_id in sorted(there)]
        for task in tasks:
            self._keep(task)
        return tasks

    def _engines(self) -> set[str]:
        """The ids of the runs that have an engine, working or ended."""
        listed = self.client.containers(all=True, filters={"label": [f"{naming.ROLE_LABEL}=run-engine"]})
        return {container["Labels"][naming.RUN_LABEL] for container in listed}

    async def _take_up(self, run_id: str) -> None:
        name = naming.run_engine_name(self.site, run_id)
        try:
            await self._finish(run_id, await asyncio.to_thread(self._ended, name))
        except Exception:  # such as an engine without a run: nobody waits for it
            log.exception("the run %s could not be taken up", run_id)

    async def _carry_out(self, run: Run) -> None:
        try:
            image = await asyncio.to_thread(self._image, run)
            allowed = await self._registry(lambda s: runs.still_allowed(s, run))
            body = run_engine.body(run, allowed.quotas, self.site, image)
            name = naming.run_engine_name(self.site, run.id)
            # Before anything is mounted: an access that cannot be recorded is none.
            await self._registry(lambda s: runs.record_mounts(s, run))
            await asyncio.to_thread(self._launch, body, name)
            await self._registry(lambda s: runs.mark_started(s, run.id, image=image["digest"]))
            problem = await asyncio.to_thread(self._ended, name)
        except access.AccessDenied as denied:
            problem = denied
        except APIError as error:
            problem = Refusal("The engine could not be started: {reason}", reason=reason(error))
        except DockerException as error:
            problem = Refusal("Docker does not answer: {reason}", reason=error)
        except runs.RunRefused:
            return  # it was cancelled meanwhile
        await self._finish(run.id, problem)

    def _image(self, run: Run) -> dict[str, str]:
        manifest = reading.template_manifest(run.template)
        if manifest is None:
            raise access.AccessDenied(
                "template_unreadable",
                "The template {template} cannot be read. Tell an administrator.",
                template=run.template.name,
            )
        name = f"carrel/{manifest.image}:{self.version}"
        try:
            return {"name": name, "digest": self.client.inspect_image(name)["Id"]}
        except ImageNotFound as error:
            raise access.AccessDenied(
                "image_missing",
                "The image {image} is missing. An administrator builds it with: make up",
                image=name,
            ) from error

    def _launch(self, body: dict[str, Any], name: str) -> None:
        self.client.create_container_from_config(body, name)
        self.client.start(name)

    def _ended(self, name: str) -> Refusal | None:
        """Wait for the engine; None when it ended well, else one line."""
        state = self._state_at_end(name, time.monotonic() + self.timeout)
        if state is None:
            return Refusal("The run's engine was removed.")
        if state.get("Running"):
            hours = f"{self.timeout / 3600:.1f}"
            return Refusal("The run took longer than {hours} h and was stopped.", hours=hours)
        code, killed = state.get("ExitCode"), state.get("OOMKilled")
        if code == 0:
            return None
        said = self.client.logs(name, tail=5).decode(errors="replace")
        log.warning("%s ended with %s; the last it said: %s", name, code, said[-1000:].replace("\n", " | "))
        if killed:
            return Refusal("The run needed more memory than the project has.")
        return Refusal("The runner ended with {code}.", code=code)

    def _state_at_end(self, name: str, deadline: float) -> dict[str, Any] | None:
        """The engine's state once it does not run, or at ``deadline``; None where it is gone.

        The gate may be restarted meanwhile: a connection that breaks is no end of the run.
        """
        while True:
            left = deadline - time.monotonic()
            try:
                if left > 0:
                    self.client.wait(name, timeout=math.ceil(min(left, ONE_WAIT)))
                state = self.client.inspect_container(name)["State"]
                if not state.get("Running") or left <= 0:
                    return state
            except NotFound:
                return None
            except OSError as error:  # requests' time-outs and broken connections are
                log.debug("waiting for %s: %s", name, error)
                if left < -ONE_WAIT:
                    return {"Running": True}
                time.sleep(1)

    async def _finish(self, run_id: str, problem: Refusal | None) -> None:
        """Record how the run ended: by its own record, if there is one."""
        run = await self._registry(lambda session: runs.get_run(session, run_id))
        result = await asyncio.to_thread(read_result, run_id, run.project)
        await asyncio.to_thread(self._remove, run_id)
        succeeded = problem is None and result.get("status") == "succeeded"
        said = (problem or Refusal("The run left no record.")).text(runs.catalogue(run))
        error = None if succeeded else str(result.get("error") or said)[:1000]
        status = RunStatus.SUCCEEDED if succeeded else RunStatus.FAILED
        try:
            await self._registry(lambda session: runs.mark_finished(session, run_id, status, error))
        except runs.RunRefused:
            return  # it was cancelled meanwhile
        log.info("run %s: %s", run_id, status.value)

    def _remove(self, run_id: str) -> None:
        try:
            self.client.remove_container(naming.run_engine_name(self.site, run_id), force=True, v=True)
        except NotFound:
            return


def read_result(run_id: str, project: str) -> dict[str, Any]:
    """``run.json`` as far as it can be believed: bounded, an object, else empty."""
    path = Path(data_root(), "runs", project, run_id, "run.json")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(RESULT_LIMIT + 1)
        document = json.loads(content) if len(content) <= RESULT_LIMIT else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
