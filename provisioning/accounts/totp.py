"""One-time codes: TOTP as in RFC 6238 with its defaults (SHA-1, 6 digits, 30 s), which every app does.

A code is good in its own time step and one before and after it, and once: the step of the last code
that was taken is kept, and no code of that step or an earlier one is taken again (RFC 6238, 5.2).
"""

from __future__ import annotations

import hmac
import io
import re
from datetime import datetime

import pyotp
import segno

STEP = 30
"""Seconds."""
WINDOW = 1
"""Steps that the person's clock may be off."""
DIGITS = 6
_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """160 random bits (RFC 4226, 4 R6) in base 32."""
    return pyotp.random_base32()


def step_of(moment: datetime) -> int:
    """The number of the time step that ``moment`` lies in."""
    return int(moment.timestamp()) // STEP


def matching_step(secret: str, code: str, moment: datetime, after: int | None = None) -> int | None:
    """The step within the window whose code is ``code``, later than ``after``; None: there is none.

    Spaces in the code do not count, since apps show them. Every step is compared in the same time.
    """
    typed = re.sub(r"\s", "", code)
    plain = typed if _CODE.fullmatch(typed) else ""
    made = pyotp.TOTP(secret)
    now, found = step_of(moment), None
    for step in range(now - WINDOW, now + WINDOW + 1):
        same = hmac.compare_digest(made.generate_otp(step), plain)
        if same and (after is None or step > after) and found is None:
            found = step
    return found


def address(secret: str, account: str, site: str) -> str:
    """The ``otpauth:`` address that an authenticator app takes up (the key-URI format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=site)


def qr_svg(text: str) -> str:
    """``text`` as a QR code (ISO/IEC 18004), as an SVG element to stand in a page."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=False, svgclass="qr", lineclass=None, omitsize=True, border=4
    )
    return drawn.getvalue().decode()


def grouped(secret: str) -> str:
    """The secret in fours, to be typed."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
