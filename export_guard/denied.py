"""The answer to a refused request: one line a person can read, as a page or as JSON."""

from __future__ import annotations

from html import escape
from typing import Any

from tornado.web import RequestHandler

import locales
from export_guard.reasons import sentence

PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{message}</p></body>
</html>
"""


class EveryMethod(tuple[str, ...]):
    """Holds every method there is: one that nobody has heard of is refused with its reason too."""

    __slots__ = ()

    def __contains__(self, method: object) -> bool:
        return True


class DeniedHandler(RequestHandler):
    """Answers 403 to every method. Never looks at the body, never asks who is there."""

    SUPPORTED_METHODS = EveryMethod()  # type: ignore[assignment]

    def initialize(self, reason: str) -> None:
        self.reason = reason

    def check_xsrf_cookie(self) -> None:
        """Nothing to protect: the handler changes nothing and must give its own reason."""

    def prepare(self) -> None:
        accept_language = self.request.headers.get("Accept-Language")
        language = locales.choose(accept_language)
        message = sentence(self.reason, language)
        self.set_status(403)
        self.set_header("Vary", "Accept, Accept-Language")
        self.set_header("Content-Language", language.replace("_", "-"))
        # Only a browser's navigation asks for HTML; scripts, sockets and curl get JSON.
        if "text/html" in self.request.headers.get("Accept", ""):
            title = locales.text(language, "Not allowed on this desk")
            page = PAGE.format(
                language=language.replace("_", "-"), title=escape(title), message=escape(message)
            )
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(page)
        else:
            answer: dict[str, Any] = {"message": message, "reason": self.reason}
            self.finish(answer)
