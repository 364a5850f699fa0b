"""Auth: how we show who we are: what the file may say, and the header that it becomes."""

import base64
from dataclasses import dataclass, field
from typing import assert_never

from bridge.connector import Secret, Wrong, wrong_header_name, wrong_header_value
from connectors.http.wrong import refuse, wrong_secret

_EMPTY = "set the variable that it comes from, or leave `auth` out"


@dataclass(frozen=True, slots=True)
class Bearer:
    """`auth: {bearer: "${TOKEN}"}`"""

    bearer: Secret = field(metadata={"description": "a token, sent as Authorization: Bearer"})

    def __post_init__(self) -> None:
        refuse(_wrong_token(self.bearer, at="bearer"))


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str | Secret = field(metadata={"description": "the user"})
    password: Secret = field(metadata={"description": "the password"})

    def __post_init__(self) -> None:
        name = revealed(self.username)
        found = wrong_secret(name, at=("username",)) + wrong_secret(self.password.reveal(), at=("password",))
        if ":" in name:
            found.append(Wrong(("username",), "this has a colon in it", "what follows it belongs into password"))
        if not name and not self.password:
            found.append(Wrong(("username",), "this and the password are empty", _EMPTY))
        refuse(found)


@dataclass(frozen=True, slots=True)
class Basic:
    """`auth: {basic: {username: …, password: "${PASSWORD}"}}`"""

    basic: Credentials = field(metadata={"description": "a user and a password"})


@dataclass(frozen=True, slots=True)
class NamedValue:
    name: str = field(metadata={"description": "of the header"})
    value: Secret = field(metadata={"description": "what it holds"})

    def __post_init__(self) -> None:
        found = wrong_header_name(self.name, at=("name",)) + wrong_header_value(self.value, at=("value",))
        if not self.value:
            found.append(Wrong(("value",), "this is empty", _EMPTY))
        refuse(found)


@dataclass(frozen=True, slots=True)
class Header:
    """`auth: {header: {name: X-Api-Key, value: "${KEY}"}}`"""

    header: NamedValue = field(metadata={"description": "a header of your own"})


Auth = Bearer | Basic | Header


def auth_header(auth: Auth | None) -> dict[str, str]:
    """The one header that shows who we are; none without `auth`."""
    match auth:
        case None:
            return {}
        case Bearer():
            return {"Authorization": f"Bearer {auth.bearer.reveal()}"}
        case Basic():
            pair = f"{revealed(auth.basic.username)}:{auth.basic.password.reveal()}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case Header():
            return {auth.header.name: auth.header.value.reveal()}
        case _:
            assert_never(auth)


def revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _wrong_token(token: Secret, *, at: str) -> list[Wrong]:
    """Why this cannot be the token after the word Bearer (RFC 6750 §2.1 allows no white space in it)."""
    text = token.reveal()
    if not text:
        return [Wrong((at,), "this is empty", _EMPTY)]
    if found := wrong_header_value(text, at=(at,)):
        return found
    spaced = any(sign.isspace() for sign in text)
    hint = "write the token alone, without the word Bearer"
    return [Wrong((at,), "this has white space in it", hint)] if spaced else []
