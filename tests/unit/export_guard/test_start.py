"""A desk whose guard cannot be put in place does not come up."""

from __future__ import annotations

import pytest
from desk_process import start_desk


def test_a_desk_without_its_guard_does_not_start(tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    # Found first on the path: the guard's router cannot be built.
    (broken / "sitecustomize.py").write_text(
        "import export_guard.router as router\n"
        "def refuse(*_): raise RuntimeError('no routing to stand before')\n"
        "router.Guard.install = refuse\n"
    )

    with pytest.raises(RuntimeError, match="The guard could not be installed, so the desk stops: no routing"):
        start_desk(tmp_path, python_path=str(broken))
