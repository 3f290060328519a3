"""Security headers on every response of the desk, whichever handler writes it."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

CONTENT_SECURITY_POLICY = "; ".join(
    ("frame-ancestors 'self'", "base-uri 'self'", "form-action 'self'", "object-src 'none'")
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}
CACHEABLE = "guard_cacheable"


class SecurityHeaders(OutputTransform):
    """A tornado output transform: it sees static files, error pages and upgrades alike."""

    def __init__(self, request: HTTPServerRequest) -> None:
        self.cacheable = getattr(request, CACHEABLE, False)

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        for name, value in FIXED.items():
            headers[name] = value
        # JupyterLab's own files keep their caching; anything about a project is never stored.
        if not self.cacheable or status_code >= 400:
            headers["Cache-Control"] = "no-store"
            headers.pop("Etag", None)
        return status_code, headers, chunk
