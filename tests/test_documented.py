"""The tables of the docs say what the declarations say, and the examples in them are true."""

from datetime import UTC, datetime

import pytest

from bridge.core.expression import Expression, Language
from bridge.core.filters import FILTERS, Filter, text_of
from bridge.core.mapping import names_for
from bridge.engine.trial import shown
from bridge.model.event import Event, Kind, StoredEvent
from bridge.model.mapping import MappingRule, Origin
from tests.documented import tables, written

LOOKUPS = {"countries": {"DE": "Germany"}}
ADA = Event(
    "main",
    Kind.LEAD,
    first_name="Ada",
    last_name="Lovelace",
    email="ada@example.com",
    phone="(212) 555-0123",
    content="Hi\nTime: 2023-12-01 10:00 AM\nBudget: 500",
    page_url="https://www.example.com/pricing?utm_source=google",
    created_at=datetime(2023, 11, 28, 12, tzinfo=UTC),
)


def test_the_tables_are_current() -> None:
    for path, parts in tables().items():
        text = path.read_text()
        assert written(text, parts) == text, f"`make docs` writes {path.name} anew"


@pytest.mark.parametrize("one", FILTERS.values(), ids=lambda one: one.name)
def test_the_example_of_a_filter_comes_to_what_it_says(one: Filter) -> None:
    rule = MappingRule(origins={"main": Origin("America/New_York", "US", LOOKUPS)})
    read = Language(FILTERS, LOOKUPS).read(one.example)

    assert isinstance(read.value, Expression), read.faults
    found = read.value.value(names_for(StoredEvent(1, "k", 1, datetime(2023, 11, 28, tzinfo=UTC), ADA), rule))

    assert one.gives in (shown(found), text_of(found))
