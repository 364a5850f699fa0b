"""A body is cut into its elements in time that grows with its length."""

import pytest

from bridge.core.elements import elements
from bridge.errors import BadPayload


def test_a_deep_body_with_a_text_that_never_ends_is_refused_at_once() -> None:
    """Where each quote was tried anew it took minutes."""
    body = b"[" * 1500 + b'"' + b'\\"' * 1_000_000

    with pytest.raises(BadPayload):
        list(elements(body))
