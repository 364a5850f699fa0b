"""Settings: what the file may say of a HubSpot target, checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from bridge.connector import Secret, Wrong, WrongSettings, wrong_header_value, wrong_url

PUBLIC = "https://api.hubapi.com"

_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_ASSOCIATION = re.compile(r"[a-zA-Z0-9_-]+\.to_[a-z0-9_]+")
_EMPTY = "set the variable that it comes from"


@dataclass(frozen=True, slots=True)
class OAuth:
    """`oauth: {client_id: …, client_secret: "${SECRET}", refresh_token: "${REFRESH_TOKEN}"}`"""

    client_id: str = field(metadata={"description": "of the app"})
    client_secret: Secret = field(metadata={"description": "of the app"})
    refresh_token: Secret = field(metadata={"description": "that the installation of the app in the account gave"})

    def __post_init__(self) -> None:
        given = {"client_secret": self.client_secret, "refresh_token": self.refresh_token}
        found = [Wrong((name,), "this is empty", _EMPTY) for name, text in given.items() if not text]
        if not self.client_id:
            found.append(Wrong(("client_id",), "this is empty", "copy it from the app's page"))
        if found:
            raise WrongSettings(*found)


@dataclass(frozen=True, slots=True)
class Unique:
    """`unique: {contact: chat_visitor_key, activity: bridge_event_id}`: properties with unique values."""

    contact: str = field(
        default="", metadata={"description": "a unique property of contacts, for visitors without an email address"}
    )
    activity: str = field(default="", metadata={"description": "a unique property of notes, meetings and tasks"})

    def __post_init__(self) -> None:
        given = {"contact": self.contact, "activity": self.activity}
        hint = "write its internal name: a-z, 0-9 and _, beginning with a letter"
        if found := [
            Wrong((at,), "this is no name of a property", hint)
            for at, name in given.items()
            if name and not _PROPERTY.fullmatch(name)
        ]:
            raise WrongSettings(*found)


@dataclass(frozen=True, slots=True)
class Association:
    """`{type: 608}`; a label of the account's own: `{type: 27, category: USER_DEFINED}`"""

    type: int = field(metadata={"description": "HubSpot's number of the kind of association"})
    category: Literal["HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"] = field(
        default="HUBSPOT_DEFINED", metadata={"description": "who defined it"}
    )


@dataclass(frozen=True, slots=True)
class HubSpotSettings:
    access_token: Secret | None = field(default=None, metadata={"description": "of a private app", "usual": True})
    oauth: OAuth | None = field(default=None, metadata={"description": "of a public app, in place of access_token"})
    portal_id: str | int = field(
        default="", metadata={"description": "the account's number, for links to records; left out: HubSpot is asked"}
    )
    unique: Unique = field(
        default_factory=Unique, metadata={"description": "properties with unique values, by which nothing comes twice"}
    )
    associations: dict[str, Association] = field(
        default_factory=dict,
        metadata={"description": "other kinds of association, such as leads.to_contact: {type: 608}"},
    )
    api_version: Literal["v3", "2026-03"] = field(
        default="v3", metadata={"description": "which of HubSpot's paths are used"}
    )
    base_url: str = field(
        default=PUBLIC, metadata={"description": "where HubSpot's API is; another one for tests only"}
    )
    # Read by the bridge, which vets where a target lives.
    allow_private_addresses: bool = field(
        default=False, metadata={"description": "true: for a stand-in of HubSpot inside your own network"}
    )

    def __post_init__(self) -> None:
        if found := [*self._wrong_login(), *self._wrong_names()]:
            raise WrongSettings(*found)

    def _wrong_login(self) -> Iterator[Wrong]:
        if self.access_token is None and self.oauth is None:
            hint = "the access token of a private app, or oauth: for a public one"
            yield Wrong(("access_token",), "this is missing", hint)
        if self.access_token is not None and self.oauth is not None:
            yield Wrong(("oauth",), "there is an access_token beside this", "keep one of them")
        if self.access_token is not None:
            text = self.access_token.reveal()
            if not text:
                yield Wrong(("access_token",), "this is empty", _EMPTY)
            elif found := wrong_header_value(text, at=("access_token",)):
                yield from found
            elif any(sign.isspace() for sign in text):
                yield Wrong(("access_token",), "this has white space in it", "write the token alone")

    def _wrong_names(self) -> Iterator[Wrong]:
        yield from wrong_url(self.base_url, at=("base_url",), allow_private_addresses=self.allow_private_addresses)
        if str(self.portal_id) and not str(self.portal_id).isdigit():
            yield Wrong(("portal_id",), "this is no number of an account", "it stands in the address of its pages")
        for name in self.associations:
            if not _ASSOCIATION.fullmatch(name):
                hint = "write the object and the field, such as leads.to_contact"
                yield Wrong(("associations", name), "this is no association", hint, in_key=True)
