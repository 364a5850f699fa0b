"""What many strangers say names nobody; what one person says does."""

import pytest

from bridge.model.nobody import is_nobodys_number, is_nobodys_session


@pytest.mark.parametrize(
    "phone",
    [
        "0000000000", "+1 111 111 1111", "1234567890", "***-***-0147", "xxx-xxx-0147", "+91 9999999999",
        "+44 0000000000", "0049 1111111111", "0000000000 ext 5", "000-000-0000x12",
        "٠٠٠٠٠٠٠٠٠٠", "１１１１１１１１１１", "१२३४५६७८९०",
    ],
)  # fmt: skip
def test_a_number_that_was_made_up_is_nobodys(phone: str) -> None:
    assert is_nobodys_number(phone)


@pytest.mark.parametrize(
    "phone",
    ["", "+12125550147", "212 555 0147 ext 11", "+44 20 7946 0018", "001 212 555 0147", "+966 50 123 4567",
     "tel: 2125550147", "+49 151 11111112"],
)  # fmt: skip
def test_a_number_of_somebody_is_his(phone: str) -> None:
    assert not is_nobodys_number(phone)


@pytest.mark.parametrize("session", ["", "0", "0000", "0.0", "-1", "null", "None", "undefined"])
def test_a_session_that_says_that_there_is_none_is_nobodys(session: str) -> None:
    assert is_nobodys_session(session)


@pytest.mark.parametrize("session", ["7", "10", "-10", "nullable", "a"])
def test_any_other_session_is_somebodys(session: str) -> None:
    assert not is_nobodys_session(session)
