"""What the audit trail costs: records a second appended, verified, handed on to syslog, and pruned.

``python -m bench.audit`` measures on SQLite in a temporary folder; with ``--url URL`` on an empty registry
there. Beside each rate of appending stands that of the same rows without chain, hash and schema, in the same
transactions on the same database: the ratio is what the chain costs. A rate is the median of ``--repeats``
rounds; a round of the baseline follows each of the trail's.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, Column, DateTime, Engine, Integer, MetaData, String, Table, insert

from provisioning.audit import forward, heads, keys, retention, trail
from provisioning.audit.syslog import receiver
from provisioning.audit.verify import verify
from provisioning.registry import database
from provisioning.registry.columns import utc_now

SINGLE, PARALLEL, BATCHED, BATCH = 500, 4, 20_000, 200
"""Transactions of one record; writers side by side; records in batches, and in each batch of a desk's."""

_PLAIN = Table(
    "bench_plain",
    MetaData(),
    Column("number", Integer, primary_key=True),
    *(Column(name, String(64), index=name in {"user", "kind"}) for name in ("id", "source", "user", "kind")),
    Column("project", String(32)),
    Column("time", DateTime),
    Column("detail", JSON),
)


def _record() -> dict[str, Any]:
    detail = {"route": "/files/(.*)", "method": "GET", "reason": "raw-file", "size": 12_345}
    who = {"source": "desk", "user": "li-wei", "project": "heart", "kind": "denied"}
    return {**who, "id": uuid4().hex, "time": utc_now(), "detail": detail}


def _chained(engine: Engine, count: int) -> None:
    with database.writing(engine) as session:
        trail.append(session, [_record() for _ in range(count)])


def _plain(engine: Engine, count: int) -> None:
    rows = [{**row, "time": row["time"].replace(tzinfo=None)} for row in (_record() for _ in range(count))]
    with database.writing(engine) as session:
        session.execute(insert(_PLAIN), rows)


def _rate(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def _repeat(add: Callable[[Engine, int], None], engine: Engine, times: int, each: int) -> None:
    for _ in range(times):
        add(engine, each)


def _side_by_side(add: Callable[[Engine, int], None], engine: Engine) -> None:
    arguments = (add, engine, SINGLE // PARALLEL, 1)
    writers = [threading.Thread(target=_repeat, args=arguments) for _ in range(PARALLEL)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()


def _receiver() -> tuple[socket.socket, int]:
    """A receiver over TCP that reads to the end and closes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                while connection.recv(1 << 16):
                    pass

    threading.Thread(target=serve, daemon=True).start()
    return listening, listening.getsockname()[1]


def measure(url: str | None, repeats: int) -> list[tuple[str, float, float | None]]:
    """What was measured: what, records a second, and those of the baseline."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "keys").mkdir(mode=0o700)
        os.environ["CARREL_KEYS"] = str(folder / "keys")
        url = url or f"sqlite:///{folder}/registry.sqlite"
        database.upgrade(url)
        engine = database.engine(url)
        _PLAIN.create(engine)
        figures = _appending(engine, repeats) + _reading(engine, folder)
        engine.dispose()
    return figures


def _appending(engine: Engine, repeats: int) -> list[tuple[str, float, float | None]]:
    ways: list[tuple[str, int, Callable[[Callable[[Engine, int], None]], None]]] = [
        ("appended, one a transaction", SINGLE, lambda add: _repeat(add, engine, SINGLE, 1)),
        (f"appended, one a transaction, {PARALLEL} writers", SINGLE, lambda add: _side_by_side(add, engine)),
        (
            f"appended, {BATCH} a transaction",
            BATCHED,
            lambda add: _repeat(add, engine, BATCHED // BATCH, BATCH),
        ),
    ]
    figures: list[tuple[str, float, float | None]] = []
    for what, count, way in ways:
        rates: dict[Callable[[Engine, int], None], list[float]] = {_chained: [], _plain: []}
        for _ in range(repeats):
            for add, found in rates.items():
                found.append(_rate(count, lambda way=way, add=add: way(add)))  # type: ignore[misc]
        medians = [statistics.median(found) for found in rates.values()]
        figures.append((what, medians[0], medians[1]))
    return figures


def _reading(engine: Engine, folder: Path) -> list[tuple[str, float, float | None]]:
    key = keys.signing_key()
    with database.writing(engine) as session:
        last = heads.sign_head(session, key).number
    known = {keys.fingerprint(key.public_key()): key.public_key()}

    def whole() -> None:
        with database.sessions(engine)() as session:
            assert verify(session, heads.heads(session), known).records == last

    figures: list[tuple[str, float, float | None]] = [("verified", _rate(last, whole), None)]
    listening, port = _receiver()
    to = receiver(f"tcp://127.0.0.1:{port}")
    figures.append(("handed on to syslog over TCP", _rate(last, lambda: forward.forward(engine, to)), None))
    listening.close()
    # As though half a year had passed since.
    retention.utc_now = lambda: utc_now() + timedelta(days=retention.LEAST_DAYS + 1)  # type: ignore[assignment]
    archive = folder / "archive"
    figures.append(
        ("pruned into an archive", _rate(last, lambda: retention.prune(engine, archive, key)), None)
    )
    return figures


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=__doc__)
    parser.add_argument("--url", help="an empty registry; default: SQLite in a temporary folder")
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    print(f"{'records a second':<48} {'trail':>9} {'plain':>9} {'ratio':>6}")
    for what, rate, plain in measure(chosen.url, chosen.repeats):
        beside = f" {plain:9.0f} {rate / plain:6.2f}" if plain else ""
        print(f"{what:<48} {rate:9.0f}{beside}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
