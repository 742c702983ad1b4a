"""Opens a database: its address, its connections, its migrations."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tinyfield.errors import EnvironmentFault, MissingToolError, UsageError
from tinyfield_gateway.store.backends import POSTGRESQL, SQLITE, backend_of

WRITING = "tinyfield_writing"
"""Execution option of a connection that is going to write."""

_ADDRESSES = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


class StoreUnavailableError(EnvironmentFault):
    """The store cannot write or read at the moment."""


def default_dir() -> Path:
    """``$TINYFIELD_GATEWAY_DATA``, else ``$XDG_DATA_HOME/tinyfield-gateway``."""
    own = os.environ.get("TINYFIELD_GATEWAY_DATA")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "tinyfield-gateway"


def parse_url(text: str | None) -> URL:
    """The address of a store; None is SQLite in the data folder, a plain path is SQLite too.

    Raises:
        UsageError: neither SQLite nor PostgreSQL.
        MissingToolError: PostgreSQL without a driver.
    """
    if text is None:
        return URL.create(SQLITE.driver, database=str(default_dir() / "gateway.db"))
    if "://" not in text:
        return URL.create(SQLITE.driver, database=text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UsageError(f"--store {text}: not an address", hint=_ADDRESSES) from None
    name = url.get_backend_name()
    if name == "sqlite" and url.database:
        return url.set(drivername=SQLITE.driver)
    if name not in ("postgresql", "postgres"):
        raise UsageError(f"--store {url.render_as_string()}: unknown kind", hint=_ADDRESSES)
    try:
        import psycopg  # noqa: F401 - it is here, and finds its libpq
    except ImportError:
        raise MissingToolError(
            "psycopg, the PostgreSQL driver,",
            "pip install 'psycopg[binary]', or for a machine that has no wheel of it: "
            "apt-get install libpq5 && pip install psycopg",
        ) from None
    return url.set(drivername=POSTGRESQL.driver)


def shown(url: URL) -> str:
    """An address as its operator wrote it, without the password."""
    return url.set(drivername=url.get_backend_name()).render_as_string()


def make_engine(url: URL) -> Engine:
    """An engine; nothing is opened yet."""
    backend = backend_of(url)
    engine = create_engine(
        url,
        connect_args={key: value for key, value in backend.connect.items() if key not in url.query},
        pool_pre_ping=backend is POSTGRESQL,
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for setting in backend.settings:
            cursor.execute(setting)
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        writing = connection.get_execution_options().get(WRITING)
        statement = backend.begin_writing if writing else backend.begin
        if statement is not None:
            connection.exec_driver_sql(statement)

    return engine


def prepare(engine: Engine) -> None:
    """Make the store, or bring it to the newest schema.

    Raises:
        StoreUnavailableError: it cannot be reached or made now.
        EnvironmentFault: a newer gateway made it.
    """
    try:
        if backend_of(engine.url) is SQLITE:
            Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
        _migrate(engine)
    except (OSError, SQLAlchemyError) as error:
        raise unavailable(engine.url, error) from None


def identity(engine: Engine) -> tuple[int, int] | None:
    """Which file SQLite's path leads to; None for what is no file.

    An open database whose file was deleted goes on taking commits that nobody will ever see.
    """
    if backend_of(engine.url) is not SQLITE or engine.url.database in (None, "", ":memory:"):
        return None
    found = Path(str(engine.url.database)).stat()
    return found.st_dev, found.st_ino


def unavailable(url: URL, error: Exception) -> StoreUnavailableError:
    """The error in the operator's words."""
    said = str(getattr(error, "orig", None) or error).strip()
    # Of several addresses that were tried, the first line says only that they were.
    reason = next((line for line in said.splitlines() if not line.endswith(":")), said)
    if isinstance(error, OSError) and error.strerror:
        reason = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    hint = backend_of(url).hint(f"{said} {reason}")
    return StoreUnavailableError(f"store {shown(url)}: {reason.strip(' -')}", hint=hint)


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        known = MigrationContext.configure(connection).get_current_revision()
    if known == head:  # nothing to write: a full disk must not keep the page from opening
        return
    with engine.connect().execution_options(**{WRITING: True}) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise EnvironmentFault(
                f"store {shown(engine.url)}: {error}",
                hint="a newer gateway made it; use that one",
            ) from None
        connection.commit()
