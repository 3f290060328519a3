"""Security headers on every response of the desk, whichever handler writes it."""

from __future__ import annotations

import os
import re
import sys
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

# Whatever a filter missed: nothing loads from, goes to, or is framed by another origin. Styles are inline
# because JupyterLab's widgets and editors set them; images are data, as outputs are.
POLICY = {
    "default-src": "'none'",
    # JupyterLab compiles the schemas of its settings with `new Function`. What reaches that is a script of
    # ours already: nothing inline, and nothing of an engine's, is run.
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), display-capture=(), geolocation=(), microphone=()",
}
if os.environ.get("CARREL_TLS") == "on":
    FIXED["Strict-Transport-Security"] = "max-age=31536000"

CACHEABLE = "guard_cacheable"
OWN_POLICY = "X-Guard-Policy"
"""Set by a handler of ours whose answer an engine had a part in: its policy, stricter than the desk's."""
LAB_PAGE = Path(sys.prefix, "share/jupyter/lab/static/index.html")


def inline_scripts(page: str) -> list[str]:
    """CSP sources (SHA-256, base64) of the scripts that stand in a page of JupyterLab's own.

    Those with a type hold data and are not run.
    """
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]


@cache
def content_security_policy(page: Path = LAB_PAGE) -> str:
    """The policy of every response of the desk. It has no ``unsafe-inline`` and no host for scripts."""
    hashes = inline_scripts(page.read_text(encoding="utf-8")) if page.exists() else []
    policy = POLICY | {"script-src": " ".join([POLICY["script-src"], *hashes])}
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())


class SecurityHeaders(OutputTransform):
    """A tornado output transform: it sees static files, error pages and upgrades alike."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self.cacheable = getattr(request, CACHEABLE, False)

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        for name, value in FIXED.items():
            headers[name] = value
        own = headers.get_list(OWN_POLICY)
        headers["Content-Security-Policy"] = own[0] if own else content_security_policy()
        headers.pop(OWN_POLICY, None)
        # JupyterLab's own files keep their caching; anything about a project is never stored.
        if not self.cacheable or status_code >= 400:
            headers["Cache-Control"] = "no-store"
            headers.pop("Etag", None)
        return status_code, headers, chunk
