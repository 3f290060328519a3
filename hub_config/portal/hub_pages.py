"""What the hub's own pages need to look and speak like the portal: style, language, headers.

JupyterHub gives its templates no request, and a function in ``template_vars`` only the user. So a
Tornado output transform, which is made for each request before its handler runs, keeps the language
in a context variable that the handler's task inherits.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup
from tornado.httputil import HTTPServerRequest
from tornado.web import OutputTransform

import locales

STATIC = Path(__file__).with_name("static")

HUB_HEADERS = {
    # JupyterHub's stock pages have scripts inside them; its own are served from the same place.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every response of the hub."""

_language: ContextVar[str] = ContextVar("carrel_language", default="en")


class ReadersLanguage(OutputTransform):
    """Keeps the language that a request asks for; changes nothing of the response."""

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        _language.set(locales.choose(request.headers.get("Accept-Language")))


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


template_vars: dict[str, Any] = {
    "_": _text,
    "language_tag": _language_tag,
    "carrel_style": _style,
    "portal_url": "/services/portal/",
}
"""For ``c.JupyterHub.template_vars``; the functions are called for each page."""

HUB_TORNADO_SETTINGS: dict[str, Any] = {"headers": HUB_HEADERS, "transforms": [ReadersLanguage]}
"""For ``c.JupyterHub.tornado_settings``."""
