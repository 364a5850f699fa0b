"""Lookups: exactly, then in any case, then what the table has for the rest."""

from typing import Any

import pytest

from bridge.core.filters import FilterError
from bridge.model.mapping import Origin
from tests.core.filters.calling import call, check

OWNERS = {"DE": "Anna", "de": "Bert", "New York": "Cleo", "5": "Dora", "true": 1}
WHERE = Origin(
    lookups={"owners": OWNERS, "all": {"DE": "Anna", "*": "Zoe"}, "blank": {"": "nobody", "*": "Zoe"}, "none": {}}
)


@pytest.mark.parametrize(
    ("value", "table", "expected"),
    [
        ("DE", "owners", "Anna"),
        ("de", "owners", "Bert"),
        ("De", "owners", "Anna"),
        (" new YORK\n", "owners", "Cleo"),
        (5, "owners", "Dora"),
        (5.0, "owners", "Dora"),
        (True, "owners", 1),
        ("FR", "all", "Zoe"),
        ("", "all", "Zoe"),
        (None, "all", "Zoe"),
        (None, "blank", "nobody"),
        (" ", "blank", "nobody"),
        (None, "owners", None),
        ("", "owners", None),
        (" ", "none", None),
    ],
)
def test_a_table_says(value: Any, table: str, expected: Any) -> None:
    assert expected == call("lookup", value, table, where=WHERE)


@pytest.mark.parametrize("value", ["FR", "", None])
@pytest.mark.parametrize("default", ["Zoe", None])
def test_a_miss_is_the_default(value: Any, default: Any) -> None:
    assert default == call("lookup", value, "owners", default=default, where=WHERE)


def test_a_default_goes_behind_what_the_table_has() -> None:
    assert "Zoe" == call("lookup", "FR", "all", default="x", where=WHERE)


def test_a_miss_names_the_keys_and_not_the_value() -> None:
    where = Origin(lookups={"many": dict.fromkeys("abcdefghijkl", 1)})

    with pytest.raises(FilterError) as raised:
        call("lookup", "secret", "many", where=where)

    keys = "a, b, c, d, e, f, g, h, i, j and 2 more"
    assert f"lookup: this text is no key of many ({keys}): add it, or '*' for the rest" == str(raised.value)


def test_an_empty_table_says_so() -> None:
    with pytest.raises(FilterError, match=r"no key of none \(it is empty\)"):
        call("lookup", "x", "none", where=WHERE)


@pytest.mark.parametrize("table", ["secret", None, ["owners"]])
def test_a_table_that_is_not_there_is_told(table: Any) -> None:
    with pytest.raises(FilterError, match="there is no table of this name") as raised:
        call("lookup", "DE", table, where=WHERE)

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("table", "lookups", "wrong"),
    [
        ("owner", {"owners": {}}, "unknown table 'owner': did you mean 'owners'"),
        ("x", {"owners": {}, "countries": {}}, "unknown table 'x': there are owners, countries"),
        ("x", {}, "unknown table 'x': add it to lookups"),
        (5, {"owners": {}}, "must be a text, not a number"),
    ],
)
def test_a_table_is_checked_before_any_event(table: Any, lookups: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        check("lookup", lookups, table=table)
    check("lookup", {"owners": {}}, table="owners")
