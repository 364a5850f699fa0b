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
        default_vars = {...}        # the `vars` that these use; one of the same name in the file takes its place
        default_rate = (100, 10.0)  # requests, in so many seconds, where the operator says none
        understands = frozenset({"match", "if_empty", "append"})  # what of a record's policies it keeps
        max_batch = 200             # with it:
        def deliver_batch(self, plans: Sequence[Plan], call: Call) -> Sequence[Sequence[Outcome]]: ...
        def describe(self, object: str, call: Call) -> Sequence[Field] | Hold: ...
        def prepare(self, call: Call) -> Sequence[str] | Hold: ...  # makes what it needs at the target, when asked to
        def nothing_there(self, method: str, url: str, content: bytes) -> bytes | None: ...  # for `bridge map`
        api_version = 1             # which of this module it was written for

No base class, no try/except, no clock, no sleep, no retry loop, no logging of bodies: the bridge does those once.
"""

from typing import TYPE_CHECKING

from bridge.connector.answers import came_to, found_at, id_from, judge, judge_status, retry_after_s
from bridge.connector.appointment import START as APPOINTMENT_START
from bridge.connector.hiding import quotable, secrets_in, spellings
from bridge.connector.protocols import (
    Answer,
    Batching,
    Call,
    Connector,
    Describing,
    FetchToken,
    Field,
    Http,
    Preparing,
    Token,
)
from bridge.connector.quota import Quota
from bridge.connector.secret import Secret
from bridge.connector.settings import Wrong, WrongSettings, wrong_header_name, wrong_header_value, wrong_url
from bridge.errors import NoAnswer
from bridge.model.json_text import as_json
from bridge.model.nobody import is_blank, is_masked, is_nobodys_number
from bridge.model.record import Delivered, Hold, Outcome, Plan, Record, Ref, Reject, Retry, Usable

if TYPE_CHECKING:
    from requests import Session

__all__ = [
    "API_VERSION",
    "APPOINTMENT_START",
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
    "NoAnswer",
    "Outcome",
    "Plan",
    "Preparing",
    "Quota",
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
    "came_to",
    "found_at",
    "id_from",
    "is_blank",
    "is_masked",
    "is_nobodys_number",
    "judge",
    "judge_status",
    "quotable",
    "requests_session",
    "retry_after_s",
    "secrets_in",
    "spellings",
    "wrong_header_name",
    "wrong_header_value",
    "wrong_url",
]

API_VERSION = 1


def requests_session(http: Http) -> "Session":
    """For client libraries that take a `requests.Session`: one whose requests go through `call.http`, with the bridge's
    deadline, rate and vetting of addresses, and raise what it raises. Make one for each call.
    """
    from bridge.connector.session import DoorSession  # here: `requests` costs 60 ms, and few connectors need it

    return DoorSession(http)
