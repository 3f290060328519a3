"""What the guard costs: one server with it and one without it, in turns, each with its own kernels."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from types import SimpleNamespace
from typing import Any

from bench.figures import Figure
from bench.kernel import Kernel
from bench.local_server import local_server
from images.console import Stop, say

TARGET = 1.15
Work = Callable[[], Any]


def measure(rounds: int = 8) -> list[Figure]:
    """The figures, in ms; guarded stands as Carrel's, unguarded as stock's."""
    with local_server(guarded=True) as with_it, local_server(guarded=False) as without, ExitStack() as stack:
        sides = [_Side(server, stack) for server in (with_it, without)]
        figures = [
            Figure.of(f"guard: {name}", "ms", *_turns(sides, name, rounds), target=TARGET)
            for name in sides[0].works
        ]
        _flood(sides[0])
    _throughput()
    return figures


class _Side:
    """One server with a kernel and something to open."""

    def __init__(self, server: SimpleNamespace, stack: ExitStack):
        self.server = server
        for number in range(300):
            (server.workspace / f"file-{number:03}.txt").write_text("x" * number)
        self.notebook = _notebook()
        (server.workspace / "large.ipynb").write_text(json.dumps(self.notebook))
        self.kernel = stack.enter_context(self.new_kernel())
        self.kernel.execute(
            "import pandas, numpy\n"
            "table = pandas.DataFrame(numpy.arange(22_000).reshape(-1, 20) * 1.5)\n"
            "text = 'The quick brown fox. ' * 48_000\npandas.set_option('display.max_rows', None)"
        )
        self.works: dict[str, tuple[Work, int]] = {
            "kernel round trip": (self.kernel.one_and_one, 40),
            "round trip with 1 MB of text": (lambda: self.kernel.execute("print(text)"), 4),
            "round trip with a 1 MB table": (lambda: self.kernel.execute("table"), 4),
            "listing of 300 files": (lambda: self.ask("GET", "api/contents/?content=1"), 10),
            "opening a 1 MB notebook": (lambda: self.ask("GET", "api/contents/large.ipynb?content=1"), 4),
            "opening a 1 MB notebook for the first time": (self._open_new, 4),
            "saving a 1 MB notebook": (self._save, 4),
            "loading JupyterLab's page and files": (self._page, 2),
        }

    def new_kernel(self) -> Kernel:
        made = json.loads(self.ask("POST", "api/kernels", {"name": "python3"}))
        return Kernel(self.server, made["id"])  # type: ignore[arg-type]

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.server.url}/{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def _open_new(self) -> None:
        """What the filter has not seen: each table is another one."""
        self.opened = getattr(self, "opened", 0) + 1
        text = json.dumps(self.notebook).replace("<td>abc</td>", f"<td>{self.opened}</td>")
        (self.server.workspace / "new.ipynb").write_text(text)
        self.ask("GET", "api/contents/new.ipynb?content=1")

    def _save(self) -> None:
        """As JupyterLab does: what the server gave is sent back."""
        if not hasattr(self, "given"):
            self.given = json.loads(self.ask("GET", "api/contents/large.ipynb?content=1"))["content"]
        content = {"type": "notebook", "format": "json", "content": self.given}
        self.ask("PUT", "api/contents/large.ipynb", content)

    def _page(self) -> None:
        page = self.ask("GET", "lab").decode()
        scripts = re.findall(r'<script[^>]* src="/([^"]+)"', page)
        if not scripts:
            raise Stop("JupyterLab's page names no script")
        for script in scripts + ["lab/api/settings/", "lab/api/translations/zh_CN"]:
            self.ask("GET", script)


def _notebook() -> dict[str, Any]:
    """About 1 MB as people leave it: code, text, tables, a figure in each tenth cell."""
    table = "<table>" + "<tr><td>1.5</td><td>abc</td></tr>" * 60 + "</table>"
    image = base64.b64encode(_png()).decode()
    cells = []
    for number in range(200):
        data = {"text/plain": "x " * 200, "text/html": table}
        if number % 10 == 0:
            data["image/png"] = image
        output = {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
        code = "value = compute(value)\n" * 20
        cells.append(
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": code,
                "execution_count": 1,
                "outputs": [output],
            }
        )
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def _png(side: int = 100) -> bytes:
    from io import BytesIO  # noqa: PLC0415

    from PIL import Image  # noqa: PLC0415

    made = BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(made, "PNG")
    return made.getvalue()


def _turns(sides: list[_Side], name: str, rounds: int) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    order = [0, 1]
    for side in sides:
        side.works[name][0]()
    for _ in range(rounds):
        for which in order:
            work, repeats = sides[which].works[name]
            for _ in range(repeats):
                begin = time.perf_counter()
                work()
                times[which].append((time.perf_counter() - begin) * 1000)
        order.reverse()
    return times


def _flood(side: _Side) -> None:
    """While one kernel prints 200 MB, another's cells answer; told, and stopped at when they do not."""
    with side.new_kernel() as quiet:
        quiet.one_and_one()
        flooding = threading.Thread(
            target=side.kernel.execute, args=("for _ in range(200): print('x' * 1_000_000)",)
        )
        flooding.start()
        waits = []
        while flooding.is_alive():
            begin = time.perf_counter()
            quiet.one_and_one()
            waits.append(time.perf_counter() - begin)
            time.sleep(0.05)
        flooding.join()
    say(
        f"while 200 MB were printed, {len(waits)} cells of another kernel answered within "
        f"{max(waits):.2f} s (median {median(waits):.2f} s)"
    )
    if max(waits) > 1:
        raise Stop("a flood of one kernel's outputs kept another kernel's answer for more than a second")


def _throughput() -> None:
    """The filter by itself, in MB/s."""
    import pandas  # noqa: PLC0415

    from export_guard.outputs import filter_bundle  # noqa: PLC0415

    table = pandas.DataFrame([[1.5] * 20] * 1000).to_html()
    image = base64.b64encode(_png(500)).decode()
    for kind, value in {
        "text/plain": "The quick brown fox. " * 48_000,
        "text/html": table,
        "image/png": image,
    }.items():
        times = []
        for number in range(7):
            # Another value each time: what was filtered once is remembered.
            new = value.replace("1.5", f"1.{number}") if kind == "text/html" else value
            begin = time.perf_counter()
            filter_bundle({kind: new}, {})
            times.append(time.perf_counter() - begin)
        say(f"the filter takes {kind} at {len(value) / median(times) / 1e6:.0f} MB/s")
