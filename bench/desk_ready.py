"""How long a person waits for their desk, and what it holds in memory once it idles."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.carrel_site import free_desk
from bench.figures import Figure
from bench.kernel import Kernel
from bench.memory import working_set
from bench.server import Server
from bench.stock.site import StockSite
from images.console import say

ROUNDS = 7
"""Starts of each side that are measured; one before them is not."""
SETTLE = 4.0
"""Seconds of rest before memory is read."""
READY_TARGET = 1.0
MEMORY_TARGET = 1.3


@dataclass(frozen=True)
class Visit:
    """One start of a server, used and stopped. Times in seconds since the start was asked for."""

    ready: float
    """The hub says that the server is ready."""
    page: float
    """JupyterLab's page is there, the sign-in at the server included."""
    executed: float
    """A new kernel has answered ``1+1`` on its websocket."""
    one_kernel: float
    """MiB, with that kernel idle."""
    no_kernel: float
    """MiB, after that kernel was shut down."""


def visit(server: Server) -> Visit:
    """Start, use and stop ``server`` once."""
    begin = time.perf_counter()
    server.start()
    ready = time.perf_counter() - begin
    server.open()
    page = time.perf_counter() - begin
    kernel_id = server.start_kernel()
    with Kernel(server, kernel_id) as kernel:
        kernel.one_and_one()
        executed = time.perf_counter() - begin
        time.sleep(SETTLE)
        one_kernel = working_set(server.containers)
    server.end_kernel(kernel_id)
    time.sleep(SETTLE)
    no_kernel = working_set(server.containers)
    server.stop()
    return Visit(ready, page, executed, one_kernel, no_kernel)


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """Take turns; the figures of ``rounds`` visits to each side."""
    carrel: list[Visit] = []
    stock: list[Visit] = []
    with StockSite() as site, free_desk() as desk:
        turns = [(desk, carrel), (site.server("ann"), stock)]
        for number in range(rounds + 1):
            for server, visits in turns:
                visits.append(visit(server))
            turns.reverse()
            say(f"desk_ready {number}: Carrel {carrel[-1].executed:.2f} s, stock {stock[-1].executed:.2f} s")
    return figures(carrel[1:], stock[1:])


def figures(carrel: list[Visit], stock: list[Visit]) -> list[Figure]:
    """What the visits come to."""

    def seconds(name: str, lasted: Callable[[Visit], float], target: float | None = None) -> Figure:
        return Figure.of(name, "s", [*map(lasted, carrel)], [*map(lasted, stock)], target=target)

    def mib(name: str, held: Callable[[Visit], float]) -> Figure:
        return Figure.of(name, "MiB", [*map(held, carrel)], [*map(held, stock)], target=MEMORY_TARGET)

    return [
        seconds("desk ready: from the start to a kernel's answer", lambda v: v.executed, READY_TARGET),
        seconds("· until the hub says that it is ready", lambda v: v.ready),
        seconds("· from there to JupyterLab's page", lambda v: v.page - v.ready),
        seconds("· from there to a new kernel's answer", lambda v: v.executed - v.page),
        mib("idle memory with one kernel", lambda v: v.one_kernel),
        mib("idle memory after it was shut down", lambda v: v.no_kernel),
    ]
