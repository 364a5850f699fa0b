"""Settings: what the file may say of a Salesforce target, checked."""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from bridge.connector import Secret, Wrong, WrongSettings, wrong_url

LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RULE_ID = re.compile(r"01Q[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
_VERSION = re.compile(r"[1-9][0-9]\.0")
_PAGES = (".lightning.force.com", ".my.salesforce-setup.com")  # after the org's name, where people see it
_LAST_SOAP = 64.0  # no later version of the API has a login() call
FIRST_ALLOW_SAVE = 52.0  # the REST API knows Sforce-Duplicate-Rule-Header from there on


@dataclass(frozen=True, slots=True)
class App:
    consumer_key: str = field(metadata={"description": "of the External Client App (or Connected App)"})
    consumer_secret: Secret = field(metadata={"description": "of the same app"})

    def __post_init__(self) -> None:
        _refuse(_empty("consumer_key", self.consumer_key) + _empty("consumer_secret", self.consumer_secret))


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """`auth: {client_credentials: {consumer_key: …, consumer_secret: "${…}"}}`"""

    client_credentials: App = field(metadata={"description": "recommended: the app acts as its run-as user"})


@dataclass(frozen=True, slots=True)
class Signed:
    consumer_key: str = field(metadata={"description": "of the app that has the certificate"})
    username: str = field(metadata={"description": "the user as whom it acts"})
    private_key: Secret = field(metadata={"description": "PEM, unencrypted; such as file:/run/secrets/salesforce.pem"})

    def __post_init__(self) -> None:
        found = _empty("consumer_key", self.consumer_key) + _empty("username", self.username)
        text = self.private_key.reveal()
        if not text:
            found += _empty("private_key", self.private_key)
        elif "PRIVATE KEY-----" not in text or "ENCRYPTED" in text:
            hint = "it begins with -----BEGIN PRIVATE KEY-----; write file:/path/to/it"
            found.append(Wrong(("private_key",), "this is no unencrypted private key in PEM form", hint))
        _refuse(found)


@dataclass(frozen=True, slots=True)
class Jwt:
    """`auth: {jwt: {consumer_key: …, username: …, private_key: file:/…}}`"""

    jwt: Signed = field(metadata={"description": "a signed assertion: JWT bearer"})


@dataclass(frozen=True, slots=True)
class Refreshing:
    consumer_key: str = field(metadata={"description": "of the app that the refresh token was given to"})
    refresh_token: Secret = field(metadata={"description": "the first one; later ones are kept by the bridge"})
    consumer_secret: Secret | None = field(default=None, metadata={"description": "where the app demands it"})

    def __post_init__(self) -> None:
        found = _empty("consumer_key", self.consumer_key) + _empty("refresh_token", self.refresh_token)
        if self.consumer_secret is not None:
            found += _empty("consumer_secret", self.consumer_secret)
        _refuse(found)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`auth: {refresh_token: {consumer_key: …, refresh_token: "${…}"}}`"""

    refresh_token: Refreshing = field(metadata={"description": "a user's consent, given once in a browser"})


@dataclass(frozen=True, slots=True)
class User:
    username: str = field(metadata={"description": "the user as whom it acts"})
    password: Secret = field(metadata={"description": "the user's password"})
    security_token: Secret = field(default=Secret(""), metadata={"description": "as Salesforce mailed it to the user"})
    consumer_key: str = field(default="", metadata={"description": "with it: OAuth instead of SOAP"})
    consumer_secret: Secret = field(default=Secret(""), metadata={"description": "of the same app"})

    def __post_init__(self) -> None:
        found = _empty("username", self.username) + _empty("password", self.password)
        if bool(self.consumer_key) is not bool(self.consumer_secret):
            missing = "consumer_secret" if self.consumer_key else "consumer_key"
            hint = f"add {missing}, or leave both out"
            found.append(Wrong((missing,), "consumer_key and consumer_secret go together", hint))
        _refuse(found)


@dataclass(frozen=True, slots=True)
class Password:
    """`auth: {password: {username: …, password: "${…}", security_token: "${…}"}}`"""

    password: User = field(metadata={"description": "SOAP login, which Salesforce retires in Summer '27: for old orgs"})


@dataclass(frozen=True, slots=True)
class Given:
    """`auth: {access_token: "${…}"}`"""

    access_token: Secret = field(metadata={"description": "a session that somebody else keeps alive; for a try-out"})

    def __post_init__(self) -> None:
        _refuse(_empty("access_token", self.access_token))


Auth = ClientCredentials | Jwt | RefreshToken | Password | Given


@dataclass(frozen=True, slots=True)
class SalesforceSettings:
    url: str = field(metadata={"description": "My Domain: https://acme.my.salesforce.com"})
    auth: Auth = field(metadata={"description": "how we log in"})
    api_version: str | float = field(default="62.0", metadata={"description": "of the REST API"})
    external_ids: dict[str, str] = field(
        default_factory=dict,
        metadata={"description": "by object: a unique external id field that holds our key, such as Lead: Chat_Key__c"},
    )
    match_contacts: bool = field(
        default=True, metadata={"description": "a lead whose person is a Contact already is written to that Contact"}
    )
    on_multiple: Literal["newest", "reject"] = field(
        default="newest", metadata={"description": "where several records match a person"}
    )
    duplicates: Literal["link", "save", "fail"] = field(
        default="link",
        metadata={
            "description": "where a duplicate rule objects: use the record that it names, save all the same, or give up"
        },
    )
    assignment: bool | str = field(
        default=True, metadata={"description": "whether a new Lead goes through assignment rules; or the id of one"}
    )
    # Read by the bridge, which vets where a target lives.
    allow_private_addresses: bool = field(default=False, metadata={"description": "true: for a sandbox server"})

    def __post_init__(self) -> None:
        found = wrong_url(self.url, at=("url",), allow_private_addresses=self.allow_private_addresses)
        found = found or _wrong_org(self.url, self.auth, inside=self.allow_private_addresses)
        if not _VERSION.fullmatch(str(self.api_version)) or float(self.api_version) < 46:
            found.append(Wrong(("api_version",), "this is no version of the API from 46.0 on", 'such as "62.0"'))
        elif self.is_soap and float(self.api_version) > _LAST_SOAP:
            hint = "write 64.0, or better: use client_credentials"
            found.append(Wrong(("api_version",), "the API has no password login from 65.0 on", hint))
        elif self.duplicates == "save" and float(self.api_version) < FIRST_ALLOW_SAVE:
            hint = 'write "52.0" or a later one'
            found.append(Wrong(("api_version",), "duplicates: save needs the API from 52.0 on", hint))
        for name, key in self.external_ids.items():
            if not _NAME.fullmatch(name) or not _NAME.fullmatch(key):
                hint = "API names, such as Lead: Chat_Key__c"
                found.append(Wrong(("external_ids", name), "these are no names of an object and a field", hint))
            elif not key.endswith("__c"):
                hint = "make a text field that is unique and an external id, and name it here"
                found.append(Wrong(("external_ids", name), "our key needs a custom field of its own", hint))
        if isinstance(self.assignment, str) and not _RULE_ID.fullmatch(self.assignment):
            found.append(Wrong(("assignment",), "this is no id of an assignment rule", "true, false or 01Q…"))
        _refuse(found)

    @property
    def version(self) -> str:
        return str(self.api_version)

    @property
    def saves_over_alerts(self) -> bool:
        return float(self.api_version) >= FIRST_ALLOW_SAVE

    @property
    def is_soap(self) -> bool:
        return isinstance(self.auth, Password) and not self.auth.password.consumer_key


def _wrong_org(url: str, auth: Auth, *, inside: bool) -> list[Wrong]:
    """Why no org can be reached at this URL with this login."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    for pages in _PAGES:
        if host.endswith(pages):
            hint = f"write https://{host.removesuffix(pages)}.my.salesforce.com"
            return [Wrong(("url",), "this is the address of the pages, not of the API", hint)]
    if parts.path.strip("/") or parts.query or parts.fragment:
        hint = f"write the org's address alone: {parts.scheme}://{parts.netloc}"
        return [Wrong(("url",), "there is more than an address here", hint)]
    if parts.scheme != "https" and not inside:
        return [Wrong(("url",), "this is not https: credentials would go unencrypted", "write https://")]
    if host in LOGIN_HOSTS and isinstance(auth, ClientCredentials | Given):
        hint = "write the org's own address: Setup, My Domain"
        return [Wrong(("url",), "this login needs the org's own address", hint)]
    return []


def _empty(name: str, value: str | Secret) -> list[Wrong]:
    text = value.reveal() if isinstance(value, Secret) else value
    return [] if text.strip() else [Wrong((name,), "this is empty", "set the variable that it comes from")]


def _refuse(found: list[Wrong]) -> None:
    if found:
        raise WrongSettings(*found)
