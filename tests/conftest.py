"""What all tests share: both databases, real ones, each test with an empty one of its own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bridge import log
from bridge.sandbox.inbox import Inbox
from bridge.store import schema
from bridge.store.database import Database
from tests.postgres import Postgres, emptied, postgres

# How long an example takes says something of the machine, and nothing of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def logs_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that a test calls in this process sets up how it logs, for good: the next test's lines are its own."""
    monkeypatch.setattr(log, "_lines", log._lines)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A Postgres of this test session's own."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def new_postgres(postgres_server: Postgres) -> Callable[[], str]:
    """Makes an empty Postgres database and gives its URL."""
    return postgres_server.new_database


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bridge.db"
    return str(request.getfixturevalue("new_postgres")())


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with this version's schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "bridge.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: Postgres) -> str:
    """The URL of a Postgres database with this version's schema, to be emptied for each test: that is ten times quicker
    than a new one.
    """
    url = postgres_server.new_database()
    _migrate(url)
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An open database with this version's schema, once for each kind."""
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "bridge.db")
        found = Database(f"sqlite:///{path}")
    else:
        found = Database(emptied(request.getfixturevalue("migrated_postgres")))
    yield found
    found.close()


@pytest.fixture
def shared_database(new_postgres: Callable[[], str]) -> Iterator[Database]:
    """An open database on Postgres with this version's schema: there several processes write at once."""
    found = Database(new_postgres())
    schema.migrate(found)
    yield found
    found.close()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A sandbox inbox on a free port, in this process."""
    with Inbox() as found:
        yield found


def _migrate(url: str) -> None:
    database = Database(url)
    schema.migrate(database)
    database.close()
