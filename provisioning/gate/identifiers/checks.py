"""Check digits and the other things that make a number an identifier rather than a measurement."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import phonenumbers
from stdnum import luhn
from stdnum.iso7064 import mod_11_2
from stdnum.us import ssn

from provisioning.gate.identifiers import tables

PROVINCES = tables.words("province_codes")
"""The first two digits of an administrative code (GB/T 2260)."""


def is_date(year: int, month: int, day: int) -> bool:
    """Whether this day exists and someone alive in this century may have been born or treated on it."""
    try:
        return 1890 <= date(year, month, day).year <= 2099
    except ValueError:
        return False


def resident_id(digits: str) -> bool:
    """Whether 18 characters are a resident identity number: GB 11643, check digit by ISO 7064 MOD 11-2."""
    if len(digits) != 18 or digits[:2] not in PROVINCES or not digits[:17].isdecimal():
        return False
    born = int(digits[6:10]), int(digits[10:12]), int(digits[12:14])
    return is_date(*born) and born[0] <= 2035 and mod_11_2.is_valid(digits.upper())


def old_resident_id(digits: str) -> bool:
    """Whether 15 digits can be a resident identity number of before 1999, which has no check digit."""
    return (
        len(digits) == 15
        and digits[:2] in PROVINCES
        and is_date(1900 + int(digits[6:8]), int(digits[8:10]), int(digits[10:12]))
    )


def bank_card(digits: str) -> bool:
    """Whether 15 to 19 digits are a payment card: an issuer's prefix and the Luhn digit (ISO/IEC 7812-1)."""
    if not 15 <= len(digits) <= 19 or not digits.isdecimal():
        return False
    if len(digits) == 15 and digits[:2] not in ("34", "37"):
        return False
    return digits[0] in "3456" and luhn.is_valid(digits)


def social_security(digits: str) -> bool:
    """Whether nine digits can be a US social security number."""
    return bool(ssn.is_valid(digits))


@lru_cache(maxsize=65536)
def telephone(number: str) -> bool:
    """Whether an international number (``+…``) or a North American one can be dialled."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number[:40], "US"))
    except phonenumbers.NumberParseException:
        return False
