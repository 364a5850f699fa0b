"""Phone numbers: however one is written, HubSpot's search is asked for the digits by which it may know it."""

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridge.connector import is_nobodys_number
from connectors.hubspot.phones import digits, spellings

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, list[str]]:
    """The national digits of a number somewhere in the world, and ways to write it."""
    region = draw(st.sampled_from(REGIONS))
    like = phonenumbers.example_number_for_type(region, draw(st.sampled_from(KINDS)))
    assume(like is not None)
    sample = phonenumbers.national_significant_number(like)
    last = draw(st.integers(2, len(sample)))
    national = sample[:-last] + draw(st.text("0123456789", min_size=last, max_size=last))
    number = phonenumbers.parse(f"+{like.country_code}{national}")
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or "0"
    codes = [f"{sign}{like.country_code}" for sign in ("+", "00", "")]
    odd = [f"{code}{more}" for code in codes for more in {"0", trunk} | ({"1"} if like.country_code == 52 else set())]
    forms = (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    written = [phonenumbers.format_number(number, form) for form in forms]
    return str(number.national_number), [before + national for before in ["", trunk, *codes, *odd]] + written


def known_by(phone: str, country: str) -> str:
    """The digits that an account of this country searches by: those behind the country's code, as it reads the number;
    all of them where it cannot.
    """
    try:
        return str(phonenumbers.parse(phone, country).national_number)
    except phonenumbers.NumberParseException:
        return "".join(sign for sign in phone if sign.isdecimal()).lstrip("0")


@settings(max_examples=400)
@given(numbers(), st.data())
def test_no_two_ways_to_write_a_number_miss_each_other_that_all_four_cuts_would_find(
    drawn: tuple[str, list[str]], data: st.DataObject
) -> None:
    """Until now a number was cut behind none, one, two and three digits, since its country was not known."""
    national, written = drawn
    asked, there = data.draw(st.sampled_from(written)), data.draw(st.sampled_from(written))
    known = known_by(there, data.draw(st.sampled_from(REGIONS)))
    is_misread = known not in (national, "".join(sign for sign in there if sign.isdecimal()).lstrip("0"))
    cuts = {digits(asked).removeprefix("+")[cut:] for cut in range(4)}
    assume(digits(asked) == digits(there) and not is_misread and known in cuts and len(known) >= 4)

    if is_nobodys_number(asked):
        assert set() == spellings(asked)
    else:
        assert known in spellings(asked)


@pytest.mark.parametrize(
    ("phone", "asked"),
    [
        ("+1 (212) 555-0147", {"2125550147"}),
        ("(212) 555-0147", {"2125550147", "5550147"}),  # or of Morocco
        ("+1 012 555 0147", {"0125550147", "125550147", "25550147", "5550147"}),  # no such area
        ("+44 20 7946 0958", {"442079460958", "2079460958"}),
        ("+44 (0)20 7946 0958", {"4402079460958", "02079460958", "2079460958"}),
        ("0044 20 7946 0958", {"442079460958", "2079460958"}),
        ("442079460958", {"442079460958", "2079460958"}),
        ("+47 22 12 34 56", {"4722123456", "22123456"}),
        ("8 (495) 123-45-67", {"84951234567", "4951234567", "951234567", "51234567"}),
        ("+372 5551 2345", {"37255512345", "55512345"}),
        ("+52 1 55 1234 5678", {"5215512345678", "215512345678", "15512345678", "5512345678"}),  # 1: until 2019
        ("+39 06 6982 1234", {"390669821234", "0669821234", "669821234"}),
        ("020 7946 0958", {"02079460958", "2079460958", "079460958", "79460958"}),
        ("+999 1234 5678", {"99912345678", "9912345678", "912345678", "12345678"}),  # no country has this
        ("none", set()),
        ("123", set()),
    ],
)
def test_the_country_says_what_is_asked_for(phone: str, asked: set[str]) -> None:
    assert asked == spellings(phone)
