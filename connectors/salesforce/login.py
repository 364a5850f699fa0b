"""Login: gets a session of the org, by each of the ways that Salesforce has. simple-salesforce knows four of them; it
writes the login host itself, so its requests are led to the configured one.
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard, assert_never
from urllib.parse import urlencode, urlsplit
from xml.parsers.expat import ExpatError

from bridge.connector import Call, FetchToken, Hold, Retry, Secret, Token, quotable, requests_session, secrets_in
from connectors.salesforce.settings import (
    LOGIN_HOSTS,
    ClientCredentials,
    Given,
    Jwt,
    Password,
    RefreshToken,
    SalesforceSettings,
)

VALID_S = 3600.0  # a session lives for two hours from its last use, unless the org says less: then a 401 tells
SOAP_WARNING = "SOAP login is off in newer orgs and ends with Summer '27: change to client_credentials"

_SUFFIX = ".salesforce.com"
_BEING_REFRESHED = ("already being processed", "expired authorization code")  # another refresh was quicker
_PASSING = ("SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "REQUEST_RUNNING_TOO_LONG", "API_CURRENTLY_DISABLED")
_NO_CODES = ("None", "UNKNOWN_EXCEPTION_CODE")  # of simple-salesforce, where the answer has none
LIMITED_S = 900.0  # between logins, where there were too many
_LIMITED = ("LOGIN_RATE_EXCEEDED", "REQUEST_LIMIT_EXCEEDED", "login rate exceeded")


def session_for(settings: SalesforceSettings, call: Call) -> FetchToken:
    """What `call.token` is to fetch: `text` is the session, `more["url"]` where it is good."""

    def fetch(last: Token | None) -> Token | Hold | Retry:
        match settings.auth:
            case Given(access_token):
                # The stored one is the given one: it was refused, or there is none yet.
                if last is not None:
                    return Hold("the given access_token is no longer good: log in with client_credentials instead")
                return Token(access_token, VALID_S * 24 * 365, {"url": settings.url.rstrip("/")})
            case RefreshToken():
                return _refresh(settings, settings.auth, call, last)
            case ClientCredentials() | Jwt() | Password():
                return _log_in(settings, call)
            case _:
                assert_never(settings.auth)

    return fetch


def _log_in(settings: SalesforceSettings, call: Call) -> Token | Hold | Retry:
    import jwt
    from simple_salesforce.exceptions import SalesforceAuthenticationFailed
    from simple_salesforce.login import SalesforceLogin

    if settings.is_soap:
        call.warn(SOAP_WARNING)
    host, scheme = urlsplit(settings.url).netloc, urlsplit(settings.url).scheme
    led: Any = _Led(requests_session(call.http), scheme, host)
    try:
        text, instance = SalesforceLogin(session=led, sf_version=settings.version, **_arguments(settings))
    except SalesforceAuthenticationFailed as refused:
        secrets = [*secrets_in(settings), *led.credentials]
        return _refused(str(refused.code), refused.auth_message, led.status, secrets)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, ExpatError) as error:
        if not led.asked:  # the key in it was not readable
            return Hold(f"login: the private_key cannot be used ({type(error).__name__})")
        return _unreadable(led.status)
    if not _is_text(text) or not _is_text(instance):
        return _unreadable(led.status)
    return Token(Secret(text), VALID_S, {"url": f"{scheme}://{instance.strip('/')}"})


class _Led:
    """What simple-salesforce takes for a session: its one method, with the host that it wrote replaced by ours."""

    def __init__(self, session: Any, scheme: str, host: str) -> None:
        self._session = session
        self._start = f"{scheme}://{host}"
        self.asked = False
        self.status = 0
        self.credentials: list[str] = []  # made of the secrets, and as good as they are

    def post(self, url: str, data: Any = None, *, headers: Mapping[str, str] | None = None, **kwargs: Any) -> Any:
        self.asked = True
        if isinstance(data, dict) and "assertion" in data:
            self.credentials.append(data["assertion"])
        if headers and "Authorization" in headers:
            self.credentials.append(headers["Authorization"].removeprefix("Basic "))
        answer = self._session.post(f"{self._start}{urlsplit(url).path}", data, headers=headers, **kwargs)
        self.status = answer.status_code
        return answer


def _arguments(settings: SalesforceSettings) -> dict[str, Any]:
    """What simple-salesforce is to be told; its `domain` is the part of the host before `.salesforce.com`."""
    host = urlsplit(settings.url).netloc
    domain = host.removesuffix(_SUFFIX) if host.endswith(_SUFFIX) else "my-domain.my"
    match settings.auth:
        case ClientCredentials(app):
            return {
                "domain": domain,
                "consumer_key": app.consumer_key,
                "consumer_secret": app.consumer_secret.reveal(),
            }
        case Jwt(key):
            audience = "test" if _is_sandbox(host) else "login"
            private_key = key.private_key.reveal().replace("\\n", "\n")
            return {
                "domain": audience,
                "username": key.username,
                "consumer_key": key.consumer_key,
                "privatekey": private_key,
            }
        case Password(user) if user.consumer_key:
            return {
                "domain": domain,
                "username": user.username,
                "password": user.password.reveal() + user.security_token.reveal(),
                "consumer_key": user.consumer_key,
                "consumer_secret": user.consumer_secret.reveal(),
            }
        case Password(user):
            secrets = {"password": user.password.reveal(), "security_token": user.security_token.reveal()}
            return {"domain": domain, "username": user.username, **secrets}
        case _:
            raise TypeError(type(settings.auth).__name__)


def _is_sandbox(host: str) -> bool:
    """Whether the org is one for tests, whose logins are for test.salesforce.com: My Domain names it `acme--dev`."""
    return host == LOGIN_HOSTS[1] or "--" in host.partition(".")[0] or ".scratch." in host


def _refresh(settings: SalesforceSettings, auth: RefreshToken, call: Call, last: Token | None) -> Token | Hold | Retry:
    """simple-salesforce has no such flow. Where Salesforce rotates refresh tokens, each is good for one use: the bridge
    keeps the next one before anybody uses what came with it.
    """
    keys = auth.refresh_token
    kept = last.more.get("refresh_token", keys.refresh_token) if last else keys.refresh_token
    form = {"grant_type": "refresh_token", "client_id": keys.consumer_key, "refresh_token": _revealed(kept)}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    secrets = [*secrets_in(settings), _revealed(kept)]
    if keys.consumer_secret:
        pair = base64.b64encode(f"{keys.consumer_key}:{keys.consumer_secret.reveal()}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
        secrets.append(pair)
    url = f"{settings.url.rstrip('/')}/services/oauth2/token"
    answer = call.http.request("POST", url, headers=headers, body=urlencode(form).encode())
    said = answer.json() if isinstance(answer.json(), dict) else {}
    if answer.status != 200:
        code, message = str(said.get("error")), str(said.get("error_description") or "")
        return _refused(code, message, answer.status, secrets)
    text, instance = said.get("access_token"), said.get("instance_url")
    if not _is_text(text) or not _is_text(instance):
        return _unreadable(200)
    following = said.get("refresh_token")
    more = {"url": instance.rstrip("/"), "refresh_token": Secret(following) if _is_text(following) else kept}
    return Token(Secret(text), VALID_S, more)


def _refused(code: str, message: str, status: int, secrets: Iterable[str]) -> Hold | Retry:
    if code.isdigit() or code in _NO_CODES:
        return _unreadable(status)
    reason = quotable(f"login refused: {code}: {message}", hidden=secrets)
    if status == 429 or any(word in f"{code} {message}" for word in _LIMITED):
        return Hold(reason, for_s=LIMITED_S)
    if code in _PASSING or any(word in message for word in _BEING_REFRESHED):
        return Retry(reason)
    return Hold(reason)


def _unreadable(status: int) -> Hold | Retry:
    """A login that was answered in no words of Salesforce's: by a page, or by something on the way."""
    if status == 429:
        return Hold(f"login refused: HTTP {status}", for_s=LIMITED_S)
    if 200 <= status < 300 or status >= 500 or status in (406, 408, 420):  # 406, 420: pages of Salesforce's edge
        return Retry(f"login: HTTP {status}, no session")
    return Hold(f"login refused: HTTP {status}")


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
