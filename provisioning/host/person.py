"""Using the site over HTTP as a person's browser does, for the demo's run and for tests."""

from __future__ import annotations

import http.cookiejar
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from images.console import Stop
from provisioning.host.one_time_code import fresh_code

PORTAL = "/services/portal/"


def _pinned(certificate: Path) -> ssl.SSLContext:
    """Trusts this one certificate, whatever it is called, and no other."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return context


class Person:
    """Somebody who signs in with name and password and holds the cookies that they are given.

    ``certificate`` is the one that the site must show, where it speaks TLS.
    """

    def __init__(self, url: str, language: str = "en", certificate: Path | None = None):
        self.url = url
        self.language = language
        self._portal_opened = False
        self.cookies = http.cookiejar.CookieJar()
        # Straight to the site: no proxy of the house is shown a password.
        direct = urllib.request.ProxyHandler({})
        cookies = urllib.request.HTTPCookieProcessor(self.cookies)
        secure = urllib.request.HTTPSHandler(context=_pinned(certificate) if certificate else None)
        self._opener = urllib.request.build_opener(direct, cookies, secure)

    def request(
        self,
        path: str,
        *,
        data: bytes | None = None,
        method: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str]:
        """Status and body of one request; redirects are followed."""
        request = urllib.request.Request(  # noqa: S310 (the site's own URL)
            self.url + path,
            data=data,
            method=method,
            headers={"Accept-Language": self.language, **(headers or {})},
        )
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError as error:  # urllib's own are, and time-outs
            raise Stop(f"The site at {self.url} does not answer; start it with: make up") from error

    def xsrf(self, prefix: str) -> str:
        """The XSRF token for pages below ``prefix``."""
        best = [
            cookie for cookie in self.cookies if cookie.name == "_xsrf" and prefix.startswith(cookie.path)
        ]
        return max(best, key=lambda cookie: len(cookie.path)).value or "" if best else ""

    def sign_in(self, name: str, password: str, totp: str = "") -> bool:
        """Sign in at the hub's form, with a code of the secret ``totp``; returns whether that worked."""
        self.request("/hub/login")
        code = fresh_code(totp) if totp else ""
        form = {"username": name, "password": password, "code": code, "_xsrf": self.xsrf("/hub/")}
        status, _ = self.request(
            f"/hub/login?next={urllib.parse.quote(PORTAL)}", data=urllib.parse.urlencode(form).encode()
        )
        return status == 200 and any(cookie.name == "jupyterhub-hub-login" for cookie in self.cookies)

    def portal(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON that the portal's API answers. Raises `Stop` with the portal's line."""
        if not self._portal_opened:
            self._portal_opened = self.request(PORTAL)[0] == 200
        headers = {"Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers |= {"Content-Type": "application/json", "X-XSRFToken": self.xsrf(PORTAL)}
        status, answer = self.request(f"{PORTAL}api/{path}", data=data, headers=headers)
        try:
            document = json.loads(answer)
        except ValueError:
            document = {"message": f"no JSON but {len(answer)} characters"}
        if status >= 400:
            raise Stop(f"The portal answered {status}: {document.get('message')}")
        return document
