"""Looking and acting with ids that do not exist: named in words, on both databases, never a traceback."""

from pathlib import Path

import pytest

from bridge.store.database import Database
from tests.processes import Bridge, configuration, http_target

TOO_LARGE = str(2**63)
LARGEST = str(2**63 - 1)


@pytest.fixture
def bridge(tmp_path: Path, database: Database) -> Bridge:
    config = configuration({"crm": http_target("https://crm.example.com/leads")})
    return Bridge(tmp_path, config, database_url=database.url.render_as_string(hide_password=False))


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", TOO_LARGE),
        ("replay", "--", "-1"),
        ("replay", "0"),
        ("replay", "--event", TOO_LARGE),
        ("events", "show", TOO_LARGE),
        ("events", "list", "--before", TOO_LARGE),
        ("deliveries", "show", TOO_LARGE),
        ("deliveries", "list", "--before", TOO_LARGE),
    ],
    ids=" ".join,
)
def test_a_number_that_is_no_id_is_wrong_usage(bridge: Bridge, arguments: tuple[str, ...]) -> None:
    done = bridge.run(*arguments)

    assert 2 == done.returncode
    assert "is not in the range" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("replay", LARGEST), f"delivery {LARGEST}: no such delivery"),
        (("replay", LARGEST, "--as-new"), f"delivery {LARGEST}: no such delivery"),
        (("replay", "--event", LARGEST), f"no event {LARGEST}"),
        (("events", "show", LARGEST), f"no event {LARGEST}"),
        (("deliveries", "show", LARGEST), f"no delivery {LARGEST}"),
    ],
    ids=str,
)
def test_an_id_that_does_not_exist_is_said_so(bridge: Bridge, arguments: tuple[str, ...], says: str) -> None:
    done = bridge.run(*arguments)

    assert 1 == done.returncode
    assert says in done.stderr
    assert "Traceback" not in done.stderr
