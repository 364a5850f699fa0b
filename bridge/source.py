"""PUBLIC: all that a source's plugin needs, where a declaration cannot say how requests are signed. It is a class in
the entry-point group `bridge.sources`, named in the configuration as `plugin: NAME`, its settings under `settings`:

    @dataclass(frozen=True)
    class Settings:                 # declares the YAML keys: types, defaults, which are secret
        public_key: Secret

    class Acme:
        Settings = Settings
        def __init__(self, settings: Settings) -> None: ...
        def verify(self, request: Request) -> Verified: ...           # raises BadSignature
        def read(self, body: bytes) -> list[dict[str, Any]]: ...      # optional

One instance serves many threads at once. No clock is needed but for a time window: raise BadSignature for what is too
old. Anything else that `verify` raises is answered with 503, so that the sender tries again; the log names its kind and
place, never its text. Give what you wait for a timeout: what hangs for 30 s is answered with 503 too, and its thread,
one of two that the source has, is lost until the code returns.
"""

from typing import Any, ClassVar, Protocol, runtime_checkable

from bridge.connector import Secret, Wrong, WrongSettings
from bridge.errors import BadPayload, BadSignature
from bridge.model.signed import Request, Verified

__all__ = [
    "API_VERSION",
    "BadPayload",
    "BadSignature",
    "Reader",
    "Request",
    "Secret",
    "Source",
    "Verified",
    "Wrong",
    "WrongSettings",
]

API_VERSION = 1


class Source(Protocol):
    """What the receiver calls."""

    Settings: ClassVar[type]

    def verify(self, request: Request) -> Verified:
        """When the request was signed; raises BadSignature for any other. Its reason is logged and counted: a few
        words that are always the same, nothing of the request.

        Compare in constant time (`hmac.compare_digest`), bytes with bytes, and only then look at the time.
        """


@runtime_checkable
class Reader(Protocol):
    """A source that reads its own bodies. Without it, they are JSON, read by the `fields` of the configuration."""

    def read(self, body: bytes) -> list[dict[str, Any]]:
        """The events of a verified body: `kind` (`lead` or `appointment`; left out, a lead), `chatbot_id`,
        `session_id`, `first_name`, `last_name` or `name`, `email`, `phone`, `content`, `page_url`, `created_at` (ISO
        8601, or a number since 1970), `key` (the sender's own id of the event). Texts and numbers; what is unknown is
        left out, what else is there is kept in `raw`.

        Where the configuration has `fields` or `key`, their paths lead into these dicts.

        A body that it raises BadPayload(path, reason) for is quarantined, with these. So is one that makes it fail.
        """
