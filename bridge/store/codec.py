"""The one way in and out for personal data: encryption, retention and forget have this place and no other.

A value is one byte that names its form, then the data. Form 0 is plain.
"""

import json
from typing import Any

_PLAIN = b"\x00"
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # dumps would make one each time


class Codec:
    def encode(self, data: bytes | str) -> bytes:
        """The value as it is stored."""
        return _PLAIN + (data.encode("utf-8", "replace") if isinstance(data, str) else data)

    def decode(self, value: bytes) -> bytes:
        """The data of a stored value; raises ValueError for a form that this version does not know."""
        if value[:1] != _PLAIN:
            raise ValueError(f"stored value of unknown form {value[:1].hex()}: written by a newer version?")
        return bytes(value[1:])

    def encode_json(self, value: Any) -> bytes:
        return self.encode(_JSON.encode(value))

    def decode_json(self, value: bytes) -> Any:
        return json.loads(self.decode(value))

    def text(self, value: bytes | None) -> str:
        """The text of a stored value; empty for null."""
        return self.decode(value).decode("utf-8", "replace") if value else ""
