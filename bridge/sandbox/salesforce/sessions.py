"""Sessions of an org: who has logged in, and until when; and refresh tokens, of which each may be used once."""

import secrets
import time
from typing import Any

from bridge.sandbox.salesforce.errors import refused_request
from bridge.sandbox.salesforce.world import World


class Sessions:
    """Kept with the records, so a restart of the sandbox ends none of them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def open(self) -> str:
        """A new session."""
        token = f"{self._world.org_id[:15]}!{secrets.token_urlsafe(24)}"
        calls = self._world.settings["session_calls"]
        now, sessions = time.time(), self._kept("sessions")
        alive = {key: one for key, one in sessions.items() if one["ends_at"] > now and one["calls"] != 0}
        ends_at = now + self._world.settings["session_s"]
        self._keep(sessions={**alive, token: {"ends_at": ends_at, "calls": calls}})
        return token

    def check(self, authorization: str | None) -> None:
        """Is this a session that is alive? One more call of it. `Refused` with INVALID_SESSION_ID."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() not in ("bearer", "oauth") or not token:
            raise refused_request("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        if token == self._world.settings["access_token"] and token not in self._kept("given_ended"):
            return
        session = self._kept("sessions").get(token)
        if session is None or session["ends_at"] <= time.time() or session["calls"] == 0:
            raise refused_request("INVALID_SESSION_ID", "Session expired or invalid")
        if session["calls"] is not None:
            session["calls"] -= 1
            self._keep(sessions=self._kept("sessions"))

    def end_all(self) -> None:
        """All sessions are over; the given one, too."""
        self._keep(sessions={}, given_ended={self._world.settings["access_token"]: True})

    def refresh(self, token: str) -> str | None:
        """The next refresh token for this one; None if it is no good. A second use of one revokes the grant."""
        used, current = self._kept("refresh_used"), self._current_refresh()
        if token in used:
            self._keep(refresh_used={**used, current: True}, refresh_current={"token": ""})
        if token != current or not token:
            return None
        if not self._world.settings["rotate_refresh_tokens"]:
            return token
        following = f"5Aep{secrets.token_urlsafe(32)}"
        self._keep(refresh_used={**used, token: True}, refresh_current={"token": following})
        return following

    def _current_refresh(self) -> str:
        return str(self._kept("refresh_current").get("token", self._world.settings["refresh_token"]))

    def _kept(self, name: str) -> dict[str, Any]:
        return dict(self._world.records.kept(name) or {})

    def _keep(self, **values: dict[str, Any]) -> None:
        for name, value in values.items():
            self._world.records.keep(name, value)
