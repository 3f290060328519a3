"""``carrel policy``: what holds at the whole site."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from provisioning.command.answer import Answer, done, table
from provisioning.command.arguments import noun, reading, verb, writing
from provisioning.registry.policies import POLICIES, policies, set_policy


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "policy", "policies of the site")
    verb(verbs, "list", _list, "list the policies, and what they are")
    parser = verb(verbs, "set", _set, "set a policy", examples=("carrel policy set display_cells 20000",))
    parser.add_argument("policy", choices=list(POLICIES), metavar="POLICY", help=", ".join(POLICIES))
    parser.add_argument("value", type=int, metavar="N")
    parser = verb(verbs, "unset", _unset, "go back to the software's default")
    parser.add_argument("policy", choices=list(POLICIES), metavar="POLICY", help=", ".join(POLICIES))


def _list(chosen: Namespace) -> Answer:
    with reading() as session:
        known = policies(session)
    rows = [{"policy": name, "value": known.get(name), "what": what} for name, what in POLICIES.items()]
    return table(rows, ("policy", "value", "what"))


def _set(chosen: Namespace) -> Answer:
    return _put(chosen.policy, chosen.value)


def _unset(chosen: Namespace) -> Answer:
    return _put(chosen.policy, None)


def _put(name: str, value: int | None) -> Answer:
    with writing() as session:
        changed = set_policy(session, name, value)
    shown = "the default" if value is None else value
    return done(f"policy {name}: {shown}", policy=name, value=value, changed=changed)
