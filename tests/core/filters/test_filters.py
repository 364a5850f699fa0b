"""The filters as a whole: each example holds, arguments are bound or refused, and none is heavy to import."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from jinja2 import Environment, Undefined

from bridge.core.filters import FILTERS, Filter, bound, text_of
from tests.core.filters.calling import call

SAMPLE = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "phone": "(212) 555-0123",
    "content": "Hi\nTime: 2023-12-01 10:00 AM\nBudget: 500",
    "page_url": "https://www.example.com/pricing?utm_source=google",
    "created_at": datetime(2023, 11, 28, 12, tzinfo=UTC),
    "raw": {},
}


def evaluated(expression: str) -> Any:
    """What Jinja makes of an expression with these filters."""

    def called(name: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        return call(name, None if isinstance(value, Undefined) else value, *args, **kwargs)

    environment = Environment(autoescape=False)
    environment.filters = {name: partial(called, name) for name in FILTERS}
    return environment.compile_expression(expression.removeprefix("{{").removesuffix("}}"))(**SAMPLE)


@pytest.mark.parametrize("known", FILTERS.values(), ids=list(FILTERS))
def test_each_example_gives_what_it_says(known: Filter) -> None:
    found = evaluated(known.example)

    assert f"| {known.name}" in known.example
    assert known.summary.endswith(".")
    assert known.gives == (text_of(found) if isinstance(found, date) else json.dumps(found, ensure_ascii=False))


@pytest.mark.parametrize("name", FILTERS)
def test_null_stays_null_but_for_those_that_have_something_for_it(name: str) -> None:
    assert (name in {"default", "lookup"}) == FILTERS[name].takes_null


READERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("first_line", "digits", "slug", "html_to_text", "hash", "first_name", "last_name"), ()),
    **dict.fromkeys(("phone", "phone_ext", "email", "email_domain", "is_free_mail", "datetime", "date"), ()),
    **dict.fromkeys(("to_int", "to_number", "to_bool", "url_host", "url_path", "url_strip"), ()),
    "label": ("Time",),
    "query": ("q",),
    "find": (".*",),
    "before": ("@",),
    "after": ("@",),
}


@pytest.mark.parametrize(("name", "args"), READERS.items())
def test_an_empty_text_says_nothing(name: str, args: tuple[str, ...]) -> None:
    assert call(name, "", *args) is None


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "expected"),
    [
        ("lower", (), {}, {}),
        ("truncate", (20, True), {"end": "…"}, {"length": 20, "killwords": True, "end": "…"}),
        ("phone", (), {"region": "DE"}, {"region": "DE"}),
        ("datetime", ("%Y",), {"tz": "UTC"}, {"format": "%Y", "tz": "UTC"}),
        ("add", (), {"days": 1}, {"days": 1}),
        ("lookup", ("owners",), {"default": None}, {"table": "owners", "default": None}),
    ],
)
def test_arguments_are_bound_by_name(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert expected == bound(FILTERS[name], args, kwargs)


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "wrong"),
    [
        ("lower", ("x",), {}, "lower takes no arguments; it takes none"),
        ("phone", ("DE", "keep", 1), {}, "phone takes 2 arguments in a row at the most; it takes region, on_bad"),
        ("add", (1,), {}, "add takes no arguments without their names; it takes weeks, days, hours"),
        ("datetime", (), {"zone": "UTC"}, "datetime takes no argument 'zone'; it takes format, tz"),
        ("lower", (), {"value": "x"}, "lower takes no argument 'value'; it takes none"),
        ("phone", (), {"where": "x"}, "phone takes no argument 'where'; it takes region, on_bad"),
        ("phone", ("DE",), {"region": "US"}, "phone has 'region' twice: leave one out"),
        ("replace", (), {}, "replace needs old and new: write it as in {{ page_url | replace('https://', '') }}"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - its text is compared
        bound(FILTERS[name], args, kwargs)

    assert str(raised.value).startswith(wrong)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (5.0, "5"),
        (1e21, "1000000000000000000000"),
        (0.1, "0.1"),
        ("Ada", "Ada"),
        (datetime(2023, 12, 1, 10, tzinfo=UTC), "2023-12-01T10:00:00Z"),
        (call("datetime", "2023-12-01 10:00"), "2023-12-01T10:00:00-05:00"),
        (call("datetime", "2023-12-01 10:00", tz="Europe/London"), "2023-12-01T10:00:00+00:00"),
        (call("datetime", "2023-12-01 10:00", tz="UTC"), "2023-12-01T10:00:00Z"),
        (date(2023, 12, 1), "2023-12-01"),
        ({"a": [1, None, True, "é"], "at": date(2023, 12, 1)}, '{"a":[1,null,true,"é"],"at":"2023-12-01"}'),
    ],
)
def test_every_value_is_some_text(value: Any, expected: str) -> None:
    assert expected == text_of(value)


def test_importing_the_filters_loads_none_of_the_large_libraries() -> None:
    large = ("phonenumbers", "email_validator", "regex", "pydantic", "flask")
    script = f"import sys, bridge.core.filters; print([name for name in {large} if name in sys.modules])"

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "[]\n" == found.stdout
