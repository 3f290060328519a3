"""Signing in at an identity provider: a real one on the loopback, which can also answer wrongly."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import jwt
import pyotp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from hub_config.sign_in import OidcAuthenticator
from provisioning.accounts import credentials, totp
from provisioning.registry import database
from provisioning.registry.columns import utc_now

CLIENT, SECRET = "carrel", "the-clients-secret"


class Provider:
    """An OpenID provider: authorization and token endpoint with PKCE, its keys. ``lie`` changes a token."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.person: dict[str, Any] = {"sub": "4711", "preferred_username": "li-wei"}
        self.lie: dict[str, Any] = {}
        self.signed_with: tuple[Any, str] = (self.key, "RS256")
        self.codes: dict[str, dict[str, str]] = {}
        self.url = ""

    async def authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"]
        code = base64.urlsafe_b64encode(hashlib.sha256(json.dumps(asked).encode()).digest()).decode()
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        raise web.HTTPFound(f"{asked['redirect_uri']}?{back}")

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self.codes.pop(str(form["code"]), None)
        if asked is None or (form["client_id"], form["client_secret"]) != (CLIENT, SECRET):
            return web.json_response({"error": "invalid_grant"}, status=400)
        verifier = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        if base64.urlsafe_b64encode(verifier).decode().rstrip("=") != asked["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.person | self.lie
        claims = {name: value for name, value in claims.items() if value is not None}
        key, algorithm = self.signed_with
        signed = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "one"})
        return web.json_response({"access_token": "opaque", "token_type": "Bearer", "id_token": signed})

    async def keys(self, request: web.Request) -> web.Response:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return web.json_response({"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    app = web.Application()
    app.add_routes(
        [
            web.get("/authorize", made.authorize),
            web.post("/token", made.token),
            web.get("/keys", made.keys),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def flow(hub_config_extra, provider, hub):
    """A browser that goes through the flow; ``start`` and ``finish`` for what happens in between."""
    authenticator = hub.app.authenticator
    assert isinstance(authenticator, OidcAuthenticator)
    authenticator.client_id, authenticator.client_secret = CLIENT, SECRET
    authenticator.issuer = provider.url
    authenticator.authorize_url = f"{provider.url}/authorize"
    authenticator.token_url, authenticator.jwks_url = f"{provider.url}/token", f"{provider.url}/keys"
    authenticator.oauth_callback_url = f"{hub.url}oauth_callback"
    authenticator.username_claim = "preferred_username"
    authenticator.refusal_seconds = 0
    made = Flow(hub)
    yield made
    await made.browser.close()


@pytest.fixture
def hub_config_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site's configuration names this authenticator instead."""
    monkeypatch.setattr("hub_config.sign_in.RegistryAuthenticator", OidcAuthenticator)


class Flow:
    def __init__(self, hub) -> None:
        self.hub = hub
        self.browser = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def get(self, url: str) -> tuple[int, str, str]:
        async with self.browser.get(url, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def start(self) -> str:
        """The address that the provider sends the browser back to."""
        page = (await self.get(f"{self.hub.url}login"))[2]
        assert 'id="provider"' in page
        to_provider = (await self.get(f"{self.hub.url}oauth_login"))[1]
        return (await self.get(to_provider))[1]

    async def finish(self, back: str | None = None) -> tuple[int, str, str]:
        return await self.get(back or await self.start())

    async def code(self, typed: str) -> tuple[int, str]:
        page = (await self.get(f"{self.hub.url}sign-in/code"))[2]
        form = {"code": typed, "_xsrf": re.search(r'name="_xsrf" value="([^"]+)"', page)[1]}
        async with self.browser.post(
            f"{self.hub.url}sign-in/code", data=form, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("Location", "")

    async def inside(self) -> bool:
        return (await self.get(f"{self.hub.url}home"))[0] == 200


def said(page: str) -> str:
    return re.search(r'login_error" role="alert">([^<]*)<', page)[1]


async def test_whom_the_provider_names_gives_a_code_and_is_in(flow, secret):
    assert (await flow.finish())[:2] == (302, "/hub/sign-in/code")
    assert not await flow.inside()
    assert (await flow.code("000000"))[0] == 403
    assert await flow.code(pyotp.TOTP(secret).generate_otp(totp.step_of(utc_now()))) == (
        302,
        "/services/portal/",
    )
    assert await flow.inside()


async def test_without_a_second_factor_it_is_set_up_first(flow, registry):
    with database.writing(registry) as session:
        credentials.reset_totp(session, "li-wei")
    assert (await flow.finish())[:2] == (302, "/hub/sign-in/enrol")
    assert not await flow.inside()


@pytest.mark.parametrize(
    ("claims", "second"),
    [
        ({"amr": ["pwd", "otp"]}, True),
        ({"acr": "urn:hospital:two-factors"}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": "otp"}, False),
        ({"acr": "other"}, False),
        ({}, False),
    ],
)
async def test_the_providers_second_factor_counts_where_it_is_configured(flow, provider, claims, second):
    provider.person |= claims
    assert (await flow.finish())[1] == "/hub/sign-in/code", "not configured: ours is asked for"
    flow.browser.cookie_jar.clear()
    flow.hub.app.authenticator.second_factor_amr = ["otp"]
    flow.hub.app.authenticator.second_factor_acr = ["urn:hospital:two-factors"]
    await flow.finish()
    assert await flow.inside() is second


@pytest.mark.parametrize("claim", ["stranger", "", None, ["li-wei"], 7])
async def test_whom_the_registry_does_not_have_gets_no_account(flow, provider, claim):
    provider.person["preferred_username"] = claim
    status, _, page = await flow.finish()
    assert (status, said(page)) == (403, "You have no account here. Ask an administrator.")
    assert flow.hub.user("stranger") is None
    assert not await flow.inside()


async def test_a_suspended_person_reads_so(flow, provider):
    provider.person["preferred_username"] = "gone"
    assert "suspended" in said((await flow.finish())[2])


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": 1},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"iat": None},
    ],
)
async def test_a_token_that_is_not_for_this_sign_in_opens_nothing(flow, provider, lie):
    provider.lie = lie
    status, _, page = await flow.finish()
    assert (status, said(page)[:23]) == (403, "The identity provider&#3"[:23])
    assert not await flow.inside()


@pytest.mark.parametrize("how", ["another-key", "none", "hmac-with-the-public-key"])
async def test_a_token_that_the_provider_did_not_sign_opens_nothing(flow, provider, how):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    provider.signed_with = {
        "another-key": (other, "RS256"),
        "none": (None, "none"),
        "hmac-with-the-public-key": (b"k" * 32, "HS256"),
    }[how]
    assert (await flow.finish())[0] == 403
    assert not await flow.inside()


async def test_another_browsers_answer_is_refused(flow):
    """What an attacker got for themselves does not sign a victim in (RFC 6749, 10.12)."""
    back = await flow.start()
    victim = Flow(flow.hub)
    assert (await victim.finish(back))[0] == 403
    assert not await victim.inside()
    await victim.browser.close()


async def test_an_answer_is_good_once(flow):
    back = await flow.start()
    assert (await flow.finish(back))[0] == 302
    assert (await flow.finish(back))[0] == 403


async def test_an_error_text_of_the_address_is_not_shown(flow):
    status, _, page = await flow.get(f"{flow.hub.url}oauth_callback?error=x&error_description=call+555")
    assert status == 403
    assert "555" not in page


async def test_the_flow_asks_with_pkce_and_a_nonce(flow):
    await flow.get(f"{flow.hub.url}login")
    asked = parse_qs(urlsplit((await flow.get(f"{flow.hub.url}oauth_login"))[1]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["nonce"][0]) >= 32
    assert asked["scope"] == ["openid"]
