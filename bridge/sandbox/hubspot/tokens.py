"""Who may call: the token of a private app, tokens from OAuth, their scopes; and the OAuth endpoints.

Source: https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide (2026-03).
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.sandbox.hubspot.asked import Asked, Result
from bridge.sandbox.hubspot.errors import Refused, expired, missing_scopes, no_credentials, no_method, no_path
from bridge.sandbox.hubspot.values import moment_text
from bridge.sandbox.hubspot.world import World


class Tokens:
    """Kept with the records, so a restart of the sandbox ends none of them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def check(self, authorization: str | None) -> bool:
        """Is this a token that is alive? One more call of it. True for that of a private app. `Refused` otherwise."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() == "bearer" and token == self._world.settings["access_token"]:
            return True
        given = self._kept("access")
        found = given.get(token) if scheme.lower() == "bearer" else None
        if found is None:
            raise no_credentials()
        now = time.time()
        if found["ends_at"] <= now or found["calls"] == 0:
            at = min(found["ends_at"], now)
            raise expired(int(now - at), moment_text(datetime.fromtimestamp(at, UTC)))
        if found["calls"] is not None:
            found["calls"] -= 1
            self._keep("access", given)
        return False

    def check_scopes(self, needed: Sequence[str]) -> None:
        """Has the app one of these scopes? None are needed where there are none."""
        if needed and not set(needed) & set(self._world.settings["scopes"]):
            raise missing_scopes(needed)

    def expire_all(self) -> None:
        """All tokens from OAuth are over, as if their time were."""
        now = time.time()
        self._keep("access", {token: {**one, "ends_at": now} for token, one in self._kept("access").items()})

    def answer(self, asked: Asked) -> Result:
        """oauth/…"""
        match asked.parts[1:]:
            case ("token",):
                if asked.method != "POST":
                    raise no_method(asked.method)
                return Result(body=self._granted(asked), kind="token")
            case ("access-tokens", token) if asked.method == "GET":
                return Result(body=self._access_info(token), kind="token")
            case ("private-apps", "get", "access-token-info") if asked.method == "POST":
                return Result(body=self._private_app(asked.table()), kind="token")
            case ("refresh-tokens", token) if asked.method in ("GET", "DELETE"):
                return self._refresh(asked.method, token)
        raise no_path()

    def _granted(self, asked: Asked) -> dict[str, Any]:
        form = asked.body if isinstance(asked.body, Mapping) else {}
        settings = self._world.settings
        if form.get("client_id") != settings["client_id"]:
            raise _denied("BAD_CLIENT_ID", "missing or unknown client id")
        if form.get("client_secret") != settings["client_secret"]:
            raise _denied("BAD_CLIENT_SECRET", "missing or invalid client secret")
        match form.get("grant_type"):
            case "refresh_token":
                if form.get("refresh_token") != self._current_refresh() or not self._current_refresh():
                    raise _denied("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
                if settings["rotate_refresh_tokens"]:
                    self._keep("refresh", {"token": f"refresh-{secrets.token_hex(16)}"})
            case "authorization_code":
                if form.get("code") != settings["authorization_code"]:
                    raise _denied("BAD_AUTH_CODE", "missing or unknown auth code")
            case _:
                raise _denied("BAD_GRANT_TYPE", "missing or unknown grant type")
        newer = {} if asked.version == "v1" else {"token_use": "access_token", **self._about()}
        return {
            "token_type": "bearer",
            "refresh_token": self._current_refresh(),
            "access_token": self._open(),
            "expires_in": int(settings["token_s"]),
            **newer,
        }

    def _open(self) -> str:
        token = f"access-{secrets.token_urlsafe(24)}"
        settings = self._world.settings
        one = {"ends_at": time.time() + settings["token_s"], "calls": settings["token_calls"]}
        self._keep("access", {**self._kept("access"), token: one})
        return token

    def _access_info(self, token: str) -> dict[str, Any]:
        found = self._kept("access").get(token)
        if found is None or found["ends_at"] <= time.time():
            raise Refused("invalid token", "BAD_ACCESS_TOKEN", status=404)
        left_s = int(found["ends_at"] - time.time())
        more = {"app_id": self._world.settings["app_id"], "expires_in": left_s, "token_type": "access"}
        return {"token": token, **self._about(), **more}

    def _private_app(self, body: Mapping[str, Any]) -> dict[str, Any]:
        settings = self._world.settings
        if body.get("tokenKey") != settings["access_token"]:
            raise Refused("invalid token", "BAD_ACCESS_TOKEN", status=404)
        scopes = [scope for scope in settings["scopes"] if scope != "oauth"]
        return {"userId": 1, "hubId": self._world.portal_id, "appId": settings["app_id"], "scopes": scopes}

    def _refresh(self, method: str, token: str) -> Result:
        if not token or token != self._current_refresh():
            raise Refused("missing or invalid refresh token", "BAD_REFRESH_TOKEN", status=404)
        if method == "DELETE":
            self._keep("refresh", {"token": ""})
            return Result(204, kind="token")
        client = {"client_id": self._world.settings["client_id"], "token_type": "refresh"}
        return Result(body={"token": token, **self._about(), **client}, kind="token")

    def _about(self) -> dict[str, Any]:
        settings = self._world.settings
        hub = {"hub_id": self._world.portal_id, "hub_domain": "sandbox.example", "user_id": 1}
        return {"user": settings["user"], **hub, "scopes": list(settings["scopes"])}

    def _current_refresh(self) -> str:
        return str(self._kept("refresh").get("token", self._world.settings["refresh_token"]))

    def _kept(self, name: str) -> dict[str, Any]:
        return dict(self._world.records.kept(name) or {})

    def _keep(self, name: str, value: dict[str, Any]) -> None:
        self._world.records.keep(name, value)


def _denied(code: str, message: str) -> Refused:
    return Refused(message, code, more={"status": code})
