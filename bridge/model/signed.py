"""Signed: what a request to a source shows of itself, and what is known of one that its source did send."""

from collections.abc import Mapping
from typing import NamedTuple


class Request(NamedTuple):
    """One request, as it came: nothing of it is proven yet."""

    body: bytes
    headers: Mapping[str, bytes]  # by lower-case name; a repeated header's values stand in one, joined by commas
    method: str = "POST"
    query: str = ""  # what follows the question mark, undecoded
    url: str = ""  # the source's `public_url`: how the sender writes our address, without its query; may be empty

    def __repr__(self) -> str:
        return f"Request({self.method}, {len(self.body)} bytes)"


class Verified(NamedTuple):
    """The request is the source's own, and recent where that can be told."""

    at: int  # unix seconds: the sender's clock; ours, where the request carries no time that is signed
    reserialised: bool = False  # only the re-serialised body matched
    told: bool = True  # False: `at` is our clock, which may be set back; of two that came, the later one is the newer
