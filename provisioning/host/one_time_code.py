"""One-time codes (TOTP, RFC 6238) for the demo site's people, as their phone would show them.

The site takes each code once. So the time step that was used last is kept for each secret, for all programs
of this user on this machine: the next code is one that was not used, and is waited for where there is none.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import os
import tempfile
import time
from pathlib import Path

STEP = 30
"""Seconds."""
WINDOW = 1
"""Steps that the site allows a clock to be off, and so that a program may go ahead."""


def code_at(secret: str, step: int) -> str:
    """The six digits of a time step (RFC 4226, 5.3)."""
    key = base64.b32decode(secret)
    digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def fresh_code(secret: str) -> str:
    """A code that was not used yet. Waits where all that are good now were: 30 seconds at most."""
    with open(_kept(secret), "a+", encoding="ascii") as kept:
        # Held while it waits: who comes meanwhile takes the step after that.
        fcntl.flock(kept, fcntl.LOCK_EX)
        kept.seek(0)
        last = int(kept.read().strip() or 0)
        while (step := max(last + 1, int(time.time()) // STEP)) > int(time.time()) // STEP + WINDOW:
            time.sleep(0.2)
        kept.truncate(0)
        kept.write(str(step))
    return code_at(secret, step)


def _kept(secret: str) -> Path:
    folder = Path(tempfile.gettempdir()) / f"carrel-codes-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o777 != 0o700 or folder.is_symlink():
        raise PermissionError(f"{folder} is somebody else's: take it away")
    return folder / hashlib.sha256(secret.encode()).hexdigest()[:32]
