"""Signing in at a hospital's identity provider: OpenID Connect Core 1.0, code flow with PKCE (RFC 7636).

The provider says who somebody is. The registry says whether that is an account: none is made, and a claim
that names none is refused. The one-time code stays ours, unless the site configured by which claim the
provider says that it asked for a second factor (RFC 8176).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import jwt
from jupyterhub.utils import url_path_join
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthCallbackHandler, OAuthLoginHandler
from tornado import web
from traitlets import Bool, List, Unicode

from hub_config.sign_in import pages, records
from hub_config.sign_in.pending import Pending
from hub_config.sign_in.registry import RegistrySignIn
from provisioning.accounts.attempt import Attempt, Outcome
from provisioning.accounts.credentials import credentials_of
from provisioning.registry import database
from provisioning.registry.models import Account, AccountStatus

log = logging.getLogger("carrel.sign_in")

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures that are taken: made with a key that only the provider has. Never ``none``, never HMAC."""
LEEWAY = 30
"""Seconds that the provider's clock may be off."""
KEYS_LAST = 3600.0
NONCE_COOKIE = "carrel-oidc-nonce"


class ProviderRefused(Exception):
    """The provider's answer is not one that this site asked for. The text is for the log."""


class ProviderPage(pages.SignInPage):
    """``/hub/login``: the way to the identity provider."""

    async def post(self) -> None:
        raise web.HTTPError(405)

    async def show(self, template: str, **values: Any) -> None:
        where = url_path_join(self.hub.base_url, "oauth_login")
        asked = urlencode({"next": values.get("next", "")})
        service = self.authenticator.login_service  # type: ignore[attr-defined]
        await pages.Step.show(
            self, "sign_in_provider.html", provider_url=f"{where}?{asked}", provider=service, **values
        )


class ToProvider(OAuthLoginHandler):
    """``/hub/oauth_login``: with a nonce that the provider's answer must bring back (OIDC Core, 3.1.2.1)."""

    def authorize_redirect(self, *arguments: Any, **options: Any) -> None:
        nonce = secrets.token_urlsafe(24)
        self._set_cookie(NONCE_COOKIE, nonce, expires_days=None, samesite="Lax")
        options["extra_params"] = {**options.get("extra_params", {}), "nonce": nonce}
        super().authorize_redirect(*arguments, **options)


class FromProvider(OAuthCallbackHandler, pages.Step):
    """``/hub/oauth_callback``: whom the provider named, on to the steps that are left."""

    authenticator: OidcAuthenticator

    async def get(self) -> None:
        try:
            self.check_arguments()
            nonce = (self.get_secure_cookie(NONCE_COOKIE, max_age_days=1) or b"").decode()
            self.clear_cookie(NONCE_COOKIE)
            claims = await self.authenticator.claims(self, nonce)
        except (ProviderRefused, web.HTTPError) as refused:
            # A provider's error text is whatever the address says: it goes to the log's reader only.
            log.warning("the identity provider's answer was refused: %.300r", str(refused))
            line = pages.say("The identity provider's answer could not be used. Try once more.")
            await self.turn_away(line, 403)
            return
        found = await asyncio.to_thread(self.authenticator.account_of, claims)
        if found.outcome is not Outcome.OPEN:
            # Who is signed in at the provider proved who they are: they may read why.
            line = pages.say("You have no account here. Ask an administrator.")
            await self.turn_away(line if not found.known else pages.refusal(found)[1], 403)
            return
        second = self.authenticator.second_factor(claims)
        await self.go_on(
            Pending(
                found.account,
                self.get_next_url(),
                code=found.enrolled and not second,
                enrol=not found.enrolled and not second,
            )
        )


class OidcAuthenticator(RegistrySignIn, GenericOAuthenticator):
    """Accounts of the registry, named by a claim of an identity provider.

    Beside oauthenticator's `client_id`, `client_secret`, `authorize_url`, `token_url`,
    `oauth_callback_url` and `username_claim` it wants `issuer` and `jwks_url`.
    """

    login_handler = ToProvider
    callback_handler = FromProvider

    issuer = Unicode(config=True, help="The provider's issuer, exactly as its tokens name it.")
    jwks_url = Unicode(config=True, help="Where the provider publishes its keys (jwks_uri).")
    second_factor_amr = List(
        Unicode(), config=True, help="Values of the claim amr that stand for a second factor, as in mfa, otp."
    )
    second_factor_acr = List(
        Unicode(), config=True, help="Values of the claim acr that stand for a second factor."
    )
    enable_pkce = Bool(True, config=False)
    scope = List(Unicode(), default_value=["openid"], config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keys: dict[str, Any] = {}
        self._keys_read = float("-inf")

    def login_url(self, base_url: str) -> str:
        """The sign-in page, which leads to the provider."""
        return url_path_join(base_url, "login")

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:
        """The sign-in's pages and the two addresses of the code flow."""
        flow = [(r"/oauth_login", self.login_handler), (r"/oauth_callback", self.callback_handler)]
        return [*pages.handlers(ProviderPage), *flow]

    async def claims(self, handler: Any, nonce: str) -> dict[str, Any]:
        """The verified claims of the ID token that the code buys. Raises `ProviderRefused`."""
        bought = await self.get_token_info(handler, self.build_access_tokens_request_params(handler))
        token = bought.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefused("no ID token")
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(str(header.get("kid")))
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self.client_id,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise ProviderRefused(f"its ID token: {error}") from error
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if (several or "azp" in claims) and claims.get("azp") != self.client_id:
            raise ProviderRefused("its ID token was made for another client")
        if not nonce or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise ProviderRefused("its ID token has another nonce")
        return claims

    async def _key(self, kid: str) -> Any:
        stale = time.monotonic() - self._keys_read > KEYS_LAST
        if stale or (kid not in self._keys and time.monotonic() - self._keys_read > LEEWAY):
            document = await self.httpfetch(self.jwks_url, method="GET")
            self._keys = {str(key.key_id): key.key for key in jwt.PyJWKSet.from_dict(document).keys}
            self._keys_read = time.monotonic()
        if kid not in self._keys:
            raise ProviderRefused("its ID token is signed with an unknown key")
        return self._keys[kid]

    def account_of(self, claims: dict[str, Any]) -> Attempt:
        """The account that the claims name, as an attempt that succeeded or not; it blocks."""
        named = (
            self.username_claim(claims) if callable(self.username_claim) else claims.get(self.username_claim)
        )
        name = named if isinstance(named, str) else ""
        with database.writing(self.registry) as session:
            account = session.get(Account, name)
            if account is None:
                found = Attempt(Outcome.WRONG, name)
            elif account.status is not AccountStatus.ACTIVE:
                found = Attempt(Outcome.SUSPENDED, name, True)
            else:
                enrolled = credentials_of(session, name).totp_secret is not None
                found = Attempt(Outcome.OPEN, name, True, enrolled=enrolled)
        if found.outcome is not Outcome.OPEN:
            records.refused(self.registry, found)
        return found

    def second_factor(self, claims: dict[str, Any]) -> bool:
        """Whether the provider says, in the way that was configured, that it asked for a second factor."""
        methods = claims.get("amr")
        said = {each for each in methods if isinstance(each, str)} if isinstance(methods, list) else set()
        return bool(said & set(self.second_factor_amr)) or claims.get("acr") in self.second_factor_acr
