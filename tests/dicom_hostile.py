"""What the attacks on the gate's DICOM part have in common."""

from __future__ import annotations

import struct

from provisioning.gate.dicom.policy import ImagePolicy
from provisioning.gate.dicom.profile import Options

RULES = ImagePolicy("patient", "visit", Options(modified_dates=True, descriptors=True))


KEY = bytes(range(32))


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    if vr in (b"SQ", b"OB", b"OW", b"UN", b"UT"):
        return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value
