"""Of a reason, a log shows what kind of fault it is, and nothing that anybody else wrote."""

import pytest

from bridge.core.redact import kind_of


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("HTTP 401: the target refuses our credentials: {'error': 'David Garcia'}", "HTTP 401"),
        ("down: HTTP 503: David", "HTTP 503"),
        ("still down: connect: refused", "connect: refused"),
        ("suspect mapping or target: 5 rejected in a row, the last with HTTP 404: David", "HTTP 404"),
        ("suspect mapping or target: still HTTP 404", "HTTP 404"),
        ("timeout after 2.0 s, the request had left", "timeout"),
        ("dns: name not found", "dns: name not found"),
        ("KeyError in the connector", "KeyError in the connector"),
        ("no email for David Garcia", ""),
        ("David in the connector", ""),
        ("", ""),
    ],
)
def test_only_the_bridges_own_words_are_shown(reason: str, kind: str) -> None:
    assert kind == kind_of(reason)
