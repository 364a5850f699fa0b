"""PUBLIC: all that a connector needs. A connector is a class with settings, `deliver` and `probe`:

    @dataclass(frozen=True)
    class Settings:                 # declares the YAML keys: types, defaults, which are secret
        url: str
        api_key: Secret

    class Acme:
        Settings = Settings
        def __init__(self, settings: Settings) -> None: ...
        def deliver(self, record: Record, call: Call) -> Outcome: ...
        def probe(self, call: Call) -> Usable | Hold: ...

and, if it can do more, any of these beside them:

        default_records = [...]     # what a target without `records:` gets: see docs/connectors.md
        understands = frozenset({"match", "if_empty", "append"})  # of what a mapping may ask, besides plain writing
        max_batch = 200             # with it:
        def deliver_batch(self, plans: Sequence[Plan], call: Call) -> Sequence[Sequence[Outcome]]: ...
        def describe(self, object: str, call: Call) -> Sequence[Field] | Hold: ...
        api_version = 1             # which of this module it was written for

No base class, no try/except, no clock, no sleep, no retry loop, no logging of bodies: the bridge does those once.
"""

from bridge.connector.answers import found_at, id_from, judge
from bridge.connector.protocols import (
    Answer,
    Batching,
    Call,
    Connector,
    Describing,
    FetchToken,
    Field,
    Http,
    Token,
)
from bridge.connector.secret import Secret
from bridge.connector.settings import Wrong, WrongSettings, wrong_header_name, wrong_header_value, wrong_url
from bridge.model.json_text import as_json
from bridge.model.record import Delivered, Hold, Outcome, Plan, Record, Ref, Reject, Retry, Usable

__all__ = [
    "API_VERSION",
    "Answer",
    "Batching",
    "Call",
    "Connector",
    "Delivered",
    "Describing",
    "FetchToken",
    "Field",
    "Hold",
    "Http",
    "Outcome",
    "Plan",
    "Record",
    "Ref",
    "Reject",
    "Retry",
    "Secret",
    "Token",
    "Usable",
    "Wrong",
    "WrongSettings",
    "as_json",
    "found_at",
    "id_from",
    "judge",
    "wrong_header_name",
    "wrong_header_value",
    "wrong_url",
]

API_VERSION = 1
