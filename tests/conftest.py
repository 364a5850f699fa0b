"""What all tests share: both databases, real ones, each test with an empty one of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.store import schema
from bridge.store.database import Database
from tests.postgres import Postgres, postgres


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


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with this version's schema."""
    found = Database(database_url)
    schema.migrate(found)
    yield found
    found.close()
