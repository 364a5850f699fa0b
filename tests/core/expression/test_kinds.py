"""A filter that cannot take what a name always is, is a mistake of the configuration: told before any event comes."""

import pytest

from bridge.core.expression import Language
from bridge.core.filters import FILTERS

LANGUAGE = Language(FILTERS, {"sources": {"lead": "Web"}})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ email | format('%Y') }}", "format needs a date and time, this is a text"),
        ("{{ raw | lower }}", "lower needs a text, this is an object"),
        ("{{ phone | add(days=1) }}", "add needs a date and time, this is a text"),
        ("A {{ event | upper }} B", "upper needs a text, this is an object"),
    ],
)
def test_a_filter_on_a_name_of_another_kind_is_told(text: str, said: str) -> None:
    (fault,) = LANGUAGE.read(text).faults

    assert said == fault.message
    assert fault.hint


@pytest.mark.parametrize(
    "text",
    [
        "{{ raw.Anything | lower }}",  # may be anything
        "{{ content | datetime | add(days=1) }}",
        "{{ created_at | format('%Y') }}",
        "{{ event | json }}",
        "{{ kind | lookup('sources') }}",
        "{{ email | replace(first_name, '') }}",
        "{{ event_id | hash('sha256') if false else 1 }}",
    ],
)
def test_what_may_fit_is_left_to_the_event(text: str) -> None:
    assert [] == LANGUAGE.read(text).faults
