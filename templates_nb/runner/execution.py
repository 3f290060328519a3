"""Executes a template's notebook: papermill, with one fixed kernel over ZMQ ``ipc``.

A run engine has no network, so nothing here opens a port; the sockets lie in a private folder under
the temporary directory.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from templates_nb import notebook
from templates_nb.digest import BYTE_CODE

ENGINE = "carrel"
KERNEL = "python3"
ERROR_LENGTH = 500
THREADS = "2"
"""Numerical threads: the libraries would start one for each of the host's CPUs, whatever the limit is."""


class CellError(Exception):
    """A cell failed: its number among the code cells, the exception's name, its message cut short."""

    def __init__(self, cell: int, name: str, message: str) -> None:
        self.cell = cell
        self.name = name
        self.message = " ".join(message.split())[:ERROR_LENGTH]
        super().__init__(f"cell {cell}: {self.name}: {self.message}")


class KernelDiedError(Exception):
    """The kernel's process ended by itself, as it does when the engine's memory is used up."""


class _OneKernel(KernelSpecManager):
    """Finds the runner's own kernel only, whatever kernels the image or the home folder offers."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-I", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name=kernel_name, language="python", resource_dir="")


class _CarrelEngine(Engine):
    """papermill's engine, with our kernel and a call at each cell's start."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        scratch = Path(options["scratch"])
        manager = AsyncKernelManager(
            kernel_name=KERNEL,
            transport="ipc",
            ip=str(scratch / "kernel"),
            connection_file=str(scratch / "connection.json"),
            kernel_spec_manager=_OneKernel(),
        )
        client = PapermillNotebookClient(
            nb_man,
            km=manager,
            kernel_name=kernel_name,
            timeout=None,
            startup_timeout=60,
            on_cell_start=options["on_cell_start"],
        )
        client.execute(env=options["environment"], cwd=str(scratch), cleanup_kc=True)


papermill_engines.register(ENGINE, _CarrelEngine)


def kernel_environment(scratch: Path) -> dict[str, str]:
    """The kernel's whole environment: every cache under ``scratch``, nothing from the container's."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": tempfile.gettempdir(),
        "HOME": str(scratch / "home"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "NUMBA_CACHE_DIR": str(scratch / "numba"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "jupyter"),
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": THREADS,
        "OPENBLAS_NUM_THREADS": THREADS,
        "NUMBA_NUM_THREADS": THREADS,
    }


def execute(
    template: Path,
    output: Path,
    parameters: Mapping[str, Any],
    on_cell_start: Callable[..., None],
) -> None:
    """Execute the notebook of ``template`` and keep it at ``output``, also when a cell fails.

    ``parameters`` fill its parameters cell, with ``template_folder`` beside them.

    Raises `CellError` for a cell that failed, `KernelDiedError` when there is no kernel left.
    """
    # Short, since a socket's path holds 107 bytes.
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        scratch = Path(folder)
        environment = kernel_environment(scratch)
        for name in ("HOME", "IPYTHONDIR", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", "JUPYTER_RUNTIME_DIR"):
            Path(environment[name]).mkdir(mode=0o700)
        # Byte code is no part of a template's digest, so none of it may run: the kernel imports from a
        # copy without any.
        copy = scratch / "template"
        shutil.copytree(template, copy, ignore=shutil.ignore_patterns(BYTE_CODE))
        try:
            papermill.execute_notebook(
                copy / notebook.FILE,
                output,
                parameters=dict(parameters) | {"template_folder": str(copy)},
                engine_name=ENGINE,
                kernel_name=KERNEL,
                language="python",
                progress_bar=False,
                scratch=folder,
                environment=environment,
                on_cell_start=on_cell_start,
            )
        except PapermillExecutionError as error:
            raise CellError(error.exec_count or 0, error.ename, error.evalue) from None
        except DeadKernelError:
            raise KernelDiedError from None
