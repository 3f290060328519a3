"""What the hub's own pages need to look and speak like the portal: style, language, headers.

JupyterHub gives its templates no request, and a function in ``template_vars`` only the user. So a
Tornado output transform, which is made for each request before its handler runs, keeps the language
in a context variable that the handler's task inherits.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

import locales
from hub_config import transport

STATIC = Path(__file__).with_name("static")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""Of the hub's pages. Only what our own templates mark with the response's nonce runs inside a page."""

HUB_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    **transport.headers(),
}
"""Headers of every response of the hub."""

_language: ContextVar[str] = ContextVar("carrel_language", default="en")


_nonce: ContextVar[str] = ContextVar("carrel_nonce", default="")


class ReadersPage(OutputTransform):
    """Keeps the language that a request asks for, and holds its answer to the policy with a new nonce."""

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        _language.set(locales.choose(request.headers.get("Accept-Language")))
        self.nonce = secrets.token_urlsafe(16)
        _nonce.set(self.nonce)

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        headers["Content-Security-Policy"] = PAGE_POLICY.format(nonce=self.nonce)
        return status_code, headers, chunk


def language() -> str:
    """The language that the request asks for, as `locales` names it."""
    return _language.get()


def _page_nonce(user: object) -> str:
    return _nonce.get()


def _text(user: object) -> Callable[..., str]:
    return partial(locales.text, _language.get())


def _language_tag(user: object) -> str:
    return language_tag(_language.get())


def language_tag(language: str) -> str:
    """How HTML's ``lang`` names a language of `locales`."""
    return "zh-CN" if language == "zh_CN" else "en"


def _style(user: object) -> Markup:
    # Inside the page, so that the hub's error pages read well when the portal is down.
    return Markup((STATIC / "style.css").read_text(encoding="utf-8"))  # noqa: S704 (our own file)


def _why_closed(user: object) -> Callable[[str], str | None]:
    # Only the hub's process has Docker's client, which this leads to.
    from hub_config import why_closed  # noqa: PLC0415

    return why_closed.line(user, _language.get())


template_vars: dict[str, Any] = {
    "why_closed": _why_closed,
    "_": _text,
    "language_tag": _language_tag,
    "csp_nonce": _page_nonce,
    "carrel_style": _style,
    "portal_url": "/services/portal/",
}
"""For ``c.JupyterHub.template_vars``; the functions are called for each page."""

HUB_TORNADO_SETTINGS: dict[str, Any] = {"headers": HUB_HEADERS, "transforms": [ReadersPage]}
"""For ``c.JupyterHub.tornado_settings``."""
