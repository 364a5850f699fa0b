"""Address: what DATABASE_URL may say, as SQLAlchemy's URL."""

from collections.abc import Callable

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import StoreError

_NO_ADDRESS = "DATABASE_URL is no database address: expected postgres://user:password@host/name or sqlite:///path"
_IN_A_PASSWORD = f"{_NO_ADDRESS} (in a password, write / # ? @ : as %2F %23 %3F %40 %3A)"


def read_url(url: str, *, needs_tls: Callable[[str], bool] = lambda _: False) -> URL:
    """The SQLAlchemy URL: `postgres://` (Heroku's spelling) is Postgres, a bare path is a SQLite file. `needs_tls`: of
    a server's name or address; asked where the URL does not say itself how it is.
    """
    if url != url.strip() or not url.isprintable():  # else it would quietly be another file or another database
        raise StoreError(f"DATABASE_URL {_unseen(url)}: write it without")
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            url = "postgresql+psycopg://" + url.removeprefix(prefix)
    if "://" not in url:
        if ":" in url or "@" in url:
            raise StoreError(f"{_NO_ADDRESS}: there is no :// in it")
        url = f"sqlite:///{url}"
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        raise StoreError(_IN_A_PASSWORD) from None
    if "@" in (parsed.host or ""):  # the end of a password: said nowhere
        raise StoreError(_IN_A_PASSWORD)
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"DATABASE_URL names {parsed.get_backend_name()}: only Postgres and SQLite are supported")
    if parsed.get_backend_name() == "sqlite":
        _must_be_a_file(parsed)
    parsed = parsed.set(drivername={"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}[parsed.get_backend_name()])
    return _encrypted(parsed, needs_tls)


def _must_be_a_file(url: URL) -> None:
    if url.host:
        raise StoreError("DATABASE_URL lacks a slash: write sqlite:///bridge.db, or sqlite:////var/lib/bridge.db")
    if url.database in (None, "", ":memory:"):
        raise StoreError("DATABASE_URL names a SQLite database in memory, which would lose events: name a file")
    if url.query or str(url.database).startswith("file:"):
        raise StoreError("DATABASE_URL: of SQLite name the file alone, without `file:` and without what follows a `?`")


def _unseen(url: str) -> str:
    """What of the address nobody sees in a terminal."""
    if url != url.strip():
        return f"has a blank or a line end {'before' if url[0].isspace() else 'behind'} the address"
    return f"has {next(sign for sign in url if not sign.isprintable())!r} in it"


def _encrypted(url: URL, needs_tls: Callable[[str], bool]) -> URL:
    if url.get_backend_name() == "sqlite" or "sslmode" in url.query or "service" in url.query:
        return url
    servers = url.query.get("hostaddr") or url.query.get("host") or url.host or ""
    names = servers.split(",") if isinstance(servers, str) else servers
    return url.update_query_dict({"sslmode": "require"}) if any(map(needs_tls, names)) else url
