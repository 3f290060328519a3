"""A policy's part on images (``images:`` in ``policy.yaml``): what stays of a folder of DICOM files."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from pydicom.datadict import DicomDictionary

from provisioning.gate.dicom.profile import CHARACTERISTICS, TABLES, Options
from provisioning.gate.dicom.reasons import SUSPECTS
from provisioning.lined_yaml import Section
from provisioning.refusal import Refusal
from provisioning.registry.columns import checked_name

if TYPE_CHECKING:
    from provisioning.gate.policy import Base, Treatment

_FITTING = {
    "sex": ("keep",),
    "age": ("keep", "generalise"),
    "size": ("keep", "round", "cap"),
    "weight": ("keep", "round", "cap"),
}


@dataclass(frozen=True)
class ImagePolicy:
    """What happens to one folder of DICOM files."""

    patient_id: str
    """The domain of the patient's pseudonym."""
    accession_number: str | None = None
    """The domain of the accession number's pseudonym; None: it is emptied."""
    options: Options = field(default_factory=Options)
    characteristics: dict[str, Treatment] = field(default_factory=dict)
    """By a word of `CHARACTERISTICS`."""
    admit: dict[str, str] = field(default_factory=dict)
    """Kinds of suspect that are in the extract all the same, with the reason; each holds the extract."""
    expected: dict[tuple[str, str], str] = field(default_factory=dict)
    """(attribute's keyword, rule) to the reason why that finding is no surprise."""

    def treatments(self) -> dict[str, str]:
        """What happens to what, as the manifest keeps it."""
        return {
            "patient_id": "pseudonymise",
            "accession_number": "pseudonymise" if self.accession_number else "drop",
            "dates": "shift_dates" if self.options.modified_dates else "drop",
            "descriptors": "redact" if self.options.descriptors else "drop",
            **{name: one.by or one.action for name, one in self.characteristics.items()},
        }


def read_images(
    section: Section,
    base: Base,
    treatment: Callable[[Section, str, Base], Treatment],
    expected: Callable[[Section], dict[tuple[str, str], str]],
) -> ImagePolicy:
    """One entry under ``images``. Raises `lined_yaml.FileRefused` with the line of the first fault."""
    patient = _domain(section, "patient_id", "patient_id")
    number = None
    if "accession_number" in section:
        number = _domain(section, "accession_number", "accession_number")
    dates = section.choice("dates", ("drop", "shift_dates"), "drop")
    if dates in base.forbidden:
        raise section.refuse("{policy} forbids {action}.", "dates", policy=base.name, action=dates)
    descriptors = section.choice("descriptors", ("drop", "redact"), "drop")
    characteristics = _characteristics(section.section("patient", None), base, treatment)
    admit: dict[str, str] = {}
    below: Section | None = section.section("admit", None)
    for kind, entry in below.sections() if below is not None else ():
        assert below is not None
        if kind not in SUSPECTS:
            raise below.refuse(
                "{kind} cannot be admitted. Known: {known}.", kind, kind=kind, known=", ".join(SUSPECTS)
            )
        admit[str(kind)] = entry.text("reason", longest=1000)
        entry.finish()
    made = ImagePolicy(
        patient or "patient_id",
        number,
        Options(dates == "shift_dates", descriptors == "redact", frozenset(characteristics)),
        characteristics,
        admit,
        expected(section),
    )
    section.finish()
    return made


@cache
def explainable() -> frozenset[str]:
    """What a finding about images can name: attributes by keyword, columns of the index."""
    with (TABLES / "index_columns.csv").open(encoding="utf-8", newline="") as file:
        columns = {row["name"] for row in csv.DictReader(file)}
    return frozenset(columns | {entry[4] for entry in DicomDictionary.values()})


def _domain(section: Section, key: str, default: str) -> str | None:
    """``pseudonymise``, ``{pseudonymise: DOMAIN}`` or, where nothing is needed, ``drop``."""
    if section.is_text(key) or key not in section:
        words = ("pseudonymise",) if key == "patient_id" else ("pseudonymise", "drop")
        return default if section.choice(key, words) == "pseudonymise" else None
    below: Section = section.section(key)
    domain: Any = below.text("pseudonymise")
    try:
        checked_name(domain)
    except Refusal as refusal:
        raise below.refuse(refusal.message, "pseudonymise", **refusal.values) from refusal
    below.finish()
    return str(domain)


def _characteristics(
    section: Section | None, base: Base, treatment: Callable[[Section, str, Base], Treatment]
) -> dict[str, Treatment]:
    if section is None:
        return {}
    made = {}
    for name in section.keys():  # noqa: SIM118 - a Section
        if name not in CHARACTERISTICS:
            raise section.refuse(
                "{key} is not known here. Known: {known}.", name, key=name, known=", ".join(CHARACTERISTICS)
            )
        one = treatment(section, name, base)
        if one.action == "drop":
            continue
        if one.action not in _FITTING[name] or one.by not in (None, "age_bands"):
            raise section.refuse(
                "{action} does not fit {column}. Use one of {actions}.",
                name,
                action=one.by or one.action,
                column=name,
                actions=", ".join(_FITTING[name]),
            )
        made[name] = one
    return made
