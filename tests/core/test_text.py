"""Text as people write it: what makes two spellings the same, and what makes any text storable."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.text import instant, page, same_page, same_phone, split_name, squeezed, storable

any_text = st.text(st.characters(), max_size=40)  # lone surrogates and NUL among them
spaces = st.text(" \t\n\u00a0\u2003", min_size=1, max_size=3)
words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=6)


@given(text=any_text)
def test_what_is_storable_has_no_nul_and_no_lone_surrogate_and_stays_as_it_is(text: str) -> None:
    found = storable(text)

    found.encode("utf-8")
    assert "\x00" not in found
    assert found == storable(found)


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_a_text_without_fault_is_stored_as_it_is(text: str) -> None:
    assert text == storable(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b", "ab"),
        ("\x00é\x00", "é"),
        ("half \ud83d", "half \ufffd"),
        ("\ude00 the other", "\ufffd the other"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("whole 😀", "whole 😀"),
        ("", ""),
    ],
)
def test_nul_goes_and_half_an_emoji_is_replaced(text: str, expected: str) -> None:
    assert expected == storable(text)


@given(parts=st.lists(words, min_size=1, max_size=4), data=st.data())
def test_a_name_is_the_same_in_any_case_and_with_any_spaces(parts: list[str], data: st.DataObject) -> None:
    gaps = [data.draw(spaces) for _ in range(len(parts) + 1)]
    spaced = gaps[0] + "".join(part + gap for part, gap in zip(parts, gaps[1:], strict=True))

    assert squeezed(" ".join(parts)) == squeezed(spaced)


@given(text=any_text)
def test_squeezing_twice_is_squeezing_once(text: str) -> None:
    once = squeezed(text)

    assert once == squeezed(once)
    assert once == once.strip()


def test_the_same_name_is_so_beyond_ascii_case() -> None:
    assert squeezed("ÉTÉ") == squeezed(" e\u0301te\u0301 ")
    assert squeezed("STRASSE") != squeezed("straße")


@given(text=any_text | st.from_regex(r"\s*\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d:?\d\d)?"))
def test_any_text_is_an_instant_in_utc_or_none(text: str) -> None:
    found = instant(text)

    assert found is None or found.utcoffset() == timedelta(0)


@given(
    moment=st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    offset_min=st.integers(-14 * 60, 14 * 60),
    decimals=st.integers(0, 6),
)
def test_an_instant_is_read_whatever_its_zone_and_number_of_decimals(
    moment: datetime, offset_min: int, decimals: int
) -> None:
    cut = moment.replace(microsecond=int(f"{moment.microsecond:06}"[:decimals].ljust(6, "0")))
    there = cut.astimezone(timezone(timedelta(minutes=offset_min)))
    sign = "+" if offset_min >= 0 else "-"
    zone = f"{sign}{abs(offset_min) // 60:02}:{abs(offset_min) % 60:02}"
    fraction = f".{there.microsecond:06}"[: decimals + 1] if decimals else ""

    assert cut == instant(f"{there:%Y-%m-%dT%H:%M:%S}{fraction}{zone}")


NOON = datetime(2023, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-23T12:00:00Z", NOON),
        ("2023-11-23T12:00:00", NOON),
        ("2023-11-23t12:00:00z", NOON),
        (" 2023-11-23 12:00:00 ", NOON),
        ("2023-11-23T12:00Z", NOON),
        ("2023-11-23", NOON.replace(hour=0)),
        ("2023-11-23T12:00:00.5Z", NOON.replace(microsecond=500_000)),
        ("2023-11-23T12:00:00,25Z", NOON.replace(microsecond=250_000)),
        ("2023-11-23T12:00:00.123456Z", NOON.replace(microsecond=123_456)),
        ("2023-11-23T12:00:00.123456999Z", NOON.replace(microsecond=123_456)),
        ("2023-11-23T12:00:00." + "1" * 5000, NOON.replace(microsecond=111_111)),
        ("2023-11-23T07:00:00-05:00", NOON),
        ("2023-11-23T17:30:00+0530", NOON),
        ("2023-11-23T14:00:00 +02", NOON),
    ],
)
def test_the_ways_in_which_a_time_is_written(text: str, expected: datetime) -> None:
    assert expected == instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "1700764581", "23.11.2023", "2023-11-23T", "2023-13-01", "2023-02-30T12:00:00Z",
        "2023-11-23T25:00:00Z", "0000-01-01", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
        "2023-11-23T12:00:00.Z", "2023-11-23T12:00:00Z or so",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert instant(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("  ", ""),
        ("www.google.com", "https://www.google.com"),
        (" www.google.com/a?b=c:d#e ", "https://www.google.com/a?b=c:d#e"),
        ("https://www.google.com", "https://www.google.com"),
        ("HTTP://www.google.com", "HTTP://www.google.com"),
        ("example.com:8080", "https://example.com:8080"),
        ("example.com:8080/x", "https://example.com:8080/x"),
        ("localhost:3000", "https://localhost:3000"),
        ("10.0.0.1:80/x", "https://10.0.0.1:80/x"),
        ("android-app://com.example", "android-app://com.example"),
        ("file:///tmp/x.html", "file:///tmp/x.html"),
        ("//www.google.com/x", "https://www.google.com/x"),
    ],
)
def test_a_page_without_a_scheme_gets_one(text: str, expected: str) -> None:
    assert expected == page(text)


@given(text=any_text)
def test_a_page_with_a_scheme_stays_as_it_is(text: str) -> None:
    once = page(text)

    assert once == page(once)


@given(host=st.from_regex(r"[a-z]{1,8}\.[a-z]{2,3}(:[0-9]{2,4})?(/[a-zA-Z0-9?=&]{0,8}){0,2}", fullmatch=True))
def test_a_page_is_the_same_with_and_without_scheme_and_closing_slash(host: str) -> None:
    name, slash, path = host.partition("/")
    spellings = [host, f"http://{host}", f"HTTPS://{host}/", f" {host}/ ", page(host), name.upper() + slash + path]

    assert {host.rstrip("/")} == {same_page(spelling) for spelling in spellings}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("David Garcia", ("David", "Garcia")),
        ("  Ana  María\tde la Cruz ", ("Ana María de la", "Cruz")),
        ("Cher", ("", "Cher")),
        ("", ("", "")),
        (" \n ", ("", "")),
    ],
)
def test_the_last_word_of_a_name_is_the_last_name(name: str, expected: tuple[str, str]) -> None:
    assert expected == split_name(name)


@given(name=any_text)
def test_a_split_name_is_the_same_name(name: str) -> None:
    first, last = split_name(name)

    assert squeezed(name) == squeezed(f"{first} {last}")


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+1 (212) 555-0147", "US", "+12125550147"),
        ("212.555.0147", "US", "+12125550147"),
        ("12125550147", "US", "+12125550147"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("212-555-0147", "", "2125550147"),
        ("+1 212 555 0147", "", "+12125550147"),
        ("ext. 12345", "US", "12345"),
        ("212 555 0147 ext. 20", "US", "+12125550147;ext=20"),
        ("+1 (212) 555-0147 x20", "US", "+12125550147;ext=20"),
        ("２１２ 555 0147", "US", "+12125550147"),
        ("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "US", "+966501234567"),
        ("001 212 555 0147", "US", "+12125550147"),
        (" 00442079460018", "", "+442079460018"),
        ("00 12 34", "US", "001234"),
        ("9" * 60, "US", "9" * 60),
        ("1234", "US", ""),
        ("none", "US", ""),
        ("", "US", ""),
    ],
)
def test_the_same_phone_is_e164_where_it_can_be_told_else_its_digits(text: str, region: str, expected: str) -> None:
    assert expected == same_phone(text, region)


phones = any_text | st.text("+0123456789()-. x", max_size=300)


@given(text=phones, region=st.sampled_from(["US", "GB", "", "??"]))
def test_any_text_is_a_phone_of_digits_or_none_and_e164_stays_as_it_is(text: str, region: str) -> None:
    found = same_phone(text, region)

    assert found == "" or (found.removeprefix("+").replace(";ext=", "").isdecimal() and found.isascii())
    assert not found.startswith("+") or found == same_phone(found, region)
