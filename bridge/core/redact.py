"""Redact: what of a reason may stand in a log. A reason may quote what a target said, and that may quote the visitor:
the whole of it is in the database only.
"""

import re

# The words that the bridge itself begins a reason with; a status, and no text of anybody else.
_OWN = re.compile(
    r"(?:still )?(?:down: )?(?:suspect mapping or target: )?(?:\d+ rejected in a row, the last with )?(?:still )?"
    r"(?P<kind>HTTP \d{3}|timeout|dns: [a-z ]+|connect: [a-z ]+|tls|connection [a-z ]+|unreadable answer|mapping"
    r"|probe|points at another account|no end after \d+ s"
    r"|[A-Za-z]+(?:Error|Exception|Exit) in the connector)"
)


def kind_of(reason: str) -> str:
    """What kind of fault it is, such as `HTTP 401` or `connect: refused`; empty where it is in nobody's words but a
    stranger's.
    """
    found = _OWN.match(reason)
    return found["kind"].strip() if found else ""
