"""A de-identification policy (``policy.yaml``): what happens to each column; one not named is refused.

The words: a table's ``patient`` column says whose row it is; ``quasi_identifiers`` are what someone may know
about a person beforehand (GB/T 37964-2019 3.8); ``sensitive`` is what they must not learn from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioning.gate.dicom.policy import ImagePolicy, explainable, read_images
from provisioning.lined_yaml import FileRefused, Section, load
from provisioning.refusal import Refusal
from provisioning.registry.columns import checked_name

DEFAULT_K = 5
"""Every combination of quasi-identifiers is shared by five people: El Emam and Dankar (2008, JAMIA 15:627)
report five as what custodians of health data commonly ask for."""
DEFAULT_L = 2
"""The least that says anything: no group in which all people have the same sensitive value
(Machanavajjhala et al. 2007, ACM TKDD 1:3)."""
SHIFT_DAYS = 365
READY = Path(__file__).with_name("policies")

ACTIONS = ("keep", "drop", "pseudonymise", "shift_dates", "generalise", "round", "cap", "redact")
GENERALISATIONS = ("age_bands", "year", "month", "prefix", "list")
EXPLAINABLE_RULES = (
    "k-anonymity",
    "l-diversity",
    "unique-combination",
    "undeclared-quasi-identifier",
    "name",
    "person-name",
    "date",
    "birth-date",
    "postcode",
    "age-over-89",
)
"""What the policy itself may explain: ``name`` is a column's name alone; ``person-name`` is explained in less
than one value of a hundred. Any other direct identifier in the values takes a second person."""
TABLE = "quasi_identifiers"
"""The place under ``expected`` for findings about a table's combinations."""


@dataclass(frozen=True)
class Treatment:
    """What happens to one column, with the parameters that its action has."""

    action: str
    by: str | None = None
    """How to generalise."""
    width: int | None = None
    """Years of an age band."""
    top: int | None = None
    """The age from which all are one band."""
    characters: int | None = None
    """How many leading characters of a region stay."""
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Label and values, for a list."""
    other: str | None = None
    """The label of values in no group."""
    multiple: float | None = None
    """What to round to."""
    least: float | None = None
    most: float | None = None
    domain: str | None = None
    """Columns of one domain have the same pseudonym for the same value; default: the column's name."""


@dataclass(frozen=True)
class TablePolicy:
    """What happens to one table."""

    columns: dict[str, Treatment]
    patient: str | None = None
    quasi_identifiers: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    expected: dict[tuple[str, str], str] = field(default_factory=dict)
    """(column or `TABLE`, rule) to the reason why that finding is no surprise."""


@dataclass(frozen=True)
class Base:
    """A ready policy: what it tolerates, forbids and thereby meets."""

    name: str | None
    title: dict[str, str]
    k: int
    l: int  # noqa: E741 - the measure's name
    tolerated: frozenset[str]
    forbidden: frozenset[str]
    clauses: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Policy:
    """A whole policy; ``digest`` is of the file's bytes and, where it extends one, of the ready policy's."""

    base: Base
    k: int
    l: int  # noqa: E741
    shift_days: int
    tables: dict[str, TablePolicy]
    digest: str
    path: Path
    images: dict[str, ImagePolicy] = field(default_factory=dict)

    @property
    def keyed(self) -> bool:
        """Whether a project's key is needed."""
        if self.images:
            return True
        actions = {one.action for table in self.tables.values() for one in table.columns.values()}
        return bool(actions & {"pseudonymise", "shift_dates"})


STRICT = Base(
    None,
    {"en": "No ready policy", "zh": "未采用现成策略"},
    DEFAULT_K,
    DEFAULT_L,
    frozenset(),
    frozenset(),
    {},
)


def ready_policies() -> tuple[str, ...]:
    """The names that ``extends`` may have."""
    return tuple(sorted(path.stem for path in READY.glob("*.yaml")))


def read_ready(name: str) -> Base:
    """The ready policy ``name``. Raises `lined_yaml.FileRefused` where the file is damaged."""
    top = load(READY / f"{name}.yaml")
    base = Base(
        name=name,
        title=_titles(top, "title"),
        k=top.number("k", least=2, whole=True),
        l=top.number("l", least=1, whole=True),
        tolerated=frozenset(kind for _, kind in top.texts("tolerated")),
        forbidden=frozenset(action for _, action in top.texts("forbidden")),
        clauses=_clauses(top.section("clauses")),
    )
    top.finish()
    return base


def _clauses(section: Section) -> dict[str, dict[str, str]]:
    return {str(key): _titles(section, key) for key in section.keys()}  # noqa: SIM118 - a Section


def _titles(section: Section, key: Any) -> dict[str, str]:
    titles = section.section(key)
    pair = {"en": titles.text("en"), "zh": titles.text("zh")}
    titles.finish()
    return pair


def read_policy(path: Path) -> Policy:
    """Read ``path``. Raises `lined_yaml.FileRefused` with the line of the first fault."""
    top = load(path)
    names = ready_policies()
    extends = top.choice("extends", names, None)
    base = read_ready(extends) if extends else STRICT
    k = top.number("k", base.k, least=2, whole=True)
    least_l = top.number("l", base.l, least=1, whole=True)
    for key, given, least in (("k", k, base.k), ("l", least_l, base.l)):
        if extends and given < least:
            raise top.refuse(
                "{key} is less than {least}, which {policy} asks for.",
                key,
                key=key,
                least=least,
                policy=extends,
            )
    shift_days = top.number("shift_days", SHIFT_DAYS, least=30, whole=True)
    if shift_days > 3650:
        raise top.refuse("shift_days must be at most 3650.", "shift_days")
    listed: Section | None = top.section("images", None)
    images = {
        str(name): read_images(below, base, _treatment, _expected_of_images)
        for name, below in (listed.sections() if listed is not None else ())
    }
    listed = top.section("tables", None) if images else top.section("tables")
    tables = {
        str(name): _table(below, str(name), base)
        for name, below in (listed.sections() if listed is not None else ())
    }
    top.finish()
    if not tables and not images:
        raise top.refuse("tables must name at least one table.", "tables")
    digest = hashlib.sha256(path.read_bytes())
    if extends:
        digest.update((READY / f"{extends}.yaml").read_bytes())
    return Policy(base, k, least_l, shift_days, tables, "sha256:" + digest.hexdigest(), path, images)


def _table(section: Section, name: str, base: Base) -> TablePolicy:
    columns_section: Section = section.section("columns")
    columns = {}
    for key in columns_section.keys():  # noqa: SIM118 - a Section
        if not isinstance(key, str):
            raise columns_section.refuse("put quotes around the column {column}.", key, column=key)
        columns[key] = _treatment(columns_section, key, base)
    if not columns:
        raise section.refuse("{table} has no columns.", "columns", table=name)
    patient = section.text("patient", None)
    quasi = tuple(text for _, text in section.texts("quasi_identifiers", []))
    sensitive = tuple(text for _, text in section.texts("sensitive", []))
    for key, named in (("patient", (patient,) if patient else ()), (TABLE, quasi), ("sensitive", sensitive)):
        for column in named:
            if column not in columns:
                raise section.refuse("{column} is not among the columns.", key, column=column)
            if key != "patient" and columns[column].action == "drop":
                raise section.refuse("{column} is dropped, so take it out here.", key, column=column)
    if patient is None:
        for key, treatment in columns.items():
            if treatment.action == "shift_dates":
                raise columns_section.refuse(
                    "{column} cannot be shifted: say with patient which column tells whose row it is.",
                    key,
                    column=key,
                )
    expected = _expected(section, lambda key: key == TABLE or key in columns)
    section.finish()
    return TablePolicy(columns, patient, quasi, sensitive, expected)


def _expected_of_images(section: Section) -> dict[tuple[str, str], str]:
    """Of attributes by their keyword, of columns of the index, of combinations."""
    return _expected(section, lambda key: key == TABLE or key in explainable())


def _expected(section: Section, known: Callable[[str], bool]) -> dict[tuple[str, str], str]:
    found = {}
    below: Section | None = section.section("expected", None)
    for key, entry in below.sections() if below is not None else ():
        assert below is not None
        if not known(key):
            raise below.refuse("{column} is not among the columns.", key, column=key)
        reason = entry.text("reason", longest=1000)
        for line, rule in entry.texts("rules"):
            if rule not in EXPLAINABLE_RULES:
                raise FileRefused(
                    "{rule} cannot be explained in a policy, only overridden by a second person. "
                    "Known: {known}.",
                    (entry.file, line),
                    rule=rule,
                    known=", ".join(EXPLAINABLE_RULES),
                )
            found[str(key), rule] = reason
        entry.finish()
    return found


def _treatment(columns: Section, name: str, base: Base) -> Treatment:
    if columns.is_text(name):
        treatment = Treatment(columns.choice(name, ACTIONS))
        if treatment.action in ("generalise", "round", "cap"):
            raise columns.refuse(
                "{action} needs parameters, such as {example}.",
                name,
                action=treatment.action,
                example=_EXAMPLES[treatment.action],
            )
    else:
        treatment = _with_parameters(columns.section(name))
    if treatment.action in base.forbidden:
        raise columns.refuse("{policy} forbids {action}.", name, policy=base.name, action=treatment.action)
    return treatment


_EXAMPLES = {
    "generalise": "{generalise: age_bands, width: 5, top: 90}",
    "round": "{round: 5}",
    "cap": "{cap: {least: 0, most: 300}}",
}


def _with_parameters(section: Section) -> Treatment:
    actions = [key for key in section.keys() if key in ACTIONS]  # noqa: SIM118 - a Section
    if len(actions) != 1:
        raise section.refuse("a column has one of {actions}.", actions=", ".join(ACTIONS))
    (action,) = actions
    if action == "pseudonymise":
        domain = section.text("pseudonymise")
        try:
            treatment = Treatment(action, domain=checked_name(domain))
        except Refusal as refusal:
            raise section.refuse(refusal.message, action, **refusal.values) from refusal
    elif action == "round":
        multiple = section.number("round", least=0)
        if multiple == 0:
            raise section.refuse("round must be more than 0.", "round")
        treatment = Treatment(action, multiple=multiple)
    elif action == "cap":
        treatment = _cap(section.section("cap"))
    elif action == "generalise":
        treatment = _generalise(section)
    else:
        raise section.refuse("{action} has no parameters: write the word alone.", action, action=action)
    section.finish()
    return treatment


def _cap(below: Section) -> Treatment:
    least = below.number("least", None, least=-(2.0**62))
    most = below.number("most", None, least=-(2.0**62))
    if least is None and most is None:
        raise below.refuse("cap needs least or most.")
    if least is not None and most is not None and least > most:
        raise below.refuse("least is more than most.", "least")
    below.finish()
    return Treatment("cap", least=least, most=most)


def _generalise(section: Section) -> Treatment:
    by = section.choice("generalise", GENERALISATIONS)
    if by == "age_bands":
        top = section.number("top", 90, least=20, whole=True)
        if top > 90:
            raise section.refuse(
                "top must be at most 90: ages of 90 and more are one group (45 CFR 164.514(b)(2)(i)(C)).",
                "top",
            )
        width = section.number("width", 5, least=1, whole=True)
        if top % width:
            raise section.refuse("top must be a multiple of width.", "top")
        return Treatment("generalise", by, width=width, top=top)
    if by == "prefix":
        return Treatment("generalise", by, characters=section.number("characters", least=1, whole=True))
    if by == "list":
        below: Section = section.section("groups")
        groups = tuple(
            (str(label), tuple(text for _, text in below.texts(label)))
            for label in below.keys()  # noqa: SIM118 - a Section
        )
        values = [value for _, listed in groups for value in listed]
        if len(set(values)) != len(values):
            raise section.refuse("a value is in two groups.", "groups")
        return Treatment("generalise", by, groups=groups, other=section.text("other"))
    return Treatment("generalise", by)
