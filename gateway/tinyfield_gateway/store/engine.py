"""Opens a database: its address, its pragmas, its migrations."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tinyfield.errors import EnvironmentFault, MissingToolError, UsageError

IMMEDIATE = "tinyfield_immediate"
"""Execution option of a connection that is going to write."""


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
        return URL.create("sqlite", database=str(default_dir() / "gateway.db"))
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except ArgumentError:
        raise UsageError(f"--store {text}: not an address", hint=_ADDRESSES) from None
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database:
        return url
    if backend not in ("postgresql", "postgres"):
        raise UsageError(f"--store {url.render_as_string()}: unknown kind", hint=_ADDRESSES)
    if importlib.util.find_spec("psycopg") is None:
        raise MissingToolError("psycopg, the PostgreSQL driver,", "pip install 'psycopg[binary]'")
    return url.set(drivername="postgresql+psycopg")


_ADDRESSES = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def make_engine(url: URL) -> Engine:
    """An engine; nothing is opened yet."""
    engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine)
    return engine


def prepare(engine: Engine) -> None:
    """Make the store, or bring it to the newest schema.

    Raises:
        StoreUnavailableError: it cannot be reached or made now.
        EnvironmentFault: a newer gateway made it.
    """
    try:
        if engine.dialect.name == "sqlite":
            Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
        _migrate(engine)
    except (OSError, SQLAlchemyError) as error:
        raise unavailable(engine.url, error) from None


def identity(engine: Engine) -> tuple[int, int] | None:
    """Which file SQLite's path leads to; None for what is no file.

    An open database whose file was deleted goes on taking commits that nobody will ever see.
    """
    if engine.dialect.name != "sqlite" or engine.url.database in (None, "", ":memory:"):
        return None
    found = Path(str(engine.url.database)).stat()
    return found.st_dev, found.st_ino


def unavailable(url: URL, error: Exception) -> StoreUnavailableError:
    """The error in the operator's words."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if isinstance(error, OSError) and error.strerror:
        reason = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    low = reason.lower()
    hint = None
    if "full" in low or "no space" in low or "disk i/o" in low:
        hint = "free some space on its disk; the gateway goes on by itself"
    elif "readonly" in low or "read-only" in low or "permission" in low or "unable to open" in low:
        hint = "make its folder and file writable; the gateway goes on by itself"
    elif "locked" in low:
        hint = "another program is writing to it"
    return StoreUnavailableError(f"store {url.render_as_string()}: {reason}", hint=hint)


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # We say BEGIN ourselves: the driver's own rules start a transaction too late for
        # "read, then write" to be one.
        connection.isolation_level = None
        for pragma in (
            "busy_timeout=5000",
            "journal_mode=WAL",
            # FULL: an acknowledged decision outlives a power cut. NORMAL was measured to be
            # hardly quicker in batches.
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        writes = connection.get_execution_options().get(IMMEDIATE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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
    with engine.connect().execution_options(**{IMMEDIATE: True}) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise EnvironmentFault(
                f"store {engine.url.render_as_string()}: {error}",
                hint="a newer gateway made it; use that one",
            ) from None
        connection.commit()
