"""The kinds of direct identifier that the detectors know, their titles and the clauses they answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from locales import text


class Kind(StrEnum):
    """A kind of direct identifier. The value is what manifests, findings and labels carry."""

    RESIDENT_ID = "resident-id"
    PASSPORT = "passport"
    CERTIFICATE = "certificate"
    SSN = "ssn"
    PERSON_NAME = "person-name"
    ADDRESS = "address"
    POSTCODE = "postcode"
    MOBILE_PHONE = "mobile-phone"
    LANDLINE_PHONE = "landline-phone"
    FAX = "fax"
    EMAIL = "email"
    CHAT_ACCOUNT = "chat-account"
    MEDICAL_RECORD_NUMBER = "medical-record-number"
    EXAMINATION_NUMBER = "examination-number"
    HEALTH_CARD = "health-card"
    BANK_CARD = "bank-card"
    LICENCE_PLATE = "licence-plate"
    DEVICE_SERIAL = "device-serial"
    IP_ADDRESS = "ip-address"
    MAC_ADDRESS = "mac-address"
    URL = "url"
    BIRTH_DATE = "birth-date"
    DATE = "date"
    AGE_OVER_89 = "age-over-89"


@dataclass(frozen=True)
class Description:
    """What a kind is called (a gettext id) and which clauses name it; an empty tuple where none is known."""

    title: str
    clauses: tuple[str, ...] = ()


def _safe_harbour(letter: str) -> str:
    """45 CFR 164.514(b)(2)(i), the list of what the safe harbour method removes."""
    return f"HIPAA §164.514(b)(2)(i)({letter})"


PERSONAL_ATTRIBUTES = "GB/T 39725-2020 6.1"
"""The clause that lists personal attribute data: who a person is, how to reach them, their devices."""

DESCRIPTIONS: dict[Kind, Description] = {
    Kind.RESIDENT_ID: Description("Resident identity number", (_safe_harbour("R"), PERSONAL_ATTRIBUTES)),
    Kind.PASSPORT: Description("Passport number", (_safe_harbour("R"), PERSONAL_ATTRIBUTES)),
    Kind.CERTIFICATE: Description("Certificate or licence number", (_safe_harbour("K"), PERSONAL_ATTRIBUTES)),
    Kind.SSN: Description("Social security number (US)", (_safe_harbour("G"),)),
    Kind.PERSON_NAME: Description("Name of a person", (_safe_harbour("A"), PERSONAL_ATTRIBUTES)),
    Kind.ADDRESS: Description("Postal address", (_safe_harbour("B"), PERSONAL_ATTRIBUTES)),
    Kind.POSTCODE: Description("Postcode", (_safe_harbour("B"),)),
    Kind.MOBILE_PHONE: Description("Mobile telephone number", (_safe_harbour("D"), PERSONAL_ATTRIBUTES)),
    Kind.LANDLINE_PHONE: Description("Telephone number", (_safe_harbour("D"), PERSONAL_ATTRIBUTES)),
    Kind.FAX: Description("Fax number", (_safe_harbour("E"),)),
    Kind.EMAIL: Description("E-mail address", (_safe_harbour("F"), PERSONAL_ATTRIBUTES)),
    Kind.CHAT_ACCOUNT: Description("WeChat or QQ account", (_safe_harbour("R"), PERSONAL_ATTRIBUTES)),
    Kind.MEDICAL_RECORD_NUMBER: Description("Medical record number", (_safe_harbour("H"),)),
    Kind.EXAMINATION_NUMBER: Description("Examination or accession number", (_safe_harbour("R"),)),
    Kind.HEALTH_CARD: Description("Health card or insurance number", (_safe_harbour("I"),)),
    Kind.BANK_CARD: Description("Bank card or account number", (_safe_harbour("J"),)),
    Kind.LICENCE_PLATE: Description("Vehicle plate or identification number", (_safe_harbour("L"),)),
    Kind.DEVICE_SERIAL: Description("Serial number of a device", (_safe_harbour("M"), PERSONAL_ATTRIBUTES)),
    Kind.IP_ADDRESS: Description("IP address", (_safe_harbour("O"),)),
    Kind.MAC_ADDRESS: Description("MAC address", (_safe_harbour("M"),)),
    Kind.URL: Description("Web address", (_safe_harbour("N"),)),
    Kind.BIRTH_DATE: Description("Date of birth", (_safe_harbour("C"), PERSONAL_ATTRIBUTES)),
    Kind.DATE: Description("Full date", (_safe_harbour("C"),)),
    Kind.AGE_OVER_89: Description("Age of 90 or more", (_safe_harbour("C"),)),
}


def title(kind: Kind, language: str) -> str:
    """The kind's name in ``language`` ('en' or 'zh_CN')."""
    return text(language, DESCRIPTIONS[kind].title)


def clauses(kind: Kind) -> tuple[str, ...]:
    """The clauses that ask for this kind to be removed."""
    return DESCRIPTIONS[kind].clauses
