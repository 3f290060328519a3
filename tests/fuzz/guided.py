"""Atheris (libFuzzer) on the filter and the protocol: ``guided.py NAME CORPUS [libFuzzer's options]``. Optional.

Texts begin with the corpus of attacks and are mutated as bytes; of messages and notebooks libFuzzer's
bytes are the choices that hypothesis makes, so that what is mutated keeps its structure.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["export_guard.outputs", "kernels.protocol"]):
    import test_fuzz_messages
    import test_fuzz_notebook
    import test_fuzz_protocol

from fuzz_made import CORPUS
from fuzz_running import soon


def _text(test: Callable[..., None]) -> Callable[[bytes], None]:
    """A test of one text, without hypothesis around it."""
    inner = test.hypothesis.inner_test  # type: ignore[attr-defined]
    return lambda data: inner(data.decode("utf-8", "replace"))


def _bytes(test: Callable[..., None]) -> Callable[[bytes], None]:
    return test.hypothesis.inner_test  # type: ignore[attr-defined,no-any-return]


def _choices(test: Callable[..., None]) -> Callable[[bytes], None]:
    return test.hypothesis.fuzz_one_input  # type: ignore[attr-defined,no-any-return]


def _attacks(name: str) -> list[bytes]:
    return (CORPUS / name).read_bytes().removesuffix(b"\n").split(b"\n%%\n")


def _any() -> list[bytes]:
    return [random.Random(number).randbytes(64 << number % 7) for number in range(60)]


def _notebooks() -> list[bytes]:
    output = {
        "output_type": "display_data",
        "data": {"text/html": "<b>x</b>", "text/plain": ["a"]},
        "metadata": {},
    }
    cell = {"cell_type": "code", "id": "a", "metadata": {"tags": ["x"]}, "source": ["1"], "outputs": [output]}
    made = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3"}},
        "cells": [cell],
    }
    return [json.dumps(made).encode()]


LINE = b'{"request":"start","kernel_id":"01234567-89ab-cdef-0123-456789abcdef","name":"x","key":"0123456789abcdef","signum":9}'
HARNESSES: dict[str, tuple[Callable[[bytes], object], Iterable[bytes]]] = {
    "html": (_text(test_fuzz_notebook.test_html), _attacks("html.txt")),
    "svg": (_text(test_fuzz_notebook.test_svg), _attacks("svg.txt")),
    "css": (_text(test_fuzz_notebook.test_css), _attacks("css.txt")),
    "markdown": (_text(test_fuzz_notebook.test_markdown), _attacks("markdown.txt")),
    "file": (_bytes(test_fuzz_notebook.test_a_damaged_file), _notebooks()),
    "notebook": (_choices(test_fuzz_notebook.test_a_notebook), _any()),
    "reply": (_choices(test_fuzz_messages.test_a_reply), _any()),
    "line": (_bytes(test_fuzz_protocol.test_decode), [LINE]),
}


def main() -> None:
    """One harness, until libFuzzer ends the process."""
    name, corpus = sys.argv.pop(1), Path(sys.argv[1])
    run, seeds = HARNESSES[name]
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number:03}").write_bytes(seed)

    def one(data: bytes) -> None:
        with soon():
            run(data)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
