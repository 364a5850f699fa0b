"""HTML as text: line by line, whatever stands in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.filters.calling import call


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("Hi", "Hi"),
        ("Hi\nAda", "Hi\nAda"),
        ("<p>Hi</p><p>Ada</p>", "Hi\nAda"),
        ("Hi<br>Ada<br/><BR />there", "Hi\nAda\nthere"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<b>Hi</b>, <i>A</i>da", "Hi, Ada"),
        ("  many   \t blanks ", "many blanks"),
        ("a &amp; b &lt;b&gt; &eacute; &#233; &#xe9;", "a & b <b> é é é"),
        ("&nbsp;x&nbsp;", "x"),
        ("<script>alert('<p>')</script >Hi<style>p {}</style>", "Hi"),
        ("<SCRIPT src=x>never closed Hi", None),
        ("<!-- <p> > -->Hi<!-- never closed", "Hi"),
        ("<!DOCTYPE html><?xml x?>Hi", "Hi"),
        ("""<a title="x > y" href='a>b'>Hi</a>""", "Hi"),
        ("""<a title="never closed>Hi</a>""", "Hi"),
        ("a < b, 1 <2 and <3", "a < b, 1 <2 and <3"),
        ("no end <b", "no end <b"),
        ("<p></p>", None),
        ("&#" + "9" * 5000 + ";x", "\ufffdx"),
        ("&#xD800;", "\ufffd"),
    ],
)
def test_html_becomes_lines(html: str, expected: str | None) -> None:
    assert expected == call("html_to_text", html)


@given(text=st.text(st.sampled_from("<>/!-&#;\"'=x3 \nbrpscript"), max_size=60))
def test_any_text_becomes_lines_that_say_something(text: str) -> None:
    found = call("html_to_text", text)

    assert found is None or all(line and line == " ".join(line.split()) for line in found.split("\n"))


@given(lines=st.lists(st.text("abc<>&\"' é", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_what_was_escaped_comes_back_as_it_was(lines: list[str]) -> None:
    from html import escape

    found = call("html_to_text", "".join(f"<div>{escape(line)}</div>" for line in lines))

    assert [" ".join(line.split()) for line in lines] == found.split("\n")
