"""URLs: host, path and query of what chat widgets report, and null for what is none."""

from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.filters.calling import call, check

PAGE = "https://user:pw@WWW.Example.com:8443/a/b%20c?x=1&utm_source=google+ads&x=2#top?x=3"


@pytest.mark.parametrize(
    ("url", "host", "path", "stripped"),
    [
        (PAGE, "www.example.com", "/a/b%20c", "https://user:pw@WWW.Example.com:8443/a/b%20c"),
        (" www.example.com/x?y ", "www.example.com", "/x", "www.example.com/x"),
        ("//example.com/x", "example.com", "/x", "//example.com/x"),
        ("https://example.com", "example.com", "/", "https://example.com"),
        ("example.com:8080", "example.com", "/", "example.com:8080"),
        ("http://localhost:3000/x", "localhost", "/x", "http://localhost:3000/x"),
        ("http://[::1]:80/x", "[::1]", "/x", "http://[::1]:80/x"),
        ("https://good.com\\@evil.com/x", "good.com", "\\@evil.com/x", "https://good.com\\@evil.com/x"),
        ("/pricing?x=1", None, "/pricing", "/pricing"),
        ("http://[bad/x", None, None, "http://[bad/x"),
        ("https:///x", None, None, "https:///x"),
        ("mailto:ada@example.com", None, None, "mailto:ada@example.com"),
        ("hello", None, None, "hello"),
    ],
)
def test_a_url_has_parts(url: str, host: str | None, path: str | None, stripped: str) -> None:
    assert (host, path, stripped) == (call("url_host", url), call("url_path", url), call("url_strip", url))


@pytest.mark.parametrize(
    ("url", "name", "expected"),
    [
        (PAGE, "x", "1"),
        (PAGE, "utm_source", "google ads"),
        (PAGE, "utm_medium", None),
        ("?q=%C3%A9%21", "q", "é!"),
        ("?q=%ff", "q", "\ufffd"),
        ("?q=a%00b", "q", "ab"),
        ("?utm%5Fsource=x", "utm_source", "x"),
        ("?a+b=x", "a b", "x"),
        ("?q=", "q", None),
        ("?q", "q", None),
        ("?q=a=b", "q", "a=b"),
        ("q=1", "q", None),
        ("#?q=1", "q", None),
    ],
)
def test_a_query_gives_its_first_value(url: str, name: str, expected: str | None) -> None:
    assert expected == call("query", url, name)


@given(value=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), name=st.text("aé&=+ %", min_size=1))
def test_a_value_comes_back_as_it_was_put_in(value: str, name: str) -> None:
    assert value == call("query", f"https://example.com/?z=1&{quote_plus(name)}={quote_plus(value)}#x", name)


@given(query=st.text("ab=&%41+", max_size=20))
def test_a_query_is_read_as_python_reads_it(query: str) -> None:
    expected = parse_qs(query, keep_blank_values=True).get("a", [""])[0].strip()

    assert (expected or None) == call("query", f"https://example.com/?{query}", "a")


@given(host=st.from_regex(r"[a-z0-9]{1,9}(\.[a-z0-9]{1,9}){1,3}", fullmatch=True), path=st.text("ab/.-%", max_size=9))
def test_host_and_path_are_those_that_python_finds(host: str, path: str) -> None:
    url = f"https://{host}/{path}?q#f"

    assert (urlsplit(url).hostname, urlsplit(url).path) == (call("url_host", url), call("url_path", url))


def test_a_query_needs_a_name() -> None:
    with pytest.raises(ValueError, match="this argument is empty"):
        check("query", name="")
