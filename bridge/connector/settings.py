"""Settings: how a connector says what is wrong with what it was given."""

from dataclasses import dataclass

from bridge.connector.secret import Secret
from bridge.model import wire


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong in the settings, and what to do about it; neither text may hold a secret."""

    at: tuple[str | int, ...]  # the way to it from the dataclass that was checked, such as ("auth", "bearer")
    message: str  # such as "this must be …"
    hint: str = ""
    in_key: bool = False  # the last step of `at` itself is wrong, not its value


class WrongSettings(ValueError):
    """Raise it in `__post_init__` of Settings, with all that is wrong: each is told at its place in the file."""

    def __init__(self, *wrong: Wrong) -> None:
        self.wrong = wrong
        super().__init__("; ".join(f"{'.'.join(map(str, each.at))}: {each.message}" for each in wrong))


def wrong_url(url: str, *, at: tuple[str, ...], allow_private_addresses: bool = True) -> list[Wrong]:
    """Why no request can be sent to the URL, if so; its host is not looked up.

    Without `allow_private_addresses`, an address of this machine or a private network is wrong, too: the bridge
    delivers nothing there unless the Settings have a key of this name that is true.
    """
    try:
        host = wire.address_of(url).host
    except ValueError as error:
        return [_wrong(at, error)]
    if allow_private_addresses or not wire.is_inside(host):
        return []
    hint = "set allow_private_addresses: true if the target is meant to be there"
    return [Wrong(at, "this leads to this machine or into a private network: nothing is delivered there", hint)]


def wrong_header_name(name: str, *, at: tuple[str, ...], in_key: bool = False) -> list[Wrong]:
    """Why no request can carry a header of this name, if so; `in_key`: the name is the last step of `at`."""
    try:
        wire.vet_name(name)
    except ValueError as error:
        return [_wrong(at, error, in_key=in_key)]
    return []


def wrong_header_value(value: str | Secret, *, at: tuple[str, ...]) -> list[Wrong]:
    """Why no header can have this value, if so."""
    try:
        wire.vet_value(value.reveal() if isinstance(value, Secret) else value)
    except ValueError as error:
        return [_wrong(at, error)]
    return []


def _wrong(at: tuple[str, ...], error: ValueError, *, in_key: bool = False) -> Wrong:
    message, _, hint = str(error).partition(": ")
    return Wrong(at, f"this {message}", hint, in_key)
