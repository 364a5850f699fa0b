"""How long a target asks us to wait, in each way in which it may say it."""

from datetime import UTC, datetime

import pytest
import responses
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.connector import Hold, Record, Retry, judge_status, retry_after_s
from bridge.outbound import Door
from connectors.http import Http, HttpSettings

DATE = "Sun, 06 Nov 1994 08:44:37 GMT"
IN_FIVE_MINUTES = {
    "IMF-fixdate": "Sun, 06 Nov 1994 08:49:37 GMT",
    "rfc850": "Sunday, 06-Nov-94 08:49:37 GMT",
    "asctime": "Sun Nov  6 08:49:37 1994",
    "asctime, day with a zero": "Sun Nov 06 08:49:37 1994",
    "as mail has it": "Sun, 6 Nov 1994 09:49:37 +0100",
}
TWO_DAYS_S = 172_800.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("  90\t", 90.0),
        ("0000000000120", 120.0),
        ("1.5", 1.5),
        ("0.25", 0.25),
        ("86400", 86_400.0),
        ("172800", TWO_DAYS_S),
        ("172801", TWO_DAYS_S),
        ("99999999", TWO_DAYS_S),
        ("9" * 5000, TWO_DAYS_S),
        ("0" * 5000 + "7", 7.0),
        ("5, 5", 5.0),
        ("5,120", 120.0),
        ("120 , 5", 120.0),
        ("5, soon", 5.0),
        ("-5, 5", 5.0),
        (", 5,,", 5.0),
        *[(said, 300.0) for said in IN_FIVE_MINUTES.values()],
        *[(f"{said}, 7", 300.0) for said in IN_FIVE_MINUTES.values()],
        *[(f"7,{said}", 300.0) for said in IN_FIVE_MINUTES.values()],
        *[(f"{said}, {IN_FIVE_MINUTES['IMF-fixdate']}", 300.0) for said in IN_FIVE_MINUTES.values()],
        ("Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:44:47 GMT", 300.0),
        ("Sun, 06 Nov 1994 08:44:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("Tue, 08 Nov 1994 08:44:37 GMT", TWO_DAYS_S),
        ("Fri, 31 Dec 9999 23:59:59 GMT", TWO_DAYS_S),
    ],
)
def test_what_a_target_asks_for_is_heard(said: str, seconds: float) -> None:
    assert seconds == retry_after_s({"Retry-After": said, "Date": DATE})


@pytest.mark.parametrize(
    "said",
    [
        *[
            "",
            " ",
            ",",
            "-5",
            "+60",
            "soon",
            "120s",
            "5 minutes",
            "1e3",
            "1.",
            ".5",
            "1.5.2",
            "0x10",
            "1_000",
            "inf",
            "nan",
        ],
        *["１２０", "²", "1\u00a02", "120;5", "1994-11-06T08:49:37Z", "Sun", "Sun,", "Sun, 5", "Sun, 06 Nov 1994"],
        *["Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 99999999999 08:49:37 GMT"],
        "Sun, 06 Nov 1994 08:49:37 +9999",
    ],
)
def test_what_nobody_can_read_is_not_heard(said: str) -> None:
    assert retry_after_s({"Retry-After": said, "Date": DATE}) is None
    assert judge_status(503, {"Retry-After": said, "Date": DATE}) == Retry("HTTP 503", uncertain=True)


@pytest.mark.parametrize("date", [*IN_FIVE_MINUTES.values()], ids=IN_FIVE_MINUTES.keys())
def test_a_date_counts_from_the_answers_own_in_any_form(date: str) -> None:
    assert retry_after_s({"Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT", "Date": date}) == 60.0


@pytest.mark.parametrize("headers", [{}, {"Date": "now"}, {"Date": ""}], ids=["none", "unreadable", "empty"])
@pytest.mark.parametrize("said", IN_FIVE_MINUTES.values(), ids=IN_FIVE_MINUTES.keys())
@pytest.mark.parametrize("status", [429, 503])
def test_a_date_counts_from_our_clock_where_the_answer_has_none(
    status: int, said: str, headers: dict[str, str]
) -> None:
    now_s = datetime(1994, 11, 6, 8, 44, 37, tzinfo=UTC).timestamp()
    with responses.RequestsMock() as api:
        api.post("https://crm.example/hook", status=status, headers={"Retry-After": said} | headers)
        call = Door(now_s=lambda: now_s).call()

        outcome = Http(HttpSettings("https://crm.example/hook")).deliver(Record("event", "event", "k1", {}), call)

    assert isinstance(outcome, Hold)
    assert outcome.for_s == 300.0


def test_without_any_clock_a_date_is_not_heard() -> None:
    assert retry_after_s({"Retry-After": IN_FIVE_MINUTES["IMF-fixdate"]}) is None


_pieces = st.sampled_from(
    [*IN_FIVE_MINUTES.values(), "Sun,", "Nov", "06", "08:49:37", "1994", "GMT", "9" * 30, "-", ","]
)
_said = st.text() | st.lists(_pieces | st.text(max_size=3), max_size=8).map(" ".join)


@given(said=_said, date=_said)
@example(said="Sun, 06 Nov 99999999999 08:49:37 GMT", date=DATE)
@example(said=IN_FIVE_MINUTES["asctime"], date="Sun, 06 Nov 99999999999 08:49:37 GMT")
def test_whatever_a_target_says_is_a_wait_of_at_most_two_days_or_none(said: str, date: str) -> None:
    heard_s = retry_after_s({"Retry-After": said, "Date": date})

    assert heard_s is None or 0.0 <= heard_s <= TWO_DAYS_S
