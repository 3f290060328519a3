"""The portal as a desk talks to it: with the desk's own token, and for six things only."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse
from traitlets import Float, Unicode, default
from traitlets.config import Configurable

from export_guard.limits import KIB, MIB

CHUNK = 256 * KIB
LARGEST_ANSWER = 32 * MIB

Read = Callable[[int, int], Awaitable[bytes]]
"""Gives at most so many bytes from a position on."""


class PortalAway(Exception):
    """Nobody answers, or with an error of its own. Later it may."""


class PortalRefused(Exception):
    """The portal says no; ``line`` is for a person, in the language that was asked for."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status, self.line = status, line


class Changed(Exception):
    """A file got shorter while it was sent."""


class PortalClient(Configurable):
    """Asks the portal. Every method raises `PortalAway` and `PortalRefused`."""

    url = Unicode(config=True, help="The portal's address as the desk reaches it, with its closing slash.")
    patience = Float(20.0, min=1, config=True, help="Seconds until an ordinary request is given up.")
    upload_patience = Float(900.0, min=1, config=True, help="Seconds that sending one file may take.")

    certificate = Unicode(config=True, help="PEM of the one certificate that the proxy may show, under TLS.")

    def __init__(self, token: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._tls = _pinned(self.certificate) if self.url.startswith("https:") else None
        self._token = os.environ.get("JUPYTERHUB_API_TOKEN", "") if token is None else token
        # Of its own: no other part of the server can take its connections, or its proxy settings.
        self._client = AsyncHTTPClient(force_instance=True, max_clients=4, max_body_size=LARGEST_ANSWER)

    @default("url")
    def _default_url(self) -> str:
        base = os.environ.get("JUPYTERHUB_BASE_URL", "/").rstrip("/")
        return os.environ.get("CARREL_PORTAL_URL") or f"http://proxy:8000{base}/services/portal/"

    @default("certificate")
    def _default_certificate(self) -> str:
        return os.environ.get("CARREL_PORTAL_CERTIFICATE", "")

    async def desk(self, language: str) -> dict[str, Any]:
        """What the portal tells of this desk's project."""
        return await self._ask("GET", "desk", language)

    async def bring(self, sha256: str, size: int, read: Read, language: str) -> str:
        """Send a file's content into the airlock's store; returns the receipt. Raises `Changed`."""

        async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
            sent = 0
            while sent < size:
                chunk = await read(min(CHUNK, size - sent), sent)
                if not chunk:
                    raise Changed
                await write(chunk)
                sent += len(chunk)

        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        answer = await self._ask(
            "PUT",
            f"desk/files/{sha256}",
            language,
            headers,
            body_producer=produce,
            request_timeout=self.upload_patience,
        )
        return str(answer.get("receipt", ""))

    async def release(self, document: dict[str, Any], language: str) -> dict[str, Any]:
        """Ask for a release of files that were brought; returns ``number``, ``id`` and ``url``."""
        headers = {"Content-Type": "application/json"}
        body = json.dumps(document, ensure_ascii=False).encode()
        return await self._ask("POST", "desk/releases", language, headers, body=body)

    async def report(self, lines: bytes) -> dict[str, Any]:
        """Hand over a batch of events."""
        headers = {"Content-Type": "application/x-ndjson"}
        return await self._ask("POST", "desk/events", "en", headers, body=lines)

    async def sessions(self, document: dict[str, Any]) -> dict[str, Any]:
        """Tell in which sessions the person acted; returns ``over``."""
        headers = {"Content-Type": "application/json"}
        return await self._ask("POST", "desk/sessions", "en", headers, body=json.dumps(document).encode())

    async def numbers(self, document: dict[str, int]) -> dict[str, Any]:
        """Tell what the guard did since the last time."""
        headers = {"Content-Type": "application/json"}
        return await self._ask("POST", "desk/numbers", "en", headers, body=json.dumps(document).encode())

    async def _ask(
        self, method: str, path: str, language: str, headers: dict[str, str] | None = None, **options: Any
    ) -> dict[str, Any]:
        options.setdefault("request_timeout", self.patience)
        sent = {"Authorization": f"token {self._token}", "Accept-Language": language.replace("_", "-")}
        try:
            response = await self._client.fetch(
                f"{self.url}api/{path}",
                method=method,
                headers=sent | (headers or {}),
                connect_timeout=self.patience,
                follow_redirects=False,
                decompress_response=False,
                raise_error=False,
                ssl_options=self._tls,
                **options,
            )
        except (HTTPClientError, OSError) as error:
            raise PortalAway(str(error)) from error
        return _answer(response)


def _pinned(certificate: str) -> ssl.SSLContext:
    """Trusts this certificate alone: on a desk's network the proxy has another name than in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    if certificate:
        context.load_verify_locations(cadata=_first(certificate))
    return context


def _first(chain: str) -> str:
    """The site's own of the certificates in a PEM file, which stands first."""
    end = "-----END CERTIFICATE-----"
    return chain[: chain.index(end) + len(end)] + "\n" if end in chain else chain


def _answer(response: HTTPResponse) -> dict[str, Any]:
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        # Whoever that was: the proxy, a page to sign in, half an answer.
        raise PortalAway(f"status {response.code}")
    if 200 <= response.code < 300:
        return document
    message = document.get("message")
    if 400 <= response.code < 500 and isinstance(message, str):
        raise PortalRefused(response.code, message)
    raise PortalAway(f"status {response.code}")
