"""``carrel quota``: how much of the machine a project may use."""

from __future__ import annotations

import argparse
from argparse import Namespace
from typing import Any

from provisioning.command.answer import Answer, done, fields
from provisioning.command.arguments import noun, reading, verb, writing
from provisioning.refusal import Refusal
from provisioning.registry.lookup import get_project
from provisioning.registry.models import Project
from provisioning.registry.policies import LARGEST, policies
from provisioning.site.file import LEAST, QUOTAS, read_size, shown_size

SIZES = {"memory": "memory_bytes", "disk": "disk_bytes"}


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "quota", "quotas of projects")
    parser = verb(verbs, "show", _show, "show what a project may use")
    parser.add_argument("project", metavar="PROJECT")
    parser = verb(
        verbs,
        "set",
        _set,
        "set some of a project's quotas; what is not named stays",
        examples=(
            "carrel quota set heart --cpu 4 --memory '16 GiB'",
            "carrel quota set heart --display-cells default",
        ),
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--cpu", type=float, metavar="N", help="cores of one engine, from 0.1")
    for name in SIZES:
        parser.add_argument(f"--{name}", type=_size, metavar="SIZE", help="such as '2 GiB' or '512 MiB'")
    for name in LEAST:
        optional = QUOTAS[name] is None
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_or_default if optional else int,
            metavar="N",
            help="a whole number, or default: the site's" if optional else "a whole number",
        )


def _size(text: str) -> int:
    size = read_size(text)
    if size is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: write such as '2 GiB', at least '64 MiB'")
    return size


def _or_default(text: str) -> int | str:
    return text if text == "default" else int(text)


def _row(project: Project) -> dict[str, Any]:
    return {"project": project.name, **{name: getattr(project, name) for name in QUOTAS}}


def _show(chosen: Namespace) -> Answer:
    with reading() as session:
        row = _row(get_project(session, chosen.project))
        site = policies(session)
    answer = fields(row)
    lines = [
        f"{name.removesuffix('_bytes')}: {shown_size(row[name])}" if name in SIZES.values() else line
        for name, line in zip(row, answer.lines, strict=True)
    ]
    lines = [
        f"{line} (the site's: {site.get(name, 'the default')})"
        if name in LEAST and row[name] is None
        else line
        for name, line in zip(row, lines, strict=True)
    ]
    return Answer(row, lines)


def _set(chosen: Namespace) -> Answer:
    wanted: dict[str, Any] = {}
    if chosen.cpu is not None:
        if not 0.1 <= chosen.cpu <= 100_000:
            raise Refusal("{key} must be a {kind} from {least} up.", key="cpu", kind="number", least=0.1)
        wanted["cpu"] = chosen.cpu
    for name, column in SIZES.items():
        if getattr(chosen, name) is not None:
            wanted[column] = getattr(chosen, name)
    for name, least in LEAST.items():
        value = getattr(chosen, name)
        if value is None:
            continue
        most = LARGEST if QUOTAS[name] is None else 2**31 - 1
        if value != "default" and not least <= value <= most:
            raise Refusal("{key} must be from {least} to {most}.", key=name, least=least, most=most)
        wanted[name] = None if value == "default" else value
    if not wanted:
        raise Refusal("Name a quota to set. See `carrel quota set --help`.")
    with writing() as session:
        project = get_project(session, chosen.project)
        changed = {name: value for name, value in wanted.items() if getattr(project, name) != value}
        for name, value in changed.items():
            setattr(project, name, value)
        row = _row(project)
    line = ", ".join(f"{name} {row[name]}" for name in wanted)
    return done(f"quotas of {chosen.project}: {line}", **row, changed=sorted(changed))
