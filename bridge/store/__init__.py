"""The store: the database holds the truth. SQLAlchemy Core, one implementation for SQLite and Postgres."""
