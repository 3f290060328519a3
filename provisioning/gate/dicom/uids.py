"""UIDs of an extract: the same for the same UID in one project, and no other project's."""

from __future__ import annotations

import re

from pydicom.uid import UID_dictionary

from provisioning.gate.pseudonyms import digest

ROOT = "2.25."
"""The arc of UIDs that are UUIDs (ITU-T X.667 | ISO/IEC 9834-8; PS3.5 B.2)."""
IMPLEMENTATION = "2.25.96530297471432191683988188181972033363"
"""Carrel's Implementation Class UID (PS3.7 D.3.3.2); a UUID made once, at random."""
_DOMAIN = "carrel dicom uid"
_REMAPPED = re.compile(r"2\.25\.[1-9]\d{30,38}")


def well_known(uid: str) -> bool:
    """Whether the standard itself assigns the UID (PS3.6 Annex A), so that it names nobody."""
    return uid in UID_dictionary


def remapped(key: bytes, uid: str) -> str:
    """What stands for ``uid`` in the project: a UUID of version 8 (RFC 9562 5.8) made of a keyed digest."""
    number = int(digest(key, _DOMAIN, uid)[:32], 16)
    number = number & ~(0xF << 76) | 8 << 76
    number = number & ~(3 << 62) | 2 << 62
    return f"{ROOT}{number}"


def is_remapped(uid: str) -> bool:
    """Whether the UID has the form that `remapped` gives."""
    if not _REMAPPED.fullmatch(uid):
        return False
    number = int(uid[len(ROOT) :])
    return number < 1 << 128 and number >> 76 & 0xF == 8 and number >> 62 & 3 == 2
