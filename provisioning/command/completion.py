"""``carrel completion``: a shell's completion of this command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

import shtab

from provisioning.command.answer import Answer
from provisioning.command.arguments import verb

SHELLS = ("bash", "zsh", "tcsh")


def add_to(nouns: Any, parser: Callable[[], ArgumentParser]) -> None:
    """``parser`` makes the whole command line anew, as it is completed."""
    made = verb(
        nouns,
        "completion",
        lambda chosen: _complete(chosen, parser()),
        "print a shell's completion",
        examples=(
            "carrel completion bash > /etc/bash_completion.d/carrel",
            'carrel completion zsh > "${fpath[1]}/_carrel"',
        ),
    )
    made.add_argument("shell", choices=SHELLS)


def _complete(chosen: Namespace, parser: ArgumentParser) -> Answer:
    script = shtab.complete(parser, shell=chosen.shell)
    return Answer({"shell": chosen.shell, "script": script}, script.splitlines())
