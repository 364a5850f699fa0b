import datetime as dt

import pytest

from bridge import __version__
from bridge.core.exchange import Received, address_of, as_json, headers_for
from bridge.errors import CallFailed


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://crm.example", ("https://crm.example", "https", "crm.example", 443, "/")),
        ("http://crm.example:81/a?b=c#d", ("http://crm.example:81/a?b=c", "http", "crm.example", 81, "/a?b=c")),
        ("HTTPS://CRM.Example/A b", ("https://crm.example/A%20b", "https", "crm.example", 443, "/A%20b")),
        (" https://crm.example/x ", ("https://crm.example/x", "https", "crm.example", 443, "/x")),
        ("http://[::1]:81/", ("http://[::1]:81/", "http", "::1", 81, "/")),
        ("https://bü.example/ü", ("https://xn--b-eha.example/%C3%BC", "https", "xn--b-eha.example", 443, "/%C3%BC")),
    ],
)
def test_a_url_leads_to_an_address(url: str, expected: tuple[str, str, str, int, str]) -> None:
    assert expected == address_of(url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://crm.example/secret", "must begin with https:// or http://"),
        ("file:///secret", "must begin with"),
        ("crm.example/secret", "must begin with"),
        ("", "must begin with"),
        ("https:///secret", "must begin with"),
        ("https://crm.example:99999/secret", "not a usable address"),
        ("https://[::1/secret", "not a usable address"),
        ("https://user:secret@crm.example/", "move them to `auth`"),
        ("https://secret@crm.example/", "move them to `auth`"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused_without_being_quoted(url: str, reason: str) -> None:
    with pytest.raises(CallFailed, match=reason) as caught:
        address_of(url)

    assert "secret" not in repr(caught.value)
    assert caught.value.uncertain is False


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None, "ü€"]}, '{"a":[1,null,"ü€"]}'.encode()),
        ({}, b"{}"),
        ("half an emoji \ud83d", b'"half an emoji ?"'),
    ],
)
def test_json_is_compact_utf_8(value: object, expected: bytes) -> None:
    assert expected == as_json(value)


def _nested() -> list[object]:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize("value", [float("nan"), float("inf"), dt.time(12), {"a": b"secret"}, _nested()], ids=type)
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(CallFailed, match="body: cannot be written as JSON") as caught:
        as_json(value)

    assert "secret" not in repr(caught.value)


def test_a_request_says_who_asks_what_it_brings_and_that_the_answer_may_not_be_packed() -> None:
    assert {
        "User-Agent": f"webhook-crm-bridge/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "Content-Length": "2",
    } == headers_for({}, b"{}")


def test_of_two_header_names_that_differ_in_case_only_the_later_counts() -> None:
    headers = headers_for({"content-type": "a/b", "X-A": "1", "x-a": "2", "CONTENT-TYPE": "c/d"}, b"")

    assert [(name, value) for name, value in headers.items() if name.lower() in ("content-type", "x-a")] == [
        ("CONTENT-TYPE", "c/d"),
        ("x-a", "2"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("X-A", "secret\r\nX-B: 1", "header X-A: the value has a line break"),
        ("X-A", "secret\n", "line break"),
        ("X-A", "secret\0", "NUL"),
        ("X-A", "secret €", "header X-A: the value has characters outside Latin-1"),
        ("X-A", "secret \ud83d", "outside Latin-1"),
        ("secret\r\nX", "1", "no header name may have"),
        ("", "secret", "no header name may have"),
        ("ü", "secret", "no header name may have"),
        ("Content-Length", "5", "header Content-Length: is the bridge's to set"),
        ("transfer-encoding", "chunked", "is the bridge's to set"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(name: str, value: str, reason: str) -> None:
    with pytest.raises(CallFailed, match=reason) as caught:
        headers_for({name: value}, None)

    assert "secret" not in repr(caught.value)
    assert caught.value.uncertain is False


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'{"id":1}', {"id": 1}), (b"", None), (b"<p>", None), (b"\xff\xfe\xff", None), (b"[" * 100_000, None)],
)
def test_an_answers_json_is_none_where_there_is_none(body: bytes, expected: object) -> None:
    assert expected == Received(200, {}, body).json()


def test_an_answer_shows_neither_headers_nor_body() -> None:
    assert repr(Received(200, {"Set-Cookie": "secret"}, b"secret")) == "Received(status=200)"


def test_times_are_written_as_iso_8601() -> None:
    noon = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    there = noon.astimezone(dt.timezone(dt.timedelta(hours=-5)))

    assert b'["2026-01-31T12:00:00Z","2026-01-31T07:00:00-05:00","2026-01-31"]' == as_json([noon, there, noon.date()])
