"""The OAuth endpoints of an org: tokens by client credentials, JWT, password and refresh token, and who one is.

Source: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flows.htm (2026).
"""

import base64
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bridge.sandbox.exchange import Request
from bridge.sandbox.salesforce.asked import Result
from bridge.sandbox.salesforce.sessions import Sessions
from bridge.sandbox.salesforce.world import World

_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


class _Denied(Exception):
    """Not given, with the code and the text of the answer."""


class Tokens:
    """Gives tokens out. `url`: where this org is found."""

    def __init__(self, world: World, sessions: Sessions, *, url: str) -> None:
        self._world, self._sessions, self._url = world, sessions, url

    def answer(self, request: Request) -> Result:
        """A token, or why there is none."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        form = {**form, **_basic(request.header("Authorization"))}
        try:
            if request.method != "POST":
                raise _Denied("invalid_request", "must use HTTP POST")
            more = self._granted(form)
        except _Denied as denied:
            code, text = denied.args
            return Result(400, {"error": code, "error_description": text}, kind="login")
        return Result(200, {**self._token(), **more}, kind="login")

    def identity(self) -> dict[str, Any]:
        """Who the user of a session is."""
        world = self._world
        return {
            "sub": self._identity_url(),
            "id": self._identity_url(),
            "user_id": world.user_id,
            "organization_id": world.org_id,
            "preferred_username": world.settings["username"],
            "username": world.settings["username"],
            "name": "Integration User",
            "email": world.settings["username"],
            "zoneinfo": world.settings["time_zone"],
            "active": True,
            "urls": {"rest": f"{self._url}/services/data/v{{version}}/"},
        }

    def _token(self) -> dict[str, Any]:
        return {
            "access_token": self._sessions.open(),
            "instance_url": self._url,
            "id": self._identity_url(),
            "token_type": "Bearer",
            "issued_at": str(time.time_ns() // 1_000_000),
            "signature": base64.b64encode(b"sandbox").decode(),
        }

    def _identity_url(self) -> str:
        return f"{self._url}/id/{self._world.org_id}/{self._world.user_id}"

    def _granted(self, form: Mapping[str, str]) -> dict[str, str]:
        match form.get("grant_type"):
            case "client_credentials":
                self._allow("client_credentials")
                self._check_client(form)
                return {"scope": "api"}
            case "password":
                self._allow("password")
                self._check_client(form)
                self._check_user(form)
                return {}
            case "refresh_token":
                self._allow("refresh_token")
                self._check_client(form, with_secret="client_secret" in form)
                return self._refreshed(form.get("refresh_token", ""))
            case grant if grant == _JWT:
                self._allow("jwt")
                self._check_assertion(form.get("assertion", ""))
                return {"scope": "api"}
        raise _Denied("unsupported_grant_type", "grant type not supported")

    def _allow(self, grant: str) -> None:
        if grant in self._world.settings["grants"]:
            return
        if grant == "client_credentials":
            raise _Denied("invalid_grant", "no client credentials user enabled")
        raise _Denied("invalid_grant", "authentication failure")

    def _check_client(self, form: Mapping[str, str], *, with_secret: bool = True) -> None:
        if form.get("client_id") != self._world.settings["client_id"]:
            raise _Denied("invalid_client_id", "client identifier invalid")
        if with_secret and form.get("client_secret") != self._world.settings["client_secret"]:
            raise _Denied("invalid_client", "invalid client credentials")

    def _check_user(self, form: Mapping[str, str]) -> None:
        settings = self._world.settings
        good = settings["password"] + settings["security_token"]  # it comes from outside the trusted addresses
        if form.get("username") != settings["username"] or form.get("password") != good:
            raise _Denied("invalid_grant", "authentication failure")

    def _refreshed(self, token: str) -> dict[str, str]:
        if token in self._world.locked:
            raise _Denied("invalid_grant", "token request is already being processed")
        self._world.touched.add(token)  # held until the answer has left
        following = self._sessions.refresh(token)
        if following is None:
            raise _Denied("invalid_grant", "expired access/refresh token")
        return {} if following == token else {"refresh_token": following}

    def _check_assertion(self, assertion: str) -> None:
        import jwt  # slow to import

        key, settings = self._world.settings["jwt_public_key"], self._world.settings
        # aud and exp are looked at below, to refuse each in the org's own words
        options = {"verify_signature": key is not None, "verify_aud": False, "verify_exp": False}
        try:
            claims = jwt.decode(assertion, key or "", algorithms=["RS256"], options=options)  # type: ignore[arg-type]
            expires_at, audience = float(claims["exp"]), str(claims["aud"])
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            raise _Denied("invalid_grant", "invalid assertion") from None
        if claims.get("iss") != settings["client_id"]:
            raise _Denied("invalid_client_id", "client identifier invalid")
        if audience not in (*_AUDIENCES, self._url) and not audience.endswith(".salesforce.com"):
            raise _Denied("invalid_grant", "audience is invalid")
        if expires_at <= time.time():
            raise _Denied("invalid_grant", "expired authorization code")
        if claims.get("sub") != settings["username"]:
            raise _Denied("invalid_grant", "user hasn't approved this consumer")


def _basic(header: str | None) -> dict[str, str]:
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": name, "client_secret": secret}
