from __future__ import annotations

from pathlib import Path

import pytest
from dicom_files import Folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    return Folder(tmp_path)
