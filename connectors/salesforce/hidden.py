"""Hidden: what no reason may quote, also where the org, or something on the way to it, sends back what it was sent."""

from collections.abc import Iterable

from bridge.connector import spellings


def masked(text: bytes, secrets: Iterable[str]) -> bytes:
    """The text with stars in place of these secrets, in whatever way they are spelled."""
    for spelling in spellings(secrets):
        text = text.replace(spelling.encode(errors="replace"), b"***")
    return text
