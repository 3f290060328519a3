"""The doctor against what really runs: an engine as it is started, one that is weaker, and the site."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from images.recipe import ROOT
from provisioning.host.doctor import containers


@pytest.mark.docker
def test_a_real_engine_is_as_isolated_as_its_rules_say(start_engine, short_tmp: Path):
    container = start_engine()
    container.reload()
    assert containers.deviations(container.attrs, short_tmp) == []
    assert containers.process_deviations(container.attrs) == []


@pytest.mark.docker
def test_a_weaker_one_is_found_by_its_record_and_by_its_process(docker_client, tmp_path: Path):
    from kernels.isolation import ROLE_LABEL  # noqa: PLC0415

    weaker = docker_client.containers.run(
        "carrel/engine-base:0.1.0",
        ["sleep", "60"],
        detach=True,
        user="0:0",
        cap_add=["SYS_PTRACE"],
        labels={"carrel.test": "1", ROLE_LABEL: "engine"},
    )
    try:
        weaker.reload()
        said = "; ".join(containers.deviations(weaker.attrs, tmp_path))
        for named in ("CapAdd", "CapDrop", "SecurityOpt", "ReadonlyRootfs", "networks", "runs as 0:0"):
            assert named in said
        process = containers.process_deviations(weaker.attrs)
        assert "its process holds capabilities" in process
        assert "its process is root" in process
    finally:
        weaker.remove(force=True, v=True)


@pytest.mark.site
def test_the_running_site_has_no_failure(running_site):
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.host", "doctor", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    # A machine that is nearly full, or whose clock nobody synchronises, is no fault of the site's.
    own = [each for each in found if not each["check"].startswith(("disk", "ntp", "clock"))]
    assert [each for each in own if each["state"] == "fail"] == []
    assert {f"isolation {running_site[0].name}.{part}" for part in containers.SERVICES} <= {
        each["check"] for each in found
    }
