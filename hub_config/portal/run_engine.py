"""The engine of one template run: the same isolation as a desk's, and no code of a user's."""

from __future__ import annotations

import json
from typing import Any

from hub_config import naming
from kernels.isolation import Limits, Mount, engine_container
from provisioning.registry.access import Quotas
from provisioning.registry.models import Run

RUNNER = ["python", "-I", "-m", "templates_nb.runner"]


def request(run: Run, image: dict[str, str]) -> dict[str, Any]:
    """What the runner inside is asked to do; see `templates_nb.runner.request`."""
    return {
        "run": run.id,
        "template": {
            "name": run.template.name,
            "version": run.template.version,
            "digest": run.template.digest,
        },
        "extracts": [
            {key: extract[key] for key in ("name", "version", "digest")} for extract in run.extracts
        ],
        "image": image,
        "parameters": run.parameters,
        "language": "zh" if run.language.startswith("zh") else "en",
        "project": run.project,
        "requested_by": run.requested_by,
    }


def body(run: Run, quotas: Quotas, site: str, image: dict[str, str]) -> dict[str, Any]:
    """The create body of a run's engine.

    Parameters
    ----------
    image
        ``name`` to start, and its ``digest`` for the record.
    """
    extracts = {naming.EXTRACT_LABEL + extract["name"]: extract["digest"] for extract in run.extracts}
    return engine_container(
        image=image["name"],
        role="run-engine",
        command=RUNNER,
        working_dir="/run",
        mounts=[
            Mount(f"templates/{run.template.folder}", "/template"),
            Mount(f"runs/{run.project}/{run.id}", "/run", read_only=False),
            *(Mount(f"extracts/{extract['folder']}", f"/data/{extract['name']}") for extract in run.extracts),
        ],
        limits=Limits(memory=quotas.memory_bytes, cpus=quotas.cpu, pids=quotas.pids, gpus=quotas.gpus),
        labels={
            naming.SITE_LABEL: site,
            naming.PROJECT_LABEL: run.project,
            naming.ACCOUNT_LABEL: run.requested_by,
            naming.RUN_LABEL: run.id,
            naming.DISK_LABEL: str(quotas.disk_bytes),
            **extracts,
        },
        environment={"CARREL_RUN_REQUEST": json.dumps(request(run, image), ensure_ascii=False)},
    )
