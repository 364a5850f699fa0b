"""People, phones and emails: what a visitor wrote as what a CRM takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.filters import FilterError
from bridge.model.mapping import Origin
from tests.core.filters.calling import call, check


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ada Lovelace", "Ada", "Lovelace"),
        ("  Ada  King   Lovelace ", "Ada King", "Lovelace"),
        ("Ada", None, "Ada"),
        (" ", None, None),
    ],
)
def test_the_last_word_is_the_last_name(name: str, first: str | None, last: str | None) -> None:
    assert (first, last) == (call("first_name", name), call("last_name", name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(212) 555-0123", "+12125550123"),
        (2125550123, "+12125550123"),
        ("+49 (0)30 1234567", "+49301234567"),
        ("tel:+1-212-555-0123", "+12125550123"),
        ("(212) 555-0123 x45", "+12125550123"),
        ("5552671", "+15552671"),  # possible, not valid
        ("212 555 0123 / 212 555 9876", "+12125550123"),
        ("555 123 4567 / 555 765 4321", "+15551234567"),
        ("212.555.0123, 212.555.9876", "+12125550123"),
        ("(212) 555-0123 or (212) 555 9876", "+12125550123"),
        ("call me after 5pm at 212 555 0123", "+12125550123"),
        ("(212) 555-0123 (cell)", "+12125550123"),
        ("1-800-FLOWERS", "+18003569377"),
        ("555 call now", "555 call now"),
        (" none ", "none"),
        ("12", "12"),
        ("2023-12-01", "2023-12-01"),
        (" ", None),
    ],
)
def test_a_phone_is_e164_or_stays_as_it_is(text: Any, expected: str | None) -> None:
    assert expected == call("phone", text)


def test_a_phone_is_read_as_in_its_region() -> None:
    assert "+49301234567" == call("phone", "030 1234567", "DE")
    assert "+49301234567" == call("phone", "030 1234567", region="de")
    assert "+442079460018" == call("phone", "0044 20 7946 0018", where=Origin(phone_region="GB"))
    assert "+12125550123" == call("phone", "(212) 555-0123")


@pytest.mark.parametrize(
    ("text", "on_bad", "expected"),
    [
        ("none", "keep", "none"),
        ("none", "null", None),
        ("none", "strict", None),
        ("5552671", "null", "+15552671"),
        ("5552671", "strict", None),
        ("(212) 555-0123", "strict", "+12125550123"),
    ],
)
def test_a_bad_phone_is_what_the_mapping_says(text: str, on_bad: str, expected: str | None) -> None:
    assert expected == call("phone", text, on_bad=on_bad)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("212 555 0123 ext. 45", "45"), ("+12125550123;ext=9", "9"), ("(212) 555-0123", None), ("none", None)],
)
def test_an_extension_is_told_apart(text: str, expected: str | None) -> None:
    assert expected == call("phone_ext", text)


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"region": "UK"}, r"unknown phone region 'UK': did you mean 'GB'."),
        ({"region": "Germany"}, "unknown phone region 'Germany': write a country's two letters, such as US or DE"),
        ({"region": 49}, "must be a text, not a number"),
        ({"on_bad": "drop"}, "unknown on_bad: write 'keep', 'null' or 'strict'"),
    ],
)
def test_wrong_arguments_are_told_before_any_event(arguments: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check("phone", **arguments)
    with pytest.raises(FilterError, match=r"^phone: "):
        call("phone", "(212) 555-0123", **arguments)


@given(number=st.from_regex(r"\+1212[2-9][0-9]{6}", fullmatch=True), region=st.sampled_from(["US", "DE", "JP"]))
def test_e164_stays_what_it_is_in_any_region(number: str, region: str) -> None:
    assert number == call("phone", number, region)


@pytest.mark.parametrize(
    ("text", "address", "domain"),
    [
        (" ada@example.com\n", "ada@example.com", "example.com"),
        ("Ada@EXAMPLE.Com", "Ada@example.com", "example.com"),
        ("MAILTO:ada@example.com?subject=Hi", "ada@example.com", "example.com"),
        ("ada+crm@mail.example.co.uk", "ada+crm@mail.example.co.uk", "mail.example.co.uk"),
        ("ada@visitor.test", "ada@visitor.test", "visitor.test"),
        ("ada@Exämple.com", "ada@exämple.com", "exämple.com"),
        ("ada@XN--exmple-cua.com", "ada@xn--exmple-cua.com", "xn--exmple-cua.com"),
        ("ada@example", None, None),
        ("ada", None, None),
        ("ada@", None, None),
        ("ada lovelace@example.com", None, None),
        ("a@b.com, c@d.com", None, None),
        ("ada@\ud800.com", None, None),
    ],
)
def test_an_email_is_read_or_null(text: str, address: str | None, domain: str | None) -> None:
    assert (address, domain) == (call("email", text), call("email_domain", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@GMail.com", True),
        ("ada@gmx.de", True),
        ("ada@example.com", False),
        ("ada@gmail.com.example.com", False),
        ("ada", None),
    ],
)
def test_a_free_address_is_known(text: str, expected: bool | None) -> None:
    assert expected is call("is_free_mail", text)
