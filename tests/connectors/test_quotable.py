"""What a reason quotes of an answer, of whatever text it may be."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.connector import quotable

TEXTS = st.text(st.characters(), max_size=400)  # also halves of surrogate pairs, as JSON may bring them


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_of_any_text_one_line_is_quoted_and_not_too_much(text: str, hidden: list[str]) -> None:
    found = quotable(text, hidden=hidden)

    assert len(found) <= 300
    assert all(sign.isprintable() for sign in found)
    assert "  " not in found


@given(
    st.text(st.characters(codec="ascii", exclude_characters="*"), min_size=8, max_size=40),
    st.sampled_from([str, quote, lambda text: json.dumps(text)[1:-1]]),
    TEXTS,
    st.integers(0, 70_000),
)
def test_a_secret_is_quoted_nowhere(secret: str, spell, more: str, blanks: int) -> None:
    found = quotable(" " * blanks + spell(secret) + more, hidden=[secret])

    assert "" == found.partition("***")[0].strip()


def test_a_longer_secret_is_hidden_whole_where_a_shorter_one_stands_in_it() -> None:
    assert "not with *** or ***" == quotable("not with\n\tkenobi-token or en", hidden=["en", "kenobi-token"])


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\ud800\x00"])
def test_of_nothing_that_can_be_read_nothing_is_quoted(text: str) -> None:
    assert "" == quotable(text)
