"""The long round: ``python -m tests.fuzz --minutes 10 [--atheris FOLDER]``; says counts and what failed.

All tests take turns, each turn with other examples than the last. ``--atheris`` names the folder that holds
atheris (``pip install --target FOLDER atheris``); half of the time then goes to its coverage-guided search.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings

HERE = Path(__file__).parent
TURN = 60
"""Examples of one test in one turn."""
GUIDED = ("html", "svg", "css", "markdown", "file", "notebook", "reply", "line")
"""The harnesses of `guided.py`."""
OPTIONS = (
    "-print_final_stats=1",
    "-max_len=8192",
    "-len_control=0",
    "-rss_limit_mb=2048",
    "-timeout=20",
)


def main(arguments: list[str] | None = None) -> int:
    """Run; 0 when nothing was found."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked.add_argument("--atheris", metavar="FOLDER", help="where atheris is installed")
    asked.add_argument("--only", default="", metavar="WORD", help="tests with this in their name")
    options = asked.parse_args(arguments)
    sys.path.insert(0, str(HERE))
    share = 0.5 if options.atheris else 1.0
    failed = _turns(options.minutes * 60 * share, options.seed, options.only)
    if options.atheris:
        failed += _guided(options.minutes * 60 * (1 - share), options.atheris)
    return int(failed > 0)


def _tests() -> tuple[Any, list[Callable[..., Any]]]:
    import fuzz_running  # noqa: PLC0415
    import test_fuzz_messages  # noqa: F401, PLC0415
    import test_fuzz_notebook  # noqa: F401, PLC0415
    import test_fuzz_protocol  # noqa: F401, PLC0415

    return fuzz_running, fuzz_running.FUZZED


def _turns(seconds: float, seed: int, only: str) -> int:
    running, tests = _tests()
    import test_fuzz_protocol  # noqa: PLC0415

    print(f"seed {seed}", flush=True)
    begun, failed, turn = time.monotonic(), 0, 0
    found: set[str] = set()
    while time.monotonic() - begun < seconds:
        for test in tests:
            if only not in test.__name__ or test.__name__ in found or time.monotonic() - begun >= seconds:
                continue
            # Starting kernels is slow; they get fewer.
            slow = running.SLOWEST.get(test.__name__, 0.0) > 1 and turn > 0
            longer = settings(
                _settings(test),
                max_examples=6 if slow else TURN,
                derandomize=False,
                phases=(Phase.generate, Phase.shrink),
            )
            # Hypothesis refuses to decorate twice; the short round's settings are replaced.
            test._hypothesis_internal_use_settings = longer  # type: ignore[attr-defined]
            test._hypothesis_internal_use_seed = seed + turn  # type: ignore[attr-defined]
            try:
                test()
            except BaseException as problem:
                if isinstance(problem, KeyboardInterrupt):
                    raise
                failed += 1
                found.add(test.__name__)
                print(f"FOUND by {test.__name__}:", flush=True)
                traceback.print_exc(limit=-3)
        turn += 1
    test_fuzz_protocol.close_all()
    for name, count in running.COUNTS.items():
        print(f"{name}: {count} examples, slowest {running.SLOWEST.get(name, 0):.2f} s")
    print(
        f"{sum(running.COUNTS.values())} examples in {time.monotonic() - begun:.0f} s, {failed} failed",
        flush=True,
    )
    return failed


def _settings(test: Callable[..., Any]) -> settings:
    return test._hypothesis_internal_use_settings  # type: ignore[attr-defined]


def _guided(seconds: float, folder: str) -> int:
    """Atheris on each harness in its own process: libFuzzer ends its process."""
    failed = 0
    for name in GUIDED:
        with tempfile.TemporaryDirectory(prefix="carrel-fuzz-") as corpus:
            ended = subprocess.run(
                [sys.executable, str(HERE / "guided.py"), name, corpus]
                + [f"-max_total_time={int(seconds / len(GUIDED))}", f"-artifact_prefix={corpus}/", *OPTIONS],
                env={**os.environ, "PYTHONPATH": f"{HERE.parents[1]}:{HERE}:{folder}"},
                capture_output=True,
                text=True,
                check=False,
                cwd=corpus,
            )
        told = [line for line in ended.stderr.splitlines() if "stat::" in line or " cov: " in line][-6:]
        print(f"atheris {name}: rc {ended.returncode}", *told, sep="\n  ", flush=True)
        if ended.returncode:
            failed += 1
            print("\n".join((ended.stdout + ended.stderr).splitlines()[-40:]), flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
