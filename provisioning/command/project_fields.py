"""``carrel project create|set``: a project's titles and the papers that it rests on."""

from __future__ import annotations

import argparse
from argparse import Namespace
from datetime import date
from typing import Any

from provisioning.command.answer import Answer, done
from provisioning.command.arguments import day_or_never, verb, writing
from provisioning.lined_yaml import one_line
from provisioning.refusal import Refusal
from provisioning.registry.lookup import get_project
from provisioning.registry.models import Project, ProjectStatus

_TEXTS = {
    "title_en": (200, "the title in English"),
    "title_zh": (200, "the title in Chinese"),
    "approval_number": (100, "the ethics committee's approval, or none"),
    "agreement_number": (100, "the data use agreement, or none"),
}
_DAYS = {
    "expires": "the project's last day",
    "approval_expires": "the approval's last day",
    "agreement_expires": "the agreement's last day",
}


def add_to(verbs: Any) -> None:
    """Add these verbs to ``carrel project``."""
    examples = (
        "carrel project create heart --title-en Heart --title-zh 心脏 --approval-number 2026-KY-17",
        "carrel project resume heart",
    )
    create = verb(verbs, "create", _create, "make a draft project; `resume` opens it", examples=examples)
    change = verb(
        verbs,
        "set",
        _set,
        "change a project's titles, papers and last days",
        examples=("carrel project set heart --approval-number 2027-KY-03 --approval-expires 2028-12-31",),
    )
    for parser, required in ((create, True), (change, False)):
        parser.add_argument("project", metavar="PROJECT")
        for name, (_, what) in _TEXTS.items():
            needed = required and name.startswith("title")
            parser.add_argument(_option(name), metavar="TEXT", required=needed, type=_text(name), help=what)
        for name, what in _DAYS.items():
            parser.add_argument(
                _option(name),
                metavar="DATE",
                type=day_or_never,
                default=argparse.SUPPRESS,
                help=f"{what}, YYYY-MM-DD or never",
            )


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _text(name: str) -> Any:
    longest, _ = _TEXTS[name]

    def checked(text: str) -> str:
        if not 0 < len(text.strip()) <= longest or not one_line(text):
            raise argparse.ArgumentTypeError(f"write one line of at most {longest} characters")
        return text.strip()

    return checked


def _wanted(chosen: Namespace) -> dict[str, Any]:
    given = {name: getattr(chosen, name) for name in _TEXTS if getattr(chosen, name) is not None}
    for name in ("approval_number", "agreement_number"):
        if given.get(name) == "none":
            given[name] = None
    days: dict[str, date | None] = {name: getattr(chosen, name) for name in _DAYS if name in chosen}
    return given | days


def _create(chosen: Namespace) -> Answer:
    with writing() as session:
        if session.get(Project, chosen.project) is not None:
            raise Refusal("There is a project {project} already.", project=chosen.project)
        session.add(Project(name=chosen.project, status=ProjectStatus.DRAFT, **_wanted(chosen)))
    line = f"project {chosen.project} is draft"
    return done(line, project=chosen.project, status=ProjectStatus.DRAFT)


def _set(chosen: Namespace) -> Answer:
    wanted = _wanted(chosen)
    if not wanted:
        raise Refusal("Name what to set. See `carrel project set --help`.")
    with writing() as session:
        project = get_project(session, chosen.project)
        changed = {name: value for name, value in wanted.items() if getattr(project, name) != value}
        for name, value in changed.items():
            setattr(project, name, value)
    line = f"project {chosen.project}: " + (", ".join(sorted(changed)) or "nothing to change")
    return done(line, project=chosen.project, **wanted, changed=sorted(changed))
