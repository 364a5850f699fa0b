"""Forms: digits, slugs, hashes, JSON, and what stands in for nothing."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.filters import FilterError
from tests.core.filters.calling import call, check

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "x"), ("", "x"), (" ", " "), (0, 0), (False, False), ([], []), ("Ada", "Ada")],
)
def test_a_default_stands_in_for_null_and_the_empty_text_only(value: Any, expected: Any) -> None:
    assert expected == call("default", value, "x")
    assert expected == call("default", value, "x", True)
    assert expected == call("default", value, default_value="x", boolean=False)


@pytest.mark.parametrize(("value", "expected"), [("", None), (" \n\u00a0", None), (" a ", " a "), (0, 0), ([], [])])
def test_a_blank_text_is_null(value: Any, expected: Any) -> None:
    assert expected == call("blank_to_null", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("(212) 555-0123", "2125550123"), ("١٢a３", "123"), ("none", None), (12.5, "125"), ("²", None)],
)
def test_digits_are_kept(value: Any, expected: str | None) -> None:
    assert expected == call("digits", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Hello, World!", "hello-world"),
        ("  --a__b/c.d--", "a-b-c-d"),
        ("Ada's Café", "adas-cafe"),
        ("Ada’s", "adas"),
        ("Straße Łódź Ærø", "strasse-lodz-aero"),
        ("2020–2021", "2020-2021"),
        ("日本 shop", "shop"),
        ("日本", None),
        ("ﬁne…", "fine"),
        (5.0, "5"),
    ],
)
def test_a_slug_has_plain_letters_digits_and_dashes(value: Any, expected: str | None) -> None:
    assert expected == call("slug", value)


@given(text=st.text(st.characters()))
def test_a_slug_of_a_slug_is_the_same(text: str) -> None:
    found = call("slug", text)

    assert found is None or (
        set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and found == call("slug", found)
    )


@pytest.mark.parametrize(
    ("algorithm", "expected"),  # FIPS 180-4 and RFC 1321: their test vectors for "abc"
    [
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ],
)
def test_a_hash_is_in_hex(algorithm: str, expected: str) -> None:
    check("hash", algorithm=algorithm)

    assert expected == call("hash", "abc", algorithm)


def test_a_hash_is_of_utf_8_and_sha256_unless_said() -> None:
    assert call("hash", "é") == call("hash", "é", "sha256")
    assert "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c" == call("hash", "é")


@pytest.mark.parametrize("algorithm", ["sha3", "SHA256", None, ["md5"]])
def test_an_unknown_algorithm_is_told(algorithm: Any) -> None:
    with pytest.raises(ValueError, match="unknown algorithm: write one of md5, sha1, sha256, sha512"):
        check("hash", algorithm=algorithm)
    with pytest.raises(FilterError, match="must be one of md5, sha1, sha256, sha512"):
        call("hash", "x", algorithm)


@given(value=JSON.filter(lambda value: value is not None))
def test_json_is_read_back_as_what_it_was(value: Any) -> None:
    assert value == json.loads(call("json", value))


def test_json_is_compact_and_has_times_as_texts() -> None:
    assert '{"at":["2023-12-01T10:00:00Z"],"é":1}' == call(
        "json", {"at": [datetime(2023, 12, 1, 10, tzinfo=UTC)], "é": 1}
    )


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": object()}, [b"x"]])
def test_what_json_has_no_form_for_is_told(value: Any) -> None:
    with pytest.raises(FilterError, match="that JSON has no form for"):
        call("json", value)
