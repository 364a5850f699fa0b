"""What HubSpot says of its quotas is heeded before it refuses."""

import pytest

from connectors.hubspot.limits import Limits


class Told:
    """What the bridge gives a connector, as far as quotas go: the time, and what was asked of it."""

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s
        self.deadline_s = 120.0
        self.waited: list[float] = []
        self.warned: list[str] = []

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    def warn(self, text: str) -> None:
        self.warned.append(text)


def headers(**numbers: int) -> dict[str, str]:
    return {f"X-HubSpot-RateLimit-{name.replace('_', '-')}": str(number) for name, number in numbers.items()}


@pytest.mark.parametrize(
    ("left", "passed_s", "waited"), [(9, 0, [10.0]), (9, 4, [6.0]), (9, 10, []), (10, 0, []), (0, 3, [7.0])]
)
def test_an_attempt_waits_for_the_next_interval_where_little_of_this_one_is_left(
    left: int, passed_s: float, waited: list[float]
) -> None:
    limits, first, next_ = Limits(), Told(), Told(1000.0 + passed_s)

    limits.heed(headers(Max=100, Remaining=left, Interval_Milliseconds=10_000), first)
    limits.before(next_)

    assert waited == next_.waited


@pytest.mark.parametrize(("left", "waited", "warned"), [(500, [], 0), (199, [], 1), (49, [30.0], 1)])
def test_a_day_that_is_nearly_used_up_slows_the_bridge_and_is_told(left: int, waited: list[float], warned: int) -> None:
    limits, call = Limits(), Told()

    limits.heed(headers(Daily=1000, Daily_Remaining=left), call)
    limits.before(call)

    assert (waited, warned) == (call.waited, len(call.warned))
    assert f"{1 - left / 1000:.0%} of the daily API requests are used" == limits.note


def test_headers_that_are_missing_or_no_numbers_say_nothing() -> None:
    limits, call = Limits(), Told()

    limits.heed({"X-HubSpot-RateLimit-Max": "many", "X-HubSpot-RateLimit-Daily": "", "Date": "now"}, call)
    limits.before(call)

    assert ([], [], "") == (call.waited, call.warned, limits.note)
