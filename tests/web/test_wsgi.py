"""The headers of a request, as who verifies it sees them."""

from collections.abc import Mapping

import pytest

from bridge.web.wsgi import Headers

ENVIRON = {
    "REQUEST_METHOD": "POST",
    "HTTP_X_HUB_SIGNATURE_256": "sha256=é",
    "CONTENT_TYPE": "application/json",
    "HTTP_X_WIDE": "☃",
    "bridge.body": b"",
}


def test_headers_are_bytes_by_their_lower_case_names() -> None:
    headers: Mapping[str, bytes] = Headers(ENVIRON)

    assert (b"sha256=\xe9", b"?") == (headers["x-hub-signature-256"], headers.get("x-wide"))
    assert (None, b"") == (headers.get("x-none"), headers.get("x-none", b""))
    with pytest.raises(KeyError):
        headers["request-method"]
    assert {"x-hub-signature-256": b"sha256=\xe9", "content-type": b"application/json", "x-wide": b"?"} == dict(headers)
    assert 3 == len(headers)
