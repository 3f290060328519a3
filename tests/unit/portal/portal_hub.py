"""A small server that speaks the part of the hub's API that the portal asks: who a token is, OAuth, desks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tornado.web import Application, RequestHandler

ACCESS = "access:services!service=portal"


@dataclass
class Hub:
    """Tokens are ``token-<account>``; ``scopes`` are what each has; ``desks`` are ready desks."""

    scopes: list[str] = field(default_factory=lambda: [ACCESS])
    kind: str = "user"
    desks: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def application(self) -> Application:
        rules = [
            ("/hub/api/user", WhoIs),
            ("/hub/api/users/(.+)", Desks),
            ("/hub/api/oauth2/token", OAuthToken),
        ]
        return Application([(path, handler, {"hub": self}) for path, handler in rules])


class _Part(RequestHandler):
    def initialize(self, hub: Hub) -> None:
        self.hub = hub

    def answer(self, document: object) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(document))


class WhoIs(_Part):
    def get(self) -> None:
        token = self.request.headers.get("Authorization", "").removeprefix("token ")
        self.hub.asked.append(token)
        if not token.startswith("token-"):
            self.send_error(403)
            return
        name = token.removeprefix("token-")
        self.answer({"name": name, "kind": self.hub.kind, "groups": [], "scopes": self.hub.scopes})


class Desks(_Part):
    def get(self, name: str) -> None:
        assert self.request.headers["Authorization"] == "token service-token"
        self.answer(
            {"name": name, "servers": {desk: {"ready": True} for desk in self.hub.desks.get(name, [])}}
        )


class OAuthToken(_Part):
    def post(self) -> None:
        assert self.get_body_argument("client_id") == "service-portal"
        assert self.get_body_argument("client_secret") == "service-token"
        self.answer({"access_token": "token-" + self.get_body_argument("code")})
