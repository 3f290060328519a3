"""Real containers for the tests: engines made by `kernels.isolation`, removed whatever happens."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from images.recipe import by_name
from kernels import isolation

ENGINE_IMAGE = by_name("engine-base").tag
TEST_LABEL = "carrel.test"


@pytest.fixture(scope="session")
def docker_client() -> Iterator[docker.DockerClient]:
    client = docker.from_env(timeout=120)
    yield client
    for container in client.containers.list(all=True, filters={"label": TEST_LABEL}):
        container.remove(force=True, v=True)
    client.close()


@pytest.fixture
def sockets(short_tmp: Path) -> Path:
    """A folder that stands for the socket volume, owned as the volume is."""
    folder = short_tmp / "s"
    folder.mkdir()
    os.chown(folder, isolation.ENGINE_UID, isolation.ENGINE_GID)
    folder.chmod(0o2770)
    return folder


@pytest.fixture
def start_engine(
    docker_client: docker.DockerClient, sockets: Path, short_tmp: Path
) -> Iterator[Callable[..., Container]]:
    """Start an engine with the isolation that a desk's has; returns the running container."""
    started: list[Container] = []

    def start(
        *,
        limits: isolation.Limits | None = None,
        mounts: list[isolation.Mount] | None = None,
        restart_attempts: int = 0,
        environment: dict[str, str] | None = None,
        image: str = ENGINE_IMAGE,
    ) -> Container:
        workspace = short_tmp / "w"
        workspace.mkdir(exist_ok=True)
        os.chown(workspace, isolation.ENGINE_UID, isolation.ENGINE_GID)
        workspace.chmod(0o2770)
        body = isolation.engine_container(
            image=image,
            role="engine",
            mounts=[
                isolation.Mount(str(sockets), "/run/carrel", read_only=False),
                isolation.Mount(str(workspace), "/workspace", read_only=False),
                *(mounts or []),
            ],
            limits=limits or isolation.Limits(memory=512 * isolation.MIB, pids=128, tmp=64 * isolation.MIB),
            labels={TEST_LABEL: "1"},
            environment=environment,
            restart_attempts=restart_attempts,
        )
        created = docker_client.api.create_container_from_config(body, f"carrel-test-{uuid.uuid4().hex[:8]}")
        container = docker_client.containers.get(created["Id"])
        started.append(container)
        container.start()
        return container

    yield start
    for container in started:
        container.remove(force=True, v=True)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Wait for a condition; fail with ``what`` when it does not come."""

    def wait(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds:.0f} s: {what}")

    return wait
