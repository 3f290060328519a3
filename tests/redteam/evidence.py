"""Whether what arrived holds the secret."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib


def derived(token: bytes, name: str, size: int) -> bytes:
    """The secret of one channel: ``size`` bytes that only the holder of ``token`` can make."""
    return hashlib.shake_256(token + name.encode()).digest(size)


def arrived(secret: bytes, got: bytes | None) -> bool:
    """Whether ``got`` holds ``secret`` itself, or in hexadecimal, base64 or gzip."""
    if not got:
        return False
    text = base64.b64encode(secret).rstrip(b"=")
    if secret in got or secret.hex().encode() in got.lower() or text in got:
        return True
    if text.translate(bytes.maketrans(b"+/", b"-_")) in got:
        return True
    try:
        return got[:2] == b"\x1f\x8b" and secret in gzip.decompress(got)
    except (OSError, EOFError, zlib.error):
        return False
