"""Building Carrel's JupyterLab extension outside the image: `build(var)`.

By hand: ``python -m images.labextension`` builds it, ``python -m images.labextension test`` also
runs its unit tests, and says where the result is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from images import node, wheels
from images.console import Stop, say, stop_with_line
from images.recipe import ROOT

SOURCE = ROOT / "export_guard/labextension"
PARTS = ("package.json", "package-lock.json", "tsconfig.json", "schema", "src", "style", "test")
NAME = "@carrel/desk"
LAB_CORE = "jupyterlab/staging/package.json"
"""In JupyterLab's wheel: which modules the application brings, so that they are not built in."""


def build(var: Path) -> Path:
    """A folder for ``share/jupyter/labextensions``, built from the locked npm packages.

    Skipped while the sources, the locked packages and JupyterLab's wheel are the same.
    """
    folder = var / "labextension"
    result = folder / "labextensions"
    lab = next(wheels.fetch("desk", var).glob("jupyterlab-[0-9]*.whl"))
    digest = _digest(lab)
    mark = folder / "ready"
    if mark.exists() and mark.read_text() == digest:
        return result
    mark.unlink(missing_ok=True)
    work = folder / "build"
    work.mkdir(parents=True, exist_ok=True)
    _copy_sources(work)
    _install(work, var)
    say("building the desk's JupyterLab extension")
    with zipfile.ZipFile(lab) as wheel:
        (work / "core.package.json").write_bytes(wheel.read(LAB_CORE))
    _node(work, var, "node_modules/typescript/bin/tsc")
    _node(
        work,
        var,
        "node_modules/@jupyter/builder/lib/build-labextension.js",
        "--core-package-file",
        str((work / "core.package.json").resolve()),
        str(work.resolve()),
    )
    shutil.rmtree(result, ignore_errors=True)
    shutil.copytree(work / "labextension", result / NAME)
    mark.write_text(digest)
    return result


def test(var: Path) -> str:
    """Run the unit tests on what `build` compiled; what they printed."""
    build(var)
    work = var / "labextension/build"
    tests = sorted(str(file.relative_to(work)) for file in (work / "test").glob("*.test.js"))
    return _node(work, var, "--test", *tests)


def _files() -> Iterator[Path]:
    for part in PARTS:
        path = SOURCE / part
        yield from sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else (path,)


def _digest(lab: Path) -> str:
    total = hashlib.sha256(lab.name.encode())
    for file in _files():
        content = file.read_bytes()
        total.update(f"\n{file.relative_to(SOURCE)} {len(content)}\n".encode() + content)
    return total.hexdigest()


def _copy_sources(work: Path) -> None:
    for part in (*PARTS, "lib"):
        shutil.rmtree(work / part, ignore_errors=True)
    for file in _files():
        target = work / file.relative_to(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _install(work: Path, var: Path) -> None:
    """``node_modules``, every tarball checked against the lock's integrity value."""
    mark = work / "node_modules.ready"
    digest = hashlib.sha256((work / "package-lock.json").read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    say("fetching the JupyterLab extension's npm packages")
    mark.unlink(missing_ok=True)
    npm = node.npm(var)
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], work)
    mark.write_text(digest)


def _node(work: Path, var: Path, *arguments: str) -> str:
    return _run([node.npm(var)[0], *arguments], work)


def _run(command: list[str], work: Path) -> str:
    command[0] = str(Path(command[0]).resolve())
    path = f"{Path(command[0]).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"
    done = subprocess.run(  # noqa: S603
        command,
        cwd=work,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        what = Path(command[1]).name
        raise Stop(f"The JupyterLab extension could not be built ({what}):\n{done.stdout.strip()[-1500:]}")
    return done.stdout


def main(arguments: list[str]) -> int:
    """Build, and test when asked to."""
    var = ROOT / "var"
    try:
        say(f"the JupyterLab extension is in {build(var)}")
        if arguments == ["test"]:
            print(test(var), end="")
    except Stop as error:
        return stop_with_line(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
