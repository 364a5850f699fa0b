"""Access: the token that each request carries, and what becomes of one that HubSpot refuses."""

from dataclasses import replace
from urllib.parse import urlencode

from bridge.connector import Answer, Call, FetchToken, Hold, Retry, Secret, Token, found_at, secrets_in
from connectors.hubspot.errors import outcome_of
from connectors.hubspot.paths import TOKEN, path_in
from connectors.hubspot.problem import problem_of
from connectors.hubspot.settings import HubSpotSettings, OAuth

EARLY_S = 120.0  # that a token is renewed before its time
USUAL_S = 1800.0  # that one is good for (https://developers.hubspot.com/docs/api/oauth-quickstart-guide)


class Access:
    """A private app's constant token, or a public app's, renewed when its time is over or it was refused."""

    def __init__(self, settings: HubSpotSettings) -> None:
        self._settings = settings

    def header(self, token: Token | None) -> str:
        if token is not None:
            return f"Bearer {token.text.reveal()}"
        constant = self._settings.access_token
        return f"Bearer {constant.reveal() if constant else ''}"

    def token(self, call: Call, *, instead_of: Token | None = None) -> Token | None:
        """The token for now; None: the constant one, which nothing renews."""
        if self._settings.oauth is None:
            return None
        return call.token(self._fetch(self._settings.oauth, call), instead_of=instead_of)

    def _fetch(self, oauth: OAuth, call: Call) -> FetchToken:
        def fetch(last: Token | None) -> Token | Hold | Retry:
            kept = last.more.get("refresh_token") if last else None
            refresh = kept or oauth.refresh_token
            form = {
                "grant_type": "refresh_token",
                "client_id": oauth.client_id,
                "client_secret": oauth.client_secret.reveal(),
                "refresh_token": refresh.reveal() if isinstance(refresh, Secret) else refresh,
            }
            answer = call.http.request(
                "POST",
                self._settings.base_url.rstrip("/") + path_in(self._settings.api_version, TOKEN),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=urlencode(form).encode(),
            )
            if answer.status != 200:
                return self._refused(answer, last, call)
            return _token_in(answer, refresh)

        return fetch

    def _refused(self, answer: Answer, last: Token | None, call: Call) -> Hold | Retry:
        outcome = outcome_of(problem_of(answer, secrets=secrets_in((self._settings, last))), now_s=call.now_s)
        if isinstance(outcome, Retry | Hold):
            return replace(outcome, uncertain=False)  # nothing was written by asking for a token
        return Hold(f"HubSpot refuses to renew the access token: {getattr(outcome, 'reason', answer.status)}")


def _token_in(answer: Answer, refresh: Secret | str) -> Token | Retry:
    found = answer.json()
    text, next_ = found_at(found, "access_token"), found_at(found, "refresh_token")
    if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable() or " " in text:
        return Retry("HubSpot's login gave no access token")
    valid_s = found_at(found, "expires_in")
    valid_s = float(valid_s) if isinstance(valid_s, int | float) and not isinstance(valid_s, bool) else USUAL_S
    kept = Secret(next_) if isinstance(next_, str) and next_ else refresh
    return Token(Secret(text), valid_s=max(valid_s - EARLY_S, valid_s / 2), more={"refresh_token": kept})
