"""How long one cell takes from the browser's websocket to the kernel and back."""

from __future__ import annotations

import time
from contextlib import ExitStack

from bench.carrel_site import free_desk
from bench.figures import Figure, p95
from bench.kernel import Kernel
from bench.server import Server
from bench.stock.site import StockSite

BLOCK = 20
"""Cells that one side runs before the other has its turn."""
BLOCKS = 15
TARGET = 0.5


def measure(blocks: int = BLOCKS) -> list[Figure]:
    """Both servers up, one kernel each; the figures of ``blocks`` blocks of ``1+1`` on each side, in ms."""
    carrel: list[float] = []
    stock: list[float] = []
    with StockSite() as site, free_desk() as desk, ExitStack() as open_kernels:
        turns = [
            (open_kernels.enter_context(_new_kernel(server)), times)
            for server, times in ((desk, carrel), (site.server("ann"), stock))
        ]
        for kernel, _ in turns:
            block(kernel)
        for _ in range(blocks):
            for kernel, times in turns:
                times.extend(block(kernel))
            turns.reverse()
    return [
        Figure.of("kernel round trip, median", "ms", carrel, stock, target=TARGET),
        Figure.of("kernel round trip, 95th percentile", "ms", carrel, stock, target=TARGET, statistic=p95),
    ]


def block(kernel: Kernel, cells: int = BLOCK) -> list[float]:
    """Milliseconds of each of ``cells`` cells, run one after the other."""
    times = []
    for _ in range(cells):
        begin = time.perf_counter()
        kernel.one_and_one()
        times.append((time.perf_counter() - begin) * 1000)
    return times


def _new_kernel(server: Server) -> Kernel:
    server.start()
    server.open()
    return Kernel(server, server.start_kernel())
