"""What a sender asks is answered only where it has shown the token, or signed what it asks."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.challenge import MOST_CHARACTERS, PLAIN, Echo, asked_and_signed, asked_with_token
from bridge.core.presets import PRESETS
from bridge.errors import BadSignature
from bridge.model.fields import Challenge

META = Challenge(query="hub.challenge", token_query="hub.verify_token", token=b"s3 cret/\xc3\xa9")
RIGHT = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=s3%20cret%2F%C3%A9"
SLACK = PRESETS["slack"].challenge
ASKED = {"token": "x", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "type": "url_verification"}


def test_who_shows_the_token_gets_its_own_text_back_as_plain_text() -> None:
    assert Echo(b"1158201444", PLAIN) == asked_with_token(RIGHT, META)
    assert Echo(b"<b>", PLAIN) == asked_with_token(RIGHT.replace("1158201444", "%3Cb%3E"), META)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.challenge=1",
        "hub.challenge=1&hub.verify_token=",
        "hub.challenge=1&hub.verify_token=s3+cret",
        f"{RIGHT}&hub.verify_token=x",
        f"{RIGHT}&hub.challenge=2",
        RIGHT.replace("1158201444", ""),
        RIGHT.replace("1158201444", "1" * (MOST_CHARACTERS + 1)),
        "&".join([RIGHT, *["a=1"] * 70]),
        "hub.verify_token=\ud800",
    ],
)
def test_any_other_get_is_refused(query: str) -> None:
    with pytest.raises(BadSignature):
        asked_with_token(query, META)


def test_without_a_token_of_our_own_nobody_is_answered() -> None:
    with pytest.raises(BadSignature):
        asked_with_token("hub.challenge=1&hub.verify_token=", Challenge("hub.challenge", "hub.verify_token"))


@given(query=st.text() | st.lists(st.sampled_from([*RIGHT.split("&"), "%", "\ud800"])).map("&".join))
def test_any_query_is_answered_or_refused(query: str) -> None:
    with suppress(BadSignature):
        assert asked_with_token(query, META).body


def test_a_signed_question_gets_its_challenge_back() -> None:
    assert SLACK
    as_json = Challenge(echo=("challenge",), when=SLACK.when, as_json=True)

    assert Echo(ASKED["challenge"].encode(), PLAIN) == asked_and_signed(json.dumps(ASKED).encode(), SLACK)
    echo = asked_and_signed(json.dumps(ASKED).encode(), as_json)
    assert echo == Echo(json.dumps({"challenge": ASKED["challenge"]}).encode(), "application/json")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"not JSON",
        b"[" * 10_000,
        json.dumps(ASKED | {"type": "event_callback"}).encode(),
        json.dumps(ASKED | {"challenge": 7}).encode(),
        json.dumps(ASKED | {"challenge": ""}).encode(),
        json.dumps(ASKED | {"challenge": "x" * (MOST_CHARACTERS + 1)}).encode(),
        json.dumps(ASKED | {"x": "x" * 20_000}).encode(),
    ],
)
def test_what_is_no_question_is_an_event_as_any_other(body: bytes) -> None:
    assert SLACK
    assert asked_and_signed(body, SLACK) is None
