"""A Rotterdam extract as the provisioning writes one, and a way to run a template on it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from templates_nb import catalogue, digest
from templates_nb.manifest import TemplateManifest

REPOSITORY = Path(__file__).parents[3]
CSV = REPOSITORY / "provisioning/demo/data/rotterdam/rotterdam.csv"
TITLES = {
    "pid": ("Patient", "患者编号", None),
    "year": ("Year of surgery", "手术年份", None),
    "age": ("Age at surgery", "手术时年龄", "a"),
    "meno": ("Menopausal status", "绝经状态", None),
    "size": ("Tumour size", "肿瘤大小", "mm"),
    "grade": ("Differentiation grade", "分化程度", None),
    "nodes": ("Positive lymph nodes", "阳性淋巴结数", None),
    "pgr": ("Progesterone receptor", "孕激素受体", "fmol/l"),
    "er": ("Oestrogen receptor", "雌激素受体", "fmol/l"),
    "hormon": ("Hormonal treatment", "内分泌治疗", None),
    "chemo": ("Chemotherapy", "化疗", None),
    "rtime": ("Time to recurrence", "至复发时间", "d"),
    "recur": ("Recurrence", "复发", None),
    "dtime": ("Time to death", "至死亡时间", "d"),
    "death": ("Death", "死亡", None),
}
NO_YES = {"0": {"en": "no", "zh": "否"}, "1": {"en": "yes", "zh": "是"}}
CODES = {
    "meno": {"0": {"en": "premenopausal", "zh": "绝经前"}, "1": {"en": "postmenopausal", "zh": "绝经后"}},
    "size": {level: {"en": level, "zh": level} for level in ("<=20", "20-50", ">50")},
    "grade": {level: {"en": level, "zh": f"{level} 级"} for level in ("2", "3")},
    **dict.fromkeys(("hormon", "chemo", "recur", "death"), NO_YES),
}
IMAGE = {"name": "engine-stats", "digest": "sha256:" + "0" * 64}


@pytest.fixture(scope="session")
def rotterdam() -> pd.DataFrame:
    """The cohort as published."""
    return pd.read_csv(CSV)


def write_extract(folder: Path, frame: pd.DataFrame) -> dict[str, Any]:
    """Write ``frame`` as the extract ``rotterdam``; its manifest."""
    folder.mkdir(parents=True)
    table = folder / "rotterdam.parquet"
    frame.to_parquet(table)
    columns = [
        {
            "name": name,
            "type": "string" if name == "size" else "integer",
            "unit": TITLES[name][2],
            "title": {"en": TITLES[name][0], "zh": TITLES[name][1]},
            "codes": CODES.get(name),
            "missing": int(frame[name].isna().sum()),
        }
        for name in frame.columns
    ]
    title = {"en": "Rotterdam breast cancer cohort", "zh": "鹿特丹乳腺癌队列"}
    manifest = {
        "schema": "carrel.extract/1",
        "name": "rotterdam",
        "version": 1,
        "title": title,
        "source": "R package survival",
        "licence": "LGPL-2.0-or-later",
        "tables": [
            {"name": "rotterdam", "file": table.name, "rows": len(frame), "title": title, "columns": columns}
        ],
        "files": [
            {
                "path": table.name,
                "bytes": table.stat().st_size,
                "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
            }
        ],
    }
    (folder / "extract.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    return manifest


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, rotterdam: pd.DataFrame) -> Path:
    """What an engine has at ``/data``."""
    folder = tmp_path_factory.mktemp("data")
    write_extract(folder / "rotterdam", rotterdam)
    return folder


@pytest.fixture(scope="session")
def extract(data: Path) -> dict[str, Any]:
    """The extract's manifest."""
    document: dict[str, Any] = json.loads((data / "rotterdam/extract.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="session")
def template() -> TemplateManifest:
    """The published template."""
    return catalogue.find("survival-cohort")


@pytest.fixture
def parameters() -> dict[str, Any]:
    """Recurrence-free survival of the Rotterdam cohort."""
    return {
        "extract": "rotterdam",
        "table": "rotterdam",
        "id_column": "pid",
        "time_column": "rtime",
        "event_column": "recur",
        "second_time_column": "dtime",
        "second_event_column": "death",
        "group_column": "hormon",
        "numeric_covariates": ["age", "nodes", "pgr", "er"],
        "categorical_covariates": ["meno", "size", "grade", "hormon", "chemo"],
        "language": "en",
    }


@pytest.fixture
def request_of(data: Path, template: TemplateManifest) -> Callable[..., dict[str, Any]]:
    """Makes a run's request from its parameters."""

    def make(parameters: dict[str, Any], folder: Path = template.folder) -> dict[str, Any]:
        return {
            "run": "run-1",
            "template": {
                "name": template.name,
                "version": template.version,
                "digest": digest.folder_digest(folder),
            },
            "extracts": [
                {
                    "name": "rotterdam",
                    "version": 1,
                    "digest": digest.file_digest(data / "rotterdam/extract.json"),
                }
            ],
            "image": IMAGE,
            "parameters": parameters,
            "language": parameters.get("language", "en"),
            "project": "breast-cancer",
            "requested_by": "clinician",
        }

    return make


@pytest.fixture
def run_template(data: Path, template: TemplateManifest) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the runner as an engine does, in a process of its own."""

    def run(
        request: object, run_folder: Path, folder: Path = template.folder
    ) -> subprocess.CompletedProcess[str]:
        run_folder.mkdir(exist_ok=True)
        text = request if isinstance(request, str) else json.dumps(request)
        start = (
            f"import sys, runpy; sys.path.insert(0, {str(REPOSITORY)!r});"
            "runpy.run_module('templates_nb.runner', run_name='__main__', alter_sys=True)"
        )
        places = ["--template", folder, "--data", data, "--run", run_folder]
        return subprocess.run(
            [sys.executable, "-I", "-B", "-c", start, *map(str, places)],
            env=os.environ | {"CARREL_RUN_REQUEST": text},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run
