"""A standard analysis as the site runs it: a fresh engine, its isolation, and what it leaves."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import docker
import pytest
from site_fixtures import TestProject

from kernels import isolation
from provisioning.host.person import Person

pytestmark = pytest.mark.site
ORDER = json.loads((Path(__file__).resolve().parents[2] / "provisioning/demo/run.json").read_text())


@pytest.fixture
def person(project: TestProject) -> Person:
    """The member of a project that the demo's cohort is granted to."""
    project.carrel("grant", "add", project.name, "rotterdam")
    return project.member()


def order(person: Person, project: TestProject, **more: Any) -> dict[str, Any]:
    asked = {key: ORDER[key] for key in ("template", "extracts", "parameters", "language")} | more
    return person.portal(f"projects/{project.name}/runs", asked)


def look(person: Person, project: TestProject, run: dict[str, Any]) -> dict[str, Any]:
    return person.portal(f"projects/{project.name}/runs/{run['id']}")


def engine_of(engine_api: docker.DockerClient, project: TestProject, run: dict[str, Any]) -> Any:
    name = f"{project.site.name}.run.{run['id']}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return engine_api.containers.get(name)
        except docker.errors.NotFound:
            time.sleep(0.05)
    raise AssertionError("the run's engine did not come up")


def finished(person: Person, project: TestProject, run: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 180
    while (now := look(person, project, run))["status"] in ("queued", "running"):
        assert time.monotonic() < deadline, now
        time.sleep(0.3)
    return now


def test_a_run_is_isolated_as_a_desks_engine_is_and_leaves_its_record(person, project, engine_api):
    run = order(person, project)
    container = engine_of(engine_api, project, run)
    host, config = container.attrs["HostConfig"], container.attrs["Config"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Memory"] == host["MemorySwap"] == 512 * isolation.MIB
    assert host["PidsLimit"] == 128
    assert host["NanoCpus"] == 1_000_000_000
    assert set(host["Tmpfs"]) == {"/tmp"}
    assert config["User"] == "2000:2000"
    assert {m["Destination"]: m["RW"] for m in container.attrs["Mounts"]} == {
        "/template": False,
        "/run": True,
        "/data/rotterdam": False,
    }
    done = finished(person, project, run)
    assert done["status"] == "succeeded", done["error"]
    with pytest.raises(docker.errors.NotFound):
        engine_api.containers.get(f"{project.site.name}.run.{run['id']}")

    folder = project.site.data / "runs" / project.name / run["id"]
    record = json.loads((folder / "run.json").read_text())
    assert record["template"]["digest"] == done["template"]["digest"]
    assert record["extracts"][0]["digest"].startswith("sha256:")
    assert record["image"]["digest"] == engine_api.images.get("carrel/engine-stats:0.1.0").id
    assert record["parameters"]["time_column"] == "rtime"
    for output in record["outputs"]:
        content = (folder / output["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == output["sha256"], output["path"]
    kinds = {Path(output["path"]).suffix for output in record["outputs"]}
    assert kinds >= {".html", ".csv", ".png", ".svg", ".ipynb"}
    report = (folder / "report.html").read_text()
    assert "生存" in report
    assert "<script" not in report


def test_a_run_in_english_says_so(person, project):
    parameters = ORDER["parameters"] | {"language": "en"}
    run = order(person, project, language="en", parameters=parameters)
    assert finished(person, project, run)["status"] == "succeeded"
    report = (project.site.data / "runs" / project.name / run["id"] / "report.html").read_text()
    assert '<html lang="en"' in report
    assert "Kaplan" in report


def test_a_run_whose_engine_is_killed_fails_with_a_line(person, project, engine_api):
    run = order(person, project)
    engine_of(engine_api, project, run).kill()
    done = finished(person, project, run)
    assert done["status"] == "failed"
    assert done["error"]


def test_a_run_is_cancelled_and_its_engine_goes(person, project, engine_api):
    run = order(person, project)
    name = engine_of(engine_api, project, run).name
    assert person.portal(f"projects/{project.name}/runs/{run['id']}/cancel", {})["status"] == "cancelled"
    with pytest.raises(docker.errors.NotFound):
        engine_api.containers.get(name)


def test_a_run_of_a_portal_that_restarts_goes_on(person, project, engine_api):
    run = order(person, project)
    engine_of(engine_api, project, run)
    engine_api.containers.get(f"{project.site.name}.portal").restart(timeout=2)
    deadline = time.monotonic() + 60
    while person.request("/services/portal/health")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert finished(person, project, run)["status"] == "succeeded"
