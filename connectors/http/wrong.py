"""Wrong: what the files with settings share to say that something cannot work."""

from collections.abc import Iterable

from bridge.connector import Wrong, WrongSettings

Place = tuple[str | int, ...]


def refuse(found: Iterable[Wrong]) -> None:
    """Raises WrongSettings where anything was found."""
    if wrong := tuple(found):
        raise WrongSettings(*wrong)


def wrong_secret(text: str, *, at: Place) -> list[Wrong]:
    """Why this can be no key, user name or password, if so (RFC 7617 §2 forbids control characters)."""
    if any(sign < " " or sign == "\x7f" for sign in text):
        return [Wrong(at, "this has a line break or another control character in it", "was a file's line end copied?")]
    if any("\ud800" <= sign <= "\udfff" for sign in text):  # as Python reads such bytes of the environment
        return [Wrong(at, "this has bytes in it that are no UTF-8 text", "set the variable anew")]
    return []
